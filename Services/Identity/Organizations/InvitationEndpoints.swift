import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres

/// An open invitation. Whether the address has an account is not told.
struct InvitationView: ResponseContent {
    var id: UUID
    var email: String
    var role: OrganizationRole
    var invitedBy: UUID
    var createdAt: Date
    var expiresAt: Date

    static let example = InvitationView(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_60a1), email: "charles@example.com", role: .member,
        invitedBy: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071),
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), expiresAt: Date(timeIntervalSince1970: 1_767_830_400))

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("email", email)
        fields.field("role", role.name)
        fields.field("invited_by", invitedBy)
        fields.field("created_at", createdAt)
        fields.field("expires_at", expiresAt)
    }
}

extension InvitationView {
    /// Reads a row of `InvitationStatements.list`, `.one` or `.ofAddress`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        email = try row.decode(1)
        invitedBy = try row.decode(2)
        createdAt = try row.decode(3)
        expiresAt = try row.decode(4)
        role = try OrganizationRole(row, at: 5)
    }
}

/// A page of invitations.
struct InvitationPage: ResponseContent {
    let invitations: [InvitationView]
    /// Brings the next page, when there is one.
    let next: String?

    static let example = InvitationPage(invitations: [.example], next: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("invitations", invitations)
        fields.field("next_cursor", next)
    }
}

/// Whom to invite, to be what.
struct NewInvitation: RequestContent {
    let email: EmailAddress?
    let role: String

    init(from fields: inout FieldReader) {
        email = fields.required("email", .email)
        role = fields.required("role", .line(1...63))
    }
}

/// Invitations as those see them who give them.
struct InvitationEndpoints {
    let postgres: PostgresClient
    let changes: OrganizationChanger

    /// The most open invitations of an organization.
    static let limit: Int64 = 500

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .post, "/api/v1/organizations/{id}/invitations", id: "inviteToOrganization", tag: "organizations",
                summary:
                    "Invite an address by mail (invitations:write, to roles below yours); takes the place of an older one",
                access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .problem(.conflict, "already_member or invitation_limit")
            .idempotent()
            .respond(NewInvitation.self, answer: InvitationView.self, status: .created) { call, input in
                try await this.invite(call, input)
            },
            Route(
                .get, "/api/v1/organizations/{id}/invitations", id: "listOrganizationInvitations",
                tag: "organizations", summary: "The open invitations (invitations:write)", access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .handle(query: PageQuery.self) { call, query in try await this.list(call, query) },
            Route(
                .delete, "/api/v1/organizations/{id}/invitations/{invitation}", id: "withdrawOrganizationInvitation",
                tag: "organizations", summary: "Take an invitation back (invitations:write, to roles below yours)",
                access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .perform { call in try await this.withdraw(call) },
        ]
    }

    private func list(_ call: Call, _ query: PageQuery) async throws -> InvitationPage {
        let (id, user) = (try call.id("id"), try call.person().user)
        let answers = try await postgres.pipeline(
            [
                PostgresStep(OrganizationStatements.role, [.uuid(id), .uuid(user)]),
                PostgresStep(InvitationStatements.list, [.uuid(id)] + query.parameters),
            ], scope: .tenant(call.tenant))
        guard let standing = answers[0].first else { throw Problem.notFound }
        guard try OrganizationRole(standing, at: 0).holds(OrganizationPermission.invitations) else {
            throw Problem.forbidden
        }
        let invitations = try answers[1].map { row throws(PostgresError) in try InvitationView(row) }
        let (page, next) = query.cut(invitations) { $0.id }
        return InvitationPage(invitations: page, next: next)
    }

    private func invite(_ call: Call, _ input: NewInvitation) async throws -> Response {
        let address = input.email?.text ?? ""
        return try await changes.create(call) { transaction, standing in
            let (organization, id) = (standing.organization, UUID.v7())
            guard standing.role.holds(OrganizationPermission.invitations) else { throw Problem.forbidden }
            let role = try await transaction.organizationRole(named: input.role, in: organization)
            try standing.requireInviting(as: role)
            let answers = try await transaction.pipeline([
                PostgresStep(InvitationStatements.deleteExpired, [.uuid(organization)]),
                PostgresStep(InvitationStatements.ofAddress, [.uuid(organization), .text(address)]),
                PostgresStep(InvitationStatements.situation, [.uuid(organization), .text(address)]),
            ])
            if let row = answers[2].first, try row.decode(1, as: Bool.self) {
                throw Problem.conflict("already_member", "Somebody of this address belongs to the organization")
            }
            if let row = answers[1].first {
                // Whoever could not take the older one back can't put another in its place.
                let older = try InvitationView(row)
                try standing.requireInviting(as: older.role)
                _ = try await transaction.query(
                    InvitationStatements.delete, [.uuid(organization), .uuid(older.id)])
            } else if let row = answers[2].first, try row.decode(0, as: Int64.self) >= Self.limit {
                throw Problem.conflict(
                    "invitation_limit", "An organization has at most \(Self.limit) open invitations")
            }
            let written = try await transaction.pipeline([
                PostgresStep(
                    InvitationStatements.insert,
                    [
                        .uuid(organization), .uuid(id), .text(address), .text(role.base), .optional(role.customID),
                        .uuid(standing.user), .float8(Double(OneTimeToken.invitation.components.seconds)),
                    ]),
                Outbox.post(.organizationInvitation, to: address, about: id),
                call.audit(
                    "organization.invited", of: organization, ["invitation": id.text, "role": role.name]),
                PostgresStep(InvitationStatements.one, [.uuid(organization), .uuid(id)]),
            ])
            guard let row = written[3].first else { throw Problem.notFound }
            return OrganizationChange(answer: try InvitationView(row))
        }
    }

    private func withdraw(_ call: Call) async throws {
        let id = try call.id("invitation")
        try await changes.change(call) { transaction, standing in
            let organization = standing.organization
            guard standing.role.holds(OrganizationPermission.invitations) else { throw Problem.forbidden }
            let rows = try await transaction.query(InvitationStatements.one, [.uuid(organization), .uuid(id)])
            guard let row = rows.first else { throw Problem.notFound }
            let invitation = try InvitationView(row)
            try standing.requireInviting(as: invitation.role)
            _ = try await transaction.pipeline([
                PostgresStep(InvitationStatements.delete, [.uuid(organization), .uuid(id)]),
                call.audit(
                    "organization.invitation_withdrawn", of: organization,
                    ["invitation": id.text, "role": invitation.role.name]),
            ])
            return OrganizationChange(answer: ())
        }
    }
}

extension OrganizationStanding {
    /// - Throws: 403 when an invitation to a role is none that the caller may give or take back.
    fileprivate func requireInviting(as role: OrganizationRole) throws(Problem) {
        guard self.role.mayInvite(as: role) else {
            throw Problem.forbidden("An invitation has to be to a role below your own.")
        }
    }
}
