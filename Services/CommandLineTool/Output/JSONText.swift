import Octets
import Kit
import NIOCore

/// JSON as text.
enum JSONText {
    static func text(_ value: JSONValue) -> String { String(buffer: buffer(value)) }

    static func bytes(_ value: JSONValue) -> [UInt8] { Array(buffer(value).readableBytesView) }

    private static func buffer(_ value: JSONValue) -> ByteBuffer {
        var writer = JSONWriter()
        writer.value(value)
        return writer.buffer
    }
}

extension JSONValue {
    /// The value that names between dots lead to.
    func value(at path: String) -> JSONValue? {
        var value: JSONValue? = self
        for name in path.split(separator: ".") { value = value?[String(name)] }
        return value
    }

    /// What a person reads; empty for nothing.
    var words: String {
        switch self {
        case .null: ""
        case .bool(let bool): bool ? "yes" : "no"
        case .number(let text), .string(let text): text
        case .array(let elements):
            elements.contains { if case .object = $0 { true } else { false } }
                ? JSONText.text(self) : elements.map(\.words).joined(separator: ", ")
        case .object: JSONText.text(self)
        }
    }
}
