import Domain
import Directory
import Events
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// The body of a change of password.
struct ChangePasswordInput: RequestContent {
    let current: String
    let new: String

    init(from fields: inout FieldReader) {
        current = fields.required("current_password", .secret)
        new = fields.required("new_password", .secret)
    }
}

/// Changes one's own password; every other session ends.
struct ChangePasswordEndpoint {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let proof: PasswordProof
    let intake: PasswordIntake
    let publisher: EventPublisher
    let isSecure: Bool

    var endpoint: Operation {
        let this = self
        return Route(
            .post, "/api/v1/auth/change-password", id: "changePassword", tag: "auth",
            summary: "Change your password; your other sessions end", access: .bearer
        )
        .problem(.unauthorized, "invalid_credentials")
        .problem(.conflict, "password_changed_meanwhile")
        .perform(ChangePasswordInput.self, formats: [.json, .form]) { call, input in
            try await this.change(call, input)
        }
    }

    private func change(_ call: Call, _ input: ChangePasswordInput) async throws {
        let person = try call.person()
        guard let tenant = tenants.tenant(call.tenant) else { throw Problem.invalidToken }
        let proven = try await proof.check(input.current, of: person, call)
        let hash = try await intake.take(
            input.new, field: "new_password",
            for: .init(user: person.user, email: proven.email, username: proven.username), of: tenant)
        var steps = [
            PasswordStatements.replace(
                of: person.user, expected: proven.hash, with: hash, keeping: tenant.settings.passwordHistory),
            PostgresStep(
                PasswordStatements.endSessions,
                [.uuid(person.user), .uuid(person.session), .text("password_changed")]),
            PostgresStep(PasswordStatements.voidResets, [.uuid(person.user)]),
            // Marks of devices but this one: one of them may be whoever the change is to keep out.
            KnownDevice.forget(
                of: person.user, but: KnownDevice.digests(in: call, body: nil, isSecure: isSecure)),
            call.audit("user.password_changed", "user", person.user.text),
        ]
        if let email = proven.provenEmail { steps.append(Outbox.post(.passwordChanged, to: email, of: person.user)) }
        do throws(PostgresError) {
            let answers = try await postgres.pipeline(steps, scope: .tenant(call.tenant))
            if let event: Int64 = try answers[1].first?.decode(1) ?? nil { publisher.publish([event]) }
        } catch {
            guard PasswordStatements.wasChangedMeanwhile(error) else { throw error }
            throw Problem.conflict("password_changed_meanwhile", "The password was changed meanwhile")
        }
    }
}
