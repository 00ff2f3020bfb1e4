#!/bin/sh
# Run by the Postgres image when it has made a new database, as Postgres' user: the roles of Gatehouse.
set -eu

{
    for name in owner service admin; do
        printf "\\\\set %s_password '%s'\n" "$name" "$(cat "/run/gatehouse/${name}_password")"
    done
    cat /gatehouse/database/roles.sql
} | psql -X -q -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres
