import ArgumentParser
import Kit

/// `gatehouse clients …`
struct Clients: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The tenant's clients: applications that get tokens.",
        subcommands: [
            Listing<ListClients>.self, Act<ShowClient>.self, Act<CreateClient>.self, Act<UpdateClient>.self,
            Act<RotateClientSecret>.self, Act<DeleteClient>.self,
        ])
}

/// Clients by id or `client_id`.
enum ClientKind: NamedKind {
    static let noun = "client"
    static let help = "The client, by id or client_id."
    static let list = "/api/v1/admin/clients"
    static let member = "clients"
    static let names = ["client_id"]
}

enum ListClients: ListEndpoint {
    static let name = "list"
    static let abstract = "List clients, the newest first."
    static let path = "/api/v1/admin/clients"
    static let member = "clients"
    static let columns = [
        Column("id"), Column("client_id"), Column("name"), Column("confidential"), Column("state"),
        Column("grant_types"), Column("scopes"),
    ]
}

enum ShowClient: ActEndpoint {
    typealias Target = Named<ClientKind>
    static let name = "show"
    static let abstract = "Show a client."
    static let method = "GET"
    static let path = "/api/v1/admin/clients/{id}"
}

enum CreateClient: ActEndpoint {
    static let name = "create"
    static let abstract = "Register a client; its secret is printed this once."
    static let method = "POST"
    static let path = "/api/v1/admin/clients"

    struct Fields: EndpointFields {
        @Option(help: "Its client_id; one is made up unless said.") var clientID: String?
        @Flag(help: "It can keep no secret: an application in a browser or on a phone.") var `public` = false
        @OptionGroup var client: ClientFields
        @OptionGroup var free: FreeFields
        @OptionGroup var once: OnceOptions

        enum CodingKeys: String, CodingKey {
            case clientID, `public`, client, free, once
        }

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("client_id", clientID)
            if `public` { members.append(.init("confidential", .bool(false))) }
            return try free.members(besides: members + client.members)
        }

        var headers: [(name: String, value: String)] { once.headers }
    }
}

enum UpdateClient: ActEndpoint {
    typealias Target = Named<ClientKind>
    static let name = "update"
    static let abstract = "Change a client; what is not named stays."
    static let method = "PATCH"
    static let path = "/api/v1/admin/clients/{id}"

    struct Fields: EndpointFields {
        @OptionGroup var client: ClientFields
        @OptionGroup var free: FreeFields

        func members() throws(Failure) -> [JSONValue.Member]? { try free.members(besides: client.members) }
    }
}

/// What a client is made of.
struct ClientFields: ParsableArguments {
    @Option(name: .customLong("name"), help: "How it is called.") var title: String?
    @Option(
        name: .customLong("grant"), help: "A grant type; again for each further one.",
        completion: .list(["refresh_token", "client_credentials", "password"]))
    var grants: [String] = []
    @Option(name: .customLong("scope"), help: "A scope; again for each further one.") var scopes: [String] = []
    @Option(name: .customLong("audience"), help: "An audience; again for each further one.") var audiences: [String] =
        []
    @Option(name: .customLong("origin"), help: "An origin of pages that may call; again for each further one.")
    var origins: [String] = []

    var members: [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        members.add("name", title)
        members.add("grant_types", grants)
        members.add("scopes", scopes)
        members.add("audiences", audiences)
        members.add("origins", origins)
        return members
    }
}

enum RotateClientSecret: ActEndpoint {
    typealias Target = Named<ClientKind>
    static let name = "rotate-secret"
    static let abstract = "Give a client a new secret, printed this once; the one before stays good for a while."
    static let method = "POST"
    static let path = "/api/v1/admin/clients/{id}/secret"

    struct Fields: EndpointFields {
        @Option(help: "How long the one before stays good: an hour unless said, 0 where it leaked.")
        var overlapSeconds: Int?

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("overlap_seconds", overlapSeconds)
            return members
        }
    }
}

enum DeleteClient: ActEndpoint {
    typealias Target = Named<ClientKind>
    static let name = "delete"
    static let abstract = "Remove a client; its sessions end."
    static let method = "DELETE"
    static let path = "/api/v1/admin/clients/{id}"
    static let done = "The client was removed."
    static let question: String? = "Remove this client and end its sessions?"
}
