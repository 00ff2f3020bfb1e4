#!/usr/bin/env bash
# What the internal hop costs: CPU seconds per 1,000 requests for gateway -> echo route of the token service, beside
# nginx's proxy in front of an nginx that answers a constant of the same size, in interleaved rounds of one run.
set -euo pipefail
# shellcheck source=deploy/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"
program=Tests/Benchmarks/hop.sh

usage() {
    cat <<'TEXT'
Usage: Tests/Benchmarks/hop.sh [OPTION…]

Measures the suite that runs in GATEHOUSE_RUN_DIR, if that is set; otherwise starts one of its own by deploy/up, on spare
ports with data of its own, and takes it down at the end. GATEHOUSE_BIN_DIR is honoured.

  --rounds N       rounds, each measuring both sides (3)
  --seconds N      seconds of load for each figure (5)
  --connections L  connection counts, separated by commas ("32,1")
  --path PATH      the route ("/api/v1/echo")
  --workers N      worker processes of each nginx ("auto": one per core, as the gateway has event loops)
  --duties         let nginx's proxy do what the gateway does besides: a rate limit per address and CORS headers
  --json FILE      where the figures go too (benchmark/hop.json in the run folder)
  -h, --help       this text

CPU is utime + stime of the processes' own time (/proc/PID/stat), user and kernel, over the time of the load.
TEXT
}

