import Directory
import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Logging
import Postgres
import Tokens

/// The body of a request to take a refresh token back.
struct RevocationInput: RequestContent {
    let refreshToken: String

    init(from fields: inout FieldReader) {
        refreshToken = fields.required("refresh_token", .secret)
    }
}

/// Takes tokens back at their client's wish (RFC 7009).
struct RevocationEndpoint {
    let authentication: ClientAuthentication
    let tenants: TenantDirectory
    let clients: ClientDirectory
    let reader: TokenReader
    let revocations: RevocationSet
    let postgres: PostgresClient
    let publisher: EventPublisher

    var endpoints: [Operation] {
        let this = self
        return [
            Route(.post, "/oauth2/revoke", id: "revoke", tag: "oauth2", summary: "Take a token back")
                .speakingOAuth()
                .problem(.badRequest, "invalid_request, unauthorized_client")
                .problem(.unauthorized, "invalid_client")
                .acknowledge(OAuthForm.self, formats: [.form]) { call, form in
                    let (tenant, client) = try await this.authentication.authenticate(call, form)
                    return try await this.revoke(form.required("token"), of: tenant, for: client, call)
                },
            Route(
                .post, "/api/v1/auth/revoke", id: "revokeRefreshToken", tag: "auth",
                summary: "Take back a refresh token, and with it its session"
            )
            .acknowledge(RevocationInput.self, formats: [.json, .form], status: .noContent) { call, input in
                var response = Response(status: .noContent)
                guard let tenant = this.tenants.tenant(call.tenant),
                    let client = try await this.clients.client(DefaultTenant.firstPartyClient, of: tenant.id)
                else { return response }
                do {
                    response = try await this.revoke(input.refreshToken, of: tenant, for: client, call)
                    response.status = .noContent
                } catch is OAuthError {
                    // Another client's token is left alone, and whose it is stays untold.
                }
                return response
            },
        ]
    }

    /// Revokes what there is to revoke. An unknown, expired or malformed token is revoked already: 200 (RFC 7009 §2.2).
    private func revoke(
        _ text: String, of tenant: Tenant, for client: RegisteredClient, _ call: Call
    ) async throws -> Response {
        let done = Response(status: .ok, headers: [.cacheControl: "no-store"])
        let scope = PostgresScope.tenant(tenant.id)
        switch reader.read(text, of: tenant) {
        case nil:
            return done
        case .refresh(let token):
            let rows = try await postgres.query(
                IntrospectionStatements.end,
                [
                    .uuid(token.session), .text(client.identifier), .uuid(.v7()), .optional(call.address),
                    .text(call.requestID),
                ], scope: scope)
            if let row = rows.first {
                publisher.publish(ended: token.session, of: tenant.id, event: try row.decode(0))
                revocations.insert([token.session])
                return done.telling(ended: token.session)
            }
            let owner = try await postgres.query(IntrospectionStatements.owner, [.uuid(token.session)], scope: scope)
            if let row = owner.first, try row.decode(0, as: String.self) != client.identifier { throw refusal(call) }
            return done
        case .access(let claims):
            guard claims.clientID == client.identifier else { throw refusal(call) }
            // Once is enough: each time is an event for every process, and a row that is kept.
            guard let id = UUID(canonical: claims.id), !revocations.refuses(claims.revocable) else { return done }
            let step = EventStatements.append(.tokenRevoked, subject: id)
            let answers = try await postgres.pipeline(
                [step, call.audit("token.revoked", "token", claims.id, client: client.id)], scope: scope)
            publisher.publish(try answers[0].map { row throws(PostgresError) in try row.decode(0) })
            revocations.insert([id])
            return done.telling(ended: id)
        }
    }

    private func refusal(_ call: Call) -> OAuthError {
        call.logger.notice("a client asked to revoke another's token")
        return .unauthorizedClient
    }
}

extension Response {
    /// The same, telling the gateway which session or token is refused from now on, so that it need not wait for the
    /// event.
    fileprivate func telling(ended id: UUID) -> Response {
        var response = self
        response.headers.tellGateway(InternalHeader.revoked, id.text)
        return response
    }
}
