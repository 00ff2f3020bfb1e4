import Directory
import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import NIOCore
import Passwords
import Postgres

/// The body of a registration.
struct RegistrationInput: RequestContent {
    let email: EmailAddress?
    let username: Username?
    let password: String
    let displayName: String?

    init(from fields: inout FieldReader) {
        email = fields.optional("email", .email) ?? nil
        username = fields.optional("username", .username) ?? nil
        password = fields.required("password", .secret)
        displayName = fields.optional("display_name", .text(1...100))
        if email == nil, username == nil, !fields.isDescribing, !fields.hasFaults {
            fields.refuse("email", FieldFault("required", "an e-mail address or a username must be given"))
        }
    }
}

/// Makes a user.
struct RegistrationEndpoint {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let hasher: PasswordHasher
    let policy: PasswordPolicy

    var endpoint: Operation {
        let this = self
        return Route(
            .post, "/api/v1/auth/register", id: "register", tag: "auth", summary: "Register a user"
        )
        .problem(.forbidden, "registration_closed")
        .problem(.conflict, "email_taken or username_taken")
        .handle(RegistrationInput.self, formats: [.json, .form], status: .created) { call, input in
            try await this.register(call, input)
        }
    }

    private func register(_ call: Call, _ input: RegistrationInput) async throws -> UserView {
        guard let tenant = tenants.tenant(call.tenant), tenant.isActive else { throw Problem.notFound }
        guard tenant.settings.registration == .open else {
            throw Problem(.forbidden, "registration_closed", "This tenant does not let people register themselves")
        }
        let password = try policy.accept(
            input.password, email: input.email, username: input.username, tenant: tenant, field: "password")
        let user = NewUser(
            id: .v7(), email: input.email, username: input.username, displayName: input.displayName,
            passwordHash: try await hasher.hash(password, deadline: .now() + .seconds(1)))
        do throws(PostgresError) {
            let answers = try await postgres.pipeline(
                RegistrationStatements.register(user, address: call.address, requestID: call.requestID),
                scope: .tenant(call.tenant))
            guard let row = answers.last?.first else { throw PostgresError.closed }
            return try UserView(row)
        } catch .server(let error) {
            guard let field = RegistrationStatements.takenField(error) else { throw PostgresError.server(error) }
            let what = field == "email" ? "e-mail address" : "username"
            throw Problem.conflict(
                "\(field)_taken", "This \(what) is registered already",
                errors: [.init(field: field, code: "taken", detail: "is registered already")])
        }
    }
}
