/// Why a message is refused. Nothing behind it can be trusted: the connection ends with the answer.
public struct HTTP1Fault: Error, Sendable, Equatable {
    /// The status of the answer; for what an upstream sent always 502.
    public let status: Int
    /// A plain sentence for the caller. It quotes nothing of the input.
    public let reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    /// The same when it was an upstream that broke the rule.
    var ofUpstream: HTTP1Fault { HTTP1Fault(502, reason) }
}

extension HTTP1Fault {
    static let lineEnd = HTTP1Fault(400, "A line does not end in CR LF.")
    static let method = HTTP1Fault(400, "The method is not a token of up to 32 bytes.")
    static let target = HTTP1Fault(400, "The request target is not valid.")
    static let targetTooLong = HTTP1Fault(414, "The request target is too long.")
    static let version = HTTP1Fault(400, "The HTTP version is not valid.")
    static let otherVersion = HTTP1Fault(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    static let connect = HTTP1Fault(501, "Tunnels are not offered.")
    static let status = HTTP1Fault(502, "The status line is not valid.")

    static let headTooLarge = HTTP1Fault(431, "The start line and the fields are too large.")
    static let tooManyFields = HTTP1Fault(431, "There are too many fields.")
    static let trailersTooLarge = HTTP1Fault(431, "The fields after the body are too large.")
    static let fieldName = HTTP1Fault(400, "A field name is not a token followed by a colon.")
    static let fieldNameTooLong = HTTP1Fault(431, "A field name is too long.")
    static let folded = HTTP1Fault(400, "A field line begins with a blank.")
    static let fieldValue = HTTP1Fault(400, "A field value has a control character.")

    static let noHost = HTTP1Fault(400, "The Host field is missing.")
    static let severalHosts = HTTP1Fault(400, "The Host field stands more than once.")
    static let host = HTTP1Fault(400, "The Host field is not a host with an optional port.")
    static let otherHost = HTTP1Fault(400, "The Host field differs from the request target.")
    static let contentLength = HTTP1Fault(400, "The Content-Length field is not one decimal number.")
    static let transferEncoding = HTTP1Fault(501, "Only the transfer encoding chunked is understood.")
    static let encodedAndCounted = HTTP1Fault(400, "Transfer-Encoding and Content-Length exclude each other.")
    static let encodedTooEarly = HTTP1Fault(400, "HTTP/1.0 has no Transfer-Encoding.")
    static let expectation = HTTP1Fault(417, "Only the expectation 100-continue is understood.")

    static let chunkSize = HTTP1Fault(400, "A chunk size is not a hexadecimal number of up to 15 digits.")
    static let chunkExtension = HTTP1Fault(400, "A chunk extension is not valid or too long.")
    static let trailer = HTTP1Fault(400, "A field that decides about the message stands behind its body.")
    static let chunkEnd = HTTP1Fault(400, "A chunk's bytes are not followed by CR LF.")

    static let interimWithBody = HTTP1Fault(502, "An interim answer claims to have a body.")
    static let tooManyInterim = HTTP1Fault(502, "There are too many interim answers.")
    static let unasked = HTTP1Fault(502, "Bytes came before the request they would answer.")
    static let brokenOff = HTTP1Fault(502, "The connection ended in the middle of an answer.")
}
