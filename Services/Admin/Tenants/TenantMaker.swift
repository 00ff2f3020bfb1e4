import Domain
import FoundationEssentials
import Hummingbird
import Kit
import Postgres

/// Makes tenants. What is told and audited of a tenant belongs to it, whoever's token it was.
struct TenantMaker: Sendable {
    let changes: ChangeRunner
    let passwords: PasswordHashing

    /// Makes a tenant, and its first administrator when one is named.
    /// - Throws: 409 for a slug or host that is in use; 422 for a password that breaks the new tenant's rules.
    func make(_ call: Call, _ new: NewTenant) async throws -> Response {
        let id = UUID.v7()
        let hash = try await hash(new, call)
        return try await TakenTenantName.reported {
            try await changes.create(call, in: id) { transaction in
                _ = try await transaction.query(TenantStatements.provision, [.text(new.slug), .text(new.name)])
                if let settings = new.settings {
                    _ = try await transaction.query(TenantStatements.update, [.null, .null, .jsonb(settings.json)])
                }
                if let hosts = new.hosts {
                    _ = try await transaction.query(TenantStatements.setHosts, [.textArray(hosts)])
                }
                if let administrator = new.administrator {
                    _ = try await transaction.pipeline(
                        PostgresStep.makeUser(
                            UUID.v7(), administrator.content,
                            roles: UserRoles([BuiltinRole.user, BuiltinRole.admin]), passwordHash: hash,
                            isInvited: hash == nil))
                }
                let tenant = try await transaction.tenant()
                var detail = AuditDetail()
                detail.note("slug", new.slug)
                detail.note("name", new.name)
                if let settings = try? JSONParser.parse(tenant.stored.utf8) { detail.note("settings", settings) }
                if !tenant.hosts.isEmpty { detail.note("hosts", tenant.hosts) }
                if let administrator = new.administrator {
                    detail.note(
                        "administrator", administrator.content.email?.text ?? administrator.content.username?.text)
                }
                let events = try await transaction.record(
                    [.tenantChanged(id)], audit: call.audit("tenant.made", "tenant", id.text, detail: detail.json))
                return Changed(answer: tenant, events: events)
            }
        }
    }

    /// What is stored of the administrator's password; nil when they choose one by mail.
    private func hash(_ new: NewTenant, _ call: Call) async throws -> String? {
        guard let administrator = new.administrator, let password = administrator.password else { return nil }
        var request = PasswordToHash(
            password: password, email: administrator.content.email?.text,
            username: administrator.content.username?.text)
        request.newTenant = PasswordToHash.NewTenant(
            slug: new.slug, name: new.name, minimumLength: new.settings?.number(.passwordMinimumLength),
            classes: new.settings?.number(.passwordClasses))
        do {
            return try await passwords.hash(request, for: call)
        } catch let problem as Problem {
            throw problem.within("/administrator")
        }
    }
}
