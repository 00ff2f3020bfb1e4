import ArgumentParser
import Kit

/// `gatehouse users …`
struct Users: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The tenant's users.",
        subcommands: [
            Listing<ListUsers>.self, Act<ShowUser>.self, Act<CreateUser>.self, Act<UpdateUser>.self,
            Act<DeleteUser>.self, Act<LockUser>.self, Act<UnlockUser>.self, UserRoles.self,
            Listing<ListUserSessions>.self, Listing<ListUserLogins>.self, Act<LogoutUser>.self,
            Act<ResetUserPassword>.self, Act<VerifyUserEmail>.self, Act<ChangeUsers>.self, ImportUsers.self,
            ExportUsers.self,
        ])
}

/// Users by id, e-mail address or username.
enum UserKind: NamedKind {
    static let noun = "user"
    static let help = "The user, by id, e-mail address or username."
    static let list = "/api/v1/admin/users"
    static let member = "users"
    static let names = ["email", "username"]
    static let search: String? = "search"
}

enum ListUsers: ListEndpoint {
    static let name = "list"
    static let abstract = "List users, the newest first."
    static let path = "/api/v1/admin/users"
    static let member = "users"
    static let columns = [
        Column("id"), Column("email"), Column("username"), Column("state"), Column("locked"), Column("roles"),
        Column("created_at"),
    ]

    struct Fields: EndpointFields {
        @Option(help: "Whose e-mail address or username begins so.") var search: String?
        @Option(help: "Three characters or more of an address, username or display name.") var contains: String?
        @Option(help: "active or disabled.", completion: .list(["active", "disabled"])) var state: String?
        @Option(help: "Who has this role.") var role: String?
        @Option(
            help: "created_at, email or username; with - before it, backwards: --sort=-email.",
            completion: .list(["created_at", "-created_at", "email", "-email", "username", "-username"]))
        var sort: String?

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("search", search)
            members.add("contains", contains)
            members.add("state", state)
            members.add("role", role)
            members.add("sort", sort)
            return members
        }
    }
}

enum ShowUser: ActEndpoint {
    typealias Target = Named<UserKind>
    static let name = "show"
    static let abstract = "Show a user."
    static let method = "GET"
    static let path = "/api/v1/admin/users/{id}"
}

enum CreateUser: ActEndpoint {
    static let name = "create"
    static let abstract = "Make a user, with a password or invited by mail to choose one."
    static let method = "POST"
    static let path = "/api/v1/admin/users"

    struct Fields: EndpointFields {
        @OptionGroup var user: UserFields
        @Option(help: "A file that holds the password; - for standard input.", completion: .file())
        var passwordFile: String?
        @Flag(help: "Send a mail that leads to choosing a password.") var invite = false
        @Option(name: .customLong("role"), help: "A role; again for each further one.") var roles: [String] = []
        @OptionGroup var free: FreeFields
        @OptionGroup var once: OnceOptions

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members = user.members
            if let passwordFile {
                members.add("password", try SecretInput.file(passwordFile, as: "--password-file"))
            }
            members.add("invite", if: invite)
            members.add("roles", roles)
            return try free.members(besides: members)
        }

        var headers: [(name: String, value: String)] { once.headers }
    }
}

enum UpdateUser: ActEndpoint {
    typealias Target = Named<UserKind>
    static let name = "update"
    static let abstract = "Change a user; what is not named stays."
    static let method = "PATCH"
    static let path = "/api/v1/admin/users/{id}"

    struct Fields: EndpointFields {
        @OptionGroup var user: UserFields
        @OptionGroup var free: FreeFields

        func members() throws(Failure) -> [JSONValue.Member]? { try free.members(besides: user.members) }
    }
}

/// What a user is made of.
struct UserFields: ParsableArguments {
    @Option(help: "E-mail address.") var email: String?
    @Option(help: "Username.") var username: String?
    @Option(help: "How they are called.") var displayName: String?
    @Option(help: "active or disabled.", completion: .list(["active", "disabled"])) var state: String?
    @Flag(help: "Take the address as proven.") var emailVerified = false

    var members: [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        members.add("email", email)
        members.add("username", username)
        members.add("display_name", displayName)
        members.add("state", state)
        members.add("email_verified", if: emailVerified)
        return members
    }
}

