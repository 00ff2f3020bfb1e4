import Octets
public import HTTPTypes
public import Hummingbird
public import NIOCore

/// An error as the caller sees it: RFC 9457 problem details.
///
/// Clients key on `type` (or its last word, `code`), which never changes; `title` is constant per type, `detail` is for
/// people. Nothing secret, no SQL and no stack belongs in one.
public struct Problem: Error, Sendable, Equatable {
    /// The HTTP status.
    public var status: HTTPResponse.Status
    /// The stable word for this kind of problem; the `type` is `urn:gatehouse:problem:` and this.
    public var code: String
    /// What this kind of problem is called.
    public var title: String
    /// What happened this time, for people.
    public var detail: String?
    /// The fields that were refused, when that is what happened.
    public var errors: [FieldError]
    /// Headers that belong to the answer, such as `Retry-After`.
    public var headers: HTTPFields

    /// A problem of the given status and code.
    public init(
        _ status: HTTPResponse.Status, _ code: String, _ title: String, detail: String? = nil,
        errors: [FieldError] = [], headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = headers
    }

    /// The same of an object inside the body.
    /// - Parameter pointer: JSON Pointer to the object.
    public func within(_ pointer: String) -> Problem {
        var problem = self
        problem.errors = errors.map { $0.within(pointer) }
        return problem
    }

    /// One field that was refused.
    public struct FieldError: Sendable, Equatable {
        /// JSON Pointer (RFC 6901) to the field.
        public let pointer: String
        /// The stable word for the rule that it broke.
        public let code: String
        /// The rule, for people; never the value.
        public let detail: String

        /// A refusal of the field named `name` at the top of the body.
        public init(field name: String, code: String, detail: String) {
            self.pointer =
                "/"
                + name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
            self.code = code
            self.detail = detail
        }

        /// The same of an object inside the body, to which `pointer` leads.
        func within(_ pointer: String) -> FieldError {
            FieldError(pointer: pointer + self.pointer, code: code, detail: detail)
        }

        /// A refusal of the value that a JSON Pointer leads to.
        public init(pointer: String, code: String, detail: String) {
            self.pointer = pointer
            self.code = code
            self.detail = detail
        }
    }

    /// The body as `application/problem+json`.
    public func body(requestID: String) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("type", "urn:gatehouse:problem:\(code)")
        json.member("title", title)
        json.member("status", status.code)
        json.member("code", code)
        if let detail {
            json.member("detail", detail)
        }
        json.member("instance", "urn:gatehouse:request:\(requestID)")
        if !errors.isEmpty {
            json.name("errors")
            json.beginArray()
            for error in errors {
                json.beginObject()
                json.member("pointer", error.pointer)
                json.member("code", error.code)
                json.member("detail", error.detail)
                json.endObject()
            }
            json.endArray()
        }
        json.endObject()
        return json.buffer
    }

    /// The whole answer.
    public func response(requestID: String) -> Response {
        var headers = self.headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: body(requestID: requestID)))
    }
}
