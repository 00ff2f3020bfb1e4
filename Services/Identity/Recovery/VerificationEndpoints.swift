import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres

/// The body of a request that brings a token from a mail.
struct OneTimeTokenInput: RequestContent {
    let token: String

    init(from fields: inout FieldReader) {
        token = fields.required("token", .secret)
    }
}

/// The body of a request that is about an address, whoever it belongs to.
struct AddressInput: RequestContent {
    let email: EmailAddress?

    init(from fields: inout FieldReader) {
        email = fields.required("email", .email)
    }
}

/// Proves that an e-mail address is its user's.
struct VerificationEndpoints {
    let postgres: PostgresClient
    let publisher: EventPublisher
    let profiles: ProfileCache

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/auth/verify-email", id: "verifyEmailPage", tag: "auth",
                summary: "A page whose button confirms the address; opening it changes nothing"
            )
            .raw(mediaType: "text/html") { call in MailPage.verify(token: MailPage.token(in: call)) },
            Route(
                .post, "/api/v1/auth/verify-email", id: "verifyEmail", tag: "auth",
                summary: "Confirm an e-mail address with the token that was mailed to it"
            )
            .problem(.badRequest, "one_time_token_invalid")
            .acknowledge(OneTimeTokenInput.self, formats: [.json, .form], status: .noContent) { call, input in
                try await MailPage.answering(call, done: "Your e-mail address is confirmed.") {
                    try await this.verify(call, input.token)
                }
            },
            Route(
                .post, "/api/v1/auth/resend-verification", id: "resendVerification", tag: "auth",
                summary: "Mail the confirmation again, if the address has an account that waits for it"
            )
            .acknowledge(AddressInput.self, formats: [.json, .form], status: .accepted) { call, input in
                try await this.resend(call, input)
            },
        ]
    }

    private func verify(_ call: Call, _ token: String) async throws {
        let holder = try await OneTimeToken.holder(of: token, .verifyEmail, tenant: call.tenant, postgres)
        defer { profiles.forget(user: holder.user) }
        do throws(PostgresError) {
            let answers = try await postgres.pipeline(
                [
                    holder.consume, PostgresStep(Self.markVerified, [.uuid(holder.user)]),
                    EventStatements.append(.userChanged, subject: holder.user),
                    call.audit("user.email_verified", "user", holder.user.text, actor: holder.user),
                ], scope: .tenant(call.tenant))
            if let row = answers[2].first { publisher.publish([try row.decode(0)]) }
        } catch {
            throw OneTimeToken.isUsedUp(error) ? OneTimeToken.invalid : error
        }
    }

    private func resend(_ call: Call, _ input: AddressInput) async throws -> Response {
        if let email = input.email {
            _ = try await postgres.pipeline([Outbox.post(.verifyEmail, to: email.text)], scope: .tenant(call.tenant))
        }
        return Response(status: .accepted)
    }

    private static let markVerified = PostgresStatement(
        "verification_mark", [.uuid],
        """
        update users set email_verified_at = now(), updated_at = now()
        where tenant_id = current_tenant() and id = $1
        """)
}
