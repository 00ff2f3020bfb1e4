drop table sessions;
drop view verification_keys;
drop table signing_keys;
drop table clients;
