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
            // A strong tag: the same document, byte for byte.
            let tag = "\"\(Hexadecimal.text(OpaqueSecret.digest(of: String(buffer: body)).prefix(12)))\""
            if Self.matches(call.head.headerFields[.ifNoneMatch], tag) {
                return Response(status: .notModified, headers: [.eTag: tag, .cacheControl: Self.cacheControl])
            }
            var response = Response.json(body, cacheControl: Self.cacheControl)
            response.headers[.eTag] = tag
            return response
        }
    }

    /// Whether a caller has this document already (RFC 9110 §13.1.2, compared weakly).
    private static func matches(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return false }
        let known = field.words(between: ",").compactMap { $0.words(between: " ").first }
        return known.contains("*") || known.contains(tag[...]) || known.contains("W/\(tag)"[...])
    }

    private static let cacheControl = "public, max-age=300"

    private func document(of tenant: Tenant) -> ByteBuffer {
        let issuer = tenant.issuer(publicURL: publicURL)
        let confidential = ClientAuthentication.methods.filter { $0 != "none" }
        var json = JSONWriter()
        func list(_ name: String, _ values: [String]) {
            json.name(name)
            json.beginArray()
            for value in values { json.value(value) }
            json.endArray()
        }
        json.beginObject()
        for (name, value) in [
            ("issuer", issuer), ("token_endpoint", issuer + "/oauth2/token"),
            ("jwks_uri", issuer + "/.well-known/jwks.json"), ("revocation_endpoint", issuer + "/oauth2/revoke"),
            ("introspection_endpoint", issuer + "/oauth2/introspect"), ("service_documentation", publicURL + "/docs"),
        ] {
            json.name(name)
            json.value(value)
        }
        // There is no authorization endpoint, hence no response type.
        list("response_types_supported", [])
        list("grant_types_supported", grants)
        list("token_endpoint_auth_methods_supported", ClientAuthentication.methods)
        list("revocation_endpoint_auth_methods_supported", ClientAuthentication.methods)
        list("introspection_endpoint_auth_methods_supported", confidential)
        json.endObject()
        return json.buffer
    }
}
