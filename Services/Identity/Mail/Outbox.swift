import Domain
import FoundationEssentials
import Postgres

/// Puts mail on its way as part of the transaction that makes it necessary.
enum Outbox {
    /// A mail to an address. For `verifyEmail` and `resetPassword` the address need not belong to anybody: who it is, is
    /// found out when the mail is sent, so that asking takes the same time whoever is asked about.
    static func post(_ kind: MailKind, to address: String, of user: UUID? = nil) -> PostgresStep {
        PostgresStep(
            statement,
            [.uuid(.v7()), .text(kind.rawValue), .optional(user), .text(address), .int4(kind.limit)])
    }

    /// A mail to an address about something that the database knows by that id.
    static func post(_ kind: MailKind, to address: String, about subject: UUID) -> PostgresStep {
        PostgresStep(
            subjectStatement,
            [.uuid(.v7()), .text(kind.rawValue), .null, .text(address), .int4(kind.limit), .uuid(subject)])
    }

    private static let subjectStatement = PostgresStatement(
        "outbox_post_about", [.uuid, .text, .uuid, .text, .int4, .uuid], "select post_mail($1, $2, $3, $4, $5, $6)")

    private static let statement = PostgresStatement(
        "outbox_post", [.uuid, .text, .uuid, .text, .int4], "select post_mail($1, $2, $3, $4, $5)")
}

extension MailKind {
    /// How many of a kind an address gets within an hour; more are dropped without a word.
    fileprivate var limit: Int32 {
        switch self {
        case .verifyEmail, .resetPassword, .alreadyRegistered: 3
        case .organizationInvitation: 5
        case .passwordChanged, .emailChanged, .accountDeleted: 20
        }
    }
}

enum OutboxStatements {
    /// Takes mail that is due, of every tenant; what is not settled within a minute and a half is due again.
    static let claim = PostgresStatement(
        "outbox_claim", [.int4],
        """
        select tenant_id, id, kind, user_id, recipient, attempts
        from claim_mail($1, interval '90 seconds') order by created_at
        """)

    static let sent = PostgresStatement(
        "outbox_sent", [.uuid],
        "update mail_outbox set sent_at = clock_timestamp() where tenant_id = current_tenant() and id = $1")

    /// Tries again after some seconds.
    static let again = PostgresStatement(
        "outbox_again", [.uuid, .text, .float8],
        """
        update mail_outbox
        set last_error = $2, next_attempt_at = clock_timestamp() + make_interval(secs => $3)
        where tenant_id = current_tenant() and id = $1
        """)

    /// A tenant's own words for a kind of mail.
    static let template = PostgresStatement(
        "outbox_template", [.text],
        "select subject, body from mail_texts where tenant_id = current_tenant() and kind = $1")

    static let failed = PostgresStatement(
        "outbox_failed", [.uuid, .text],
        """
        update mail_outbox set last_error = $2, failed_at = clock_timestamp()
        where tenant_id = current_tenant() and id = $1
        """)

    /// Makes the one token of a purpose that the holder of an address has; the one before it is void. Returns the
    /// address as the user gave it, or nothing when there is nobody to have one; and the name to greet by once the address
    /// is proven, because until then it may be a stranger's words to somebody else.
    static let issueToken = PostgresStatement(
        "outbox_issue_token", [.text, .text, .bytea, .float8],
        """
        with holder as (
            select tenant_id, id, email, email_key,
                case when email_verified_at is not null then coalesce(display_name, username) end as name
            from users
            where tenant_id = current_tenant() and email_key = identity_key($1) and state = 'active'
                and ($2 <> 'verify_email' or email_verified_at is null)
        ), issued as (
            insert into one_time_tokens (tenant_id, user_id, purpose, digest, email_key, expires_at)
            select tenant_id, id, $2, $3, email_key, now() + make_interval(secs => $4) from holder
            on conflict (tenant_id, user_id, purpose) do update
                set digest = excluded.digest, email_key = excluded.email_key, created_at = now(),
                    expires_at = excluded.expires_at
            returning user_id
        )
        select holder.email, holder.name from holder join issued on user_id = id
        """)

    /// Makes the token of the invitation that a mail is about; the one before it is void. Returns the address and the
    /// organization's name, or nothing when there is no such invitation any more.
    static let issueInvitation = PostgresStatement(
        "outbox_issue_invitation", [.uuid, .bytea],
        """
        update organization_invitations i set digest = $2
        from mail_outbox m, organizations o
        where m.tenant_id = current_tenant() and m.id = $1
            and i.tenant_id = m.tenant_id and i.id = m.subject_id and i.expires_at > now()
            and o.tenant_id = i.tenant_id and o.id = i.organization_id
        returning i.email, o.name
        """)
}
