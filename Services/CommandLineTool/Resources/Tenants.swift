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
        @OptionGroup var free: FreeFields
        @OptionGroup var once: OnceOptions

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("slug", slug)
            members.add("name", name)
            return try free.members(besides: members)
        }

        var headers: [(name: String, value: String)] { once.headers }
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
        @OptionGroup var free: FreeFields

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("name", newName)
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
    static let abstract = "Open a suspended tenant again."
    static let method = "PATCH"
    static let path = "/api/v1/admin/tenants/{id}"
}

enum DeleteTenant: ActEndpoint {
    typealias Target = Named<TenantKind>
    static let name = "delete"
    static let abstract = "Remove a tenant."
    static let method = "DELETE"
    static let path = "/api/v1/admin/tenants/{id}"
    static let question: String? = "Remove this tenant with all its users?"

    struct Fields: EndpointFields {
        @OptionGroup var free: FreeFields

        func members() throws(Failure) -> [JSONValue.Member]? {
            let members = try free.members(besides: [])
            return members.isEmpty ? nil : members
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
