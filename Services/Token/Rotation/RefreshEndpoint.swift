import Directory
import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Logging
import Tokens

/// The body of a refresh.
struct RefreshInput: RequestContent {
    let refreshToken: String
    let organization: OrganizationChoice

    init(from fields: inout FieldReader) {
        refreshToken = fields.required("refresh_token", .secret)
        organization = fields.optional("organization", .organization) ?? .unchanged
    }
}

/// Exchanges a refresh token of the first-party client.
struct RefreshEndpoint {
    let tenants: TenantDirectory
    let clients: ClientDirectory
    let rotation: Rotation
    let codec: RefreshTokenCodec
    let issuer: TokenIssuer

    var endpoint: Operation {
        let this = self
        return Route(
            .post, "/api/v1/auth/refresh", id: "refresh", tag: "auth",
            summary:
                "Exchange a refresh token for its successor and a new access token; `organization` chooses the one it speaks of"
        )
        .problem(.unauthorized, "invalid_grant")
        .handle(RefreshInput.self, formats: [.json, .form]) { call, input in try await this.refresh(call, input) }
    }

    private func refresh(_ call: Call, _ input: RefreshInput) async throws -> TokenAnswer {
        // A forged, mistyped or foreign token ends here and never reaches the database.
        guard let token = codec.parse(input.refreshToken), token.tenant == call.tenant,
            let tenant = tenants.tenant(call.tenant), tenant.isActive
        else { throw Self.invalidGrant }
        let issuer = try await issuer.ready(for: tenant)
        let client = try await clients.client(DefaultTenant.firstPartyClient, of: tenant.id)
        let request = Rotation.Request(
            token: token, tenant: tenant, client: DefaultTenant.firstPartyClient,
            lifetimes: TokenLifetimes(tenant.settings, client), organization: input.organization)
        switch try await rotation.rotate(request, call.logger) {
        case .rotated(let grant): return try issuer.tokens(for: grant)
        case .foreignOrganization: throw Self.foreignOrganization
        case .scopeTooWide, .refused: throw Self.invalidGrant
        }
    }

    /// The same for one that does not exist, is another tenant's, or that the person does not belong to.
    private static let foreignOrganization = Problem.validation([
        .init(
            field: "organization", code: "unknown_organization",
            detail: "must be an organization that you belong to")
    ])

    private static let invalidGrant = Problem(
        .unauthorized, "invalid_grant", "The refresh token is not valid, was used, or has ended",
        headers: [.wwwAuthenticate: "Bearer"])
}
