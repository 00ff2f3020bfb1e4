import Events

extension ProfileCache {
    /// Takes in what an event says.
    func apply(_ event: Event) {
        switch event.kind {
        case .userChanged, .userEpoch:
            if let user = event.subject { forget(user: user) }
        case .organizationChanged:
            if let organization = event.subject { forget(organization: organization) }
        // A role of the tenant has another name, or is gone, for whoever holds it.
        case .rolesChanged, .tenantChanged:
            forget(tenant: event.tenant)
        case .sessionRevoked, .sessionsRevoked, .tokenRevoked, .clientChanged, .keysChanged:
            break
        }
    }
}
