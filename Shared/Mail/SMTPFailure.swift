import CCurl

/// Sorts the ways in which libcurl can fail into errors worth another attempt and others.
enum SMTPFailure {
    /// - Parameters:
    ///   - code: libcurl's, not CURLE_OK.
    ///   - detail: libcurl's words, such as `RCPT failed: 550`.
    ///   - conversation: What the server said.
    static func error(_ code: CURLcode, _ detail: String, _ conversation: SMTPConversation) -> MailError {
        let lacksSMTPUTF8 = conversation.lacksSMTPUTF8
        guard let refusal = conversation.refusal else {
            if lacksSMTPUTF8, conversation.messageBegan { return .permanent(noSMTPUTF8) }
            return .temporary(detail)
        }
        // A server may quote from what it was sent, and that must not get into logs: the password, encoded or not, or
        // the message with its links.
        let mayQuote = code == CURLE_LOGIN_DENIED || refusal.code == 535 || conversation.messageBegan
        let answer = mayQuote || refusal.text.isEmpty ? refusal.status : "\(refusal.code) \(refusal.text)"
        let reason = "\(detail) (server: \(answer))"
        guard refusal.code >= 500, isAboutMail(code, detail, refusal, conversation) else {
            return .temporary(reason)
        }
        return .permanent(lacksSMTPUTF8 ? "\(noSMTPUTF8): \(reason)" : reason)
    }

    private static let noSMTPUTF8 = "the address has characters beyond ASCII and the server does not offer SMTPUTF8"

    /// Whether recipient or message were refused, rather than the connection, the login or the sender, which a change
    /// of settings can mend.
    private static func isAboutMail(
        _ code: CURLcode, _ detail: String, _ refusal: SMTPReply, _ conversation: SMTPConversation
    ) -> Bool {
        // RFC 4954 §6: authentication required, mechanism too weak, credentials invalid, encryption required.
        guard ![530, 534, 535, 538].contains(refusal.code) else { return false }
        if conversation.messageBegan { return true }
        // CURLE_SEND_ERROR stands for a refused MAIL, RCPT or DATA. MAIL is about the sender, unless the address
        // needs what libcurl asks for in it.
        guard code == CURLE_SEND_ERROR else { return false }
        return conversation.lacksSMTPUTF8 || !detail.hasPrefix("MAIL")
    }
}
