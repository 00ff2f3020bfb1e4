import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Says whether somebody holds a permission, as the roles are at this moment, whatever a token says.
struct AuthorizationEndpoint {
    let postgres: PostgresClient

    var endpoint: Operation {
        let this = self
        return Route(
            .post, "/api/v1/authz/check", id: "checkPermissions", tag: "authorization",
            summary: "Ask whether you, or with `users:read` somebody else, hold a permission, or several",
            access: .bearer
        )
        .handle(AuthorizationInput.self) { call, input in try await this.answer(call, input.checks) }
    }

    private func answer(_ call: Call, _ checks: [PermissionCheck]) async throws -> AuthorizationAnswer {
        let caller = try call.authenticated().user
        let subjects = try checks.map { check throws(Problem) in
            guard let subject = check.subject ?? caller else {
                throw .validation([
                    .init(field: "subject", code: "required", detail: "a client has to say whom it asks about")
                ])
            }
            return subject
        }
        if subjects.contains(where: { $0 != caller }) {
            guard try await call.permissions().contains(.usersRead) else {
                throw Problem.forbidden("Asking about others needs the permission \(Permission.usersRead.rawValue).")
            }
        }
        let answers = try await postgres.pipeline(
            [
                PostgresStep(Self.held, [.uuidArray(Array(Set(subjects)))]),
                PostgresStep(RoleStatements.knownPermissions, [.textArray(checks.map(\.permission))]),
            ], scope: .tenant(call.tenant))
        var held: [UUID: Permissions] = [:]
        for row in answers[0] { held[try row.decode(0)] = HeldRoles(claims: try row.decode(1)).permissions }
        let own = try answers[1].map { row throws(PostgresError) in try row.decode(0, as: String.self) }
        // What nobody has made a permission is nobody's, not even an administrator's.
        let known = Set(own).union(Permission.allCases.map(\.rawValue))
        return AuthorizationAnswer(
            results: zip(checks, subjects).map { check, subject in
                let isAllowed =
                    known.contains(check.permission) && held[subject, default: .none].contains(check.permission)
                return CheckedPermission(permission: check.permission, subject: subject, isAllowed: isAllowed)
            })
    }

    /// What the roles of some users say; a user who is gone or disabled has none.
    private static let held = PostgresStatement(
        "authorization_held", [.uuidArray],
        """
        select id, role_claims(id) from users
        where tenant_id = current_tenant() and id = any ($1) and state = 'active'
        """)
}
