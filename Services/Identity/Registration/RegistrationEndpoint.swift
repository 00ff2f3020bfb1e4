import Directory
import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
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
        displayName = fields.optional("display_name", .line(1...100))
        if email == nil, username == nil, !fields.isDescribing, !fields.hasFaults {
            fields.refuse("email", FieldFault("required", "an e-mail address or a username must be given"))
        }
    }
}

/// Makes a user.
struct RegistrationEndpoint {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let intake: PasswordIntake

    var endpoint: Operation {
        let this = self
        return Route(
            .post, "/api/v1/auth/register", id: "register", tag: "auth", summary: "Register a user"
        )
        .problem(.forbidden, "registration_closed")
        .problem(.conflict, "email_taken or username_taken")
        .also(.accepted, "Where the tenant hides which addresses are taken: a mail says what came of it")
        .respond(RegistrationInput.self, formats: [.json, .form], answer: UserView.self, status: .created) {
            call, input in try await this.register(call, input)
        }
    }

    private func register(_ call: Call, _ input: RegistrationInput) async throws -> Response {
        guard let tenant = tenants.tenant(call.tenant), tenant.isActive else { throw Problem.notFound }
        try admit(input, to: tenant)
        let hash = try await intake.take(
            input.password, field: "password",
            for: .init(email: input.email?.text, username: input.username?.text), of: tenant)
        let user = NewUser(
            id: .v7(), email: input.email, username: input.username, displayName: input.displayName,
            passwordHash: hash)
        let scope = PostgresScope.tenant(call.tenant)
        if tenant.settings.concealsRegistration, let username = input.username {
            // Asked before the address is, or the answer on the name would tell about the address.
            let taken = try await postgres.query(
                RegistrationStatements.takenUsername, [.text(username.text)], scope: scope)
            if !taken.isEmpty { throw TakenName.problem("username") }
        }
        do throws(PostgresError) {
            let answers = try await postgres.pipeline(RegistrationStatements.register(user, call), scope: scope)
            guard !tenant.settings.concealsRegistration else { return Response(status: .accepted) }
            guard let row = answers.last?.first else { throw PostgresError.closed }
            return .content(try UserView(row), status: .created)
        } catch {
            guard let field = TakenName.field(error) else { throw error }
            guard tenant.settings.concealsRegistration, field == "email", let email = input.email else {
                throw TakenName.problem(field)
            }
            _ = try await postgres.pipeline([Outbox.post(.alreadyRegistered, to: email.text)], scope: scope)
            return Response(status: .accepted)
        }
    }

    /// Lets in whom the tenant lets register.
    private func admit(_ input: RegistrationInput, to tenant: Tenant) throws(Problem) {
        switch tenant.settings.registration {
        case .open: break
        case .closed:
            throw Problem(.forbidden, "registration_closed", "This tenant does not let people register themselves")
        case .domains:
            let domain = input.email.map { $0.domain.lowercased() }
            guard let domain, tenant.settings.registrationDomains.contains(domain) else {
                throw .validation([
                    .init(
                        field: "email", code: "domain_not_allowed",
                        detail: "must be of a domain that may register here")
                ])
            }
        }
    }
}
