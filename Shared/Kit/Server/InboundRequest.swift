import HTTPFields
import Domain
import FoundationEssentials
import HTTP2
import HTTPTypes
import Octets

/// A request's head as a service takes it: what the gateway says of it apart from what the caller says.
struct InboundRequest: Sendable {
    var head: HTTPRequest
    var key: [UInt8] = []
    var requestID: String?
    var traceparent: String?
    var tenant: UUID?
    var address: String?
    private var subject: UUID?
    private var session: UUID?
    private var client: String?
    private var scope = ""
    private var roles: [String] = []
    private var customRoles: CustomRoles?
    private var token: UUID?
    private var epoch: Int64 = 0
    private var organization: UUID?

    /// The principal of the verified token, when the gateway named one.
    var principal: Call.Principal? {
        guard let client else { return nil }
        // A client that speaks for itself has no session, whatever its id looks like.
        return Call.Principal(
            user: session == nil ? nil : subject, session: session, client: client, scope: scope, roles: roles,
            customRoles: customRoles, token: token, epoch: epoch, organization: organization)
    }

    /// Sorts the fields of a header block. Fields that no handler could use are dropped.
    init?(_ block: HeaderBlock) {
        guard let method = block.method.flatMap({ HTTPRequest.Method($0) }), let path = block.path else { return nil }
        head = HTTPRequest(method: method, scheme: nil, authority: nil, path: path)
        head.headerFields.reserveCapacity(block.count)
        block.forEach { name, value in
            guard name.first != UInt8(ascii: ":"), !InternalHeader.isOnlyName(name, value) else { return }
            if name.begins(with: InternalHeader.prefix) {
                takeInternal(name, value)
            } else if name.equals(InternalHeader.requestID) {
                requestID = String(field: value)
            } else if name.equals(InternalHeader.traceparent) {
                traceparent = String(field: value)
            } else if let name = HTTPField.Name(String(decoding: name, as: UTF8.self)) {
                // Nothing is decided by what a program calls itself, and it is shown.
                let text = name == .userAgent ? String(decoding: value, as: UTF8.self) : String(field: value)
                head.headerFields.append(HTTPField(name: name, value: text))
            }
        }
    }

    private mutating func takeInternal(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        func text() -> String { String(decoding: value, as: UTF8.self) }
        if name.equals(InternalHeader.key) {
            key = Array(value)
        } else if name.equals(InternalHeader.tenant) {
            tenant = UUID(canonical: value)
        } else if name.equals(InternalHeader.address) {
            address = text()
        } else if name.equals(InternalHeader.subject) {
            subject = UUID(canonical: value)
        } else if name.equals(InternalHeader.session) {
            session = UUID(canonical: value)
        } else if name.equals(InternalHeader.client) {
            client = text()
        } else if name.equals(InternalHeader.scope) {
            scope = text()
        } else if name.equals(InternalHeader.roles) {
            roles = text().words(between: ",").map(String.init)
        } else if name.equals(InternalHeader.permissions) {
            customRoles = CustomRoles(line: text())
        } else if name.equals(InternalHeader.token) {
            token = UUID(canonical: value)
        } else if name.equals(InternalHeader.epoch) {
            epoch = Int64(text()) ?? 0
        } else if name.equals(InternalHeader.organization) {
            organization = UUID(canonical: value)
        }
    }
}
