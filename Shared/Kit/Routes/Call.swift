import Domain
public import FoundationEssentials
public import HTTPTypes
public import Hummingbird
public import Logging
public import NIOCore

/// One request as a handler sees it: who asks, for which tenant, and what.
public struct Call: Sendable {
    /// The request's id, the same in every process.
    public let requestID: String
    /// The tenant it is for.
    public let tenant: UUID
    /// Who the access token speaks of, when the gateway verified one.
    public let principal: Principal?
    /// The client's address as the gateway judged it.
    public let address: String?
    /// The head as it arrived.
    public let head: HTTPRequest
    /// The whole body.
    public let body: ByteBuffer
    /// The values of the path's placeholders.
    public let parameters: Parameters
    /// The trace context to pass on, when one came.
    public let traceparent: String?
    /// Logs with the request's id and tenant.
    public let logger: Logger

    /// Who the verified access token speaks of.
    public struct Principal: Sendable, Equatable {
        /// The user, or the client itself for client credentials.
        public let subject: UUID
        /// The session, when a person signed in.
        public let session: UUID?
        /// The OAuth client.
        public let client: String
        /// The granted scope, separated by spaces.
        public let scope: String
        /// The roles the token carries.
        public let roles: [String]

        /// A principal of these claims.
        public init(subject: UUID, session: UUID?, client: String, scope: String, roles: [String]) {
            self.subject = subject
            self.session = session
            self.client = client
            self.scope = scope
            self.roles = roles
        }
    }

    /// The principal, for handlers whose operation needs one.
    /// - Throws: `Problem.unauthenticated` when the gateway verified no token.
    public func authenticated() throws(Problem) -> Principal {
        guard let principal else { throw .unauthenticated }
        return principal
    }

    /// A placeholder of the path that is an id.
    /// - Throws: `Problem.notFound` when it isn't one: no object has such an id.
    public func id(_ name: String) throws(Problem) -> UUID {
        guard let text = parameters.get(name), let id = UUID(uuidString: text) else { throw .notFound }
        return id
    }

    /// The `User-Agent`, cut to 512 bytes.
    public var userAgent: String? {
        head.headerFields[.userAgent].map { String(decoding: $0.utf8.prefix(512), as: UTF8.self) }
    }
}
