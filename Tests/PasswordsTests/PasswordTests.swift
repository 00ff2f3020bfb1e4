import NIOCore
import Passwords
import Testing

@Suite("Passwords")
struct PasswordTests {
    private let cheap = Argon2id(memory: 64, passes: 1)
    private var soon: NIODeadline { .now() + .seconds(30) }

    @Test("the right password matches and another does not")
    func verify() async throws {
        let hasher = PasswordHasher(workers: 1, parameters: cheap)
        let stored = try await hasher.hash(Password("correct horse"), deadline: soon)
        #expect(stored.hasPrefix("$argon2id$v=19$m=64,t=1,p=1$"))
        #expect(
            try await hasher.verify(Password("correct horse"), against: stored, deadline: soon)
                == .match(needsRehash: false))
        for wrong in ["correct horse ", " correct horse", "Correct horse", "", "correct hors"] {
            #expect(try await hasher.verify(Password(wrong), against: stored, deadline: soon) == .mismatch)
        }
    }

    @Test("composed and decomposed letters are one password")
    func normalised() async throws {
        let hasher = PasswordHasher(workers: 1, parameters: cheap)
        let stored = try await hasher.hash(Password("caf\u{E9} au lait"), deadline: soon)
        #expect(
            try await hasher.verify(Password("cafe\u{301} au lait"), against: stored, deadline: soon)
                == .match(needsRehash: false))
        #expect(try await hasher.verify(Password("cafe au lait"), against: stored, deadline: soon) == .mismatch)
    }

    @Test("a hash of other parameters asks to be made anew")
    func outdated() async throws {
        let stored = try await PasswordHasher(workers: 1, parameters: cheap).hash(
            Password("secret one"), deadline: soon)
        let hasher = PasswordHasher(workers: 1, parameters: Argon2id(memory: 128, passes: 1))
        #expect(
            try await hasher.verify(Password("secret one"), against: stored, deadline: soon)
                == .match(needsRehash: true))
    }

    @Test(
        "a stored hash that is no hash, or costs too much, is never evaluated",
        arguments: [
            "", "plain", "$argon2id$", "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$AAAA",
            "$argon2id$v=19$m=64,t=4294967295,p=1$c29tZXNhbHQ$AAAA", "$argon2id$v=19$m=64,t=1,p=9$c29tZXNhbHQ$AAAA",
            "$argon2id$v=19$m=99999999999999999999,t=1,p=1$c29tZXNhbHQ$AAAA", "$2b$31$aaaaaaaaaaaaaaaaaaaaaa",
        ])
    func hostile(stored: String) async throws {
        let hasher = PasswordHasher(workers: 1, parameters: cheap)
        await #expect(throws: PasswordError.unusableHash) {
            try await hasher.verify(Password("whatever"), against: stored, deadline: soon)
        }
    }

    @Test("an unknown account is checked against a hash like any other")
    func absent() async throws {
        let hasher = PasswordHasher(workers: 1, parameters: cheap)
        try await hasher.verifyAbsent(Password("whatever"), deadline: soon)
    }

    @Test("NUL bytes and endless passwords are refused before any hash")
    func intake() {
        #expect(throws: PasswordError.containsNUL) { try Password("abc\u{0}def") }
        #expect(throws: PasswordError.containsNUL) { try Password("né\u{0}n") }
        #expect(throws: PasswordError.tooLong) { try Password(String(repeating: "a", count: 1025)) }
        // Twice as long once it is composed.
        #expect(throws: PasswordError.tooLong) { try Password(String(repeating: "\u{958}", count: 341)) }
        #expect(throws: Never.self) { try Password(String(repeating: "a", count: 1024)) }
        #expect("\((try? Password("hush")).map { "\($0)" } ?? "")" == "‹redacted›")
    }

    @Test("a full queue says so at once, and everyone else is answered")
    func overload() async throws {
        let hasher = PasswordHasher(workers: 1, parameters: Argon2id(memory: 8192, passes: 1))
        let outcomes = await withTaskGroup(of: PasswordError?.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    do throws(PasswordError) {
                        _ = try await hasher.hash(Password("one of many"), deadline: .now() + .seconds(60))
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: [PasswordError?]()) { $0.append($1) }
        }
        let refusals = outcomes.compactMap { $0 }
        #expect(refusals.allSatisfy { $0.isOverload })
        #expect((1...100 - hasher.capacity).contains(refusals.count))
        #expect(hasher.depth == 0)
    }

    @Test("while the queue is full nobody is let in, and then again")
    func admission() async throws {
        let hasher = PasswordHasher(workers: 1, parameters: Argon2id(memory: 32768, passes: 2))
        let hashed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    guard (try? hasher.admit()) != nil else { return false }
                    _ = try? await hasher.hash(Password("one of many"), deadline: .now() + .seconds(60))
                    return true
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(hashed >= hasher.capacity)
        #expect(hashed < 200, "all were let in")
        try hasher.admit()
    }

    @Test("a job whose time is up before its turn is not done")
    func deadline() async throws {
        let hasher = PasswordHasher(workers: 1, parameters: cheap)
        let refusal = await #expect(throws: PasswordError.self) {
            try await hasher.hash(Password("too late"), deadline: .now() - .seconds(1))
        }
        #expect(refusal?.isOverload == true)
        #expect(hasher.depth == 0)
    }

    @Test(
        "every broken rule is named",
        arguments: [
            ("short", ["too_short"]), ("password", ["password_compromised"]), ("Password123", ["password_compromised"]),
            ("aaaaaaaaaaaa", ["password_compromised"]), ("adalovelace1", ["password_contextual"]),
            ("pass", ["too_short", "password_compromised"]), ("correct horse 7 battery", []),
            ("               ", ["password_compromised"]), ("ein langes Wort und noch eins", []),
            ("P@ssw0rd123", ["password_compromised"]), ("passw0rd1", ["password_compromised"]),
            ("qwerty123456", ["password_compromised"]), ("12345678901", ["password_compromised"]),
            ("asdf1234", ["password_compromised"]), ("1qaz@WSX", ["password_compromised"]),
            ("pokemon123", ["password_compromised"]), ("hgfedcba", ["password_compromised"]),
        ])
    func policy(text: String, codes: [String]) throws {
        let violations = PasswordPolicy().violations(try Password(text), own: ["adalovelace", "ada@example.com"])
        #expect(violations.map(\.code) == codes)
    }
}

extension PasswordError {
    fileprivate var isOverload: Bool {
        if case .overloaded = self { true } else { false }
    }
}
