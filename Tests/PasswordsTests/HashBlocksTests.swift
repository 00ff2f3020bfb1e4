import NIOCore
import Testing

@testable import Passwords

@Suite("Memory that hashes share")
struct HashBlocksTests {
    private let parameters = Argon2id(memory: 1024, passes: 2)

    /// A stored hash that libsodium made in memory of its own.
    private func stored(_ password: String, _ parameters: Argon2id) throws -> String {
        try parameters.hash(Password(password))
    }

    private func matches(_ password: String, _ stored: String) -> Bool? {
        try? parameters.read(stored).matches(Password(password))
    }

    @Test("a hash is worked out in the block, and what another left there does not change it")
    func remains() throws {
        let blocks = HashBlocks(bytes: 1024 << 10)
        let names = try (0..<20).map { ("password \($0)", try stored("password \($0)", parameters)) }
        for (index, (password, hash)) in names.enumerated() {
            let right = blocks.lend { matches(password, hash) }
            #expect(right.result == true)
            #expect(right.wasUsed)
            let wrong = blocks.lend { matches(password, names[(index + 1) % names.count].1) }
            #expect(wrong.result == false)
            #expect(wrong.wasUsed)
        }
        #expect(blocks.idleBytes == 2 << 20)
    }

    @Test("a hash made in a block is one that libsodium knows in memory of its own")
    func made() throws {
        let blocks = HashBlocks(bytes: 1024 << 10)
        for _ in 0..<10 {
            let hash = blocks.lend { try? parameters.hash(Password("correct horse")) }
            #expect(hash.wasUsed)
            #expect(matches("correct horse", try #require(hash.result)) == true)
        }
    }

    @Test(
        "a smaller hash fits into the block, a larger one gets memory of its own",
        arguments: [(64, true), (4096, false)])
    func sizes(memory: Int, fits: Bool) throws {
        let blocks = HashBlocks(bytes: 1024 << 10)
        let hash = try stored("correct horse", Argon2id(memory: memory, passes: 1))
        for _ in 0..<3 {
            let outcome = blocks.lend { matches("correct horse", hash) }
            #expect(outcome.result == true)
            #expect(outcome.wasUsed == fits)
        }
    }

    @Test("what is done outside of a block has memory of its own, and one done after another lets go of it")
    func outside() throws {
        let blocks = HashBlocks(bytes: 1024 << 10)
        let hash = try stored("correct horse", parameters)
        #expect(!blocks.lend {}.wasUsed)
        #expect(matches("correct horse", hash) == true)
        #expect(blocks.lend { (matches("correct horse", hash), matches("wrong horse", hash)) }.result == (true, false))
    }

    @Test("hashes at once have a block each, and what is not used any more goes back")
    func atOnce() async throws {
        let blocks = HashBlocks(bytes: 1024 << 10)
        let hasher = PasswordHasher(workers: 4, parameters: parameters)
        let hash = try stored("correct horse", parameters)
        for _ in 0..<20 {
            await withTaskGroup(of: Bool?.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let password = number.isMultiple(of: 2) ? "correct horse" : "horse number \(number)"
                        let found = try? await hasher.verify(
                            Password(password), against: hash, deadline: .now() + .seconds(60))
                        return found.map { $0 == (number.isMultiple(of: 2) ? .match(needsRehash: false) : .mismatch) }
                    }
                }
                for await isRight in group { #expect(isRight == true) }
            }
        }
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { #expect(blocks.lend { self.matches("correct horse", hash) }.result == true) }
            }
        }
        #expect(blocks.idleBytes > 0)
        blocks.release(unusedSince: .now() - .seconds(60))
        #expect(blocks.idleBytes > 0)
        blocks.release(unusedSince: .now())
        #expect(blocks.idleBytes == 0)
        #expect(blocks.lend { matches("correct horse", hash) }.wasUsed)
    }
}
