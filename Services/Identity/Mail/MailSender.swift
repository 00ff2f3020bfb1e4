import Directory
import Domain
import FoundationEssentials
import Logging
import Mail
import Metrics
import NIOPosix
import Postgres
import ServiceLifecycle
import Tokens

/// Sends what is in the outbox. Any number of instances may do it: each takes other rows.
///
/// The token of a mail is made when it is sent, so that only its digest is ever stored; a mail that is tried again brings
/// a new one, and the one before it is void.
struct MailSender: Service {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let texts: MailTexts
    let transport: any MailTransport
    let logger: Logger
    private let metrics = MailMetrics()

    /// Beyond this many tries, a day and a half or so, a mail is given up.
    static let maximumAttempts: Int32 = 40

    private struct Item: Sendable {
        let tenant: UUID
        let id: UUID
        let kind: String
        let recipient: String
        let attempts: Int32
    }

    private enum Outcome: Sendable {
        case sent
        case nobody
        case again(String)
        case failed(String)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // A few at a time, so that one slow mail server's answer does not hold up all others.
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { await work() } }
            }
        }
    }

    private func work() async {
        while !Task.isCancelled {
            do {
                try await postgres.whenReady()
                if try await sendOne() { continue }
            } catch {
                logger.warning("mail not looked after", metadata: ["error": "\(error)"])
            }
            // A mail is looked for often enough that nobody waits for it, seldom enough to cost nothing.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Sends the mail that has been due for longest; false when there is none. One at a time, so that what is claimed is
    /// settled long before its lease ends.
    private func sendOne() async throws -> Bool {
        guard let row = try await postgres.query(OutboxStatements.claim, [.int4(1)]).first else { return false }
        let item = Item(
            tenant: try row.decode(0), id: try row.decode(1), kind: try row.decode(2), recipient: try row.decode(4),
            attempts: try row.decode(5))
        try await settle(item, try await send(item))
        return true
    }

    private func send(_ item: Item) async throws -> Outcome {
        // It may have been made just now, and this process has not heard of it yet.
        guard let tenant = tenants.tenant(item.tenant) else { return .again("the tenant is not known yet") }
        guard let kind = MailKind(rawValue: item.kind) else { return .failed("the kind of mail is not known") }
        var (address, name, secret): (String, String?, OpaqueSecret?) = (item.recipient, nil, nil)
        if kind == .verifyEmail || kind == .resetPassword {
            let token = OpaqueSecret(prefix: OneTimeToken.prefix)
            let lifetime = kind == .verifyEmail ? OneTimeToken.verification : OneTimeToken.reset
            let rows = try await postgres.query(
                OutboxStatements.issueToken,
                [
                    .text(item.recipient), .text(kind.rawValue), .bytea(token.digest),
                    .float8(Double(lifetime.components.seconds)),
                ], scope: .tenant(item.tenant))
            // The owner may spell the address in another way than whoever asked.
            guard let row = rows.first else { return .nobody }
            (address, name, secret) = (try row.decode(0), try row.decode(1), token)
        }
        var organization: String?
        if kind == .organizationInvitation {
            let token = OpaqueSecret(prefix: OneTimeToken.prefix)
            let rows = try await postgres.query(
                OutboxStatements.issueInvitation, [.uuid(item.id), .bytea(token.digest)], scope: .tenant(item.tenant))
            guard let row = rows.first else { return .nobody }
            (address, organization, secret) = (try row.decode(0), try row.decode(1), token)
        }
        guard let recipient = EmailAddress(address) else { return .failed("it is no e-mail address") }
        let own = try await postgres.query(
            OutboxStatements.template, [.text(kind.rawValue)], scope: .tenant(item.tenant)
        ).first.map { row throws(PostgresError) in MailTemplate(subject: try row.decode(0), body: try row.decode(1)) }
        let text = texts.text(
            kind, tenant: tenant, name: name, organization: organization, token: secret?.text, own: own)
        let mail = Mail(recipient: recipient, subject: text.subject, text: text.body, id: item.id.text)
        let transport = transport
        return try await NIOThreadPool.singleton.runIfActive {
            do throws(MailError) {
                try transport.deliver(mail)
                return Outcome.sent
            } catch .permanent(let reason) {
                return .failed(reason)
            } catch {
                return .again("\(error)")
            }
        }
    }

    private func settle(_ item: Item, _ outcome: Outcome) async throws {
        let scope = PostgresScope.tenant(item.tenant)
        let metadata: Logger.Metadata = [
            "tenant": "\(item.tenant.text)", "mail": "\(item.id.text)", "kind": "\(item.kind)",
        ]
        switch outcome {
        case .sent:
            metrics.sent.increment()
            _ = try await postgres.query(OutboxStatements.sent, [.uuid(item.id)], scope: scope)
            logger.info("mail sent", metadata: metadata)
        case .nobody:
            metrics.dropped.increment()
            _ = try await postgres.query(OutboxStatements.failed, [.uuid(item.id), .text("nobody")], scope: scope)
        case .again(let reason) where item.attempts < Self.maximumAttempts:
            metrics.postponed.increment()
            let pause = min(3600, Double(1 << min(item.attempts, 12)))
            _ = try await postgres.query(
                OutboxStatements.again, [.uuid(item.id), .text(reason), .float8(pause)], scope: scope)
            logger.warning(
                "mail not sent, will be tried again", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .again(let reason), .failed(let reason):
            metrics.givenUp.increment()
            _ = try await postgres.query(OutboxStatements.failed, [.uuid(item.id), .text(reason)], scope: scope)
            logger.error("mail given up", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        }
    }
}

/// What became of the mails that were to be sent.
private struct MailMetrics: Sendable {
    let sent = counter("sent")
    /// Nobody is to have it any more.
    let dropped = counter("dropped")
    /// The mail server did not take it; it is tried again.
    let postponed = counter("postponed")
    let givenUp = counter("given_up")

    private static func counter(_ outcome: String) -> Counter {
        Counter(label: "gatehouse_mails_total", dimensions: [("outcome", outcome)])
    }
}
