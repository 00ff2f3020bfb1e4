drop function remove_user(uuid), address_prefix(text), tidy_accounts(int), claim_mail(int, interval), post_mail(uuid, text, uuid, text, int),
    count_login_failure(text, text, int, int, interval, interval), remember_device(uuid, bytea),
    replace_password(uuid, text, text, int), consume_one_time_token(uuid, text, bytea), lock_user(uuid);
drop table mail_outbox, login_failures, known_devices, one_time_tokens;
delete from credentials where kind = 'former_password';
alter table credentials drop column version;
drop index users_email_search, users_username_search;
alter table credentials drop constraint credentials_kind_check;
alter table credentials add constraint credentials_kind_check check (kind in ('password'));
alter table users drop column token_epoch, drop column locked_at;
