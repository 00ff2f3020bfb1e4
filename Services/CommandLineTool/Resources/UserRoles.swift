import ArgumentParser
import Kit

/// Shows and changes the roles of a user. The API takes the whole list: it is read first, and written only while it is
/// what was read.
struct UserRoles: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roles", abstract: "Show a user's roles, or change them.",
        discussion: "Roles after the user replace those they have; --add and --remove change some.")

    @OptionGroup var user: Named<UserKind>
    @Argument(help: "All roles the user is to have.") var roles: [String] = []
    @Option(help: "A role to give; again for each further one.") var add: [String] = []
    @Option(help: "A role to take; again for each further one.") var remove: [String] = []
    @Flag(help: "Let access tokens with the old roles run out instead of cutting them off.") var keepTokens = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if !roles.isEmpty, !add.isEmpty || !remove.isEmpty {
            throw ValidationError("Either all roles are given, or --add and --remove.")
        }
    }

    func run() throws {
        let client = try connection.client()
        let path = try user.path("/api/v1/admin/users/{id}", client)
        let answer = try client.send(APIRequest("GET", path))
        guard case .array(let values)? = try APIClient.json(answer)?["roles"] else {
            throw Failure.failed("the answer tells no roles; is \(client.site.base) a Gatehouse of this version?")
        }
        let present = values.compactMap(\.string)
        let wanted = wanted(from: present)
        guard wanted != present else { return show(.array(values)) }
        var members: [JSONValue.Member] = [.init("roles", .array(wanted.map { .string($0) }))]
        if keepTokens { members.append(.init("revoke_tokens", .bool(false))) }
        var request = APIRequest("PUT", path + "/roles", body: JSONText.bytes(.object(members)))
        if let tag = answer.header("etag") { request.headers = [("If-Match", tag)] }
        show(try client.json(request)?["roles"] ?? .array([]))
    }

    /// The roles there are to be, those that stay in their order.
    func wanted(from present: [String]) -> [String] {
        guard roles.isEmpty else { return roles }
        return present.filter { !remove.contains($0) } + add.filter { !present.contains($0) }
    }

    private func show(_ roles: JSONValue) {
        guard case .array(let names) = roles else { return }
        connection.output.list(
            connection.json ? names : names.map { .object([.init("role", $0)]) }, [Column("role")])
    }
}
