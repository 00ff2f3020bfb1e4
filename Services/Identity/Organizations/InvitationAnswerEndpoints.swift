import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres
import Tokens

/// What an invited person does with the token that was mailed to them.
///
/// Accepting takes an account with the invited address, proven or not: whoever has the token has read the mail, which is
/// all that a proof of an address is. An invitation ends with the standing of whoever gave it: it is good only while they
/// still might give it.
struct InvitationAnswerEndpoints {
    let postgres: PostgresClient
    let publisher: EventPublisher
    let profiles: ProfileCache

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/organizations/invitations/accept", id: "invitationPage", tag: "organizations",
                summary: "A page on what to do with an invitation; opening it changes nothing"
            )
            .raw(mediaType: "text/html") { call in MailPage.invitation(token: MailPage.token(in: call)) },
            Route(
                .post, "/api/v1/organizations/invitations/accept", id: "acceptInvitation", tag: "organizations",
                summary: "Join the organization that the mailed token invites to; proves your address", access: .bearer
            )
            .problem(.badRequest, "one_time_token_invalid")
            .problem(.forbidden, "invitation_not_yours")
            .problem(.conflict, "already_member")
            .handle(OneTimeTokenInput.self) { call, input in try await this.accept(call, input.token) },
            Route(
                .post, "/api/v1/organizations/invitations/decline", id: "declineInvitation", tag: "organizations",
                summary: "Decline an invitation with the mailed token; takes no account"
            )
            .problem(.badRequest, "one_time_token_invalid")
            .acknowledge(OneTimeTokenInput.self, formats: [.json, .form], status: .noContent) { call, input in
                try await MailPage.answering(call, done: "The invitation is declined.") {
                    try await this.decline(call, input.token)
                }
            },
        ]
    }

    private func accept(_ call: Call, _ token: String) async throws -> OrganizationView {
        let (user, digest) = (try call.person().user, try OneTimeToken.digest(of: token))
        // The address may be proven by it.
        defer { profiles.forget(user: user) }
        let (organization, view, events) = try await postgres.transaction(scope: .tenant(call.tenant)) { transaction in
            _ = try await transaction.query(OrganizationStatements.lockUsers, [.uuidArray([user])])
            guard let found = try await transaction.query(InvitationStatements.organization, [.bytea(digest)]).first
            else { throw OneTimeToken.invalid }
            let organization: UUID = try found.decode(0)
            _ = try await transaction.query(OrganizationStatements.lock, [.uuid(organization)])
            // Of any number that come with one token, the first takes it away before the next gets past the lock.
            let rows = try await transaction.query(
                InvitationStatements.presented, [.uuid(organization), .bytea(digest), .uuid(user)])
            guard let row = rows.first else { throw OneTimeToken.invalid }
            guard try row.decode(2) else {
                throw Problem(.forbidden, "invitation_not_yours", "The invitation went to another e-mail address")
            }
            let (id, inviter): (UUID, UUID) = (try row.decode(0), try row.decode(1))
            let role = try OrganizationRole(row, at: 3)
            let standing = try await transaction.organizationRole(of: inviter, in: organization)
            guard standing?.mayInvite(as: role) == true else { throw OneTimeToken.invalid }
            guard try await transaction.organizationRole(of: user, in: organization) == nil else {
                throw Problem.conflict("already_member", "You belong to the organization already")
            }
            let made = try await transaction.pipeline([
                PostgresStep(InvitationStatements.delete, [.uuid(organization), .uuid(id)]),
                PostgresStep(
                    MemberStatements.insert,
                    [.uuid(organization), .uuid(user), .text(role.base), .optional(role.customID)]),
                PostgresStep(InvitationStatements.proveAddress, [.uuid(user)]),
                EventStatements.append(.userChanged, subject: user),
            ])
            let told = try made[3].map { row throws(PostgresError) in try row.decode(0, as: Int64.self) }
            let events = try await transaction.record(
                organization,
                audit: call.audit(
                    "organization.member_joined", of: organization,
                    ["user": user.text, "role": role.name, "invitation": id.text]))
            let views = try await transaction.query(OrganizationStatements.one, [.uuid(organization), .uuid(user)])
            guard let row = views.first else { throw OneTimeToken.invalid }
            return (organization, try OrganizationView(row), told + events)
        }
        profiles.forget(organization: organization)
        publisher.publish(events)
        return view
    }

    private func decline(_ call: Call, _ token: String) async throws {
        let digest = try OneTimeToken.digest(of: token)
        try await postgres.transaction(scope: .tenant(call.tenant)) { transaction in
            guard let row = try await transaction.query(InvitationStatements.organization, [.bytea(digest)]).first
            else { throw OneTimeToken.invalid }
            let (organization, id): (UUID, UUID) = (try row.decode(0), try row.decode(1))
            _ = try await transaction.query(OrganizationStatements.lock, [.uuid(organization)])
            let gone = try await transaction.query(
                InvitationStatements.delete, [.uuid(organization), .uuid(id)])
            guard !gone.isEmpty else { throw OneTimeToken.invalid }
            _ = try await transaction.pipeline([
                call.audit("organization.invitation_declined", of: organization, ["invitation": id.text])
            ])
        }
    }
}
