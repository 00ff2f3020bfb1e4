import Directory
import HTTPTypes
import Hummingbird
import Kit
import NIOCore
import Tokens

/// Publishes the tenant's public keys (RFC 7517).
struct KeySetEndpoint {
    let keys: KeyDirectory

    var endpoint: Operation {
        let keys = keys
        return Route(
            .get, "/.well-known/jwks.json", id: "jwks", tag: "oauth2", summary: "The keys that tokens verify with"
        ).raw { call in
            let set = keys.keys(of: call.tenant).map(\.jwk).joined(separator: ",")
            return .json(ByteBuffer(string: "{\"keys\":[\(set)]}"), cacheControl: "public, max-age=300")
        }
    }
}
