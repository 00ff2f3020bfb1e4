/// Reads messages of HTTP/1.1 by the letter of RFC 9112, from bytes that are all there: a second opinion, which shares
/// nothing with the parser that is judged by it.
struct StrictBytes {
    enum Trouble: Error {
        /// No strict reader takes this.
        case fault
        /// The bytes end too early.
        case partial
    }

    let bytes: [UInt8]
    private(set) var cursor = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { cursor == bytes.count }

    /// Drops an empty line, if that is what comes next.
    mutating func skipEmptyLine() {
        if bytes[cursor...].starts(with: [13, 10]) { cursor += 2 }
    }

    /// A line without its end: CR LF, and neither of the two alone.
    mutating func line() throws(Trouble) -> [UInt8] {
        guard let end = bytes[cursor...].firstIndex(where: { $0 == 13 || $0 == 10 }) else { throw .partial }
        guard bytes[end] == 13 else { throw .fault }
        guard end + 1 < bytes.count else { throw .partial }
        guard bytes[end + 1] == 10 else { throw .fault }
        defer { cursor = end + 2 }
        return Array(bytes[cursor..<end])
    }

    /// Field lines up to the empty line, names in lower case.
    mutating func fields() throws(Trouble) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        while case let line = try line(), !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
                line[..<colon].allSatisfy(Self.isToken)
            else { throw .fault }
            var value = line[(colon + 1)...]
            guard value.allSatisfy({ $0 == 9 || $0 >= 32 && $0 != 127 }) else { throw .fault }
            while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
            while let last = value.last, last == 32 || last == 9 { value.removeLast() }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            fields.append((name, String(decoding: value, as: UTF8.self)))
        }
        return fields
    }

    /// Adds so many bytes to a body, or those that are there.
    mutating func take(_ count: Int, into body: inout [UInt8]) throws(Trouble) {
        let part = bytes[cursor...].prefix(count)
        body += part
        cursor += part.count
        guard part.count == count else { throw .partial }
    }

    /// Adds all that is left to a body.
    mutating func takeAll(into body: inout [UInt8]) {
        body += bytes[cursor...]
        cursor = bytes.count
    }

    /// Adds the chunks of a body to it, and reads the trailers.
    mutating func takeChunks(into body: inout [UInt8]) throws(Trouble) {
        while true {
            let line = try line()
            let digits = line.prefix { Character(UnicodeScalar($0)).isHexDigit }
            let rest = line.dropFirst(digits.count)
            guard (1...15).contains(digits.count), rest.isEmpty || rest.first == UInt8(ascii: ";"),
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw .fault }
            if size == 0 { break }
            try take(size, into: &body)
            guard try self.line().isEmpty else { throw .fault }
        }
        let trailers = try fields()
        for name in ["content-length", "transfer-encoding", "host"] where trailers.contains(where: { $0.name == name })
        {
            throw .fault
        }
    }

    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
