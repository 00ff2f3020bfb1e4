import GatehouseTesting
import Testing

@Suite("What replays cost", .serialized, .timeLimit(.minutes(5)))
struct ReplayTests {
    private static let tenant = "00000000-0000-7000-8000-000000000001"
    private let server: TemporaryPostgres

    init() throws {
        server = try TemporaryPostgres()
        try server.makeSchema("gatehouse")
    }

    @discardableResult
    private func execute(_ sql: String) throws -> String { try server.execute(sql, database: "gatehouse") }

    @Test("every process reads the events that it names, whosever they are, in the order of their commits")
    func named() throws {
        let add = "insert into events (tenant_id, kind) values (gen_random_uuid(), 'session.revoked') returning id"
        let ids = try (0..<4).map { _ in try execute(add).filter(\.isNumber) }
        let wanted = "{\(ids[2]),\(ids[0]),\(ids[3]),999999}"
        let found = "select string_agg(id::text, ' ') from hinted_events('\(wanted)')"
        for role in ["gatehouse_service", "gatehouse_admin"] {
            #expect(try execute("set role \(role); \(found)") == "\(ids[0]) \(ids[2]) \(ids[3])\n")
        }
        let whole =
            "select to_jsonb(a) = to_jsonb(h) from hinted_events('{\(ids[1])}') h join lateral ("
            + "select transaction::text::int8, id, tenant_id, kind, subject_id, payload::text, created_at"
            + " from all_events) a using (id)"
        #expect(try execute(whole) == "t\n")
    }

    @Test(
        "of a transaction that took more than an hour nothing is found by name; days that are gone are not looked into")
    func bounds() throws {
        let add = "insert into events (tenant_id, kind, created_at) values (gen_random_uuid(), 'session.revoked', "
        let late = try execute(add + "now() - interval '61 minutes') returning id").filter(\.isNumber)
        let long = try execute(add + "now() - interval '59 minutes') returning id").filter(\.isNumber)
        let found = "select string_agg(id::text, ' ') from hinted_events('{\(late),\(long)}')"
        #expect(try execute(found) == "\(long)\n")
        #expect(try execute("select count(*) from all_events where id = \(late)") == "1\n", "the cursor finds it")
    }

    @Test("the slow path of a refresh decides and does what the functions of earlier migrations do")
    func settlement() throws {
        try execute(Self.trials)
        let differing = "select count(*) from trials where before is distinct from after"
        let example = try execute("select to_jsonb(t) from trials t where before is distinct from after limit 1")
        #expect(try execute(differing) == "0\n", "\(example)")
        let outcomes = "select string_agg(distinct after ->> 'outcome', ' ' order by after ->> 'outcome') from trials"
        #expect(
            try execute(outcomes)
                == "expired inactive reuse revoked rotated successor wrong_client wrong_organization wrong_scope\n")
    }

    /// Makes the table `trials`: what either does to each of some thousand sessions, and answers.
    private static let trials = """
        set gatehouse.tenant = '\(tenant)';
        create table chosen as
            select '00000000-0000-7000-8000-0000000000a1'::uuid as session, gen_random_uuid() as person,
                gen_random_uuid() as own, gen_random_uuid() as foreign_one;
        insert into users (tenant_id, id, username) select current_tenant(), person, 'somebody' from chosen;
        insert into clients (tenant_id, id, identifier, name, kind)
            select current_tenant(), person, 'lenient', 'lenient', 'public' from chosen;
        insert into organizations (tenant_id, id, slug, name)
            select current_tenant(), own, 'own', 'own' from chosen
            union all select current_tenant(), foreign_one, 'foreign', 'foreign' from chosen;
        insert into organization_members (tenant_id, organization_id, user_id, role)
            select current_tenant(), own, person, 'member' from chosen;
        insert into sessions (tenant_id, id, user_id, client_id, generation, scope, idle_expires_at, expires_at)
            select current_tenant(), session, person, person, 5, 'a b', now() + interval '1 day', now() + interval '30 days'
            from chosen;

        -- What one of the functions does to a session that is so, and answers; nothing of it stays.
        create function trial(
            call text, presented bigint, client text, wanted text[], chooses boolean, organization uuid,
            life text, client_state text, user_state text, lenience int, is_in_own boolean
        ) returns jsonb language plpgsql as $$
        declare
            answer record;
            result jsonb;
        begin
            begin
                update clients set state = client_state, refresh_reuse_interval_seconds = lenience where identifier = 'lenient';
                update users set state = user_state where username = 'somebody';
                update sessions set organization_id = case when is_in_own then own end,
                    refreshed_at = now() - interval '10 seconds', last_seen_at = now() - interval '10 seconds',
                    revoked_at = case when life = 'revoked' then now() end,
                    revoked_reason = case when life = 'revoked' then 'logout' end,
                    expires_at = case when life = 'expired' then now() - interval '1 second' else expires_at end,
                    idle_expires_at = case when life = 'idle' then now() - interval '1 second' else idle_expires_at end
                    from chosen where id = session;
                execute call into answer using '00000000-0000-7000-8000-0000000000a1'::uuid, presented, client,
                    interval '2 days', wanted, chooses, organization;
                select jsonb_build_object('outcome', answer.outcome, 'answered', answer.generation,
                    'event', (select jsonb_build_array(e.kind, e.subject_id, e.payload) from events e where e.id = answer.event_id),
                    'events', (select count(*) from events),
                    'generation', s.generation, 'organization', s.organization_id, 'revoked', s.revoked_at,
                    'reason', s.revoked_reason, 'idle', s.idle_expires_at, 'is_refreshed', s.refreshed_at > now() - interval '10 seconds',
                    'is_seen', s.last_seen_at > now() - interval '10 seconds')
                    into result from sessions s where s.id = '00000000-0000-7000-8000-0000000000a1';
                raise exception using errcode = 'GH999';
            exception when sqlstate 'GH999' then
                null;
            end;
            return result;
        end
        $$;

        create table trials as
            select presented, client, wanted, choice, life, client_state, user_state, lenience, is_in_own,
                trial('select * from settle_rotation(current_tenant(), $1, $2, $3, $4, $5, $6, $7)', presented, client,
                    wanted, choice <> 'none', organization, life, client_state, user_state, lenience, is_in_own) as before,
                trial('select * from settle_refresh($1, $2, $3, $4, $5, $6, $7)', presented, client,
                    wanted, choice <> 'none', organization, life, client_state, user_state, lenience, is_in_own) as after
            from (values (3), (4), (5), (6)) as presented (presented), (values ('lenient'), ('gatehouse')) as client (client),
                (values (null), ('{}'::text[]), ('{a}'), ('{a,z}')) as wanted (wanted),
                (select 'none', null::uuid union all select 'without', null union all select 'own', own from chosen
                    union all select 'foreign', foreign_one from chosen) as choice (choice, organization),
                (values ('alive'), ('revoked'), ('expired'), ('idle')) as life (life),
                (values ('active'), ('disabled')) as client_state (client_state),
                (values ('active'), ('disabled')) as user_state (user_state),
                (values (0), (60)) as lenience (lenience), (values (false), (true)) as is_in_own (is_in_own);
        """
}
