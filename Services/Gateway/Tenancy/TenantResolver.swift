import Directory
import Domain
import FoundationEssentials
import HTTPFields
import Octets

/// Finds the tenant of a request: path prefix, else host, else `X-Tenant`, else the default tenant.
struct TenantResolver: Sendable {
    let tenants: TenantDirectory

    /// What was found.
    enum Outcome {
        case tenant(Tenant)
        /// A tenant was named that there is none of, or that is suspended: the two look the same from outside.
        case unknown
    }

    /// - Parameters:
    ///   - slug: What the path names.
    ///   - fields: The request's.
    func resolve(slug: String?, _ fields: HeaderBlock) -> Outcome {
        if let slug { return outcome(tenants.tenant(slug: slug)) }
        if tenants.hasHosts, let host = fields.value(of: "host"), let tenant = tenants.tenant(host: Self.name(host)) {
            return outcome(tenant)
        }
        if let header = fields.value(of: "x-tenant") {
            return outcome(UUID(canonical: header).flatMap { tenants.tenant($0) } ?? tenants.tenant(slug: header))
        }
        return outcome(tenants.tenant(DefaultTenant.id))
    }

    private func outcome(_ tenant: Tenant?) -> Outcome {
        guard let tenant, tenant.isActive else { return .unknown }
        return .tenant(tenant)
    }

    /// A `Host` without its port, in lower case.
    private static func name(_ host: String) -> String {
        let end = host.begins(with: "[") ? host.endIndex : host.utf8.firstIndex(of: UInt8(ascii: ":")) ?? host.endIndex
        return host[..<end].lowercased()
    }
}
