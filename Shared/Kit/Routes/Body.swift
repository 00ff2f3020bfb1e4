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
        let text = (head.path ?? "").drop { $0 != "?" }.dropFirst()
        return try FieldReader.content(type, from: Form.members(text.utf8))
    }
}

/// `application/x-www-form-urlencoded`, as the WHATWG URL standard reads it, but strict.
public enum Form {
    /// The fields of a form. An empty value counts as absent, a repeated name is refused (RFC 6749 §3.2).
    /// - Throws: `Problem.malformed` naming what is wrong; more than 100 fields are refused.
    public static func members(_ bytes: some Collection<UInt8>) throws(Problem) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let separator = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = try decode(pair[..<separator])
            let value = separator == pair.endIndex ? "" : try decode(pair[pair.index(after: separator)...])
            guard names.insert(name).inserted else { throw .malformed("A form field stands twice.") }
            guard names.count <= 100 else { throw .payloadTooLarge }
            if !value.isEmpty { members.append(.init(name, .string(value))) }
        }
        return members
    }

    /// One name or value of a form.
    /// - Parameter plus: What a plus sign stands for: a blank in a form, itself elsewhere.
    /// - Throws: `Problem.malformed` for bad percent-encoding or bytes that are not UTF-8.
    public static func decode(
        _ bytes: some Collection<UInt8>, plus: UInt8 = UInt8(ascii: " ")
    ) throws(Problem) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"):
                decoded.append(plus)
            case UInt8(ascii: "%"):
                guard
                    let high = iterator.next().flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }),
                    let low = iterator.next().flatMap({ Character(Unicode.Scalar($0)).hexDigitValue })
                else { throw .malformed("A percent sign in the form is not followed by two hexadecimal digits.") }
                decoded.append(UInt8(high << 4 | low))
            default:
                decoded.append(byte)
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw .malformed("The form is not valid UTF-8.")
        }
        return text
    }
}
