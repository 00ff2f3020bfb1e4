import HTTPTypes
import NIOCore

/// The media types a body may come in.
public enum BodyFormat: Sendable, Equatable, CaseIterable {
    /// `application/json`.
    case json
    /// `application/x-www-form-urlencoded`.
    case form

    var mediaType: String {
        switch self {
        case .json: "application/json"
        case .form: "application/x-www-form-urlencoded"
        }
    }
}

extension Call {
    /// The members of the body, in whichever of `formats` it came.
    /// - Throws: `Problem.unsupportedMediaType` for another media type, `Problem.malformed` when it can't be read.
    func members(_ formats: [BodyFormat]) throws(Problem) -> [JSONValue.Member] {
        let type = mediaType
        if type == nil, body.readableBytes == 0 { return [] }
        guard let format = formats.first(where: { $0.mediaType == type }) else {
            throw .unsupportedMediaType(formats.map(\.mediaType).joined(separator: " or "))
        }
        switch format {
        case .json:
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONParser.parse(body.readableBytesView)
            } catch {
                throw Problem.malformed("The body is not JSON: \(error.reason), at byte \(error.offset).")
            }
            guard case .object(let members) = value else { throw .malformed("The body must be a JSON object.") }
            return members
        case .form:
            return try Form.members(body.readableBytesView)
        }
    }
}

extension Call {
    /// The parameters of the query.
    /// - Throws: `Problem.malformed` when it can't be read, `Problem.validation` with every parameter at fault.
    func query<Query: RequestContent>(_ type: Query.Type) throws(Problem) -> Query {
        let text = (head.path ?? "").utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()
        return try FieldReader.content(type, from: Form.members(text))
    }
}
