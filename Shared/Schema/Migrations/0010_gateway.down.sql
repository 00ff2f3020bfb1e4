drop view client_origins;
