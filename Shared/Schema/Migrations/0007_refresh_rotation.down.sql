drop function settle_rotation(uuid, uuid, bigint, text, interval);
