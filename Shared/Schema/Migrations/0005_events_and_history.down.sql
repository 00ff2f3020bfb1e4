drop view all_events;
drop function drop_partitions(text, timestamptz);
drop function make_partitions(int);
drop table login_history;
drop table audit_log;
drop table events;
