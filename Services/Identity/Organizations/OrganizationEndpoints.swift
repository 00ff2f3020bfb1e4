import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres

/// The body of a new organization.
struct NewOrganization: RequestContent {
    let slug: String
    let name: String

    init(from fields: inout FieldReader) {
        slug = fields.required("slug", .slug)
        name = fields.required("name", .line(1...100))
    }
}

/// What is to be changed of an organization.
struct OrganizationSettings: RequestContent {
    let slug: String?
    let name: String?

    init(from fields: inout FieldReader) {
        slug = fields.optional("slug", .slug)
        name = fields.optional("name", .line(1...100))
    }
}

/// Organizations as those who belong to them see, make, change and end them.
struct OrganizationEndpoints {
    let postgres: PostgresClient
    let changes: OrganizationChanger

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .post, "/api/v1/organizations", id: "createOrganization", tag: "organizations",
                summary: "Make an organization, which you own", access: .bearer
            )
            .problem(.conflict, "slug_taken")
            .idempotent()
            .respond(NewOrganization.self, answer: OrganizationView.self, status: .created) { call, input in
                try await this.create(call, input)
            },
            Route(
                .get, "/api/v1/organizations", id: "listOwnOrganizations", tag: "organizations",
                summary: "The organizations you belong to, the youngest first", access: .bearer
            )
            .handle(query: PageQuery.self) { call, query in try await this.list(call, query) },
            Route(
                .get, "/api/v1/organizations/{id}", id: "readOrganization", tag: "organizations",
                summary: "An organization you belong to", access: .bearer
            )
            .problem(.notFound, "not_found")
            .conditional()
            .handle { call in try await this.read(call) },
            Route(
                .patch, "/api/v1/organizations/{id}", id: "changeOrganization", tag: "organizations",
                summary: "Change the name or the slug (organization:write)", access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .problem(.conflict, "slug_taken")
            .conditional()
            .handle(OrganizationSettings.self) { call, input in try await this.change(call, input) },
            Route(
                .delete, "/api/v1/organizations/{id}", id: "deleteOrganization", tag: "organizations",
                summary: "End an organization (owners)", access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .conditional()
            .perform { call in try await this.delete(call) },
        ]
    }

    private func create(_ call: Call, _ input: NewOrganization) async throws -> Response {
        let (id, user) = (UUID.v7(), try call.person().user)
        do {
            return try await changes.once(call) { transaction in
                let answers = try await transaction.pipeline([
                    // Before it, or after it, the account may go; in between its organization would be left alone.
                    PostgresStep(OrganizationStatements.lockUsers, [.uuidArray([user])]),
                    PostgresStep(OrganizationStatements.insert, [.uuid(id), .text(input.slug), .text(input.name)]),
                    PostgresStep(
                        MemberStatements.insert,
                        [.uuid(id), .uuid(user), .text(OrganizationRole.owner.base), .null]),
                    call.audit("organization.created", of: id, ["slug": input.slug]),
                    EventStatements.append(.organizationChanged, subject: id),
                    PostgresStep(OrganizationStatements.one, [.uuid(id), .uuid(user)]),
                ])
                let events = try answers[4].map { row throws(PostgresError) in try row.decode(0, as: Int64.self) }
                guard let row = answers[5].first else { throw Problem.invalidToken }
                return OrganizationChange(answer: try OrganizationView(row), events: events)
            }
        } catch let error as PostgresError {
            throw Self.problem(error)
        }
    }

    private func list(_ call: Call, _ query: PageQuery) async throws -> OrganizationPage {
        let rows = try await postgres.query(
            OrganizationStatements.ofUser, [.uuid(call.person().user)] + query.parameters, scope: .tenant(call.tenant))
        let (page, next) = query.cut(try rows.map { row throws(PostgresError) in try OrganizationView(row) }) { $0.id }
        return OrganizationPage(organizations: page, next: next)
    }

    private func read(_ call: Call) async throws -> OrganizationView {
        let rows = try await postgres.query(
            OrganizationStatements.one, [.uuid(call.id("id")), .uuid(call.person().user)],
            scope: .tenant(call.tenant))
        guard let row = rows.first else { throw Problem.notFound }
        return try OrganizationView(row)
    }

    private func change(_ call: Call, _ input: OrganizationSettings) async throws -> OrganizationView {
        do {
            return try await changes.change(call) { transaction, standing in
                guard standing.role.holds(OrganizationPermission.settings) else { throw Problem.forbidden }
                let id = standing.organization
                try call.requireMatch(try await transaction.organization(id, of: standing.user))
                _ = try await transaction.query(
                    OrganizationStatements.update, [.uuid(id), .optional(input.slug), .optional(input.name)])
                let fields = [input.slug.map { _ in "slug" }, input.name.map { _ in "name" }].compactMap { $0 }
                let events = try await transaction.record(
                    id, audit: call.audit("organization.changed", of: id, ["fields": fields.joined(separator: " ")]))
                return OrganizationChange(
                    answer: try await transaction.organization(id, of: standing.user), events: events)
            }
        } catch let error as PostgresError {
            throw Self.problem(error)
        }
    }

    private func delete(_ call: Call) async throws {
        try await changes.change(
            call,
            locking: { transaction, organization in
                try await transaction.query(MemberStatements.all, [.uuid(organization)])
                    .map { row throws(PostgresError) in try row.decode(0) }
            },
            { transaction, standing in
                guard standing.role == .owner else { throw Problem.forbidden }
                let id = standing.organization
                try call.requireMatch(try await transaction.organization(id, of: standing.user))
                let members = try await transaction.query(MemberStatements.all, [.uuid(id)])
                    .map { row throws(PostgresError) in try row.decode(0, as: UUID.self) }
                _ = try await transaction.query(OrganizationStatements.delete, [.uuid(id)])
                let events = try await transaction.record(
                    id, cutting: members, because: "organization_deleted",
                    audit: call.audit("organization.deleted", of: id))
                return OrganizationChange(answer: (), events: events)
            })
    }

    /// 409 when the slug is another organization's; 401 when the account went meanwhile.
    private static func problem(_ error: PostgresError) -> any Error {
        guard case .server(let failure) = error else { return error }
        if failure.constraint == "organizations_tenant_id_slug_key" {
            return Problem.conflict(
                "slug_taken", "Another organization has this slug",
                errors: [.init(field: "slug", code: "taken", detail: "is another organization's")])
        }
        return failure.kind == .foreignKeyViolation ? Problem.invalidToken : error
    }
}

extension PostgresTransaction {
    /// The organization as somebody who belongs to it sees it.
    /// - Throws: `Problem.notFound`.
    fileprivate func organization(
        _ id: UUID, of user: UUID
    ) async throws -> OrganizationView {
        let rows = try await query(OrganizationStatements.one, [.uuid(id), .uuid(user)])
        guard let row = rows.first else { throw Problem.notFound }
        return try OrganizationView(row)
    }
}
