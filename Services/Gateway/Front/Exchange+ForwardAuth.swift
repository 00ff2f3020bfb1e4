import HTTPFields
import Tokens
import HTTPTypes
import Hummingbird
import Kit

extension Exchange {
    /// Whether another proxy asks about a request of its own.
    var isForwardAuth: Bool { request.path?.path == ForwardAuth.path }

    /// The token is good: says to whom it belongs, or that this is not enough.
    func answerProxy(_ identity: EdgeAuthenticator.Identity) {
        guard let tenant = request.tenant else { return fail(.notFound) }
        do throws(Problem) {
            let requirements = try ForwardAuth.Requirements(query: request.path?.query ?? "")
            guard requirements.areMet(roles: identity.claims.roles, scope: identity.claims.scope) else {
                return fail(.forbidden)
            }
        } catch {
            return fail(error)
        }
        note { ForwardAuth.add(identity, tenant: tenant, to: &$0) }
        write(Response(status: .ok, headers: [.cacheControl: "no-store"]), nil)
    }

    /// Sends a person who opened a page to the login, where there is one; false for a program.
    func sendsToLogin() -> Bool {
        guard isForwardAuth else { return false }
        let fields = request.head.fields
        let original = request.isFromProxy ? ForwardAuth.Original(fields) : nil
        let location = loop.environment.forwardAuth.login(
            for: original, accept: fields.value(of: "accept"), requestedWith: fields.value(of: "x-requested-with"))
        guard let location else { return false }
        write(Response(status: .found, headers: [.location: location, .cacheControl: "no-store"]), nil)
        return true
    }
}
