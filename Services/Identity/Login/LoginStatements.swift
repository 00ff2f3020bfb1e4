import FoundationEssentials
import Postgres

enum LoginStatements {
    /// The account a name belongs to, and who stands in its way: always one row, whose account may be null. A username has
    /// no `@` and an e-mail address has one, so there is one account at most.
    static let account = PostgresStatement(
        "login_account", [.text, .text, .textArray],
        """
        select u.id, case when u.locked_at is null then u.state else 'locked' end, c.secret, c.version,
            u.email is not null and u.email_verified_at is null,
            exists (
                select from login_failures f
                where f.tenant_id = u.tenant_id and f.kind = 'account' and f.subject = u.id::text
                    and f.blocked_until > clock_timestamp()),
            exists (
                select from login_failures f
                where f.tenant_id = current_tenant() and f.kind = 'address' and f.subject = address_prefix($2)
                    and f.blocked_until > clock_timestamp()),
            device.digest,
            exists (
                select from login_failures f
                where f.tenant_id = u.tenant_id and f.kind = 'device' and f.subject = device.digest
                    and f.blocked_until > clock_timestamp()),
            u.must_reset_password
        from (select) as once
        left join users u on u.tenant_id = current_tenant()
            and (u.email_key = identity_key($1) or u.username_key = identity_key($1))
        left join credentials c on c.tenant_id = u.tenant_id and c.user_id = u.id and c.kind = 'password'
        left join lateral (
            select encode(d.digest, 'hex') as digest from known_devices d
            where d.tenant_id = u.tenant_id and d.user_id = u.id and encode(d.digest, 'hex') = any ($3)
            limit 1
        ) device on true
        """)

    static let rehash = PostgresStatement(
        "login_rehash", [.uuid, .text, .text],
        """
        update credentials set secret = $3, updated_at = now()
        where tenant_id = current_tenant() and user_id = $1 and kind = 'password' and secret = $2
        """)

    static let record = PostgresStatement(
        "login_record", [.uuid, .uuid, .text, .text, .uuid, .text, .text, .text, .text],
        """
        insert into login_history
            (tenant_id, id, user_id, outcome, reason, session_id, ip, user_agent, device_name, request_id)
        values (current_tenant(), $1, $2, $3, $4, $5, $6::inet, $7, $8, $9)
        """)
}
