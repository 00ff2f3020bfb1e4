import Domain
public import FoundationEssentials
public import Postgres

extension Call {
    /// A row of the audit log for the transaction that makes a change: who did what, on whom, from where.
    /// - Parameters:
    ///   - action: The change, `user.deleted` for example.
    ///   - kind: The kind of its target, `user` for example.
    ///   - id: Which one.
    ///   - detail: More on it, as JSON; never anything secret.
    ///   - actor: The user who did it, when that is not the token's: a person who is only now known.
    ///   - client: The client that did it, when none of a token's did.
    public func audit(
        _ action: String, _ kind: String, _ id: String, detail: String = "{}", actor: UUID? = nil, client: UUID? = nil
    ) -> PostgresStep {
        let given = actor.map { ("user", $0) } ?? self.actor
        let (actorKind, actorID) = client.map { ("client", $0) } ?? given
        return PostgresStep(
            Self.insertAudit,
            [
                .uuid(.v7()), .text(actorKind), .optional(actorID), .text(action), .text(kind), .text(id),
                .optional(address), .text(requestID), .jsonb(detail),
            ])
    }

    /// Who asks, as the audit log names them: `user`, `client` or `system`, and the id of a user.
    public var actor: (kind: String, id: UUID?) {
        guard let principal else { return ("system", nil) }
        return (principal.user == nil ? "client" : "user", principal.user)
    }

    private static let insertAudit = PostgresStatement(
        "audit_insert", [.uuid, .text, .uuid, .text, .text, .text, .text, .text, .jsonb],
        """
        insert into audit_log
            (tenant_id, id, actor_kind, actor_id, action, target_kind, target_id, ip, request_id, detail)
        values (current_tenant(), $1, $2, $3, $4, $5, $6, $7::inet, $8, $9)
        """)
}
