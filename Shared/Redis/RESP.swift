import CHiredis
import Glibc
import NIOCore

/// Writes commands through hiredis' formatter.
enum RESPFormatter {
    /// Adds a command to `buffer` in the form of the protocol.
    static func append(_ command: RedisCommand, to buffer: inout ByteBuffer) {
        let parts = command.parts.map(\.octets)
        let lengths = parts.map(\.count)
        var target: UnsafeMutablePointer<CChar>?
        var length: CLongLong = -1
        // hiredis reads the arguments during the call only; the store keeps them in one place meanwhile.
        parts.flatMap { $0 }.withUnsafeBytes { store in
            let start = store.bindMemory(to: CChar.self).baseAddress
            var offset = 0
            var arguments: [UnsafePointer<CChar>?] = []
            for length in lengths {
                arguments.append(start.map { $0 + offset })
                offset += length
            }
            length = CLongLong(redisFormatCommandArgv(&target, Int32(arguments.count), &arguments, lengths))
        }
        guard length > 0, let target else { return }
        // The text is ours from here; it is copied and freed.
        defer { redisFreeCommand(target) }
        buffer.writeBytes(UnsafeRawBufferPointer(start: target, count: Int(length)))
    }
}

/// Reads replies through hiredis' reader, which it owns.
final class RESPReader {
    /// A reply, or the error the server sent in its place.
    typealias Reply = Result<RedisValue, RedisError>

    private let reader: UnsafeMutablePointer<redisReader>
    private let maximumSize: Int
    private var unread = 0

    /// A reader that takes replies up to `maximumSize` bytes.
    init?(maximumSize: Int = 16 << 20) {
        guard let reader = redisReaderCreate() else { return nil }
        self.reader = reader
        self.maximumSize = maximumSize
    }

    deinit {
        redisReaderFree(reader)
    }

    /// Takes in bytes and calls `each` with every reply they complete.
    /// - Throws: `RedisError.protocolViolation`, after which the reader is of no use.
    func feed(_ bytes: ByteBuffer, each: (Reply) -> Void) throws(RedisError) {
        unread += bytes.readableBytes
        guard unread <= maximumSize else { throw .protocolViolation }
        let fed = bytes.withUnsafeReadableBytes { pointer in
            redisReaderFeed(reader, pointer.bindMemory(to: CChar.self).baseAddress, pointer.count)
        }
        guard fed == REDIS_OK else { throw .protocolViolation }
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &reply) == REDIS_OK else { throw .protocolViolation }
            guard let reply else { return }
            unread = 0
            // The reply is ours; it is converted and freed.
            defer { freeReplyObject(reply) }
            each(try Self.convert(reply.assumingMemoryBound(to: redisReply.self).pointee, depth: 0))
        }
    }

    private static func convert(_ reply: redisReply, depth: Int) throws(RedisError) -> Reply {
        guard depth <= 7 else { throw .protocolViolation }
        switch reply.type {
        case REDIS_REPLY_STRING:
            return .success(.bulk(Array(UnsafeRawBufferPointer(start: reply.str, count: reply.len))))
        case REDIS_REPLY_STATUS:
            return .success(.simple(text(reply)))
        case REDIS_REPLY_ERROR:
            let words = text(reply).split(separator: " ", maxSplits: 1)
            return .failure(
                .server(prefix: words.first.map(String.init) ?? "", message: words.last.map(String.init) ?? ""))
        case REDIS_REPLY_INTEGER:
            return .success(.integer(reply.integer))
        case REDIS_REPLY_NIL:
            return .success(.null)
        case REDIS_REPLY_ARRAY:
            var elements: [RedisValue] = []
            elements.reserveCapacity(reply.elements)
            for index in 0..<reply.elements {
                guard let element = reply.element[index] else { throw .protocolViolation }
                switch try convert(element.pointee, depth: depth + 1) {
                case .success(let value): elements.append(value)
                case .failure: elements.append(.null)
                }
            }
            return .success(.array(elements))
        default:
            throw .protocolViolation
        }
    }

    private static func text(_ reply: redisReply) -> String {
        String(decoding: UnsafeRawBufferPointer(start: reply.str, count: reply.len), as: UTF8.self)
    }
}
