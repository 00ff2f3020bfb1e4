import Directory
import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Passwords
import Postgres

/// The body of a password reset.
struct ResetPasswordInput: RequestContent {
    let token: String
    let password: String

    init(from fields: inout FieldReader) {
        token = fields.required("token", .secret)
        password = fields.required("new_password", .secret)
    }
}

/// A new password for whoever proves to hold the account's e-mail address.
struct RecoveryEndpoints {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let intake: PasswordIntake
    let publisher: EventPublisher
    let profiles: ProfileCache

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .post, "/api/v1/auth/forgot-password", id: "forgotPassword", tag: "auth",
                summary: "Mail a link for a new password, if the address has an account"
            )
            .acknowledge(AddressInput.self, formats: [.json, .form], status: .accepted) { call, input in
                try await this.forgot(call, input)
            },
            Route(
                .get, "/api/v1/auth/reset-password", id: "resetPasswordPage", tag: "auth",
                summary: "A page with a form for the new password; opening it changes nothing"
            )
            .raw(mediaType: "text/html") { call in MailPage.reset(token: MailPage.token(in: call)) },
            Route(
                .post, "/api/v1/auth/reset-password", id: "resetPassword", tag: "auth",
                summary: "Set a new password with the token that was mailed; ends every session"
            )
            .problem(.badRequest, "one_time_token_invalid")
            .acknowledge(ResetPasswordInput.self, formats: [.json, .form], status: .noContent) { call, input in
                try await MailPage.answering(call, done: "Your new password is set. You can log in with it now.") {
                    try await this.reset(call, input)
                }
            },
        ]
    }

    private func forgot(_ call: Call, _ input: AddressInput) async throws -> Response {
        if let email = input.email {
            _ = try await postgres.pipeline([Outbox.post(.resetPassword, to: email.text)], scope: .tenant(call.tenant))
        }
        return Response(status: .accepted)
    }

    private func reset(_ call: Call, _ input: ResetPasswordInput) async throws {
        guard let tenant = tenants.tenant(call.tenant) else { throw OneTimeToken.invalid }
        let holder = try await OneTimeToken.holder(of: input.token, .resetPassword, tenant: call.tenant, postgres)
        let hash = try await intake.take(
            input.password, field: "new_password",
            for: .init(user: holder.user, email: holder.email, username: holder.username), of: tenant)
        var steps = [
            holder.consume,
            PasswordStatements.replace(
                of: holder.user, expected: nil, with: hash, keeping: tenant.settings.passwordHistory),
            PostgresStep(PasswordStatements.endSessions, [.uuid(holder.user), .null, .text("password_reset")]),
            // Whoever opened the mail holds the address; whoever guessed before is forgotten, and so are the devices
            // that may have been the thief's.
            PostgresStep(Self.proveAddress, [.uuid(holder.user)]),
            EventStatements.append(.userChanged, subject: holder.user),
            KnownDevice.forget(of: holder.user, but: []),
            Lockout.forgive(holder.user),
            call.audit("user.password_reset", "user", holder.user.text, actor: holder.user),
        ]
        if let email = holder.email { steps.append(Outbox.post(.passwordChanged, to: email, of: holder.user)) }
        defer { profiles.forget(user: holder.user) }
        do throws(PostgresError) {
            let answers = try await postgres.pipeline(steps, scope: .tenant(call.tenant))
            var events: [Int64] = []
            if let event: Int64 = try answers[2].first?.decode(1) ?? nil { events.append(event) }
            if let row = answers[4].first { events.append(try row.decode(0)) }
            publisher.publish(events)
        } catch {
            throw OneTimeToken.isUsedUp(error) ? OneTimeToken.invalid : error
        }
    }

    private static let proveAddress = PostgresStatement(
        "recovery_prove_address", [.uuid],
        """
        update users
        set email_verified_at = coalesce(email_verified_at, now()), must_reset_password = false, updated_at = now()
        where tenant_id = current_tenant() and id = $1
        """)
}
