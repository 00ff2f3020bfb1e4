import Logging

/// Writes the values of a record.
enum LogValue {
    /// A text in quotes, escaped and capped.
    static func appendQuoted(_ text: String, to line: inout [UInt8]) {
        var budget = LogEscaping.maximumValueBytes
        appendQuoted(text, budget: &budget, to: &line)
    }

    /// A text without quotes where it reads as one word, else in quotes.
    static func appendBare(_ text: String, to line: inout [UInt8]) {
        let isWord =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                    && byte != UInt8(ascii: "\\")
            }
        guard isWord else { return appendQuoted(text, to: &line) }
        var budget = LogEscaping.maximumValueBytes
        LogEscaping.append(text, budget: &budget, to: &line)
    }

    /// A metadata value as JSON; all its texts together are capped. What a secret's name holds is not written.
    static func append(_ value: Logger.MetadataValue, named name: String, to line: inout [UInt8]) {
        var budget = LogEscaping.maximumValueBytes
        append(value, named: name, depth: 0, budget: &budget, to: &line)
    }

    private static func append(
        _ value: Logger.MetadataValue, named name: String?, depth: Int, budget: inout Int, to line: inout [UInt8]
    ) {
        if let name, LogRedaction.applies(to: name) {
            line.append(contentsOf: "\"\(Secret.redacted)\"".utf8)
            return
        }
        switch value {
        case .string(let text): appendQuoted(text, budget: &budget, to: &line)
        case .stringConvertible(let value as Int): line.append(contentsOf: String(value).utf8)
        case .stringConvertible(let value as Bool): line.append(contentsOf: (value ? "true" : "false").utf8)
        case .stringConvertible(let value as Double) where value.isFinite:
            line.append(contentsOf: String(value).utf8)
        case .stringConvertible(let value): appendQuoted(value.description, budget: &budget, to: &line)
        case .dictionary, .array:
            guard depth < LogLineRenderer.maximumDepth else {
                line.append(contentsOf: #""…""#.utf8)
                return
            }
            appendNested(value, depth: depth, budget: &budget, to: &line)
        }
    }

    private static func appendNested(
        _ value: Logger.MetadataValue, depth: Int, budget: inout Int, to line: inout [UInt8]
    ) {
        switch value {
        case .array(let elements):
            line.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                guard spend(&budget, to: &line, #""…""#) else { break }
                append(element, named: nil, depth: depth + 1, budget: &budget, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            line.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                guard spend(&budget, to: &line, #""…":"…""#) else { break }
                appendQuoted(member.key, budget: &budget, to: &line)
                line.append(UInt8(ascii: ":"))
                append(member.value, named: member.key, depth: depth + 1, budget: &budget, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        case .string, .stringConvertible: break
        }
    }

    /// Takes what an element costs besides its text, so that a long list of small ones is capped as well.
    private static func spend(_ budget: inout Int, to line: inout [UInt8], _ ellipsis: String) -> Bool {
        guard budget > 4 else {
            line.append(contentsOf: ellipsis.utf8)
            return false
        }
        budget -= 4
        return true
    }

    private static func appendQuoted(_ text: String, budget: inout Int, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        LogEscaping.append(text, budget: &budget, to: &line)
        line.append(UInt8(ascii: "\""))
    }
}
