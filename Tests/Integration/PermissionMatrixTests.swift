import GatehouseTesting
import Kit
import Testing

/// Every route of the admin API against every role. What each needs is written down here once more: the document that
/// the routes come from says it, too, and is believed in nothing but which routes there are.
@Suite("Who may call what", .timeLimit(.minutes(5)))
struct PermissionMatrixTests {
    private static let needed: [String: String] = [
        "listUsers": "users:read", "readUser": "users:read", "changeUser": "users:write",
        "removeUser": "users:delete", "lockUser": "users:write", "unlockUser": "users:write",
        "setUserRoles": "roles:write", "listUserSessions": "sessions:read", "endUserSessions": "sessions:revoke",
        "logoutUser": "sessions:revoke", "makeUser": "users:write", "replaceUser": "users:write",
        "changeUsers": "users:write", "forcePasswordReset": "users:write", "verifyUserEmail": "users:write",
        "listUserLogins": "sessions:read",
        "listRoles": "roles:read", "readRole": "roles:read", "makeRole": "roles:write", "replaceRole": "roles:write",
        "changeRole": "roles:write", "removeRole": "roles:write", "listPermissions": "roles:read",
        "makePermission": "roles:write", "removePermission": "roles:write",
        "listClients": "clients:read", "readClient": "clients:read", "registerClient": "clients:write",
        "changeClient": "clients:write", "renewClientSecret": "clients:write", "removeClient": "clients:write",
        "listKeys": "keys:read", "rotateKeys": "keys:rotate", "statistics": "stats:read",
        "listTenants": "superuser", "makeTenant": "superuser", "readTenant": "tenant:read",
        "changeTenant": "tenant:write", "deleteTenant": "superuser",
        "listMailTexts": "tenant:read", "replaceMailText": "tenant:write", "removeMailText": "tenant:write",
        "listAudit": "audit:read", "readAudit": "audit:read", "verifyAudit": "audit:read",
        "importUsers": "users:import", "listImports": "users:import", "readImport": "users:import",
        "readImportReport": "users:import", "exportUsers": "users:export",
    ]

    private static let moderators: Set = ["users:read", "sessions:read", "sessions:revoke"]

    private func routes(_ suite: RunningSuite) throws -> [DocumentedRoute] {
        try DocumentedRoute.all(of: suite, below: "/api/v1/admin")
    }

    @Test("every route is in the table, asks for what the table says, and its document says so")
    func complete() throws {
        let routes = try routes(SharedSuite.get())
        #expect(Set(routes.map(\.id)) == Set(Self.needed.keys))
        for route in routes { #expect(route.permission == Self.needed[route.id], "\(route.id)") }
    }

    @Test("a route lets in who holds its permission and nobody else")
    func matrix() throws {
        let suite = try SharedSuite.get()
        let routes = try routes(suite)
        let permissions = Set(Self.needed.values).subtracting(["superuser"]).sorted()
        let root = try suite.superuser()
        var callers: [(name: String, bearer: String?, may: (String) -> Bool)] = [
            ("nobody", nil, { _ in false }),
            ("USER", try Holder(suite, ["USER"]).open().access, { _ in false }),
            ("MODERATOR", try Holder(suite, ["USER", "MODERATOR"]).open().access, { Self.moderators.contains($0) }),
            ("ADMIN", try Holder(suite, ["USER", "ADMIN"]).open().access, { $0 != "superuser" }),
            ("superuser", root, { _ in true }),
        ]
        for permission in permissions {
            let only = try suite.role([permission], by: root)
            callers.append(("only \(permission)", try Holder(suite, [only.name]).open().access, { $0 == permission }))
            let others = try suite.role(permissions.filter { $0 != permission }, by: root)
            callers.append(
                (
                    "all but \(permission)", try Holder(suite, [others.name]).open().access,
                    { $0 != permission && $0 != "superuser" }
                ))
        }
        for caller in callers {
            let requests = routes.map { route in
                // Nobody has such an id, and nothing reads such a body: whoever is let in finds nothing to change.
                let path = route.path.split(separator: "/", omittingEmptySubsequences: false)
                    .map { $0.hasPrefix("{") ? "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071" : $0 }.joined(separator: "/")
                return suite.gateway.request(
                    route.method, path, headers: caller.bearer.map { ["Authorization: Bearer \($0)"] } ?? [],
                    body: route.method == "GET" ? nil : "[]")
            }
            for (route, answer) in zip(routes, try suite.gateway.burst(requests)) {
                let isLetIn = answer.status != 401 && answer.status != 403
                let needed = Self.needed[route.id] ?? ""
                #expect(isLetIn == caller.may(needed), "\(caller.name) at \(route.id): \(answer.status)")
                if !isLetIn { #expect(answer.status == (caller.bearer == nil ? 401 : 403), "\(route.id)") }
                #expect(answer.status < 500, "\(caller.name) at \(route.id): \(answer.body)")
            }
        }
    }

    @Test("the questions about permissions are for whoever is signed in")
    func check() throws {
        let suite = try SharedSuite.get()
        #expect(try suite.post("/api/v1/authz/check", #"{"permission":"users:read"}"#).status == 401)
    }
}
