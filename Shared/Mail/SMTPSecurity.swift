/// How a connection that begins in the clear (`smtp://`) becomes private; `smtps://` is private from the start.
public enum SMTPSecurity: String, Sendable, CaseIterable {
    /// STARTTLS, or no mail.
    case required
    /// STARTTLS where the server offers it. Keeps out listeners only: who can alter the connection can hide the offer
    /// and read mail and password.
    case opportunistic
    /// No TLS: for a server on this machine.
    case off
}
