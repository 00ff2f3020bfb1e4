import HTTP1
import HTTPFields
import NIOCore
import Testing

/// A request as far as it was read.
struct ReadRequest: Equatable {
    var method: String
    var target: String
    var minorVersion: Int
    var fields: HeaderBlock
    var framing: HTTP1Framing
    var keepsAlive: Bool
    var expectsContinue: Bool
    var upgrade: Bool
    var body: [UInt8] = []
    var isWhole = false

    init(_ head: HTTP1RequestHead) {
        method = head.method
        target = head.target
        minorVersion = head.minorVersion
        fields = head.fields
        framing = head.framing
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
        upgrade = head.upgrade
    }

    /// The fields as lines, for a test to compare.
    var lines: [String] { HTTP1Tests.lines(fields) }
    var text: String { String(decoding: body, as: UTF8.self) }
}

func lines(_ fields: HeaderBlock) -> [String] {
    var lines: [String] = []
    fields.forEach { name, value in
        lines.append("\(String(decoding: name, as: UTF8.self)): \(String(decoding: value, as: UTF8.self))")
    }
    return lines
}

/// What came of some bytes.
struct ReadRequests: Equatable {
    var requests: [ReadRequest] = []
    var fault: HTTP1Fault?
    var rest = 0
    /// A part was empty, came before its head or after its end, or there were more parts than bytes.
    var isOutOfOrder = false

    var status: Int? { fault?.status }
    var areWhole: Bool { requests.allSatisfy { $0.isWhole } }

    /// Reads bytes in pieces of these lengths, the last of them as long as it takes.
    init(_ bytes: [UInt8], pieces: [Int] = [], limits: HTTP1Limits = .init()) {
        var parser = HTTP1RequestParser(limits: limits)
        var lengths = pieces[...]
        var position = 0
        repeat {
            let length = min(lengths.popFirst() ?? bytes.count, bytes.count - position)
            parser.receive(ByteBuffer(bytes: bytes[position..<position + length]))
            position += length
            drain(&parser, most: 3 * bytes.count + 3)
        } while position < bytes.count && fault == nil
        rest = parser.bufferedBytes
        if let fault, (try? parser.next()) != nil || HTTP1Fault(of: &parser) != fault { isOutOfOrder = true }
    }

    private mutating func drain(_ parser: inout HTTP1RequestParser, most: Int) {
        do throws(HTTP1Fault) {
            for _ in 0...most {
                guard let part = try parser.next() else { return }
                switch part {
                case .head(let head):
                    if requests.last?.isWhole == false { isOutOfOrder = true }
                    requests.append(ReadRequest(head))
                case .body(let part):
                    if requests.last?.isWhole != false || part.readableBytes == 0 { isOutOfOrder = true }
                    let index = requests.count - 1
                    if index >= 0 { requests[index].body += part.readableBytesView }
                case .end:
                    if requests.last?.isWhole != false { isOutOfOrder = true }
                    let index = requests.count - 1
                    if index >= 0 { requests[index].isWhole = true }
                }
            }
            isOutOfOrder = true
        } catch {
            fault = error
        }
    }
}

extension HTTP1Fault {
    fileprivate init?(of parser: inout HTTP1RequestParser) {
        do throws(HTTP1Fault) {
            _ = try parser.next()
            return nil
        } catch {
            self = error
        }
    }
}

/// Reads requests whole, byte by byte and in two pieces split at every place, and expects the same of all.
func read(
    _ text: String, limits: HTTP1Limits = .init(), sourceLocation: SourceLocation = #_sourceLocation
) -> ReadRequests {
    read(Array(text.utf8), limits: limits, sourceLocation: sourceLocation)
}

func read(
    _ bytes: [UInt8], limits: HTTP1Limits = .init(), sourceLocation: SourceLocation = #_sourceLocation
) -> ReadRequests {
    let whole = ReadRequests(bytes, limits: limits)
    #expect(!whole.isOutOfOrder, sourceLocation: sourceLocation)
    let single = ReadRequests(bytes, pieces: Array(repeating: 1, count: bytes.count), limits: limits)
    #expect(single == whole, "byte by byte", sourceLocation: sourceLocation)
    for first in bytes.indices.dropFirst() where bytes.count < 1_000 || first % 97 == 0 {
        let split = ReadRequests(bytes, pieces: [first], limits: limits)
        #expect(split == whole, "split at \(first)", sourceLocation: sourceLocation)
    }
    return whole
}

/// A request of which one part is in question, and what is to come of it.
struct Case: Sendable, CustomTestStringConvertible {
    let input: String
    /// Nil when it is to be read.
    let status: Int?

    init(_ input: String, _ status: Int? = nil) {
        self.input = input
        self.status = status
    }

    var testDescription: String { "\(String(reflecting: input.prefix(100))) \(status.map { "\($0)" } ?? "is read")" }
}
