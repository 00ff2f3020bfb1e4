import Directory
import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import NIOCore
import Octets
import Tokens

/// Describes the tenant's authorization server (RFC 8414): only what there is, every address made from the configured
/// issuer, never from the request.
struct MetadataEndpoint {
    let publicURL: String
    let tenants: TenantDirectory
    let grants: [String]

    var endpoint: Operation {
        let this = self
        return Route(
            .get, "/.well-known/oauth-authorization-server", id: "authorizationServerMetadata", tag: "oauth2",
            summary: "What this authorization server is and can do"
        )
        .problem(.notFound, "not_found")
        .raw { call in
            guard let tenant = this.tenants.tenant(call.tenant) else { throw Problem.notFound }
            let body = this.document(of: tenant)
            let tag = EntityTag(body: body)
            if let field = call.head.headerFields[.ifNoneMatch], tag.isKnown(by: field) {
                return Response(status: .notModified, headers: [.eTag: tag.text, .cacheControl: Self.cacheControl])
            }
            var response = Response.json(body, cacheControl: Self.cacheControl)
            response.headers[.eTag] = tag.text
            return response
        }
    }

    private static let cacheControl = "public, max-age=300"

    private func document(of tenant: Tenant) -> ByteBuffer {
        let issuer = tenant.issuer(publicURL: publicURL)
        let confidential = ClientAuthentication.methods.filter { $0 != "none" }
        var json = JSONWriter()
        json.beginObject()
        for (name, value) in [
            ("issuer", issuer), ("token_endpoint", issuer + "/oauth2/token"),
            ("jwks_uri", issuer + "/.well-known/jwks.json"), ("revocation_endpoint", issuer + "/oauth2/revoke"),
            ("introspection_endpoint", issuer + "/oauth2/introspect"), ("service_documentation", publicURL + "/docs"),
        ] {
            json.member(name, value)
        }
        // There is no authorization endpoint, hence no response type.
        json.member("response_types_supported", [])
        json.member("grant_types_supported", grants)
        json.member("token_endpoint_auth_methods_supported", ClientAuthentication.methods)
        json.member("revocation_endpoint_auth_methods_supported", ClientAuthentication.methods)
        json.member("introspection_endpoint_auth_methods_supported", confidential)
        json.endObject()
        return json.buffer
    }
}
