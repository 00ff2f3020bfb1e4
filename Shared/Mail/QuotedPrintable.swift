/// The encoding of a mail's text as ASCII in lines of at most 76 characters (RFC 2045 §6.7).
enum QuotedPrintable {
    private static let lineLimit = 76
    private static let lineEnd: [UInt8] = [0x0D, 0x0A]
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Encodes `text`, whose line ends may be CRLF, LF or CR and become CRLF; the last line gets one if it has none.
    static func encode(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count * 5 / 4)
        for line in lines(of: Array(text.utf8)) {
            append(line, to: &output)
            output += lineEnd
        }
        return output
    }

    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != 0x0D && $0 != 0x0A }
            lines.append(line)
            rest = rest[line.endIndex...]
            rest = rest.dropFirst(rest.starts(with: lineEnd) ? 2 : 1)
        }
        return lines
    }

    private static func append(_ line: ArraySlice<UInt8>, to output: inout [UInt8]) {
        var column = 0
        for index in line.indices {
            let isLast = index == line.endIndex - 1
            // Room for the = of a soft line break, unless the line ends here.
            let room = isLast ? lineLimit : lineLimit - 1
            var width = isLiteral(line, index, atStart: column == 0) ? 1 : 3
            if column + width > room {
                output += [0x3D] + lineEnd
                column = 0
                width = isLiteral(line, index, atStart: true) ? 1 : 3
            }
            let byte = line[index]
            if width == 1 {
                output.append(byte)
            } else {
                output += [0x3D, digits[Int(byte >> 4)], digits[Int(byte & 0x0F)]]
            }
            column += width
        }
    }

    private static func isLiteral(_ line: ArraySlice<UInt8>, _ index: Int, atStart: Bool) -> Bool {
        switch line[index] {
        case UInt8(ascii: "="): false
        // Servers have mistaken a dot at a line's start for the mail's end, and mailbox files have `From ` there.
        case UInt8(ascii: ".") where atStart: false
        case UInt8(ascii: "F") where atStart: !line[index...].starts(with: "From ".utf8)
        // White space at a line's end gets lost on the way.
        case UInt8(ascii: " "), UInt8(ascii: "\t"): index != line.endIndex - 1
        case 0x21...0x7E: true
        default: false
        }
    }
}
