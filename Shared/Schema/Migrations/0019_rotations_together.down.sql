drop function rotate_sessions(uuid[], bigint[], text[], bigint[], text[]);
