import ArgumentParser
import Kit

/// `gatehouse audit …`
struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The log of what was done by whom.", subcommands: [Listing<ListAudit>.self, VerifyAudit.self])
}

enum ListAudit: ListEndpoint {
    static let name = "list"
    static let abstract = "List what was done, the latest first."
    static let path = "/api/v1/admin/audit"
    static let member = "entries"
    static let columns = [
        Column("created_at"), Column("action"), Column("actor_id", "actor"), Column("target_type", "target"),
        Column("target_id", "id"), Column("ip"), Column("request_id", "request"),
    ]

    struct Fields: EndpointFields {
        @Option(help: "Who did it, by id.") var actor: String?
        @Option(help: "What was done, such as user.locked.") var action: String?
        @Option(help: "What kind of thing it was done to; goes with --target-id.") var targetType: String?
        @Option(help: "What it was done to; goes with --target-type.") var targetID: String?
        @Option(help: "The request that did it.") var request: String?
        @Option(help: "From this time on: 2026-11-21T14:00:00Z.") var from: String?
        @Option(help: "Before this time.") var to: String?

        enum CodingKeys: String, CodingKey {
            case actor, action, targetType, targetID, request, from, to
        }

        func members() throws(Failure) -> [JSONValue.Member]? {
            var members: [JSONValue.Member] = []
            members.add("actor_id", actor)
            members.add("action", action)
            members.add("target_type", targetType)
            members.add("target_id", targetID)
            members.add("request_id", request)
            members.add("from", from)
            members.add("to", to)
            return members
        }
    }
}

/// Checks the log against its seals.
struct VerifyAudit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the log against its seals; fails where it was tampered with.")

    @Flag(help: "Every tenant's log, for a superuser.") var allTenants = false
    @Option(help: "The number of a seal that was kept elsewhere; goes with --expected-hash.") var expectedSeal: Int?
    @Option(help: "The hash of that seal.") var expectedHash: String?
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        var members: [JSONValue.Member] = []
        members.add("all_tenants", if: allTenants)
        if let expectedSeal { members.append(.init("expected_seal", .number(String(expectedSeal)))) }
        members.add("expected_hash", expectedHash)
        var request = APIRequest("POST", "/api/v1/admin/audit/verify", body: JSONText.bytes(.object(members)))
        // It reads the whole log.
        request.timeout = nil
        let answer = try connection.client().send(request)
        try connection.output.show(answer)
        guard try APIClient.json(answer)?["intact"] == .bool(true) else {
            throw Failure.failed("the log is not as it was written")
        }
    }
}
