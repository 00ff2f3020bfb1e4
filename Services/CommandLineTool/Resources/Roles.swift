import ArgumentParser
import Kit

/// `gatehouse roles …`
struct Roles: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The tenant's roles and what they give.",
        subcommands: [
            Listing<ListRoles>.self, Act<ShowRole>.self, Act<CreateRole>.self, Act<UpdateRole>.self,
            Act<DeleteRole>.self,
        ])
}

/// Roles by id or name.
enum RoleKind: NamedKind {
    static let noun = "role"
    static let help = "The role, by id or name."
    static let list = "/api/v1/admin/roles"
    static let member = "roles"
    static let names = ["name"]
}

enum ListRoles: ListEndpoint {
    static let name = "list"
    static let abstract = "List roles, the built-in ones first."
    static let path = "/api/v1/admin/roles"
    static let member = "roles"
    static let columns = [
        Column("id"), Column("name"), Column("builtin", "built in"), Column("description"), Column("permissions"),
    ]
}

enum ShowRole: ActEndpoint {
    typealias Target = Named<RoleKind>
    static let name = "show"
    static let abstract = "Show a role."
    static let method = "GET"
    static let path = "/api/v1/admin/roles/{id}"
}

enum CreateRole: ActEndpoint {
    static let name = "create"
    static let abstract = "Make a role of permissions."
    static let method = "POST"
    static let path = "/api/v1/admin/roles"

    struct Fields: EndpointFields {
        @OptionGroup var role: RoleFields
        @OptionGroup var free: FreeFields
        @OptionGroup var once: OnceOptions

        func members() throws(Failure) -> [JSONValue.Member]? { try free.members(besides: role.members) }
        var headers: [(name: String, value: String)] { once.headers }
    }
}

enum UpdateRole: ActEndpoint {
    typealias Target = Named<RoleKind>
    static let name = "update"
    static let abstract = "Change a role; permissions that are given replace those it has."
    static let method = "PATCH"
    static let path = "/api/v1/admin/roles/{id}"

    struct Fields: EndpointFields {
        @OptionGroup var role: RoleFields
        @OptionGroup var free: FreeFields

        func members() throws(Failure) -> [JSONValue.Member]? { try free.members(besides: role.members) }
    }
}

/// What a role is made of.
struct RoleFields: ParsableArguments {
    @Option(name: .customLong("name"), help: "What it is called.") var title: String?
    @Option(help: "What it is for.") var description: String?
    @Option(name: .customLong("permission"), help: "A permission it gives; again for each further one.")
    var permissions: [String] = []

    var members: [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        members.add("name", title)
        members.add("description", description)
        members.add("permissions", permissions)
        return members
    }
}

enum DeleteRole: ActEndpoint {
    typealias Target = Named<RoleKind>
    static let name = "delete"
    static let abstract = "Remove a custom role from everybody who has it."
    static let method = "DELETE"
    static let path = "/api/v1/admin/roles/{id}"
    static let done = "The role was removed."
    static let question: String? = "Remove this role from everybody who has it?"
}

/// `gatehouse permissions …`
struct PermissionCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "permissions", abstract: "The permissions that roles can be made of.",
        subcommands: [Listing<ListPermissions>.self, Act<CreatePermission>.self, Act<DeletePermission>.self])
}

enum ListPermissions: ListEndpoint {
    static let name = "list"
    static let abstract = "List permissions, Gatehouse's and the applications' own."
    static let path = "/api/v1/admin/permissions"
    static let member = "permissions"
    static let columns = [Column("name"), Column("builtin", "built in"), Column("description")]
}

enum CreatePermission: ActEndpoint {
    static let name = "create"
    static let abstract = "Make a permission of the tenant's applications."
    static let method = "POST"
    static let path = "/api/v1/admin/permissions"

    struct Fields: EndpointFields {
        @Argument(help: "resource:action, such as orders:ship.") var name: String
        @Option(help: "What it is for.") var description: String?
        @OptionGroup var once: OnceOptions

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("name", name)
            members.add("description", description)
            return members
        }

        var headers: [(name: String, value: String)] { once.headers }
    }
}

enum DeletePermission: ActEndpoint {
    typealias Target = PathWord
    static let name = "delete"
    static let abstract = "Remove a permission of the tenant's applications from every role."
    static let method = "DELETE"
    static let path = "/api/v1/admin/permissions/{name}"
    static let done = "The permission was removed."
    static let question: String? = "Remove this permission from every role?"
}
