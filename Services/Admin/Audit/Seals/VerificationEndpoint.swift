import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import NIOConcurrencyHelpers

/// What is to be checked of the audit log.
struct VerificationInput: RequestContent {
    let isForAllTenants: Bool
    let anchor: ChainCheck.Anchor?

    init(from fields: inout FieldReader) {
        isForAllTenants = fields.optional("all_tenants", .flag) ?? false
        let seal = fields.optional("expected_seal", .number(1...Int.max))
        let hash = fields.optional("expected_hash", .text(64...64))
        anchor = seal.flatMap { seal in hash.map { .init(number: Int64(seal), hash: $0.lowercased()) } }
        if (seal == nil) != (hash == nil), !fields.isDescribing, !fields.hasFaults {
            let missing = seal == nil ? "expected_seal" : "expected_hash"
            fields.refuse(missing, FieldFault("required", "the two are given together"))
        }
    }
}

/// Checks the audit log against its seals.
struct VerificationEndpoint {
    let verifier: AuditVerifier
    /// One at a time: each reads the whole log.
    private let isBusy = NIOLockedValueBox(false)

    init(verifier: AuditVerifier) {
        self.verifier = verifier
    }

    var endpoint: Operation {
        let this = self
        return Route(
            .post, "/api/v1/admin/audit/verify", id: "verifyAudit", tag: "admin",
            summary: "Check the tenant's audit log against its seals; a superuser may have all tenants' checked",
            access: .permission(.auditRead)
        )
        .problem(.serviceUnavailable, "overloaded")
        .handle(VerificationInput.self) { call, input in
            guard !input.isForAllTenants || call.isSuperuser else {
                throw Problem.forbidden("All tenants' logs are checked for a superuser only.")
            }
            return try await this.alone {
                try await this.verifier.verify(
                    tenant: input.isForAllTenants ? nil : call.tenant, anchor: input.anchor)
            }
        }
    }

    private func alone<R>(_ body: () async throws -> R) async throws -> R {
        let isFree = isBusy.withLockedValue { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFree else { throw Problem.overloaded(retryAfter: 10) }
        defer { isBusy.withLockedValue { $0 = false } }
        return try await body()
    }
}
