import CHiredis
import NIOCore

/// Writes commands in the form of the protocol, through hiredis. Keeps its scratch space between commands.
struct CommandFormatter {
    /// Scratch space larger than this is given back after the command that needed it.
    private static let keptBytes = 64 << 10

    private var bytes: [UInt8] = []
    private var lengths: [Int] = []
    private var pointers: [UnsafePointer<CChar>?] = []

    /// Adds the command to the buffer; false where hiredis has no memory for it.
    mutating func append(_ command: RedisCommand, to buffer: inout ByteBuffer) -> Bool {
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
        lengths.removeAll(keepingCapacity: true)
        pointers.removeAll(keepingCapacity: true)
        gather(text: command.name)
        for argument in command.arguments {
            switch argument {
            case .text(let text): gather(text: text)
            case .bytes(let content): gather(content)
            case .integer(let number): gather(text: String(number))
            }
        }
        var formatted: sds?
        // The pointers lead into `bytes`, which neither moves nor goes during the closure; hiredis keeps none of them.
        let count = bytes.withUnsafeBytes { store in
            var position = store.baseAddress?.assumingMemoryBound(to: CChar.self)
            for length in lengths {
                pointers.append(position)
                position = position.map { $0 + length }
            }
            return redisFormatSdsCommandArgv(&formatted, CInt(lengths.count), &pointers, lengths)
        }
        guard count > 0, let formatted else { return false }
        // What hiredis made is ours: it is copied, and freed here.
        defer { redisFreeSdsCommand(formatted) }
        buffer.writeBytes(UnsafeRawBufferPointer(start: formatted, count: Int(count)))
        return true
    }

    private mutating func gather(text: String) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        lengths.append(bytes.count - start)
    }

    private mutating func gather(_ content: [UInt8]) {
        bytes.append(contentsOf: content)
        lengths.append(content.count)
    }
}
