import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import NIOCore
import Postgres

/// What a person may change of themselves. A field left out stays; null takes it away.
struct ProfileChange: RequestContent {
    let displayName: FieldChange<String>
    let username: FieldChange<Username?>
    let email: FieldChange<EmailAddress?>
    let currentPassword: String?

    init(from fields: inout FieldReader) {
        displayName = fields.change("display_name", .line(1...100))
        username = fields.change("username", .username)
        email = fields.change("email", .email)
        currentPassword = fields.optional("current_password", .secret)
        if email.isGiven, currentPassword == nil, !fields.isDescribing {
            fields.refuse(
                "current_password", FieldFault("required", "must be given when the e-mail address is to change"))
        }
    }
}

/// The body of a deletion.
struct DeletionInput: RequestContent {
    let password: String

    init(from fields: inout FieldReader) {
        password = fields.required("password", .secret)
    }
}

/// What a signed-in person sees of themselves, changes, and takes away.
struct ProfileEndpoints {
    let postgres: PostgresClient
    let proof: PasswordProof
    let publisher: EventPublisher
    let cache: ProfileCache

    var endpoints: [Operation] {
        let this = self
        let read: @Sendable (Call) async throws -> Response = { call in try await this.read(call) }
        let recall: @Sendable (Caller) -> ByteBuffer? = { caller in this.cache.answer(for: .init(caller)) }
        return [
            Route(
                .get, "/api/v1/auth/me", id: "me", tag: "auth", summary: "Who the access token speaks of",
                access: .bearer
            ).answer(UserView.self, read).recalling(recall),
            Route(
                .get, "/api/v1/users/me", id: "readOwnUser", tag: "self", summary: "Your own user", access: .bearer
            ).answer(UserView.self, read).recalling(recall),
            Route(
                .patch, "/api/v1/users/me", id: "changeOwnUser", tag: "self",
                summary: "Change your name, username or e-mail address", access: .bearer
            )
            .problem(.unauthorized, "invalid_credentials")
            .problem(.conflict, "email_taken or username_taken")
            .handle(ProfileChange.self) { call, input in try await this.change(call, input) },
            Route(
                .delete, "/api/v1/users/me", id: "deleteOwnUser", tag: "self",
                summary: "Delete your account and all that belongs to it", access: .bearer
            )
            .problem(.unauthorized, "invalid_credentials")
            .problem(.conflict, "last_superuser or last_owner")
            .perform(DeletionInput.self) { call, input in try await this.delete(call, input) },
        ]
    }

    private func read(_ call: Call) async throws -> Response {
        let user = try call.person().user
        let key = ProfileCache.Key(tenant: call.tenant, user: user, organization: call.principal?.organization)
        if call.wantsFresh {
            cache.tally.count(.bypass)
        } else if let body = cache.answer(for: key) {
            return .json(body)
        }
        // What changes from here on makes the answer one that is not kept.
        let stamp = cache.stamp(for: key)
        let body = JSONFieldSink.json(try await view(call, user)).buffer
        cache.keep(body, for: key, stamp)
        return .json(body)
    }

    private func view(_ call: Call, _ user: UUID) async throws -> UserView {
        if let organization = call.principal?.organization {
            return try await view(call, user, in: organization)
        }
        let rows = try await postgres.query(
            ProfileStatements.user, [.uuid(user)], scope: .tenant(call.tenant))
        // Deleted or disabled since the token was issued, and the event is on its way to the gateway.
        guard let row = rows.first else { throw Problem.invalidToken }
        return try UserView(row)
    }

    /// The same, with what the user is in the organization that the token speaks of.
    private func view(_ call: Call, _ user: UUID, in organization: UUID) async throws -> UserView {
        let answers = try await postgres.pipeline(
            [
                PostgresStep(ProfileStatements.user, [.uuid(user)]),
                PostgresStep(OrganizationStatements.role, [.uuid(organization), .uuid(user)]),
            ], scope: .tenant(call.tenant))
        guard let row = answers[0].first else { throw Problem.invalidToken }
        var view = try UserView(row)
        if let row = answers[1].first {
            view.organization = (organization, try OrganizationRole(row, at: 0))
        }
        return view
    }

