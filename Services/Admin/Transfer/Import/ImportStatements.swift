import Postgres

enum ImportStatements {
    /// Begins an import, or takes over one of the same kind: $1 id, $2 format, $3 policy, $4 dry run, $5 claim. No row for
    /// one of another kind.
    static let open = PostgresStatement(
        "import_open", [.uuid, .text, .text, .bool, .uuid],
        """
        insert into user_imports (tenant_id, id, format, on_conflict, is_dry_run, claim)
        values (current_tenant(), $1, $2, $3, $4, $5)
        on conflict (tenant_id, id) do update set claim = excluded.claim, updated_at = now()
        where user_imports.format = excluded.format and user_imports.on_conflict = excluded.on_conflict
            and user_imports.is_dry_run = excluded.is_dry_run
        returning line, digest
        """)

    /// A dry run has left nothing to go on from.
    static let rewind = PostgresStatement(
        "import_rewind", [.uuid],
        """
        update user_imports set line = 0, digest = '', state = 'open', created = 0, updated = 0, unchanged = 0,
            skipped = 0, failed = 0
        where tenant_id = current_tenant() and id = $1
        """)

    static let forgetReport = PostgresStatement(
        "import_forget_report", [.uuid],
        "delete from user_import_reports where tenant_id = current_tenant() and import_id = $1")

    /// Makes sure that no later request has taken over.
    static let claim = PostgresStatement(
        "import_claim", [.uuid, .uuid],
        "select 1 from user_imports where tenant_id = current_tenant() and id = $1 and claim = $2 for update")

    static let progress = PostgresStatement(
        "import_progress", [.uuid, .int8, .bytea, .int8, .int8, .int8, .int8, .int8],
        """
        update user_imports set line = $2, digest = $3, state = 'open', created = created + $4, updated = updated + $5,
            unchanged = unchanged + $6, skipped = skipped + $7, failed = failed + $8, updated_at = now()
        where tenant_id = current_tenant() and id = $1
        """)

    static let report = PostgresStatement(
        "import_report", [.uuid, .int8, .text],
        """
        insert into user_import_reports (tenant_id, import_id, first_line, report)
        values (current_tenant(), $1, $2, $3)
        """)

    static let finish = PostgresStatement(
        "import_finish", [.uuid, .uuid],
        """
        update user_imports set state = 'finished', updated_at = now()
        where tenant_id = current_tenant() and id = $1 and claim = $2
        """)

    static let one = PostgresStatement(
        "import_one", [.uuid],
        """
        select id, format, on_conflict, is_dry_run, state, line, created, updated, unchanged, skipped, failed,
            created_at, updated_at
        from user_imports where tenant_id = current_tenant() and id = $1
        """)

    static let latest = PostgresStatement(
        "import_latest", [],
        """
        select id, format, on_conflict, is_dry_run, state, line, created, updated, unchanged, skipped, failed,
            created_at, updated_at
        from user_imports where tenant_id = current_tenant() order by created_at desc, id desc limit 50
        """)

    /// The next part of a report, behind the line $2.
    static let reportPart = PostgresStatement(
        "import_report_part", [.uuid, .int8],
        """
        select first_line, report from user_import_reports
        where tenant_id = current_tenant() and import_id = $1 and first_line > $2
        order by first_line limit 1
        """)

    /// The roles of the tenant, and what the custom ones among them give. They stay until the transaction ends.
    static let roles = PostgresStatement(
        "import_roles", [],
        "select name, permissions from roles where tenant_id = current_tenant() order by name for key share")

    /// Has the server count users anew while it believes that they are few; whether it knows that they are many.
    static let countUsers = PostgresStatement("import_count_users", [], "select count_few_users()")

    /// Whom the names of some rows belong to: $1 e-mail addresses, $2 usernames, $3 ids, empty or zero for none.
    static let match = PostgresStatement(
        "import_match", [.textArray, .textArray, .uuidArray],
        """
        with given as materialized (
            select ordinal, id, identity_key(nullif(email, '')) as email_key,
                identity_key(nullif(username, '')) as username_key
            from unnest($1, $2, $3) with ordinality as rows (email, username, id, ordinal)
        )
        select md5(given.email_key)::uuid, md5(given.username_key)::uuid,
            (select u.id from users u where u.tenant_id = current_tenant() and u.email_key = given.email_key),
            (select u.id from users u where u.tenant_id = current_tenant() and u.username_key = given.username_key),
            (select u.id from users u where u.tenant_id = current_tenant() and u.id = given.id)
        from given
        order by given.ordinal
        """)

    /// Users who are about to be changed, so that nobody else does; whether each has a password.
    static let lock = PostgresStatement(
        "import_lock", [.uuidArray],
        """
        select id, exists (
            select from credentials c
            where c.tenant_id = users.tenant_id and c.user_id = users.id and c.kind = 'password')
        from users where tenant_id = current_tenant() and id = any ($1) order by id for no key update
        """)

    /// Makes users; returns the ids of those whose names were free. $1 to $7 say of each: id, e-mail address, whether it
    /// is proven, username, display name, state, time.
    static let makeUsers = PostgresStatement(
        "import_make_users",
        [.uuidArray, .textArray, .boolArray, .textArray, .textArray, .textArray, .timestamptzArray],
        """
        insert into users (tenant_id, id, email, email_verified_at, username, display_name, state, created_at)
        select current_tenant(), id, nullif(email, ''), case when is_proven then now() end, nullif(username, ''),
            nullif(display_name, ''), state, created_at
        from unnest($1, $2, $3, $4, $5, $6, $7) as rows (
            id, email, is_proven, username, display_name, state, created_at)
        on conflict do nothing
        returning id
        """)

    /// Gives users passwords: $1 users, $2 ids of the credentials, $3 hashes.
    static let makePasswords = PostgresStatement(
        "import_make_passwords", [.uuidArray, .uuidArray, .textArray],
        """
        insert into credentials (tenant_id, user_id, id, kind, secret)
        select current_tenant(), user_id, id, 'password', hash from unnest($1, $2, $3) as rows (user_id, id, hash)
        """)

    /// Grants users roles: $1 users, $2 names of roles, a pair for each.
    static let makeRoles = PostgresStatement(
        "import_make_roles", [.uuidArray, .textArray],
        """
        insert into user_roles (tenant_id, user_id, role_id)
        select current_tenant(), rows.user_id, r.id
        from unnest($1, $2) as rows (user_id, name)
        join roles r on r.tenant_id = current_tenant() and r.name = rows.name
        """)

    /// Tells of users who were made: $1 ids of the rows, $2 users, $3 details; $4 to $7 who did it: kind and id of the
    /// actor, address, request.
    static let tell = PostgresStatement(
        "import_tell", [.uuidArray, .uuidArray, .textArray, .text, .uuid, .text, .text],
        """
        insert into audit_log
            (tenant_id, id, actor_kind, actor_id, action, target_kind, target_id, ip, request_id, detail)
        select current_tenant(), id, $4, $5, 'user.imported', 'user', user_id::text, $6::inet, $7, detail::jsonb
        from unnest($1, $2, $3) as rows (id, user_id, detail)
        """)

    /// Gives a user a password, unless they have one.
    static let setPassword = PostgresStatement(
        "import_set_password", [.uuid, .uuid, .text],
        """
        insert into credentials (tenant_id, user_id, id, kind, secret)
        values (current_tenant(), $1, $2, 'password', $3)
        on conflict do nothing
        """)
}
