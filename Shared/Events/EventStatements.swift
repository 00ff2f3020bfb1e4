public import FoundationEssentials
public import Postgres

/// Writing events: part of the transaction that changes the state they tell of.
public enum EventStatements {
    /// Adds an event of the scope's tenant; returns its id, which is published after commit.
    public static func append(_ kind: Event.Kind, subject: UUID?, payload: String = "{}") -> PostgresStep {
        PostgresStep(insert, [.text(kind.rawValue), subject.map { .uuid($0) } ?? .null, .jsonb(payload)])
    }

    private static let insert = PostgresStatement(
        "events_append", [.text, .uuid, .jsonb],
        """
        insert into events (tenant_id, kind, subject_id, payload) values (current_tenant(), $1, $2, $3)
        returning id
        """)

    // Ids of transactions are read as text because the driver has no type of its own for them.

    static let horizon = PostgresStatement(
        "events_horizon", [], "select pg_snapshot_xmin(pg_current_snapshot())::text::int8")

    /// Those of so many seconds, behind a position.
    static let since = PostgresStatement(
        "events_since", [.float8, .int8, .int8, .int4],
        """
        select transaction::text::int8, id, tenant_id, kind, subject_id, payload::text, created_at from all_events
        where created_at > now() - make_interval(secs => $1) and (transaction, id) > ($2::text::xid8, $3)
        order by transaction, id
        limit $4
        """)

    static let after = PostgresStatement(
        "events_after", [.int8, .int8, .int4],
        """
        select transaction::text::int8, id, tenant_id, kind, subject_id, payload::text, created_at from all_events
        where (transaction, id) > ($1::text::xid8, $2)
        order by transaction, id
        limit $3
        """)

    /// Those that hints name (migration 0021).
    static let hinted = PostgresStatement(
        "events_hinted", [.int8Array],
        "select transaction, id, tenant_id, kind, subject_id, payload, created_at from hinted_events($1)")
}