rounds=3 seconds=5 connections=32,1 path=/api/v1/echo workers=auto duties='' json=''
while (($#)); do
    case $1 in
    --rounds | --seconds)
        [[ ${2:-} =~ ^[1-9][0-9]{0,3}$ ]] || fail "$1 needs a number, 1 or more."
        printf -v "${1#--}" '%s' "$2"
        shift
        ;;
    --connections)
        [[ ${2:-} =~ ^[1-9][0-9]*(,[1-9][0-9]*)*$ ]] || fail "$1 needs numbers separated by commas."
        connections=$2
        shift
        ;;
    --workers)
        [[ ${2:-} =~ ^([1-9][0-9]?|auto)$ ]] || fail "$1 needs a number or auto."
        workers=$2
        shift
        ;;
    --path)
        [[ ${2:-} == /* ]] || fail "$1 needs a path that begins with a slash."
        path=$2
        shift
        ;;
    --json)
        [[ -n ${2:-} ]] || fail "$1 needs a file."
        json=$2
        shift
        ;;
    --duties) duties=1 ;;
    -h | --help)
        usage
        exit 0
        ;;
    *) fail "$1 is not known; see --help." ;;
    esac
    shift
done

# --- set up, and undo ----------------------------------------------------------------------------------------------

own='' scratch='' nginx_pids=()
undo() {
    local status=$? pid
    trap - EXIT
    trap '' INT TERM HUP
    allow_services
    for pid in "${nginx_pids[@]}"; do kill -QUIT "$pid" 2>/dev/null || true; done
    for pid in "${nginx_pids[@]}"; do
        for _ in {1..50}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -TERM "$pid" 2>/dev/null || true
    done
    if [[ -n $own ]]; then
        "$root/deploy/down" --purge --yes >/dev/null 2>&1 || true
        rm -rf "$own"
    fi
    [[ -z $scratch ]] || rm -rf "$scratch"
    exit "$status"
}
trap undo EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A port below the range that the kernel gives out itself and that nobody listens on, different at each call.
taken_ports=' '
spare_port() {
    local port hex
    while :; do
        port=$((20000 + RANDOM % 12000))
        printf -v hex '%04X' "$port"
        [[ $taken_ports != *" $port "* ]] || continue
        if ! cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" '{ split($2, local, ":"); if (local[2] == port) found = 1 } END { exit !found }'; then
            taken_ports+="$port "
            spare=$port
            return 0
        fi
    done
}

given=${GATEHOUSE_RUN_DIR:-}
if [[ -z $given ]]; then
    # Below /var/tmp: Postgres' user can reach it, whatever folder the clone is in.
    own=$(mktemp -d /var/tmp/gatehouse-hop.XXXXXX)
    chmod 711 "$own"
    export GATEHOUSE_RUN_DIR=$own/run GATEHOUSE_ENV_FILE=$own/env
    : >"$own/env"
    for name in GATEWAY OPS IDENTITY TOKEN ADMIN POSTGRES REDIS; do
        spare_port
        export "PORT_$name=$spare"
    done
fi
load_settings
make_folders
install_packages run postgres redis benchmark
nginx=$(command -v nginx || echo /usr/sbin/nginx)
if [[ -n $own ]]; then
    LOG_LEVEL=${LOG_LEVEL:-notice} GATEHOUSE_ENV=development "$root/deploy/up" -d
else
    any_running || fail "no suite runs in $given; start it with deploy/up -d, or leave GATEHOUSE_RUN_DIR unset for one of the benchmark's own."
fi
gateway_port=$(cat "$state/gateway.port")
url=http://127.0.0.1:$gateway_port$path

scratch=$(mktemp -d /tmp/gatehouse-hop.XXXXXX)
body=$scratch/body
code=$(curl --noproxy '*' -s -m 5 -o "$body" -w '%{http_code}' "$url" || true)
[[ $code == 200 ]] || fail "$url answers $code instead of 200; the echo route is there in development only (GATEHOUSE_ENV=development)."
size=$(stat -c %s "$body")

# --- nginx ---------------------------------------------------------------------------------------------------------

spare_port
origin_port=$spare
spare_port
proxy_port=$spare
filling=$(printf '%*s' "$size" '' | tr ' ' x)
limits='' duty=''
if [[ -n $duties ]]; then
    # shellcheck disable=SC2016 # nginx's own variable
    limits='limit_req_zone $binary_remote_addr zone=all:10m rate=1000000r/s;'
    duty='limit_req zone=all burst=1000000 nodelay; add_header Access-Control-Allow-Origin https://app.example; add_header Vary Origin;'
fi
nginx_configuration() {
    cat <<CONF
daemon off;
worker_processes $workers;
pid $scratch/$1.pid;
error_log $scratch/$1.log warn;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path $scratch/$1-body;
    proxy_temp_path $scratch/$1-proxy;
    fastcgi_temp_path $scratch/$1-fastcgi;
    uwsgi_temp_path $scratch/$1-uwsgi;
    scgi_temp_path $scratch/$1-scgi;
    default_type application/json;
$2
}
CONF
}
nginx_configuration origin "
    server {
        listen 127.0.0.1:$origin_port;
        location / { return 200 '$filling'; }
    }" >"$scratch/origin.conf"
nginx_configuration proxy "
    upstream origin { server 127.0.0.1:$origin_port; keepalive 64; keepalive_requests 1000000000; }
    $limits
    server {
        listen 127.0.0.1:$proxy_port;
        location / {
            $duty
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_set_header Host \$host;
            proxy_set_header X-Forwarded-For \$remote_addr;
        }
    }" >"$scratch/proxy.conf"
# Started as root, nginx would give its workers to another user, who can't enter this folder.
[[ $EUID -ne 0 ]] || sed -i '1i user root;' "$scratch/origin.conf" "$scratch/proxy.conf"
for name in origin proxy; do
    "$nginx" -p "$scratch" -c "$scratch/$name.conf" -e "$scratch/$name.log" </dev/null >"$scratch/$name.out" 2>&1 &
    nginx_pids+=("$!")
done
for _ in {1..50}; do
    answer=$(curl --noproxy '*' -s -m 2 "http://127.0.0.1:$proxy_port$path" 2>/dev/null || true)
    [[ $answer != "$filling" ]] || break
    sleep 0.1
done
if [[ $answer != "$filling" ]]; then
    cat "$scratch"/*.log "$scratch"/*.out >&2
    fail "nginx does not answer as it should."
fi

# --- measuring -----------------------------------------------------------------------------------------------------

# Ticks of CPU that these processes and, with "+", their children now alive have used.
ticks() {
    local sum=0 pid stat
    for pid in "$@"; do
        stat=$(cat "/proc/$pid/stat" 2>/dev/null) || fail "process $pid, which is measured, has ended."
        stat=${stat##*) }
        # shellcheck disable=SC2086 # fields, numbers but for the first
        set -- $stat
        sum=$((sum + ${12} + ${13}))
    done
    printf '%s\n' "$sum"
}
family() {
    printf '%s\n' "$1"
    tr ' ' '\n' <"/proc/$1/task/$1/children" | sed '/^$/d'
}

pid_of() { process_in "$state/$1.pid" || fail "$1 does not run; see deploy/status."; }
# shellcheck disable=SC2034 # measure takes these lists by name
gateway=("$(pid_of gateway)")
tokens=()
for file in "$state"/token*.pid; do tokens+=("$(pid_of "$(basename "$file" .pid)")"); done
# shellcheck disable=SC2034
mapfile -t proxy < <(family "${nginx_pids[1]}")
# shellcheck disable=SC2034
mapfile -t origin < <(family "${nginx_pids[0]}")
clock=$(getconf CLK_TCK)
figures=$scratch/figures

# measure ROUND SIDE CONNECTIONS URL: one load, one line of figures: ticks in front and behind, requests, failures.
measure() {
    local round=$1 side=$2 count=$3 target=$4 front0 back0 front1 back1 requests failed rate out
    local -n front=$5 back=$6
    out=$scratch/wrk.out
    # What is new to the processes (connections, caches) happens before the count.
    wrk -t 1 -c "$count" -d 1 "$target" >/dev/null
    front0=$(ticks "${front[@]}") back0=$(ticks "${back[@]}")
    wrk -t 1 -c "$count" -d "$seconds" --latency "$target" >"$out"
    front1=$(ticks "${front[@]}") back1=$(ticks "${back[@]}")
    requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$out")
    rate=$(sed -n 's/^Requests\/sec: *//p' "$out")
    failed=$(sed -n 's/^ *Non-2xx or 3xx responses: *//p' "$out")
    ((${requests:-0} > 0)) || fail "no request of the load on $target was answered."
    [[ -z $failed ]] || fail "$failed of $requests requests to $target were not answered with 200."
    ! grep -q 'Socket errors' "$out" || warn "round $round, $side: $(grep 'Socket errors' "$out")"
    printf '%s %s %s %s %s %s %s\n' "$round" "$side" "$count" "$((front1 - front0))" "$((back1 - back0))" "$requests" "$rate" >>"$figures"
    printf '  round %s  %3s connections  %-9s  %8s requests/s\n' "$round" "$count" "$side" "$rate"
}

say ""
say "Answer: $size bytes. $rounds rounds of $seconds s; $(nproc) cores, the load shares them. $("$nginx" -v 2>&1), $workers workers${duties:+, with limit and CORS}."
for ((round = 1; round <= rounds; round++)); do
    for count in ${connections//,/ }; do
        # Each side goes first in every other round.
        sides=(gatehouse nginx)
        ((round % 2)) || sides=(nginx gatehouse)
        for side in "${sides[@]}"; do
            if [[ $side == gatehouse ]]; then
                measure "$round" gatehouse "$count" "$url" gateway tokens
            else
                measure "$round" nginx "$count" "http://127.0.0.1:$proxy_port$path" proxy origin
            fi
        done
    done
done

# --- figures -------------------------------------------------------------------------------------------------------

json=${json:-$run/benchmark/hop.json}
[[ -z $own || $json != "$own"/* ]] || json=$root/.run/benchmark/hop.json
mkdir -p "$(dirname "$json")"
say ""
jq --raw-input --slurp \
    --argjson clock "$clock" --argjson bytes "$size" --argjson seconds "$seconds" --arg path "$path" \
    --arg nginx "$("$nginx" -v 2>&1 | sed 's/.*: //')" --arg workers "$workers" --argjson duties "${duties:-0}" \
    --arg cores "$(nproc)" --arg time "$(date -u +%Y-%m-%dT%H:%M:%SZ)" '
    def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
    def cost(ticks; requests): ticks / $clock / requests * 1000;
    [split("\n")[] | select(. != "") | split(" ")
        | { round: .[0] | tonumber, side: .[1], connections: .[2] | tonumber, requests: .[5] | tonumber,
            requests_per_second: .[6] | tonumber,
            front: cost(.[3] | tonumber; .[5] | tonumber),
            whole: cost((.[3] | tonumber) + (.[4] | tonumber); .[5] | tonumber) }] as $rounds
    | { measured: $time, unit: "CPU seconds per 1,000 requests, user and kernel; medians over the rounds",
        path: $path, response_bytes: $bytes, seconds_per_load: $seconds, cores: ($cores | tonumber),
        nginx: $nginx, nginx_workers: $workers, nginx_limit_and_cors: ($duties == 1),
        results: [$rounds | group_by(-.connections)[]
            | { connections: .[0].connections } + (
                [group_by(.side)[] | { key: .[0].side, value: {
                    front: (map(.front) | median), whole: (map(.whole) | median),
                    requests_per_second: (map(.requests_per_second) | median) } }] | from_entries)
            # Of each round its own ratio: the machine may be slower in the next one.
            + { ratio: {
                front: ([group_by(.round)[] | (map(select(.side == "gatehouse"))[0].front) / (map(select(.side == "nginx"))[0].front)] | median),
                whole: ([group_by(.round)[] | (map(select(.side == "gatehouse"))[0].whole) / (map(select(.side == "nginx"))[0].whole)] | median) } }],
        rounds: $rounds }' "$figures" >"$json"

say "CPU seconds per 1,000 requests (median of $rounds rounds)"
printf '%-12s  %-26s %10s %10s %8s\n' connections measured gatehouse nginx ratio
jq -r '.results[] | .connections as $c
    | (["front", "gateway | nginx proxy alone"], ["whole", "with the service | origin"]) as [$key, $title]
    | [$c, $title, .gatehouse[$key], .nginx[$key], .ratio[$key]] | @tsv' "$json" |
    while IFS=$'\t' read -r count title ours theirs ratio; do
        LC_ALL=C printf '%-12s  %-26s %10.4f %10.4f %7.2fx\n' "$count" "$title" "$ours" "$theirs" "$ratio"
    done
say "written to $json"
