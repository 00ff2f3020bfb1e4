import ArgumentParser
import Kit

/// `gatehouse tenants …`
struct Tenants: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The tenants of the whole system; most of it is for superusers.",
        subcommands: [
            Listing<ListTenants>.self, Act<ShowTenant>.self, Act<CreateTenant>.self, Act<UpdateTenant>.self,
            Act<SuspendTenant>.self, Act<ResumeTenant>.self, Act<DeleteTenant>.self,
        ])
}

/// Tenants by id or slug.
enum TenantKind: NamedKind {
    static let noun = "tenant"
    static let help = "The tenant, by id or slug."
    static let list = "/api/v1/admin/tenants"
    static let member = "tenants"
    static let names = ["slug"]
}

enum ListTenants: ListEndpoint {
    static let name = "list"
    static let abstract = "List tenants, the newest first."
    static let path = "/api/v1/admin/tenants"
    static let member = "tenants"
    static let columns = [Column("id"), Column("slug"), Column("name"), Column("state"), Column("created_at")]
}

enum ShowTenant: ActEndpoint {
    typealias Target = Named<TenantKind>
    static let name = "show"
    static let abstract = "Show a tenant with its settings."
    static let method = "GET"
    static let path = "/api/v1/admin/tenants/{id}"
}

enum CreateTenant: ActEndpoint {
    static let name = "create"
    static let abstract = "Make a tenant."
    static let method = "POST"
    static let path = "/api/v1/admin/tenants"

    struct Fields: EndpointFields {
        @Option(help: "Lower-case letters, digits and hyphens.") var slug: String?
        @Option(help: "How it is called.") var name: String?
        @Option(name: .customLong("host"), help: "A host name that leads to it; again for each further one.")
        var hosts: [String] = []
        @OptionGroup var administrator: AdministratorFields
        @OptionGroup var free: FreeFields
        @OptionGroup var once: OnceOptions

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("slug", slug)
            members.add("name", name)
            members.add("hosts", hosts)
            let administrator = try administrator.members()
            if !administrator.isEmpty { members.append(.init("administrator", .object(administrator))) }
            return try free.members(besides: members)
        }

        var headers: [(name: String, value: String)] { once.headers }
    }
}

/// Who is to look after a new tenant.
struct AdministratorFields: ParsableArguments {
    @Option(help: "Its first administrator, who chooses a password by mail unless one is given.")
    var administratorEmail: String?
    @Option(help: "Their username.") var administratorUsername: String?
    @Option(help: "A file that holds their password; - for standard input.", completion: .file())
    var administratorPasswordFile: String?

    func members() throws(Failure) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        members.add("email", administratorEmail)
        members.add("username", administratorUsername)
        if let administratorPasswordFile {
            let password = try SecretInput.file(administratorPasswordFile, as: "--administrator-password-file")
            members.add("password", password)
        }
        return members
    }
}

enum UpdateTenant: ActEndpoint {
    typealias Target = Named<TenantKind>
    static let name = "update"
    static let abstract = "Change a tenant: --name, or --set settings.max_sessions:=5."
    static let method = "PATCH"
    static let path = "/api/v1/admin/tenants/{id}"

    struct Fields: EndpointFields {
        // The target above is called name as well.
        @Option(name: .customLong("name"), help: "How it is called.") var newName: String?
        @Option(name: .customLong("host"), help: "A host name that leads to it; all it is to have are given.")
        var hosts: [String] = []
        @OptionGroup var free: FreeFields

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("name", newName)
            members.add("hosts", hosts)
            return try free.members(besides: members)
        }
    }
}

enum SuspendTenant: ActEndpoint {
    typealias Target = Named<TenantKind>
    typealias Fields = StateField<Suspended>
    static let name = "suspend"
    static let abstract = "Close a tenant to everybody until it is resumed."
    static let method = "PATCH"
    static let path = "/api/v1/admin/tenants/{id}"
    static let question: String? = "Close this tenant to all its users?"
}

enum ResumeTenant: ActEndpoint {
    typealias Target = Named<TenantKind>
    typealias Fields = StateField<Active>
    static let name = "resume"
    static let abstract = "Open a suspended tenant again, or take its deletion back."
    static let method = "PATCH"
    static let path = "/api/v1/admin/tenants/{id}"
}

enum DeleteTenant: ActEndpoint {
    typealias Target = Named<TenantKind>
    static let name = "delete"
    static let abstract = "Take a tenant out of use, and delete it with all it has once its time is over."
    static let method = "DELETE"
    static let path = "/api/v1/admin/tenants/{id}"
    static let asksByQuery = true
    static let question: String? =
        "Take this tenant out of use, and delete it with all its users once its time is over?"

    struct Fields: EndpointFields {
        @Option(help: "How long it can be taken back: 30 days unless said, a year at most, 0 for at once.")
        var graceSeconds: Int?

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("grace_seconds", graceSeconds)
            return members
        }
    }
}

/// A state that a command sets.
protocol NamedState: Sendable {
    static var word: String { get }
}

enum Active: NamedState { static let word = "active" }
enum Suspended: NamedState { static let word = "suspended" }

/// The body that sets a state.
struct StateField<State: NamedState>: EndpointFields {
    func members() throws(Failure) -> [JSONValue.Member]? { [.init("state", .string(State.word))] }
}
