import HTTP1
import HTTPFields
import NIOCore
import Testing

/// An answer as far as it was read.
struct ReadResponse: Equatable {
    var status: Int
    var minorVersion: Int
    var fields: HeaderBlock
    var framing: HTTP1Framing
    var keepsAlive: Bool
    var body: [UInt8] = []
    var isWhole = false

    init(_ head: HTTP1ResponseHead) {
        status = head.status
        minorVersion = head.minorVersion
        fields = head.fields
        framing = head.framing
        keepsAlive = head.keepsAlive
    }

    var lines: [String] { HTTP1Tests.lines(fields) }
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// What came of some bytes, each answer to a request of the same method.
struct ReadResponses: Equatable {
    var responses: [ReadResponse] = []
    var fault: HTTP1Fault?
    var rest = 0
    var isOutOfOrder = false

    /// Reads bytes in pieces of these lengths, the last of them as long as it takes; then the connection ends.
    init(
        _ bytes: [UInt8], to method: String = "GET", pieces: [Int] = [], ends: Bool = false,
        limits: HTTP1Limits = .init()
    ) {
        var parser = HTTP1ResponseParser(limits: limits)
        parser.expects(answerTo: method)
        var lengths = pieces[...]
        var position = 0
        repeat {
            let length = min(lengths.popFirst() ?? bytes.count, bytes.count - position)
            parser.receive(ByteBuffer(bytes: bytes[position..<position + length]))
            position += length
            drain(&parser, most: 3 * bytes.count + 3, isEnd: false)
        } while position < bytes.count && fault == nil
        if ends, fault == nil { drain(&parser, most: 3, isEnd: true) }
        rest = parser.bufferedBytes
        guard let fault else { return }
        do throws(HTTP1Fault) {
            _ = try parser.next()
            isOutOfOrder = true
        } catch {
            if error != fault { isOutOfOrder = true }
        }
    }

    private mutating func drain(_ parser: inout HTTP1ResponseParser, most: Int, isEnd: Bool) {
        do throws(HTTP1Fault) {
            for turn in 0...most {
                guard let part = try isEnd && turn == 0 ? parser.receiveEnd() : parser.next() else { return }
                take(part)
            }
            isOutOfOrder = true
        } catch {
            fault = error
        }
    }

    private mutating func take(_ part: HTTP1ResponsePart) {
        let index = responses.count - 1
        switch part {
        case .head(let head):
            if responses.last?.isWhole == false { isOutOfOrder = true }
            responses.append(ReadResponse(head))
        case .body(let part):
            if responses.last?.isWhole != false || part.readableBytes == 0 { isOutOfOrder = true }
            if index >= 0 { responses[index].body += part.readableBytesView }
        case .end:
            if responses.last?.isWhole != false { isOutOfOrder = true }
            if index >= 0 { responses[index].isWhole = true }
        }
    }
}

/// Reads answers whole, byte by byte and in two pieces split at every place, and expects the same of all.
func answers(
    _ text: String, to method: String = "GET", ends: Bool = false, limits: HTTP1Limits = .init(),
    sourceLocation: SourceLocation = #_sourceLocation
) -> ReadResponses {
    let bytes = Array(text.utf8)
    let whole = ReadResponses(bytes, to: method, ends: ends, limits: limits)
    #expect(!whole.isOutOfOrder, sourceLocation: sourceLocation)
    let ones = Array(repeating: 1, count: bytes.count)
    let single = ReadResponses(bytes, to: method, pieces: ones, ends: ends, limits: limits)
    #expect(single == whole, "byte by byte", sourceLocation: sourceLocation)
    for first in bytes.indices.dropFirst() where bytes.count < 1_000 || first % 97 == 0 {
        let split = ReadResponses(bytes, to: method, pieces: [first], ends: ends, limits: limits)
        #expect(split == whole, "split at \(first)", sourceLocation: sourceLocation)
    }
    return whole
}