    private func change(_ call: Call, _ input: ProfileChange) async throws -> UserView {
        let person = try call.person()
        let user = person.user
        let (email, username) = (input.email.value ?? nil, input.username.value ?? nil)
        var steps = [
            PostgresStep(
                ProfileStatements.change,
                [
                    .uuid(user), .bool(input.displayName.isGiven), .optional(input.displayName.value),
                    .bool(input.username.isGiven), .optional(username?.text), .bool(input.email.isGiven),
                    .optional(email?.text),
                ]),
            EventStatements.append(.userChanged, subject: user),
            call.audit("user.changed", "user", user.text, detail: Self.detail(input)),
        ]
        if input.email.isGiven, let password = input.currentPassword {
            let proven = try await proof.check(password, of: person, call)
            steps.append(PostgresStep(ProfileStatements.voidTokens, [.uuid(user)]))
            if let email { steps.append(Outbox.post(.verifyEmail, to: email.text, of: user)) }
            // Whoever held the account by its old address learns that it is gone.
            if let old = proven.provenEmail, old != email?.text {
                steps.append(Outbox.post(.emailChanged, to: old, of: user))
            }
        }
        steps.append(PostgresStep(ProfileStatements.user, [.uuid(user)]))
        // Also where nobody knows whether it was committed.
        defer { cache.forget(user: user) }
        do throws(PostgresError) {
            let answers = try await postgres.pipeline(steps, scope: .tenant(call.tenant))
            if let row = answers[1].first { publisher.publish([try row.decode(0)]) }
            if let row = answers.last?.first { return try UserView(row) }
        } catch {
            if let field = TakenName.field(error) { throw TakenName.problem(field) }
            guard case .server(let failure) = error, failure.kind == .checkViolation else { throw error }
            throw Problem.validation([
                .init(
                    field: input.email.isGiven ? "email" : "username", code: "required",
                    detail: "can't be taken away: an account has an e-mail address or a username")
            ])
        }
        throw Problem.invalidToken
    }

    /// Which fields were changed; their values are the person's own affair.
    private static func detail(_ input: ProfileChange) -> String {
        let fields = [
            input.displayName.isGiven ? "display_name" : nil, input.username.isGiven ? "username" : nil,
            input.email.isGiven ? "email" : nil,
        ].compactMap { $0 }
        return #"{"fields":["# + fields.map { "\"\($0)\"" }.joined(separator: ",") + "]}"
    }

    private func delete(_ call: Call, _ input: DeletionInput) async throws {
        let person = try call.person()
        let user = person.user
        let proven = try await proof.check(input.password, of: person, call)
        var steps = [
            PostgresStep(PasswordStatements.endSessions, [.uuid(user), .null, .text("user_deleted")]),
            call.audit("user.deleted", "user", user.text),
            EventStatements.append(.userChanged, subject: user),
            Lockout.forgive(user),
        ]
        if let email = proven.provenEmail { steps.append(Outbox.post(.accountDeleted, to: email)) }
        steps.append(PostgresStep(ProfileStatements.remove, [.uuid(user)]))
        defer { cache.forget(user: user) }
        do throws(PostgresError) {
            let answers = try await postgres.pipeline(steps, scope: .tenant(call.tenant))
            var events: [Int64] = []
            if let event: Int64 = try answers[0].first?.decode(1) ?? nil { events.append(event) }
            if let row = answers[2].first { events.append(try row.decode(0)) }
            publisher.publish(events)
        } catch {
            guard case .server(let failure) = error else { throw error }
            switch failure.sqlState {
            case "GH003": throw Problem.conflict("last_superuser", "The last superuser can't be deleted")
            case "GH004": throw Problem.lastOwner
            default: throw error
            }
        }
    }
}

extension ProfileCache.Key {
    /// The profile of whoever calls.
    init(_ caller: Caller) {
        self.init(tenant: caller.tenant, user: caller.user, organization: caller.organization)
    }
}
