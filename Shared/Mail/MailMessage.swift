import Domain
import FoundationEssentials

/// A mail as it travels: header fields, an empty line and the encoded text (RFC 5322, RFC 2045).
struct MailMessage {
    /// ASCII with CRLF, but for an international address in To (RFC 6532).
    let bytes: [UInt8]
    /// Whether the recipient's address can only be given to a server that knows SMTPUTF8 (RFC 6531).
    let needsSMTPUTF8: Bool

    init(_ mail: Mail, sender: Mailbox, date: Date) {
        let fields = [
            HeaderField("From", sender),
            HeaderField("To", mail.recipient.text),
            HeaderField("Subject", words: mail.subject),
            HeaderField("Date", MailDate(date).header),
            HeaderField("Message-ID", "<\(Self.identifier(mail.id))@\(sender.address.domain)>"),
            // RFC 3834 §5: keeps vacation notices from answering.
            HeaderField("Auto-Submitted", "auto-generated"),
            HeaderField("MIME-Version", "1.0"),
            HeaderField("Content-Type", "text/plain; charset=utf-8"),
            HeaderField("Content-Transfer-Encoding", "quoted-printable"),
        ]
        let header = fields.map { $0.text + "\r\n" }.joined() + "\r\n"
        bytes = Array(header.utf8) + QuotedPrintable.encode(mail.text)
        needsSMTPUTF8 = !mail.recipient.text.utf8.allSatisfy { $0 < 0x80 }
    }

    /// `id` with all but letters, digits, `-` and `_` written as `=` and two digits, so that it is one atom; at most
    /// 128 characters.
    static func identifier(_ id: String) -> String {
        let escaped = id.utf8.map { byte -> String in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default:
                (byte < 0x10 ? "=0" : "=") + String(byte, radix: 16, uppercase: true)
            }
        }
        return String(escaped.joined().prefix(128))
    }
}
