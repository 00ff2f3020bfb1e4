import Domain
public import FoundationEssentials
import Glibc

/// Puts mails into a folder instead of sending them, one `.eml` file each, for development.
///
/// The files hold what the mails hold, also links that log in: only their owner can read them.
public struct MailFolder: MailTransport {
    private let path: String
    private let sender: Mailbox
    private let now: @Sendable () -> Date

    /// A transport into one folder.
    /// - Parameters:
    ///   - path: The folder, made when the first mail comes where it is absent, in a folder that exists.
    ///   - sender: Who the mails are from.
    ///   - now: The clock for their Date and their names.
    public init(path: String, sender: Mailbox, now: @escaping @Sendable () -> Date = { Date() }) {
        self.path = path
        self.sender = sender
        self.now = now
    }

    /// Writes a file whose name sorts by time; one who lists the folder sees it whole or not at all.
    public func deliver(_ mail: Mail) throws(MailError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("can't make folder", path) }
        let date = now()
        let name = "\(MailDate(date).sortable)-\(MailMessage.identifier(mail.id))"
        let temporary = "\(path)/.\(name)-\(UInt32.random(in: 0 ... .max)).tmp"
        do throws(MailError) {
            try write(MailMessage(mail, sender: sender, date: date).bytes, to: temporary)
            guard rename(temporary, "\(path)/\(name).eml") == 0 else { throw failure("can't rename", temporary) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private func write(_ bytes: [UInt8], to file: String) throws(MailError) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("can't create", file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = failure("can't write", file)
                close(descriptor)
                throw error
            }
            rest = rest.dropFirst(count)
        }
        guard close(descriptor) == 0 else { throw failure("can't write", file) }
    }

    private func failure(_ what: String, _ file: String) -> MailError {
        .temporary("\(what) \(file): \(String(cString: strerror(errno)))")
    }
}
