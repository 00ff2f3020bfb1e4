# shellcheck shell=bash
# A suite's own Postgres and Redis: where they are kept, how they are started and reached. Sourced after lib.sh, not run.
# shellcheck disable=SC2154 # what lib.sh sets

# --- Postgres ------------------------------------------------------------------------------------------------------

# Postgres refuses to run as root; anybody else runs it as himself.
as_postgres=()
[[ $EUID -ne 0 ]] || as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all --)

# Sets postgres_home to the folder of the cluster: in $run, or where Postgres' user can reach it.
find_postgres_home() {
    local other
    postgres_home=$(cat "$run/postgres.location" 2>/dev/null || true)
    if [[ -n $postgres_home ]]; then return 0; fi
    postgres_home=$run/postgres
    if [[ $EUID -eq 0 && ! -d $postgres_home/data ]]; then
        mkdir -p "$postgres_home"
        if ! { chown postgres:postgres "$postgres_home" && (cd / && "${as_postgres[@]}" test -w "$postgres_home"); } 2>/dev/null; then
            rmdir "$postgres_home" 2>/dev/null || true
            other=/var/lib/gatehouse/$(printf '%s' "$run" | sha256sum | cut -c 1-12)
            say "Postgres' user can't reach $run, so the database is kept in $other."
            install -d -m 711 /var/lib/gatehouse
            install -d -m 700 -o postgres -g postgres "$other"
            postgres_home=$other
            printf '%s\n' "$other" >"$run/postgres.location"
        fi
    fi
    mkdir -p "$postgres_home"
    chmod 700 "$postgres_home"
}

# Sets postgres to the folder of the suite's Postgres programs, and postgres_access to how they reach it; it has to run.
find_private_postgres() {
    is_running postgres || fail "there is no Postgres running in $run: deploy/up -d starts it, unless the settings name another, which has ways of its own."
    find_postgres_home
    # shellcheck disable=SC2034 # used by the scripts that source this file
    postgres=$(postgres_binaries "$(cat "$postgres_home/data/PG_VERSION" 2>/dev/null || true)")
    # The password goes by a file: arguments can be read by every user of the machine.
    export PGPASSFILE=$secrets/pgpass
    # shellcheck disable=SC2034 # used by the scripts that source this file
    postgres_access=(--host=127.0.0.1 --port="$PORT_POSTGRES" --username=postgres)
}

start_postgres() {
    [[ $EUID -ne 0 ]] || id -u postgres >/dev/null 2>&1 || fail "there is no user 'postgres' for the database to run as."
    find_postgres_home
    written_by=$(cat "$postgres_home/data/PG_VERSION" 2>/dev/null || true)
    postgres=$(postgres_binaries "$written_by") || fail "the data in $postgres_home need Postgres $written_by, which is not installed: install postgresql-$written_by, or deploy/down --purge for new data."
    if [[ -z $written_by ]]; then
        rm -rf "$postgres_home/data.new"
        install -m 600 "$secrets/postgres_password" "$postgres_home/password"
        [[ $EUID -ne 0 ]] || chown postgres:postgres "$postgres_home/password"
        say "Postgres: making a new cluster in $postgres_home"
        if ! (cd / && "${as_postgres[@]}" "$postgres/initdb" --pgdata="$postgres_home/data.new" --username=postgres \
            --pwfile="$postgres_home/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
            --no-instructions) >"$logs/initdb.log" 2>&1; then
            rm -rf "$postgres_home/data.new" "$postgres_home/password"
            give_up "initdb failed." initdb
        fi
        rm -f "$postgres_home/password"
        mv "$postgres_home/data.new" "$postgres_home/data"
    fi

    # A socket's path has to fit into 107 bytes.
    sockets=$postgres_home
    if ((${#sockets} > 80)); then
        sockets=$(cat "$state/sockets" 2>/dev/null || true)
        if [[ ! -d $sockets ]]; then
            sockets=$(mktemp -d /tmp/gatehouse.XXXXXX)
            [[ $EUID -ne 0 ]] || chown postgres:postgres "$sockets"
            printf '%s\n' "$sockets" >"$state/sockets"
        fi
    fi

    say "Postgres: starting on 127.0.0.1:$PORT_POSTGRES, waiting until it answers"
    start postgres "$PORT_POSTGRES" --stop-signal INT -- "${as_postgres[@]}" "$postgres/postgres" -D "$postgres_home/data" \
        -p "$PORT_POSTGRES" -k "$sockets" -c listen_addresses=127.0.0.1 -c max_connections=200 \
        -c password_encryption=scram-sha-256 -c timezone=UTC -c log_timezone=UTC -c logging_collector=off \
        -c log_destination=stderr -c 'log_line_prefix=%m [%p] %q%u@%d %a '
    wait_for postgres "Postgres to accept connections" \
        "$postgres/pg_isready" -q -h 127.0.0.1 -p "$PORT_POSTGRES"

    # The passwords go in by standard input: arguments can be read by every user of the machine.
    {
        for name in owner service admin; do printf "\\\\set %s_password '%s'\n" "$name" "$(password "$name")"; done
        cat "$root/deploy/database/roles.sql"
    } | PGPASSFILE=$secrets/pgpass "$postgres/psql" -X -q -h 127.0.0.1 -p "$PORT_POSTGRES" -U postgres -d postgres \
        >"$logs/roles.log" 2>&1 || give_up "the roles could not be made." roles
}

# --- Redis ---------------------------------------------------------------------------------------------------------

redis_answers() {
    [[ $(REDISCLI_AUTH=$(password redis) redis-cli -h 127.0.0.1 -p "$PORT_REDIS" ping 2>/dev/null) == PONG ]]
}

start_redis() {
    mkdir -p "$run/redis"
    cat >"$run/redis/redis.conf" <<CONF
bind 127.0.0.1
port $PORT_REDIS
protected-mode yes
daemonize no
dir "$run/redis"
logfile ""
requirepass $(password redis)
# Counters and messages: what must not be lost is in Postgres.
appendonly no
save ""
# A key is never thrown away to make room: a limit that forgets is no limit.
maxmemory 256mb
maxmemory-policy noeviction
CONF
    say "Redis: starting on 127.0.0.1:$PORT_REDIS, waiting until it answers"
    start redis "$PORT_REDIS" -- "$(command -v redis-server || echo /usr/bin/redis-server)" "$run/redis/redis.conf"
    wait_for redis "Redis to answer" redis_answers
}
