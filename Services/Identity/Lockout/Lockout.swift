import Domain
import FoundationEssentials
import Postgres
import Tokens

/// Slows down whoever guesses passwords, without letting a stranger keep the owner out (SECURITY 5.2).
///
/// Failures are counted per account, per address and, for a device that has signed in before, per device. A device that
/// is known is judged by its own count alone.
struct Lockout: Sendable {
    /// How a count turns into waiting: after `free` failures 30 s, doubling to `longest`; at `hard` no password is looked
    /// at any more until the account is opened. A count is forgotten after `decay`.
    private struct Bucket: Sendable {
        let kind: String
        let free: Int32
        let hard: Int32
        let decay: Duration
        var longest = Duration.seconds(3600)
    }

    private let account = Bucket(kind: "account", free: 5, hard: 50, decay: .seconds(86_400))
    private let device = Bucket(kind: "device", free: 10, hard: .max, decay: .seconds(3600))
    private let session = Bucket(kind: "session", free: 5, hard: .max, decay: .seconds(3600))
    private let address: Bucket

    /// Rules where an address may have so many failures within a quarter of an hour: more than an account, because many
    /// people may share one, and never for long, because the others have done nothing.
    init(failuresPerAddress: Int) {
        address = Bucket(
            kind: "address", free: Int32(clamping: failuresPerAddress), hard: .max, decay: .seconds(900),
            longest: .seconds(60))
    }

    /// What is known before the password is looked at.
    struct Standing: Sendable {
        var isAccountBlocked = false
        var isAddressBlocked = false
        /// The mark of a device that has signed in to this account before, in hexadecimal.
        var knownDevice: String?
        var isDeviceBlocked = false

        /// Whether the password is looked at at all.
        var isOpen: Bool { knownDevice != nil ? !isDeviceBlocked : !isAccountBlocked && !isAddressBlocked }
    }

    /// A login that was refused.
    struct Refused: Sendable {
        /// The account, when there is one.
        let user: UUID?
        /// What was typed as its name.
        let name: String
        /// Whether it counts against the account: a password was looked at and was wrong.
        let isGuess: Bool
        let standing: Standing
        /// The caller's address.
        let address: String?
    }

    /// Counts a refused login: on a known device there, else on the account and the address.
    ///
    /// The address counts alike whether the account exists, is locked, or was guessed at wrongly, and not at all while it
    /// is blocked itself: otherwise its count would tell which of these it was. And whatever the cause, as many counts
    /// are written, one of them for nothing where there is nothing to count: the time would tell, too.
    func failure(_ refused: Refused) -> [PostgresStep] {
        let counted: PostgresStep
        if let known = refused.standing.knownDevice, refused.isGuess {
            counted = count(device, known)
        } else if let user = refused.user, refused.isGuess {
            counted = count(account, user.text)
        } else {
            counted = count(session, "nothing:\(Self.digest(refused.name))")
        }
        guard let address = refused.address else { return [counted] }
        let isCounted = refused.standing.knownDevice == nil && !refused.standing.isAddressBlocked
        return [counted, isCounted ? count(self.address, address) : count(session, "nothing:\(address)")]
    }

    private static func digest(_ name: String) -> String {
        Hexadecimal.text(OpaqueSecret.digest(of: name).prefix(8))
    }

    /// Counts a wrong password that somebody who is signed in gave: against the session, so that nobody else's guesses
    /// keep the owner from changing the password, and against the account.
    func failure(of user: UUID, in session: UUID) -> [PostgresStep] {
        [count(self.session, session.text), count(account, user.text)]
    }

    /// Forgets an account's failures: its owner has come in, or has proven to hold its address.
    static func forgive(_ user: UUID, on device: String? = nil) -> PostgresStep {
        PostgresStep(LockoutStatements.forgive, [.text(user.text), .text(device ?? "")])
    }

    private func count(_ bucket: Bucket, _ subject: String) -> PostgresStep {
        PostgresStep(
            bucket.kind == address.kind ? LockoutStatements.countAddress : LockoutStatements.count,
            [
                .text(bucket.kind), .text(subject), .int4(bucket.free), .int4(bucket.hard),
                .float8(Double(bucket.decay.components.seconds)), .float8(Double(bucket.longest.components.seconds)),
            ])
    }
}

enum LockoutStatements {
    static let count = PostgresStatement(
        "lockout_count", [.text, .text, .int4, .int4, .float8, .float8],
        "select count_login_failure($1, $2, $3, $4, make_interval(secs => $5), make_interval(secs => $6))")

    static let countAddress = PostgresStatement(
        "lockout_count_address", [.text, .text, .int4, .int4, .float8, .float8],
        """
        select count_login_failure(
            $1, address_prefix($2), $3, $4, make_interval(secs => $5), make_interval(secs => $6))
        """)

    static let forgive = PostgresStatement(
        "lockout_forgive", [.text, .text],
        """
        delete from login_failures
        where tenant_id = current_tenant() and (kind = 'account' and subject = $1 or kind = 'device' and subject = $2)
        """)
}
