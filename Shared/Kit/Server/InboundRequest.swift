import HTTPFields
import Domain
import FoundationEssentials
import HTTP2
import HTTPTypes

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
        block.forEach { name, value in
            guard name.first != UInt8(ascii: ":") else { return }
            if name.begins(with: InternalHeader.prefix) {
                takeInternal(name, value)
            } else if Self.equal(name, InternalHeader.requestID) {
                requestID = String(decoding: value, as: UTF8.self)
            } else if Self.equal(name, InternalHeader.traceparent) {
                traceparent = String(decoding: value, as: UTF8.self)
            } else if let name = HTTPField.Name(String(decoding: name, as: UTF8.self)) {
                head.headerFields.append(HTTPField(name: name, value: String(decoding: value, as: UTF8.self)))
            }
        }
    }

    private mutating func takeInternal(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        func text() -> String { String(decoding: value, as: UTF8.self) }
        if Self.equal(name, InternalHeader.key) {
            key = Array(value)
        } else if Self.equal(name, InternalHeader.tenant) {
            tenant = UUID(uuidString: text())
        } else if Self.equal(name, InternalHeader.address) {
            address = text()
        } else if Self.equal(name, InternalHeader.subject) {
            subject = UUID(uuidString: text())
        } else if Self.equal(name, InternalHeader.session) {
            session = UUID(uuidString: text())
        } else if Self.equal(name, InternalHeader.client) {
            client = text()
        } else if Self.equal(name, InternalHeader.scope) {
            scope = text()
        } else if Self.equal(name, InternalHeader.roles) {
            roles = text().split(separator: ",").map(String.init)
        } else if Self.equal(name, InternalHeader.permissions) {
            customRoles = CustomRoles(line: text())
        } else if Self.equal(name, InternalHeader.token) {
            token = UUID(uuidString: text())
        } else if Self.equal(name, InternalHeader.epoch) {
            epoch = Int64(text()) ?? 0
        } else if Self.equal(name, InternalHeader.organization) {
            organization = UUID(uuidString: text())
        }
    }

    private static func equal(_ name: UnsafeRawBufferPointer, _ known: StaticString) -> Bool {
        name.elementsEqual(UnsafeBufferPointer(start: known.utf8Start, count: known.utf8CodeUnitCount))
    }
}
