import HTTPFields
import HTTPTypes
import Hummingbird
import Kit

/// The head of an answer to a caller, in whichever version of HTTP it goes.
struct AnswerHead {
    let status: Int
    /// `:status` first, which HTTP/1.1 leaves out.
    var fields: HeaderBlock
    /// Bytes of the body, where that is known before it is written.
    private(set) var length: Int?

    init(_ status: Int) {
        self.status = status
        fields = HeaderBlock()
        fields.append(":status", String(status))
    }

    /// The head of an answer that a service of this process made, with a body of so many bytes.
    init(_ response: Response, length: Int) {
        self.init(response.status.code)
        for field in response.headers where field.name != .contentLength {
            fields.append(field.name.canonicalName, field.value)
        }
        states(length: length)
    }

    /// Says how long the body is.
    mutating func states(length: Int) {
        self.length = length
        // A 204 has no body to state the length of (RFC 9110 §8.6).
        if status != 204 { fields.append("content-length", String(length)) }
    }

    /// Whether an answer of this status has no body whatever the request (RFC 9110 §6.4.1).
    var isBodiless: Bool { status == 204 || status == 304 || status < 200 }
}
