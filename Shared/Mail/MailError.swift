/// Why a mail was not handed over, in words for an operator: they hold neither the password nor anything of the mail's
/// text. The recipient's address may be in them, where the server repeats it.
public enum MailError: Error, Sendable, Equatable {
    /// Worth another attempt: the server could not be reached, took too long, was not to be trusted, answered 4xx, or
    /// refused what the settings say (login, sender) rather than this mail.
    case temporary(String)
    /// Another attempt would end the same way: the server refused this recipient or this mail for good.
    case permanent(String)
}

extension MailError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .temporary(let reason): "mail not delivered for now: \(reason)"
        case .permanent(let reason): "mail can't be delivered: \(reason)"
        }
    }
}
