import Domain
import FoundationEssentials
import Testing
import Tokens

@Suite("Refresh tokens and sealing")
struct SecretTests {
    private func master(_ version: UInt8, _ fill: UInt8) throws -> MasterKey {
        try MasterKey(version: version, bytes: [UInt8](repeating: fill, count: 32))
    }

    @Test("a refresh token reads back, and is the same each time it is written")
    func roundTrip() throws {
        let codec = RefreshTokenCodec(current: try master(1, 7))
        let token = RefreshToken(tenant: .v7(), session: .v7(), generation: 41)
        #expect(codec.encode(token).hasPrefix("ghr_"))
        #expect(codec.encode(token) == codec.encode(token))
        #expect(codec.parse(codec.encode(token)) == token)
    }

    @Test("any changed bit of a refresh token is noticed")
    func forgery() throws {
        let codec = RefreshTokenCodec(current: try master(1, 7))
        let text = Array(codec.encode(RefreshToken(tenant: .v7(), session: .v7(), generation: 0)).utf8)
        for index in text.indices {
            for bit in 0..<7 {
                var changed = text
                changed[index] ^= 1 << UInt8(bit)
                #expect(codec.parse(String(decoding: changed, as: UTF8.self)) == nil)
            }
        }
        #expect(codec.parse("") == nil)
        #expect(codec.parse("ghr_") == nil)
        #expect(codec.parse(String(repeating: "ghr_", count: 100_000)) == nil)
    }

    @Test("a token of an earlier master key is read, of an unknown one not")
    func rotation() throws {
        let (old, new) = (try master(1, 7), try master(2, 8))
        let token = RefreshToken(tenant: .v7(), session: .v7(), generation: 1)
        let text = RefreshTokenCodec(current: old).encode(token)
        #expect(RefreshTokenCodec(current: new, previous: [old]).parse(text) == token)
        #expect(RefreshTokenCodec(current: new).parse(text) == nil)
        #expect(RefreshTokenCodec(current: try master(1, 9)).parse(text) == nil)
    }

    @Test("what is sealed opens only where it belongs and under its own key")
    func sealing() throws {
        let (old, new) = (try master(1, 7), try master(2, 8))
        let sealed = try KeySealer(current: old).seal([1, 2, 3], context: "a")
        #expect(try KeySealer(current: new, previous: [old]).open(sealed, context: "a") == [1, 2, 3])
        #expect(throws: KeyError.notAuthentic) { try KeySealer(current: old).open(sealed, context: "b") }
        #expect(throws: KeyError.unknownVersion(1)) { try KeySealer(current: new).open(sealed, context: "a") }
        #expect(throws: KeyError.notAuthentic) { try KeySealer(current: try master(1, 9)).open(sealed, context: "a") }
        #expect(throws: KeyError.invalid) { try KeySealer(current: old).open([1], context: "a") }
        #expect(throws: KeyError.length) { try MasterKey(bytes: [1, 2, 3]) }
        #expect("\(old)".contains("redacted"))
    }
}
