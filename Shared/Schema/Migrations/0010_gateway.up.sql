-- What gateways know of every tenant's clients: the origins whose pages may call.
create view client_origins as
    select tenant_id, unnest(origins) as origin from clients where state = 'active' and origins <> '{}';
grant select on client_origins to gatehouse_service, gatehouse_admin;
