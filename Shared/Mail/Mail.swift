public import Domain

/// A mail of plain text to one recipient.
public struct Mail: Sendable {
    /// Who gets it.
    public var recipient: EmailAddress
    /// One line; line breaks and other control characters in it become spaces.
    public var subject: String
    /// The body, with any kind of line ends.
    public var text: String
    /// What makes its Message-ID unique, such as a UUID. The same on each attempt, so that a mail which was delivered
    /// twice, its first answer lost, can be recognised as one.
    public var id: String

    /// A mail from its parts.
    public init(recipient: EmailAddress, subject: String, text: String, id: String) {
        self.recipient = recipient
        self.subject = subject
        self.text = text
        self.id = id
    }
}
