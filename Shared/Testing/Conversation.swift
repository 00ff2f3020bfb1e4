import Glibc

/// What a connection brought on which bytes were sent piece by piece.
public struct Conversation: Sendable {
    /// How the caller ends it.
    public enum End: Sendable {
        /// He says that he sends no more as soon as he has sent all.
        case hasty
        /// He reads until he has what he wants, and then says that he sends no more.
        case patient
        /// He is gone once he has sent all, and reads nothing.
        case gone
    }

    /// All that came.
    public let received: [UInt8]
    /// Whether the other side ended it; else nothing came for 30 seconds.
    public let isEnded: Bool
}

extension PlainHTTP {
    /// Sends bytes, each piece by itself, and reads until the server ends the connection.
    /// - Parameter isEnough: Whether what came is all that a patient caller wants.
    public func converse(
        _ pieces: [[UInt8]], _ end: Conversation.End, until isEnough: ([UInt8]) -> Bool
    ) throws -> Conversation {
        let socket = try LoopbackSocket(port: port)
        socket.sendAtOnce()
        for piece in pieces {
            socket.write(piece)
            // Now and then the other side has time to read the piece alone.
            if pieces.count < 20 { usleep(100) }
        }
        if end == .gone {
            socket.reset()
            return Conversation(received: [], isEnded: true)
        }
        defer { socket.close() }
        var received: [UInt8] = []
        var goesOn = true
        if end == .patient {
            while goesOn, !isEnough(received) { goesOn = socket.read(into: &received) }
        }
        if goesOn {
            socket.endOutput()
            while socket.read(into: &received) {}
        }
        return Conversation(received: received, isEnded: socket.isEnded)
    }
}
