import Testing

@testable import Passwords

/// Hashes of other systems.
@Suite("Imported password hashes")
struct SchemeTests {
    private let schemes = PasswordSchemes(preferred: Argon2id(memory: 256, passes: 2))
    private let password = "Grüße, 7 horses"

    private func matches(_ typed: String, _ stored: String) throws -> Bool {
        try schemes.read(stored).matches(Password(typed))
    }

    @Test("the right password matches, any other does not, and the hash is to be replaced", arguments: Vectors.all)
    func verify(stored: String) throws {
        #expect(schemes.refusal(of: stored) == nil)
        #expect(try matches(password, stored))
        #expect(try schemes.read(stored).isOutdated)
        for wrong in ["", "grüße, 7 horses", "Grüße, 7 horses ", "Grüße, 7 horse"] {
            #expect(try !matches(wrong, stored))
        }
        #expect(try !matches(String(repeating: "a", count: 1024), stored))
    }

    @Test("a hash of today's parameters stays, also of another library")
    func native() throws {
        let stored = "$argon2id$v=19$m=256,t=2,p=1$J0oUj4WtzKgZWq9Len5law$jWkBm7ZKqjEalIbasjI7ET4yj2ySWJ132B+h5S61oUw"
        #expect(try matches(password, stored))
        #expect(try !schemes.read(stored).isOutdated)
        let fresh = try schemes.preferred.hash(Password(password))
        #expect(schemes.refusal(of: fresh) == nil)
        #expect(try matches(password, fresh))
    }

    @Test("of two lanes with today's memory and passes, a hash is still to be replaced")
    func lanes() throws {
        let stored = "$argon2id$v=19$m=64,t=3,p=4$LZoU6q2sF4XWNj7jWBfe2Q$7yCA0ksiKZ8vN6tKhcFuKgLSzw6ZrkMFdgUM8U8D6Ms"
        let schemes = PasswordSchemes(preferred: Argon2id(memory: 64, passes: 3))
        #expect(try schemes.read(stored).isOutdated)
    }

    @Test("bcrypt takes 72 bytes of password and cuts nothing")
    func bcryptLimit() throws {
        let stored = "$2b$04$0qzWLHdyqqI6Jf0TQcD7med9E8ATS2/r8.nHbP4xwxNERMHH/G9pe"
        #expect(try matches(String(repeating: "x", count: 72), stored))
        for length in [71, 73, 144, 1024] {
            #expect(try !matches(String(repeating: "x", count: length), stored))
        }
    }

    @Test("crypt takes 511 bytes of password and cuts nothing")
    func cryptLimit() throws {
        let stored =
            "$6$rounds=1000$swVHXMSUoyaE14VU$CNjCCkNhxxJ0AuWJdZtCCXC/l/cLsjRAD6vNv98DSvbz3GDzYY6jFM.e5IsdA4yo3Wr.9tTSzZy"
            + "PKaXquLAJB1"
        #expect(try matches(String(repeating: "y", count: 511), stored))
        for length in [510, 512, 600, 1024] {
            #expect(try !matches(String(repeating: "y", count: length), stored))
        }
    }

    @Test("a password too long for its hash takes as long as any other")
    func tooLongCosts() throws {
        let stored = "$2b$10$0qzWLHdyqqI6Jf0TQcD7med9E8ATS2/r8.nHbP4xwxNERMHH/G9pe"
        let clock = ContinuousClock()
        func time(_ length: Int) throws -> Duration {
            try (0..<3).map { _ in
                try clock.measure { _ = try matches(String(repeating: "z", count: length), stored) }
            }.min() ?? .zero
        }
        #expect(try time(600) > time(60) / 2)
    }

    @Test("a hostile or malformed hash is refused with a reason and never evaluated", arguments: Hostile.all)
    func hostile(stored: String, reason: Refusal) throws {
        let clock = ContinuousClock()
        let duration = clock.measure {
            #expect(schemes.refusal(of: stored) == reason.rawValue)
            #expect(throws: PasswordError.unusableHash) { try matches(password, stored) }
        }
        #expect(duration < .seconds(2))
    }

    @Test("each imported scheme by itself evaluates nothing that it refuses", arguments: Hostile.all)
    func eachRefuses(stored: String, reason: Refusal) throws {
        for scheme in schemes.all.dropFirst() where scheme.recognises(stored) {
            #expect(throws: Refusal.self) { try scheme.read(stored) }
        }
    }

    @Test(
        "no damaged hash traps, takes an empty password, or is accepted and then can't be evaluated",
        arguments: Vectors.cheap)
    func damaged(stored: String) throws {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("$,=./+0129azAZ{}\"\u{7F}\u{0} é".unicodeScalars)
        for _ in 0..<40 {
            var scalars = Array(stored.unicodeScalars)
            let at = Int.random(in: 0..<scalars.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: scalars.remove(at: at)
            case 1: scalars.insert(alphabet.randomElement(using: &random) ?? "$", at: at)
            case 2: scalars.removeSubrange(at...)
            default: scalars[at] = alphabet.randomElement(using: &random) ?? "$"
            }
            var damaged = ""
            damaged.unicodeScalars.append(contentsOf: scalars)
            guard damaged != stored, schemes.refusal(of: damaged) == nil else { continue }
            #expect(try !matches("", damaged), "\(damaged)")
        }
    }
}
