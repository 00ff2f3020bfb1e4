import CHiredis
import NIOCore

/// The one owner of a hiredis reader: takes bytes as they arrive and gives the answers they complete.
///
/// hiredis finds the pieces; its object functions hand them to a ``ReplyBuilder``, so that answers become Swift values
/// without hiredis' own objects in between.
final class ReplyReader {
    /// Fed at once: hiredis moves what is left each time it has read a kilobyte, so small portions are cheaper.
    private static let portion = 16 << 10
    /// hiredis frees its empty buffer when that is larger than this.
    private static let keptBytes = 64 << 10

    private let reader: UnsafeMutablePointer<redisReader>
    /// hiredis keeps the address of its functions, so they live as long as the reader.
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    /// hiredis' tasks carry an unretained reference to it; kept alive by this property as long as the reader.
    private let builder: ReplyBuilder
    private let maximumSize: Int

    /// A reader that refuses answers above the size in bytes.
    init(maximumSize: Int) {
        functions = .allocate(capacity: 1)
        functions.initialize(to: Self.objectFunctions())
        guard let reader = redisReaderCreateWithFunctions(functions) else { fatalError("out of memory") }
        self.reader = reader
        self.maximumSize = maximumSize
        builder = ReplyBuilder(maximumSize: maximumSize)
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
        reader.pointee.maxbuf = Self.keptBytes
    }

    deinit {
        redisReaderFree(reader)
        functions.deinitialize(count: 1)
        functions.deallocate()
    }

    /// Takes in bytes and calls `body` with each answer they complete, until it returns false.
    ///
    /// Throws `protocolViolation`, after which the reader must not be used again.
    func feed(_ bytes: ByteBuffer, _ body: (Reply) -> Bool) throws(RedisError) {
        var rest = bytes
        while rest.readableBytes > 0 {
            let portion = min(rest.readableBytes, Self.portion)
            let status = rest.readWithUnsafeReadableBytes { pointer in
                // hiredis copies the bytes.
                (portion, redisReaderFeed(reader, pointer.baseAddress?.assumingMemoryBound(to: CChar.self), portion))
            }
            guard status == REDIS_OK else { throw .protocolViolation }
            while let reply = try next() {
                guard body(reply) else { return }
            }
        }
    }

    private func next() throws(RedisError) -> Reply? {
        var object: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw .protocolViolation }
        guard object != nil else {
            // What is not parsed yet belongs to an answer that may have announced any size.
            guard reader.pointee.len - reader.pointee.pos + builder.size <= maximumSize + Self.portion else {
                throw .protocolViolation
            }
            return nil
        }
        guard let reply = builder.take() else { throw .protocolViolation }
        return reply
    }
}

extension ReplyReader {
    /// What hiredis calls for each piece. Returning null makes it stop with an error.
    private static func objectFunctions() -> redisReplyObjectFunctions {
        var functions = redisReplyObjectFunctions()
        functions.createString = { task, text, length in
            guard let task, let text, let builder = ReplyReader.builder(of: task), builder.admits(bytes: Int(length))
            else { return nil }
            let bytes = UnsafeRawBufferPointer(start: text, count: Int(length))
            switch task.pointee.type {
            case REDIS_REPLY_STRING: builder.add(.bulk(Array(bytes)))
            case REDIS_REPLY_STATUS: builder.add(.simple(String(decoding: bytes, as: UTF8.self)))
            case REDIS_REPLY_ERROR: builder.add(refusal: String(decoding: bytes, as: UTF8.self))
            default: return nil
            }
            return task.pointee.privdata
        }
        functions.createArray = { task, count in
            guard let task, let builder = ReplyReader.builder(of: task), builder.begin(arrayOf: Int(count)) else {
                return nil
            }
            return task.pointee.privdata
        }
        functions.createInteger = { task, number in
            guard let task, let builder = ReplyReader.builder(of: task), builder.admits(bytes: 0) else { return nil }
            builder.add(.integer(number))
            return task.pointee.privdata
        }
        functions.createNil = { task in
            guard let task, let builder = ReplyReader.builder(of: task), builder.admits(bytes: 0) else { return nil }
            builder.add(.null)
            return task.pointee.privdata
        }
        // hiredis' object is only a mark for "there is one": the builder, which the reader's owner keeps alive.
        functions.freeObject = { _ in }
        return functions
    }

    private static func builder(of task: UnsafePointer<redisReadTask>) -> ReplyBuilder? {
        // Put there as `privdata` by `init`; alive because the reader that calls is.
        task.pointee.privdata.map { Unmanaged<ReplyBuilder>.fromOpaque($0).takeUnretainedValue() }
    }
}
