import Postgres

/// The ids of a page of users, found by an index in the order that the page is in. `$1` is where it begins: an id, or
/// where it is sorted by a name, which is nobody else's, that.
enum UserListStatements {
    static let newest = PostgresStatement(
        "admin_user_newest", [.uuid, .int4],
        """
        select id from users
        where tenant_id = current_tenant() and id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by id desc limit $2
        """)

    static let oldest = PostgresStatement(
        "admin_user_oldest", [.uuid, .int4],
        """
        select id from users
        where tenant_id = current_tenant() and id > coalesce($1, '00000000-0000-0000-0000-000000000000')
        order by id limit $2
        """)

    static let newestActive = PostgresStatement(
        "admin_user_newest_active", [.uuid, .int4],
        """
        select id from users
        where tenant_id = current_tenant() and id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            and state = 'active'
        order by id desc limit $2
        """)

    static let newestDisabled = PostgresStatement(
        "admin_user_newest_disabled", [.uuid, .int4],
        """
        select id from users
        where tenant_id = current_tenant() and id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            and state = 'disabled'
        order by id desc limit $2
        """)

    static let newestOfRole = PostgresStatement(
        "admin_user_newest_of_role", [.uuid, .int4, .text],
        """
        select user_id from user_roles
        where tenant_id = current_tenant()
            and role_id = (select id from roles where tenant_id = current_tenant() and name = $3)
            and user_id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by user_id desc limit $2
        """)

    static let byEmail = PostgresStatement(
        "admin_user_by_email", [.text, .int4],
        """
        select id, email_key from users
        where tenant_id = current_tenant() and email_key > coalesce($1, '')
        order by email_key limit $2
        """)

    static let byEmailBackwards = PostgresStatement(
        "admin_user_by_email_backwards", [.text, .int4],
        """
        select id, email_key from users
        where tenant_id = current_tenant() and email_key < coalesce(
                $1, (select max(m.email_key) || 'z' from users m where m.tenant_id = current_tenant()))
        order by email_key desc limit $2
        """)

    static let byUsername = PostgresStatement(
        "admin_user_by_username", [.text, .int4],
        """
        select id, username_key from users
        where tenant_id = current_tenant() and username_key > coalesce($1, '')
        order by username_key limit $2
        """)

    static let byUsernameBackwards = PostgresStatement(
        "admin_user_by_username_backwards", [.text, .int4],
        """
        select id, username_key from users
        where tenant_id = current_tenant() and username_key < coalesce(
                $1, (select max(m.username_key) || 'z' from users m where m.tenant_id = current_tenant()))
        order by username_key desc limit $2
        """)

    /// Those among the next 2,000 whose e-mail address or username begins with $3, or who are called something that has
    /// $4 in it. What is common fills a page from here; to gather all of it by an index would take longer the more users
    /// there are.
    ///
    /// Words are made ready once, not for each row: a plan that is kept evaluates functions of parameters wherever they
    /// stand.
    static let among = PostgresStatement(
        "admin_user_among", [.uuid, .int4, .text, .text, .text],
        #"""
        with word as materialized (
            select identity_key($3) as beginning,
                '%' || replace(replace(replace(identity_key($4), '\', '\\'), '%', '\%'), '_', '\_') || '%' as pattern
        ), next as materialized (
            select id, state, email_key, username_key, display_name from users
            where tenant_id = current_tenant() and id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            order by id desc limit 2000
        )
        select id from next
        where ($3 is null or email_key ^@ (select beginning from word) or username_key ^@ (select beginning from word))
            and ($4 is null or user_names(email_key, username_key, display_name) like (select pattern from word))
            and ($5 is null or state = $5)
        order by id desc limit $2
        """#)

    /// All of those whose e-mail address or username begins with $3, which is a range of the index. Found apart from the
    /// rest: else the limit makes a walk through all users look cheap.
    static let beginning = PostgresStatement(
        "admin_user_beginning", [.uuid, .int4, .text, .text],
        """
        with word as materialized (
            select identity_key($3) as first, identity_key($3) || chr(1114111) as last
        ), found as materialized (
            select id, state from users
            where tenant_id = current_tenant()
                and email_key ~>=~ (select first from word) and email_key ~<~ (select last from word)
            union
            select id, state from users
            where tenant_id = current_tenant()
                and username_key ~>=~ (select first from word) and username_key ~<~ (select last from word)
        )
        select id from found
        where id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff') and ($4 is null or state = $4)
        order by id desc limit $2
        """)

    /// All of those who are called something that has $3 in it.
    static let containing = PostgresStatement(
        "admin_user_containing", [.uuid, .int4, .text, .text],
        #"""
        with word as materialized (
            select '%' || replace(replace(replace(identity_key($3), '\', '\\'), '%', '\%'), '_', '\_') || '%' as pattern
        ), found as materialized (
            select id, state from users
            where tenant_id = current_tenant()
                and user_names(email_key, username_key, display_name) like (select pattern from word)
        )
        select id from found
        where id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff') and ($4 is null or state = $4)
        order by id desc limit $2
        """#)
}
