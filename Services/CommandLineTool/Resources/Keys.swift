import ArgumentParser
import Kit

/// `gatehouse keys …`
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The tenant's signing keys.", subcommands: [Listing<ListKeys>.self, Act<RotateKeys>.self])
}

enum ListKeys: ListEndpoint {
    static let name = "list"
    static let abstract = "List signing keys."
    static let path = "/api/v1/admin/keys"
    static let member = "keys"
    static let columns = [
        Column("kid"), Column("alg"), Column("state"), Column("created_at"), Column("activated_at"),
        Column("retired_at"),
    ]
}

enum RotateKeys: ActEndpoint {
    static let name = "rotate"
    static let abstract = "Publish a new signing key, used after the usual time."
    static let method = "POST"
    static let path = "/api/v1/admin/keys/rotate"
    static var list: (member: String, columns: [Column])? { (ListKeys.member, ListKeys.columns) }

    struct Fields: EndpointFields {
        @Flag(help: "Sign with it at once: verifiers that keep keys may not know it yet.") var immediately = false

        func members() throws(Failure) -> [JSONValue.Member]? { [.init("immediately", .bool(immediately))] }
    }
}

enum ShowStatistics: ActEndpoint {
    static let name = "stats"
    static let abstract = "Show how many users, sessions and clients there are."
    static let method = "GET"
    static let path = "/api/v1/admin/stats"
}
