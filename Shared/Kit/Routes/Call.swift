public import Domain
public import FoundationEssentials
public import HTTPTypes
public import Hummingbird
public import Logging
public import NIOCore

/// One request as a handler sees it: who asks, for which tenant, and what.
///
/// A class, as a dozen asynchronous functions hand it on, and each would have a frame of a kilobyte for it.
public final class Call: Sendable {
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
    /// The whole body; empty for an operation that takes it as it comes.
    public let body: ByteBuffer
    /// The body as it comes, for an operation that takes it so.
    let stream: BodyStream?
    /// The values of the path's placeholders.
    public let parameters: Parameters
    /// The trace context to pass on, when one came.
    public let traceparent: String?
    /// The process's own, which says nothing of the request.
    let processLogger: Logger
    /// Finds what a user's roles give, for tokens that could not hold it.
    let lookUpRoles: RoleLookup?
    /// Whether a token was revoked, as far as this process has heard.
    let isRevoked: @Sendable (RevocableToken) -> Bool

    init(
        requestID: String, tenant: UUID, principal: Principal?, address: String?, head: HTTPRequest, body: ByteBuffer,
        stream: BodyStream?, parameters: Parameters, traceparent: String?, processLogger: Logger,
        lookUpRoles: RoleLookup?, isRevoked: @escaping @Sendable (RevocableToken) -> Bool
    ) {
        self.requestID = requestID
        self.tenant = tenant
        self.principal = principal
        self.address = address
        self.head = head
        self.body = body
        self.stream = stream
        self.parameters = parameters
        self.traceparent = traceparent
        self.processLogger = processLogger
        self.lookUpRoles = lookUpRoles
        self.isRevoked = isRevoked
    }

    /// Logs with the request's id, trace, tenant and subject. Made each time, since few requests log anything.
    public var logger: Logger {
        var logger = processLogger
        logger[metadataKey: "request_id"] = "\(requestID)"
        if let trace = traceparent.flatMap({ TraceParent($0) }) {
            logger[metadataKey: "trace_id"] = "\(trace.traceID)"
        }
        logger[metadataKey: "tenant"] = "\(tenant.text)"
        if let principal { logger[metadataKey: "subject"] = "\(principal.user?.text ?? principal.client)" }
        return logger
    }

    /// Reads the roles of a user of a tenant.
    public typealias RoleLookup = @Sendable (_ user: UUID, _ tenant: UUID) async throws -> HeldRoles

    /// Who the verified access token speaks of.
    public struct Principal: Sendable, Equatable {
        /// The user; nil when a client speaks for itself (client credentials).
        public let user: UUID?
        /// The session, when a person signed in.
        public let session: UUID?
        /// The OAuth client.
        public let client: String
        /// The granted scope, separated by spaces.
        public let scope: String
        /// The roles the token carries.
        public let roles: [String]
        /// What the custom ones among them give, as the token says it.
        public let customRoles: CustomRoles?
        /// The token's `jti`.
        public let token: UUID?
        /// The token's epoch.
        public let epoch: Int64
        /// The organization the token speaks of, when one was chosen.
        public let organization: UUID?

        /// What of the token decides whether it was revoked.
        /// - Parameter tenant: The tenant that the gateway found it to be of.
        func revocable(in tenant: UUID) -> RevocableToken {
            RevocableToken(
                session: session, id: token, user: user, epoch: epoch,
                roles: customRoles.map { .init(tenant: tenant, names: roles, epoch: $0.epoch) })
        }
    }

    /// A person who is signed in.
    public struct Person: Sendable, Equatable {
        /// The user.
        public let user: UUID
        /// The session, which also is the family of refresh tokens.
        public let session: UUID
        /// The roles the token carries.
        public let roles: [String]
    }

    /// The principal, for handlers whose operation needs one.
    /// - Throws: `Problem.unauthenticated` when the gateway verified no token.
    public func authenticated() throws(Problem) -> Principal {
        guard let principal else { throw .unauthenticated }
        return principal
    }

    /// The person who asks, for handlers that are about one.
    /// - Throws: `Problem.unauthenticated` without a token, `.forbidden` when a client speaks for itself.
    public func person() throws(Problem) -> Person {
        let principal = try authenticated()
        guard let user = principal.user, let session = principal.session else { throw .forbidden }
        return Person(user: user, session: session, roles: principal.roles)
    }

    /// Looks again whether the caller's token still is good, for work that goes on after it was accepted: a body that comes
    /// for hours, one thing done to a thousand users.
    /// - Throws: `Problem.invalidToken` once it was revoked, as far as this process has heard.
    public func requireStanding() throws(Problem) {
        if let principal, isRevoked(principal.revocable(in: tenant)) { throw .invalidToken }
    }

    /// What the caller may do. Asks the database where the token could not say it.
    /// - Throws: `Problem.unauthenticated` when the gateway verified no token.
    public func permissions() async throws -> Permissions {
        let principal = try authenticated()
        let told = Permissions(roles: principal.roles, custom: principal.customRoles?.permissions ?? [])
        guard case .named = told, let custom = principal.customRoles, custom.permissions == nil else { return told }
        guard let user = principal.user, let lookUpRoles else { return told }
        return try await lookUpRoles(user, tenant).permissions
    }

    /// A placeholder of the path, decoded (RFC 3986 §2.1).
    /// - Throws: `Problem.notFound` when it can't be: nothing has such a name.
    public func text(_ name: String) throws(Problem) -> String {
        do throws(Problem) {
            return try Form.decode((parameters.get(name) ?? "").utf8, plus: UInt8(ascii: "+"))
        } catch {
            throw .notFound
        }
    }

    /// A placeholder of the path that is an id.
    /// - Throws: `Problem.notFound` when it isn't one: no object has such an id.
    public func id(_ name: String) throws(Problem) -> UUID {
        guard let text = parameters.get(name), let id = UUID(canonical: text) else { throw .notFound }
        return id
    }

    /// The `User-Agent`, cut to 512 bytes.
    public var userAgent: String? {
        head.headerFields[.userAgent].map { String(decoding: $0.utf8.prefix(512), as: UTF8.self) }
    }
}
