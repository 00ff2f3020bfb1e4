drop function hinted_events(bigint[]);
drop function settle_refresh(uuid, bigint, text, interval, text[], boolean, uuid);
