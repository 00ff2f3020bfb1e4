/// The id under which a request is found in the logs of every process it passed.
public struct RequestID: Sendable, Hashable, CustomStringConvertible {
    /// 1 to 64 characters of `A-Z a-z 0-9 . _ -`: safe in a header, a log line and a path.
    public let text: String

    /// A new id of 13 characters, which a Swift string holds without allocating.
    public init(_ identifiers: IdentifierSource) {
        let value = identifiers.next()
        text = String(unsafeUninitializedCapacity: 13) { buffer in
            // 12 digits of five bits and one of four, most significant first; the capacity asked for is at least 13.
            for index in 0..<13 {
                let shift = UInt64(12 - index) * 5
                let digit = UInt8(truncatingIfNeeded: value >> shift) & 31
                buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 13
        }
    }

    /// An id that came from outside (`X-Request-Id`); nil unless all of it is of the allowed form.
    public init?(inbound bytes: UnsafeRawBufferPointer) {
        guard (1...64).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// An id that came from outside; nil unless all of it is of the allowed form.
    public init?(inbound text: String) {
        let utf8 = text.utf8
        guard (1...64).contains(utf8.count), utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    /// The id from outside where it is of the allowed form, else a new one.
    public static func accepting(_ inbound: String?, _ identifiers: IdentifierSource) -> RequestID {
        inbound.flatMap { RequestID(inbound: $0) } ?? RequestID(identifiers)
    }

    /// The id.
    public var description: String { text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
