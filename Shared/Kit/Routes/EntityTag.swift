import Crypto
import Domain
import HTTPTypes
public import NIOCore
import Octets
import Tokens

/// A strong entity tag (RFC 9110 §8.8.3): changes whenever the content does, whatever changed it.
public struct EntityTag: Sendable, Equatable {
    /// As in the field, with its quotes.
    public let text: String

    /// The tag of a written body.
    public init(body: ByteBuffer) {
        text = "\"" + Hexadecimal.text(body.withUnsafeReadableBytes { SHA256.digest(of: $0) }.prefix(16)) + "\""
    }

    /// The tag of the content's body.
    public init(of content: some ResponseContent) {
        self.init(body: JSONFieldSink.json(content).buffer)
    }

    /// Whether an `If-Match` field is met (RFC 9110 §13.1.1): by a tag equal to this one that is not weak, or by `*`.
    public func meets(_ field: String) -> Bool {
        Self.tags(in: field).contains { $0 == text || $0 == "*" }
    }

    /// Whether by an `If-None-Match` field the caller has this content already (RFC 9110 §13.1.2): by a tag equal to this
    /// one, weak or not, or by `*`.
    public func isKnown(by field: String) -> Bool {
        let weak = "W/" + text
        return Self.tags(in: field).contains { $0 == text || $0 == weak || $0 == "*" }
    }

    /// Tags of a list that are looked at.
    private static let mostTags = 64

    /// The tags of a list, each up to the first blank behind it.
    private static func tags(in field: String) -> [Substring] {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        return field.words(between: ",").prefix(mostTags).map {
            Substring($0.utf8.drop(while: isBlank).prefix { !isBlank($0) })
        }
    }
}

extension Call {
    /// Makes sure that the caller knows the content as it is, when they said which they know. Asked inside the transaction
    /// that changes it, so that of two who know the same one changes it.
    /// - Throws: 412 `precondition_failed`.
    public func requireMatch(_ content: some ResponseContent) throws(Problem) {
        guard let field = head.headerFields[.ifMatch] else { return }
        guard EntityTag(of: content).meets(field) else { throw .preconditionFailed }
    }
}