enum DeleteUser: ActEndpoint {
    typealias Target = Named<UserKind>
    static let name = "delete"
    static let abstract = "Remove a user and everything of theirs."
    static let method = "DELETE"
    static let path = "/api/v1/admin/users/{id}"
    static let done = "The user was removed."
    static let question: String? = "Remove this user and everything of theirs?"
}

enum LockUser: ActEndpoint {
    typealias Target = Named<UserKind>
    static let name = "lock"
    static let abstract = "End a user's sessions and refuse logins until they are unlocked."
    static let method = "POST"
    static let path = "/api/v1/admin/users/{id}/lock"
    static let done = "The user is locked."
}

enum UnlockUser: ActEndpoint {
    typealias Target = Named<UserKind>
    static let name = "unlock"
    static let abstract = "Let a user sign in again: take off a lock, forget failed logins."
    static let method = "POST"
    static let path = "/api/v1/admin/users/{id}/unlock"
    static let done = "The user is unlocked."
}

enum ListUserSessions: ListEndpoint {
    typealias Target = Named<UserKind>
    static let name = "sessions"
    static let abstract = "List a user's living sessions."
    static let path = "/api/v1/admin/users/{id}/sessions"
    static let member = "sessions"
    static let columns = [
        Column("id"), Column("client_id", "client"), Column("device_name", "device"), Column("browser"), Column("os"),
        Column("ip"), Column("last_seen_at"), Column("expires_at"),
    ]
}

enum ListUserLogins: ListEndpoint {
    typealias Target = Named<UserKind>
    static let name = "logins"
    static let abstract = "List logins to a user's account, and tries at one."
    static let path = "/api/v1/admin/users/{id}/logins"
    static let member = "activity"
    static let columns = [
        Column("at"), Column("outcome"), Column("reason"), Column("device_name", "device"), Column("browser"),
        Column("os"), Column("ip"),
    ]
}

enum LogoutUser: ActEndpoint {
    typealias Target = Named<UserKind>
    static let name = "logout-all"
    static let abstract = "End every session of a user."
    static let method = "POST"
    static let path = "/api/v1/admin/users/{id}/logout-all"
}

enum ResetUserPassword: ActEndpoint {
    typealias Target = Named<UserKind>
    static let name = "reset-password"
    static let abstract = "End a user's sessions and have them choose another password by mail."
    static let method = "POST"
    static let path = "/api/v1/admin/users/{id}/force-password-reset"
    static let done = "The password is refused until another is chosen by the mail that was sent."
}

enum VerifyUserEmail: ActEndpoint {
    typealias Target = Named<UserKind>
    static let name = "verify-email"
    static let abstract = "Take a user's address as proven."
    static let method = "POST"
    static let path = "/api/v1/admin/users/{id}/verify-email"
    static let done = "The address is taken as proven."
}

enum ChangeUsers: ActEndpoint {
    static let name = "bulk"
    static let abstract = "Do one thing to at most 1,000 users."
    static let method = "POST"
    static let path = "/api/v1/admin/users/bulk"
    static var list: (member: String, columns: [Column])? {
        ("results", [Column("id"), Column("outcome"), Column("code"), Column("detail")])
    }

    static func trouble(in answer: JSONValue) -> String? {
        guard let refused = answer["refused"]?.integer, refused > 0 else { return nil }
        return "\(refused) of \(refused + (answer["done"]?.integer ?? 0)) were refused"
    }

    struct Fields: EndpointFields {
        static let actions = [
            "lock", "unlock", "disable", "enable", "delete", "logout", "verify_email", "force_password_reset",
        ]

        @Argument(help: "\(actions.joined(separator: ", ")).", completion: .list(actions)) var action: String
        @Argument(help: "The users' ids; - reads them from standard input, a line each.") var ids: [String]

        func members() throws(Failure) -> [JSONValue.Member]? {
            var ids = ids
            if ids == ["-"] {
                let text = String(decoding: try InputFile.bytes("-", as: "ids"), as: UTF8.self)
                ids = text.split(whereSeparator: \.isWhitespace).map(String.init)
            }
            return [.init("action", .string(action)), .init("ids", .array(ids.map { .string($0) }))]
        }
    }
}
