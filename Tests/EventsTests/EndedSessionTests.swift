import Crypto
import FoundationEssentials
import Testing
import Tokens

@testable import Events

@Suite("News of an ended session in a hint")
struct EndedSessionTests {
    private static let now = Date(timeIntervalSince1970: 1_700_000_000.123)
    private let codec = EndedSessionCodec(key: SymmetricKey(data: Array(0..<32 as Range<UInt8>)))
    private let tenant = UUID(uuid: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
    private let session = UUID(uuid: (16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31))
    /// Of event 123, made with another language's library.
    private let known = "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAAAAAAAHsAAAGLz-Voe4e1TLEmaCHxSffAMOa2v0M"

    private func read(_ message: String, at now: Date = now) -> EventHint {
        EventHint(Array(message.utf8), codec, now: now)
    }

    private func message(_ id: Int64, _ session: UUID, by codec: EndedSessionCodec? = nil) -> String {
        let bytes = EventHint.telling(session, of: tenant, event: id, codec ?? self.codec, now: Self.now)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a message's row 123 is left to be read, and its news is counted as not verified.
    private func isRefused(_ message: String, at now: Date = now) -> Bool {
        let hint = read(message, at: now)
        return hint.ended.isEmpty && hint.ids.first == 123 && hint.refused > 0
    }

    @Test("it is the event of the row, which is not read")
    func applied() throws {
        #expect(message(123, session) == "123,=\(known)")
        let hint = read("123,=\(known)")
        #expect(hint.ids.isEmpty)
        #expect(hint.refused == 0)
        let event = try #require(hint.ended.first)
        #expect(
            event
                == Event(
                    kind: .sessionRevoked, id: 123, tenant: tenant, subject: session, payload: "{}",
                    createdAt: event.createdAt))
        #expect(abs(event.createdAt.timeIntervalSince(Self.now)) < 0.002)
    }

    @Test("another key, a changed bit or another length, wherever, and the row is read instead")
    func forged() throws {
        let stranger = EndedSessionCodec(key: SymmetricKey(size: .bits256))
        #expect(isRefused(message(123, session, by: stranger)))
        let bytes = try #require(Base64URL.decode(known.utf8))
        #expect(bytes.count == 65)
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(isRefused("123,=\(Base64URL.encode(changed))"), "bit \(bit)")
        }
        for length in 0..<known.utf8.count { #expect(isRefused("123,=\(known.prefix(length))")) }
        for more in ["A", "AA", "=", "\0", known] { #expect(isRefused("123,=\(known)\(more)")) }
        for text in ["!", " \(known.dropFirst())", "\(known.dropLast())N", "\(known.dropLast())="] {
            #expect(isRefused("123,=\(text)"))
        }
    }

    @Test("it counts only behind its own event's id")
    func place() {
        #expect(read("124,=\(known)").ids == [124])
        #expect(read("124,=\(known)").refused == 1)
        for other in ["=\(known)", "x,=\(known)", "=\(known),123", "-123,=\(known)"] {
            #expect(read(other).ended.isEmpty, "\(other)")
            #expect(read(other).refused == 1, "\(other)")
        }
        let twice = read("123,=\(known),=\(known)")
        #expect(twice.ended.count == 1)
        #expect(twice.refused == 1)
    }

    @Test("news of another time is left to the database")
    func age() {
        let message = "123,=\(known)"
        for seconds in [-599.0, 0, 599] { #expect(read(message, at: Self.now + seconds).ended.count == 1) }
        for seconds in [-86_400.0, -601, 601, 86_400] { #expect(isRefused(message, at: Self.now + seconds)) }
    }

    @Test("several are taken from one message, among ids and what is nobody's")
    func several() {
        let (one, two) = (UUID(), UUID())
        let hint = read("1,2,\(message(3, one)),4,x,,\(message(5, two)),6,=nonsense,7")
        #expect(hint.ids == [1, 2, 4, 6, 7])
        #expect(hint.ended.map(\.id) == [3, 5])
        #expect(hint.ended.map(\.subject) == [one, two])
        #expect(hint.refused == 1)
    }

    @Test("what is too much for one message is read")
    func bound() {
        let hint = read((1...100).map { message($0, UUID()) }.joined(separator: ","))
        #expect(hint.ended.map(\.id) == Array(1...64))
        #expect(hint.ids == Array(65...100))
        #expect(hint.refused == 0)
        let strange = read((1...100).map { "\($0),=nonsense" }.joined(separator: ","))
        #expect(strange.ids == Array(1...100))
        #expect(strange.refused == 64)
    }

    @Test("a process of the version before reads the rows")
    func earlierVersion() {
        /// As that version has it.
        func ids(_ payload: [UInt8]) -> [Int64] {
            payload.prefix(200_000).split(separator: UInt8(ascii: ",")).prefix(10_000)
                .compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
        }
        #expect(ids(Array(message(123, session).utf8)) == [123])
        #expect(ids(Array("1,\(message(2, session)),3".utf8)) == [1, 2, 3])
        #expect(read("1,2,3").ids == [1, 2, 3], "and this one what that one sends")
    }
}
