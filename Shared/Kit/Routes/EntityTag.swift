import Crypto
import Domain
import HTTPTypes
public import NIOCore

/// A strong entity tag (RFC 9110 §8.8.3): changes whenever the content does, whatever changed it.
public struct EntityTag: Sendable, Equatable {
    /// As in the field, with its quotes.
    public let text: String

    /// The tag of a written body.
    public init(body: ByteBuffer) {
        text = "\"" + Hexadecimal.text(SHA256.hash(data: Array(body.readableBytesView)).prefix(16)) + "\""
    }

    /// The tag of the content's body.
    public init(of content: some ResponseContent) {
        self.init(body: JSONFieldSink.json(content).buffer)
    }

    /// Whether an `If-Match` field is met (RFC 9110 §13.1.1): by a tag equal to this one that is not weak, or by `*`.
    public func meets(_ field: String) -> Bool {
        field.split(separator: ",").map { $0.drop { $0 == " " || $0 == "\t" } }.contains { part in
            let tag = part.prefix { $0 != " " && $0 != "\t" }
            return tag == text || tag == "*"
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
