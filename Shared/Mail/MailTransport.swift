/// A way out for mails.
public protocol MailTransport: Sendable {
    /// Hands one mail over; when it returns, the other side has taken the mail.
    ///
    /// Blocks for as long as that takes: to be called on a thread of its own, never on an event loop or in a task.
    func deliver(_ mail: Mail) throws(MailError)
}
