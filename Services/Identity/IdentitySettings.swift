import Domain
import FoundationEssentials
import Kit
import Logging
import Mail
import Passwords

/// The settings of the identity process beside the common ones.
enum IdentitySettings {
    static let port = CommonSettings.port(default: 8081)
    static let tokenUpstreams = Setting<[HostPort]>(
        "TOKEN_UPSTREAMS", .list(of: .hostPort(defaultPort: 8082)), default: "127.0.0.1:8082",
        "Where token instances listen: `host:port`, separated by commas; a name may stand for several")
    static let hashWorkers = Setting<Int>(
        "HASH_WORKERS", .integer(in: 0...256), default: "0",
        "Threads that hash passwords; 0 means one for each core it may use")
    static let wordLists = Setting<[String]?>.optional(
        "PASSWORD_WORD_LISTS", .list(of: .nonEmpty),
        "Files of words that are no passwords, one a line, separated by commas; cracklib's, when it is there")
    static let failuresPerAddress = Setting<Int>(
        "LOGIN_FAILURES_PER_ADDRESS", .integer(in: 1...1_000_000_000), default: "100",
        "Failed logins from one address within 15 minutes before devices that are not known have to wait")
    static let profileCacheSize = Setting<Int>(
        "PROFILE_CACHE_SIZE", .integer(in: 0...10_000_000), default: "50000",
        "Profiles kept in memory, some 1 KiB each, until an event says that they changed; 0 keeps none")
    static let superuserEmail = Setting<String?>.optional(
        "FIRST_SUPERUSER_EMAIL", .nonEmpty, "The first superuser, made once when there is none")
    static let superuserPassword = Setting<Secret?>.optional(
        "FIRST_SUPERUSER_PASSWORD", .secret(minimumBytes: 8), "The first superuser's password")

    static let all: [any SettingDeclaration] =
        [
            tokenUpstreams, hashWorkers, wordLists, failuresPerAddress, profileCacheSize, superuserEmail,
            superuserPassword,
        ]
        + MailSettings.all

    /// Debian's place for cracklib's words.
    private static let usualWordList = "/usr/share/dict/cracklib-small"

    /// The passwords that nobody may take.
    /// - Throws: `ConfigurationProblems` for a list that is named and can't be read.
    static func blockedPasswords(
        _ values: ConfigurationValues, logger: Logger
    ) throws(ConfigurationProblems) -> BlockedPasswords {
        do throws(BlockedPasswords.Unreadable) {
            return try BlockedPasswords(files: values[wordLists] ?? [usualWordList])
        } catch {
            guard values[wordLists] == nil else {
                throw ConfigurationProblems([ConfigurationProblem(wordLists.name, "names a file that can't be read")])
            }
            logger.notice(
                "no word list: only a few common passwords are refused", metadata: ["missing": "\(error.file)"])
            return BlockedPasswords()
        }
    }
}

/// How mail leaves.
enum MailSettings {
    static let server = Setting<String?>.optional(
        "SMTP_URL", .nonEmpty, "The mail server: `smtp://host:587` or `smtps://host:465`; without it no mail is sent")
    static let username = Setting<String?>.optional(
        "SMTP_USERNAME", .nonEmpty, "The name to log in to the mail server with")
    static let password = Setting<Secret?>.optional("SMTP_PASSWORD", .secret(), "The mail server's password")
    static let security = Setting<SMTPSecurity>(
        "SMTP_TLS", .choice, default: "required",
        "`required`, `opportunistic` or `off`: STARTTLS where SMTP_URL is smtp:")
    static let authorities = Setting<String?>.optional(
        "SMTP_CA_FILE", .nonEmpty, "The certificates a mail server is believed by, instead of the system's")
    static let sender = Setting<Mailbox>(
        "MAIL_FROM", .matching("an address such as Name <name@example.com>") { Mailbox($0) },
        default: "Gatehouse <noreply@gatehouse.example>", "Whom mail is from")
    static let folder = Setting<String?>.optional(
        "MAIL_DIR", .nonEmpty, "In development: the folder mail is put into, one file each, instead of being sent")
    static let verifyPage = Setting<BaseURL?>.optional(
        "MAIL_VERIFY_URL", .url,
        "Your page for confirming an address, called with `?token=`; Gatehouse's own without it")
    static let resetPage = Setting<BaseURL?>.optional(
        "MAIL_RESET_URL", .url,
        "Your page for choosing a new password, called with `?token=`; Gatehouse's own without it")
    static let invitationPage = Setting<BaseURL?>.optional(
        "MAIL_INVITATION_URL", .url,
        "Your page for accepting an invitation, called with `?token=`; Gatehouse's own without it")

    static let all: [any SettingDeclaration] = [
        server, username, password, security, authorities, sender, folder, verifyPage, resetPage,
        invitationPage,
    ]

    /// What the settings make of mail: a server, a folder, or nothing.
    /// - Throws: `ConfigurationProblems` naming the setting.
    static func transport(_ values: ConfigurationValues) throws(ConfigurationProblems) -> (any MailTransport)? {
        let sender = values[Self.sender]
        guard let url = values[server] else {
            guard values[CommonSettings.environment] == .development, let folder = values[folder] else { return nil }
            return MailFolder(path: folder, sender: sender)
        }
        var credentials: SMTPCredentials?
        if let username = values[username] {
            credentials = SMTPCredentials(username: username, password: values[password]?.reveal() ?? "")
            guard credentials != nil else {
                throw ConfigurationProblems([ConfigurationProblem(Self.username.name, "can't be used to log in")])
            }
        }
        guard
            let server = SMTPServer(
                url, credentials: credentials, security: values[security], authorities: values[authorities])
        else {
            throw ConfigurationProblems([
                ConfigurationProblem(Self.server.name, "must be smtp://host:port or smtps://host:port, without a login")
            ])
        }
        return SMTPTransport(server: server, sender: sender)
    }
}
