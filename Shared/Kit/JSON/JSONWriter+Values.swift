public import FoundationEssentials
public import NIOCore
public import Octets

extension JSONWriter {
    /// What has been written so far, as a body.
    public var buffer: ByteBuffer { ByteBuffer(bytes: bytes) }

    /// Writes a time in the form of RFC 3339, in UTC, to the millisecond.
    public mutating func value(_ value: Date) { self.value(Timestamp.text(value)) }

    /// Writes a parsed value again.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let bool): self.value(bool)
        case .string(let string): self.value(string)
        case .number(let text): self.value(number: text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                name(member.name)
                self.value(member.value)
            }
            endObject()
        }
    }

    /// Writes a member of an object, a time.
    public mutating func member(_ name: String, _ value: Date) { member(name, Timestamp.text(value)) }

    /// Writes a member of an object, a parsed value again.
    public mutating func member(_ name: String, _ value: JSONValue) {
        self.name(name)
        self.value(value)
    }
}
