import Domain
import FoundationEssentials
import Kit

/// Which Gatehouse a command speaks to, and as which of its tenants.
struct Site: Sendable, Equatable {
    /// The public address.
    let base: BaseURL
    /// A tenant by its slug or id; nil for the one that the address leads to.
    let tenant: String?

    init(base: BaseURL, tenant: String?) {
        self.base = base
        self.tenant = tenant
    }

    /// Reads what was given on the command line, else by the environment.
    /// - Throws: `Failure.usage` for what is no address or names no tenant.
    init(url: String?, tenant: String?, environment: [String: String]) throws(Failure) {
        let address = url ?? environment.given("GATEHOUSE_URL") ?? "http://localhost:8080"
        guard let base = BaseURL(address) else {
            let source = url == nil ? "GATEHOUSE_URL" : "--url"
            throw .usage("\(source) must be an address such as https://login.example.com")
        }
        self.base = base
        self.tenant = tenant ?? environment.given("GATEHOUSE_TENANT")
        if let name = self.tenant {
            let isName = name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            guard isName, !name.isEmpty else {
                throw .usage("a tenant is named by its slug, lower-case letters, digits and hyphens, or by its id")
            }
        }
    }

    /// Whether the tenant is given by its id, which only a header can carry.
    private var isTenantID: Bool { tenant.flatMap { UUID(canonical: $0) } != nil }

    /// The address of a path of the API. A slug goes into the path, where it counts more than the host.
    func address(of path: String) -> String {
        guard let tenant, !isTenantID else { return base.text + path }
        return "\(base.text)/t/\(tenant)\(path)"
    }

    /// The fields that say which tenant is meant.
    var headers: [(name: String, value: String)] {
        guard let tenant, isTenantID else { return [] }
        return [("X-Tenant", tenant)]
    }

    /// Whether nothing leaves the machine, so that no proxy and no encryption is needed.
    var isLoopback: Bool { base.host == "localhost" || base.host.hasPrefix("127.") || base.host == "::1" }

    /// How the site is called in sentences.
    var title: String { tenant.map { "\(base.text) (tenant \($0))" } ?? base.text }
}

extension [String: String] {
    /// A variable of the environment; an empty one counts as absent.
    func given(_ name: String) -> String? {
        guard let value = self[name], !value.isEmpty else { return nil }
        return value
    }
}
