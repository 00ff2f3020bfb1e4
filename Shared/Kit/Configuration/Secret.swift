import Octets

/// A value that may be used but never shown: printing, dumping and reflecting it give `‹redacted›`.
public struct Secret: Sendable {
    /// What stands wherever a secret's value would.
    public static let redacted = "‹redacted›"

    private let bytes: [UInt8]

    /// A secret text.
    public init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Secret bytes, a key for example.
    public init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// How many bytes it is long.
    public var count: Int { bytes.count }

    /// The secret as text; bytes that are not UTF-8 come out as U+FFFD. To be called where it is used, not to be kept.
    public func reveal() -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The secret's bytes. To be called where they are used, not to be kept.
    public func revealBytes() -> [UInt8] { bytes }

    /// Lends the bytes without copying them; the pointer is valid during the call only.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let outcome = bytes.withUnsafeBytes { pointer -> Swift.Result<Result, Failure> in
            do throws(Failure) {
                return .success(try body(pointer))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}

extension Secret: Equatable {
    /// Compares in a time that depends on the lengths only.
    public static func == (left: Secret, right: Secret) -> Bool { left.bytes.equals(inConstantTime: right.bytes) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `‹redacted›`.
    public var description: String { Self.redacted }
    /// `‹redacted›`.
    public var debugDescription: String { Self.redacted }
    /// A mirror without children, so that `dump` finds nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
