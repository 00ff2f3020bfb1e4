drop function prune_audit_seals(bigint);
drop table audit_seal_parts, audit_seals;
drop index audit_log_request, audit_log_action, audit_log_actor, audit_log_position;
alter table audit_log drop column position;
