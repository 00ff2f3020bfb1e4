import Directory
import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres
import Tokens

/// Tells a client whether a token is good, and what it says (RFC 7662).
///
/// The client it was issued to may ask, and a resource server that it is meant for. To anyone else, and about anything
/// that is not good, the answer is `{"active":false}` and not a word more.
struct IntrospectionEndpoint {
    let authentication: ClientAuthentication
    let reader: TokenReader
    let revocations: RevocationSet
    let cache: IntrospectionCache
    let clients: ClientDirectory
    let postgres: PostgresClient

    var endpoint: Operation {
        let this = self
        return Route(
            .post, "/oauth2/introspect", id: "introspect", tag: "oauth2", summary: "Ask whether a token is good"
        )
        .speakingOAuth()
        .problem(.badRequest, "invalid_request")
        .problem(.unauthorized, "invalid_client")
        .respond(OAuthForm.self, formats: [.form], answer: Introspection.self) { call, form in
            .content(try await this.answer(call, form))
        }
    }

    private func answer(_ call: Call, _ form: OAuthForm) async throws -> Introspection {
        let (tenant, client) = try await authentication.authenticate(call, form)
        guard client.isConfidential else { throw OAuthError.invalidClient }
        let text = try form.required("token")
        let keys = reader.keys.generation
        let now = Int64(Date().timeIntervalSince1970)
        if let known = cache.finding(for: text, now: now, keys: keys), known.claims.tenant == tenant.id.text {
            return try await mayBeTold(known.claims, known.revocable, to: client, of: tenant)
                ? Introspection(known.claims, username: known.username) : .inactive
        }
        switch reader.read(text, of: tenant) {
        case nil: return .inactive
        case .refresh(let token): return try await introspect(token, for: client, of: tenant)
        case .access(let claims):
            let revocable = claims.revocable
            let moment = cache.moment
            guard try await mayBeTold(claims, revocable, to: client, of: tenant) else { return .inactive }
            var username: String?
            if let session = revocable.session {
                let rows = try await postgres.query(
                    IntrospectionStatements.session, [.uuid(session)], scope: .tenant(tenant.id))
                guard let row = rows.first, try row.decode(4, as: Int64.self) <= claims.epoch else { return .inactive }
                username = try row.decode(7)
            }
            cache.insert(.init(claims, revocable, username: username), for: text, asOf: moment, keys: keys)
            return Introspection(claims, username: username)
        }
    }

    /// Whether a token is not revoked, its client still one, and of the asking client's concern.
    private func mayBeTold(
        _ claims: AccessTokenClaims, _ revocable: RevocableToken, to client: RegisteredClient, of tenant: Tenant
    ) async throws -> Bool {
        let isOwn = claims.clientID == client.identifier
        guard isOwn || claims.audience.contains(where: client.audiences.contains), !revocations.refuses(revocable)
        else {
            return false
        }
        if isOwn { return true }
        return try await clients.client(claims.clientID, of: tenant.id) != nil
    }

    private func introspect(
        _ token: RefreshToken, for client: RegisteredClient, of tenant: Tenant
    ) async throws -> Introspection {
        let rows = try await postgres.query(
            IntrospectionStatements.session, [.uuid(token.session)], scope: .tenant(tenant.id))
        guard let row = rows.first, try row.decode(0, as: String.self) == client.identifier,
            try row.decode(1, as: Int64.self) == Int64(clamping: token.generation)
        else { return .inactive }
        let user: UUID = try row.decode(3)
        return Introspection(
            isActive: true, kind: "refresh_token", client: client.identifier, subject: user.text,
            username: try row.decode(7), scope: try row.decode(2), audience: [], issuer: nil, id: nil,
            session: token.session.text, tenant: tenant.id.text, issuedAt: try row.decode(6),
            expiresAt: try row.decode(5))
    }
}

/// What is said of a token (RFC 7662 §2.2).
struct Introspection: ResponseContent {
    var isActive: Bool
    var kind: String?
    var client: String?
    var subject: String?
    var username: String?
    var scope: String?
    var audience: [String] = []
    var issuer: String?
    var id: String?
    var session: String?
    var tenant: String?
    var organization: AccessTokenClaims.Organization?
    var issuedAt: Int64?
    var expiresAt: Int64?

    static let inactive = Introspection(isActive: false)

    static let example = Introspection(
        isActive: true, kind: "Bearer", client: "gatehouse", subject: "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071",
        username: "ada", scope: "", audience: ["https://id.example.com"], issuer: "https://id.example.com",
        id: "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6072", session: "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6073",
        tenant: DefaultTenant.id.text, issuedAt: 1_767_225_600, expiresAt: 1_767_226_500)

    func write(to fields: inout some FieldSink) {
        fields.field("active", isActive)
        fields.member("token_type", ifAny: kind)
        fields.member("client_id", ifAny: client)
        fields.member("sub", ifAny: subject)
        fields.member("username", ifAny: username)
        fields.member("scope", ifAny: scope)
        fields.member("aud", ifAny: audience)
        fields.member("iss", ifAny: issuer)
        fields.member("jti", ifAny: id)
        fields.member("sid", ifAny: session)
        fields.member("tid", ifAny: tenant)
        fields.member("org", ifAny: organization?.id)
        fields.member("org_role", ifAny: organization?.role)
        fields.list("org_permissions", ifAny: organization?.permissions ?? [])
        fields.member("org_permissions_omitted", ifTrue: organization != nil && organization?.permissions == nil)
        fields.member("iat", ifAny: issuedAt)
        fields.member("exp", ifAny: expiresAt)
    }
}

extension Introspection {
    /// What is said of an access token that is good.
    fileprivate init(_ claims: AccessTokenClaims, username: String?) {
        self.init(
            isActive: true, kind: "Bearer", client: claims.clientID, subject: claims.subject, username: username,
            scope: claims.scope, audience: claims.audience, issuer: claims.issuer, id: claims.id,
            session: claims.session, tenant: claims.tenant, organization: claims.organization,
            issuedAt: claims.issuedAt, expiresAt: claims.expiresAt)
    }
}
