/// What this side says and hears while one mail is handed over: the message on its way out, the server's answers on
/// their way in. Without I/O; libcurl's callbacks feed it, all on the thread that delivers.
final class SMTPConversation {
    private var rest: ArraySlice<UInt8>
    private let needsSMTPUTF8: Bool
    private var reply: SMTPReply?

    /// Whether the server has asked for the message, so that its answers may quote from it.
    private(set) var messageBegan = false
    /// Whether the server said that it knows SMTPUTF8 (RFC 6531).
    private(set) var offersSMTPUTF8 = false
    /// The last refusal, if nothing was accepted after it.
    private(set) var refusal: SMTPReply?

    init(_ message: MailMessage) {
        rest = message.bytes[...]
        needsSMTPUTF8 = message.needsSMTPUTF8
    }

    /// Whether the recipient's address can't be given to this server.
    var lacksSMTPUTF8: Bool { needsSMTPUTF8 && !offersSMTPUTF8 }

    /// Takes one line of the server's.
    func hear(_ line: String) {
        if reply == nil || reply?.isWhole == true {
            reply = SMTPReply(line: line)
        } else {
            reply?.append(line: line)
        }
        guard let reply else { return }
        switch reply.code {
        case 220:
            // A greeting, or TLS begins: what was offered before doesn't count (RFC 3207 §4.2).
            offersSMTPUTF8 = false
        case 250 where line.uppercased().dropFirst(4).prefix { $0.isLetter || $0.isNumber } == "SMTPUTF8":
            offersSMTPUTF8 = true
        default: break
        }
        guard reply.isWhole else { return }
        if reply.isRefusal {
            refusal = reply
        } else if reply.code != 221 {
            // 221 answers QUIT, which comes after a refusal as well.
            refusal = nil
        }
    }

    /// Puts the next bytes of the message into `buffer`.
    /// - Returns: Their number, 0 at the end; nil where the message must not be sent.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        messageBegan = true
        // libcurl has gone on as if the server knew SMTPUTF8; no server takes a message that stops before its end.
        guard !lacksSMTPUTF8 else { return nil }
        let chunk = rest.prefix(buffer.count)
        buffer.copyBytes(from: chunk)
        rest = rest.dropFirst(chunk.count)
        return chunk.count
    }
}
