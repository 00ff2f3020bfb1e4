import CCurl
import Domain
public import FoundationEssentials

/// Hands mails over to a mail server, a connection for each.
public struct SMTPTransport: MailTransport {
    private let server: SMTPServer
    private let sender: Mailbox
    private let now: @Sendable () -> Date

    /// A transport to one server.
    /// - Parameters:
    ///   - server: Where mails go.
    ///   - sender: Who they are from, and where bounces go.
    ///   - now: The clock for their Date.
    public init(server: SMTPServer, sender: Mailbox, now: @escaping @Sendable () -> Date = { Date() }) {
        self.server = server
        self.sender = sender
        self.now = now
    }

    /// Hands one mail over, within the server's timeouts.
    ///
    /// A mail whose acknowledgement was lost counts as not delivered: another attempt may deliver it twice, under the
    /// same Message-ID.
    public func deliver(_ mail: Mail) throws(MailError) {
        let message = MailMessage(mail, sender: sender, date: now())
        var transfer = try CurlTransfer()
        try connection(&transfer)
        try authenticity(&transfer)
        try transfer.set(CURLOPT_MAIL_FROM, sender.address.text)
        try transfer.setList(CURLOPT_MAIL_RCPT, mail.recipient.text)
        try transfer.set(CURLOPT_UPLOAD, 1)
        try transfer.setUploadSize(message.bytes.count)
        try transfer.run(SMTPConversation(message))
    }

    private func connection(_ transfer: inout CurlTransfer) throws(MailError) {
        try transfer.set(CURLOPT_URL, server.url)
        try transfer.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        // Keeps ALL_PROXY and the like out of this.
        try transfer.set(CURLOPT_PROXY, "")
        try transfer.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        // No signals, which would hit other threads' work.
        try transfer.set(CURLOPT_NOSIGNAL, 1)
        try transfer.set(CURLOPT_FORBID_REUSE, 1)
        try transfer.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(server.connectTimeout))
        try transfer.set(CURLOPT_TIMEOUT_MS, milliseconds(server.timeout))
        // Bounds the goodbye, which the limit above leaves out, in seconds.
        try transfer.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, (milliseconds(server.timeout) + 999) / 1000)
    }

    private func authenticity(_ transfer: inout CurlTransfer) throws(MailError) {
        let level =
            switch server.security {
            case _ where server.isSecureFromStart: CURLUSESSL_ALL
            case .required: CURLUSESSL_ALL
            case .opportunistic: CURLUSESSL_TRY
            case .off: CURLUSESSL_NONE
            }
        try transfer.set(CURLOPT_USE_SSL, Int(level.rawValue))
        try transfer.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try transfer.set(CURLOPT_SSL_VERIFYPEER, 1)
        try transfer.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let authorities = server.authorities { try transfer.set(CURLOPT_CAINFO, authorities) }
        if let credentials = server.credentials {
            try transfer.set(CURLOPT_USERNAME, credentials.username)
            try transfer.set(CURLOPT_PASSWORD, credentials.password)
        }
    }

    /// At least 1: for libcurl, 0 is no limit.
    private func milliseconds(_ duration: Duration) -> Int {
        max(1, Int(duration / .milliseconds(1)))
    }
}
