# shellcheck shell=bash
# What the scripts beside this file share: settings, sentences, packages, processes. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
program=deploy/$(basename "$0")

# --- sentences -----------------------------------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "$program" "$*" >&2; }
fail() {
    warn "$*"
    exit 1
}

# --- settings ------------------------------------------------------------------------------------------------------

# Takes NAME=value lines as the processes do: the environment goes before the file, quotes around a value come off, and
# an empty variable counts as absent.
load_env_file() {
    local file=${GATEHOUSE_ENV_FILE:-$root/.env} line name value
    if [[ ! -e $file ]]; then
        [[ -z ${GATEHOUSE_ENV_FILE:-} ]] || fail "the file $file, named by GATEHOUSE_ENV_FILE, does not exist."
        return 0
    fi
    while IFS= read -r line || [[ -n $line ]]; do
        line=${line%$'\r'}
        [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=[[:space:]]*(.*)$ ]] || continue
        name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
        value=${value%"${value##*[![:space:]]}"}
        if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
        [[ -n $value && -z ${!name:-} ]] || continue
        # A secret that the environment names in the other way is not set a second time.
        local file_form=${name}_FILE plain_form=${name%_FILE}
        [[ -z ${!file_form:-} ]] || continue
        [[ $plain_form == "$name" || -z ${!plain_form:-} ]] || continue
        export "$name=$value"
    done <"$file"
}

port_setting() {
    local name=$1 value=${!1:-$2}
    [[ $value =~ ^[1-9][0-9]{0,4}$ && $value -le 65535 ]] || fail "$name must be a port between 1 and 65535, not '$value'."
    printf -v "$name" '%s' "$value"
}

# Where everything is kept, and which port everything has.
load_settings() {
    load_env_file
    run=${GATEHOUSE_RUN_DIR:-$root/.run}
    [[ $run == /* ]] || run=$PWD/$run
    while [[ $run == */ && $run != / ]]; do run=${run%/}; done
    [[ $run != / && $run != "$root" && $run != "${HOME:-}" ]] || fail "GATEHOUSE_RUN_DIR must name a folder of its own, not $run."
    # shellcheck disable=SC2034 # used by the scripts that source this file
    secrets=$run/secrets state=$run/state logs=$run/log cache=$run/cache docs=$run/docs
    port_setting PORT_GATEWAY 8080
    port_setting PORT_IDENTITY 8081
    port_setting PORT_TOKEN 8082
    port_setting PORT_ADMIN 8083
    port_setting PORT_OPS 9080
    port_setting PORT_POSTGRES 24329
    port_setting PORT_REDIS 26379
    port_setting TLS_PORT 8443
}

# The folders, readable by their owner alone; the top one lets Postgres' user pass through.
make_folders() {
    local folder
    mkdir -p "$run" || fail "the folder $run can't be made; GATEHOUSE_RUN_DIR names another."
    run=$(cd "$run" && pwd -P)
    secrets=$run/secrets state=$run/state logs=$run/log cache=$run/cache docs=$run/docs
    chmod 711 "$run"
    for folder in "$secrets" "$state" "$logs" "$cache"; do
        mkdir -p "$folder"
        chmod 700 "$folder"
    done
}

# --- steps that take a while ---------------------------------------------------------------------------------------

busy= # session of the command that is waited for

last_line() {
    tail -c 2000 "$1" 2>/dev/null | tr '\r' '\n' | sed -e 's/\x1b\[[0-9;]*[A-Za-z]//g' -e '/^[[:space:]]*$/d' | tail -n 1
}

# with_progress TITLE LOG COMMAND…: runs it with its output in LOG and tells how long it has taken and its last line:
# on a terminal in place, elsewhere a line every 15 seconds. Returns the command's status.
with_progress() {
    local title=$1 log=$2 started=$SECONDS told=0 elapsed line width status=0
    shift 2
    : >"$log"
    # A session of its own, so that an interruption can end the command and all it started.
    setsid "$@" >"$log" 2>&1 </dev/null &
    busy=$!
    while kill -0 "$busy" 2>/dev/null; do
        elapsed=$((SECONDS - started))
        if [[ -t 1 ]]; then
            width=$(tput cols 2>/dev/null || echo 80)
            line="$title: $elapsed s  $(last_line "$log")"
            printf '\r\033[K%s' "${line:0:width-1}"
        elif ((elapsed - told >= 15)); then
            told=$elapsed
            line=$(last_line "$log")
            say "$title: $elapsed s${line:+  $line}"
        fi
        sleep 0.3
    done
    wait "$busy" || status=$?
    busy=
    [[ ! -t 1 ]] || printf '\r\033[K'
    if ((status == 0)); then say "$title: done in $((SECONDS - started)) s"; else say "$title: failed after $((SECONDS - started)) s"; fi
    return "$status"
}

# The compiler's errors, or the last lines where there are none of its own.
show_build_errors() {
    local errors
    errors=$(grep -E -A 3 '(^|: )(error|fatal error): ' "$1" | sed -n '1,40p') || true
    if [[ -z $errors ]]; then errors=$(tail -n 15 "$1"); fi
    printf '%s\n' "$errors" >&2
}

# Ends a session and all in it; the package manager gives what it starts groups of their own, but not sessions.
end_session() {
    local session=$1 pids=() asked=''
    for _ in {1..50}; do
        mapfile -t pids < <(ps -o pid= -s "$session" | tr -d ' ')
        ((${#pids[@]})) || return 0
        [[ -n $asked ]] || kill -TERM "${pids[@]}" 2>/dev/null || true
        asked=1
        sleep 0.1
    done
    kill -KILL "${pids[@]}" 2>/dev/null || true
}

end_busy() {
    [[ -n $busy ]] || return 0
    end_session "$busy"
    busy=
}

# --- toolchain and packages ----------------------------------------------------------------------------------------

check_toolchain() {
    local version
    command -v swift >/dev/null || fail "there is no 'swift' in PATH: install a Swift toolchain, 6.2 or later (swift.org/install), and run this again."
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    [[ -n $version ]] || fail "'swift --version' does not answer: the toolchain at $(command -v swift) is not complete."
    [[ $(printf '6.2\n%s\n' "$version" | sort -V | head -n 1) == 6.2 ]] || fail "the toolchain is Swift $version; 6.2 or later is needed."
    say "Swift toolchain: $version"
}

# build_release: builds the release; `release_binaries` is the folder of its executables. Swift's libraries become part of them
# where the toolchain has them in that form: calls into a library of its own look up each function in a table, which takes a
# twentieth to a tenth of the time.
build_release() {
    local options=(-c release --package-path "$root") libraries
    libraries=$(swift -print-target-info 2>/dev/null | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p') || libraries=
    libraries+=_static/linux
    if [[ $libraries == /* && -e $libraries/static-stdlib-args.lnk && -e $libraries/libswiftCore.a &&
        -e $libraries/libFoundationEssentials.a ]]; then
        options+=(--static-swift-stdlib)
    fi
    say "Building the release, which takes some minutes the first time; all output goes to $logs/build.log"
    if ! with_progress "Building" "$logs/build.log" swift build "${options[@]}"; then
        show_build_errors "$logs/build.log"
        fail "the build failed; all its output is in $logs/build.log."
    fi
    # shellcheck disable=SC2034 # for whoever calls this
    release_binaries=$(swift build "${options[@]}" --show-bin-path)
}

# postgres_binaries VERSION: the folder of that Postgres server, of the newest one where VERSION is empty.
postgres_binaries() {
    local wanted=$1 folder
    while IFS= read -r folder; do
        [[ -x $folder/postgres && -x $folder/initdb ]] || continue
        if [[ -z $wanted || $("$folder/postgres" --version) =~ \)\ $wanted(\.|[a-z]|$) ]]; then
            printf '%s\n' "$folder"
            return 0
        fi
    done < <(
        printf '%s\n' /usr/lib/postgresql/*/bin | sort -V -r
        dirname "$(command -v postgres 2>/dev/null || echo /nowhere/postgres)"
    )
    return 1
}

has_thing() {
    case $1 in
    command) command -v "$2" >/dev/null || [[ -x /usr/sbin/$2 ]] ;;
    file) [[ -e $2 ]] ;;
    library) ldconfig -p 2>/dev/null | grep -F "$2 " >/dev/null ;;
    pkg-config) pkg-config --exists "$2" 2>/dev/null ;;
    postgres) postgres_binaries '' >/dev/null ;;
    python) python3 -c "import $2" 2>/dev/null ;;
    *) fail "deploy/packages: '$1' is no way to find a package." ;;
    esac
}

# missing_packages PURPOSE…: the packages for these purposes that the machine shows no trace of.
missing_packages() {
    local package purpose how what wanted
    while read -r package purpose how what; do
        for wanted in "$@"; do
            if [[ ,$purpose, == *,$wanted,* ]] && ! has_thing "$how" "$what"; then printf '%s\n' "$package"; fi
        done
    done < <(grep -v -e '^#' -e '^$' "$root/deploy/packages") | sort -u
}

policy_file= # the file that keeps apt from starting services, while it is ours

allow_services() {
    [[ -z $policy_file ]] || rm -f "$policy_file"
    policy_file=
}

apt_install() {
    local log=$logs/apt.log
    export DEBIAN_FRONTEND=noninteractive
    local options=(-y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    # Servers are started by us, on ports and data of their own; the system's are the system's business.
    if [[ ! -e /usr/sbin/policy-rc.d ]]; then
        policy_file=/usr/sbin/policy-rc.d
        printf '#!/bin/sh\nexit 101\n' >"$policy_file"
        chmod 755 "$policy_file"
    fi
    if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
        with_progress "Reading the package lists" "$log" apt-get update "${options[@]}" || true
    fi
    if ! with_progress "Installing $*" "$log" apt-get install --no-install-recommends "${options[@]}" "$@"; then
        # Lists that are too old name packages that are gone.
        with_progress "Reading the package lists anew" "$log" apt-get update "${options[@]}" || true
        if ! with_progress "Installing $*" "$log" apt-get install --no-install-recommends "${options[@]}" "$@"; then
            allow_services
            tail -n 15 "$log" >&2
            fail "apt-get could not install $*; its output is in $log."
        fi
    fi
    allow_services
}

# install_packages PURPOSE…
install_packages() {
    local missing=()
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then
        say "Packages: all there"
        return 0
    fi
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
        fail "these packages are missing, install them as root and run this again: ${missing[*]}"
    fi
    apt_install "${missing[@]}"
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} == 0)) || fail "apt-get installed them, yet these can't be found: ${missing[*]}"
}

# --- the pages at /docs and /redoc ---------------------------------------------------------------------------------

# Puts Swagger UI and ReDoc into $docs, from a package checked by its hash; without a network, from the cache.
fetch_docs_assets() {
    local pin=$root/deploy/docs-assets.txt hash version wheel found
    hash=$(sed -n 's/^drf-spectacular-sidecar==.*--hash=sha256:\([0-9a-f]*\).*/\1/p' "$pin")
    version=$(sed -n 's/^drf-spectacular-sidecar==\([^ ]*\) .*/\1/p' "$pin")
    [[ -n $hash && -n $version ]] || fail "deploy/docs-assets.txt has no line with a version and a hash."
    if [[ $(cat "$docs/.hash" 2>/dev/null) == "$hash" ]]; then
        say "Documentation pages: version $version, already there"
        return 0
    fi
    wheel=drf_spectacular_sidecar-$version-py3-none-any.whl
    for found in "$cache" "$root/.run/cache"; do
        [[ -f $found/$wheel ]] && printf '%s  %s\n' "$hash" "$found/$wheel" | sha256sum --check --status && break
        found=
    done
    if [[ -z $found ]]; then
        if ! with_progress "Fetching the documentation pages $version from PyPI" "$logs/docs-assets.log" \
            python3 -m pip download --no-deps --require-hashes --no-input --disable-pip-version-check --dest "$cache" -r "$pin"; then
            tail -n 3 "$logs/docs-assets.log" >&2
            return 1
        fi
        found=$cache
    fi
    rm -rf "$docs.new"
    python3 - "$found/$wheel" "$docs.new" <<'PYTHON' || return 1
import pathlib, sys, zipfile

base = "drf_spectacular_sidecar/static/drf_spectacular_sidecar/"
folders = {"swagger-ui-dist/": "swagger-ui/", "redoc/bundles/": "redoc/", "redoc/": "redoc/"}
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if not name.startswith(base) or name.endswith(("/", ".map")):
            continue
        inside = name[len(base):]
        prefix = next((prefix for prefix in folders if inside.startswith(prefix)), None)
        if prefix is None:
            continue
        target = pathlib.Path(sys.argv[2]) / (folders[prefix] + inside[len(prefix):])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(wheel.read(name))
PYTHON
    printf '%s\n' "$hash" >"$docs.new/.hash"
    # Nothing secret, and a service may run as another user than the one who fetched it.
    chmod -R u=rwX,go=rX "$docs.new"
    rm -rf "$docs"
    mv "$docs.new" "$docs"
    say "Documentation pages: version $version"
}

# --- processes -----------------------------------------------------------------------------------------------------

# A process id alone may be given to another program later; with the time of its start it is one process for good.
process_identity() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    [[ $stat != Z* ]] || return 1
    # shellcheck disable=SC2086 # the fields are numbers
    set -- "$1" $stat
    printf '%s %s\n' "$1" "${21}"
}

# The process that a state file speaks of, where it still runs.
process_in() {
    local recorded pid
    recorded=$(cat "$1" 2>/dev/null) || return 1
    pid=${recorded%% *}
    [[ $pid =~ ^[0-9]+$ && $(process_identity "$pid") == "$recorded" ]] || return 1
    printf '%s\n' "$pid"
}

# The suite's processes by the files they left, the public door first, stores last: the order of stopping.
known_names() {
    local name file
    for file in "$state"/gateway*.supervisor "$state"/{identity,admin}*.supervisor "$state"/token*.supervisor; do
        [[ ! -e $file ]] || basename "$file" .supervisor
    done
    for name in redis postgres; do
        [[ ! -e $state/$name.supervisor ]] || printf '%s\n' "$name"
    done
}

is_running() { process_in "$state/$1.supervisor" >/dev/null || process_in "$state/$1.pid" >/dev/null; }

any_running() {
    local name
    for name in $(known_names); do
        if is_running "$name"; then return 0; fi
    done
    return 1
}

# stop_names NAME…: asks all at once and waits until they are gone. A supervisor gives its process 30 seconds.
stop_names() {
    local name pid started=$SECONDS told=0 left
    for name in "$@"; do
        if pid=$(process_in "$state/$name.supervisor"); then
            kill -TERM "$pid" 2>/dev/null || true
        elif pid=$(process_in "$state/$name.pid"); then
            # Its supervisor was killed: nobody else will stop it.
            if [[ $name == postgres ]]; then kill -INT "$pid"; else kill -TERM "$pid"; fi 2>/dev/null || true
        fi
    done
    while :; do
        left=()
        for name in "$@"; do
            if is_running "$name"; then left+=("$name"); fi
        done
        ((${#left[@]})) || break
        # A signal that comes between two commands of a supervisor is seen at the next one only.
        for name in "${left[@]}"; do
            if pid=$(process_in "$state/$name.supervisor"); then kill -TERM "$pid" 2>/dev/null || true; fi
        done
        if ((SECONDS - started > 40)); then
            for name in "${left[@]}"; do
                warn "$name does not stop and is killed."
                if pid=$(process_in "$state/$name.supervisor"); then kill -KILL "$pid" 2>/dev/null || true; fi
                if pid=$(process_in "$state/$name.pid"); then kill -KILL "$pid" 2>/dev/null || true; fi
            done
        elif ((SECONDS - started - told >= 5)); then
            told=$((SECONDS - started))
            say "Waiting for ${left[*]} to finish ($told s)"
        fi
        sleep 0.1
    done
    for name in "$@"; do
        rm -f "$state/$name".{supervisor,pid,hold,restarts,port,gave-up}
    done
}

# Stops the suite in the order that loses nothing: the door, what is behind it, the stores.
stop_suite() {
    local name group=() names=()
    mapfile -t names < <(known_names)
    for name in "${names[@]}"; do
        case $name in gateway*) group+=("$name") ;; esac
    done
    ((${#group[@]} == 0)) || stop_names "${group[@]}"
    group=()
    for name in "${names[@]}"; do
        case $name in gateway* | redis | postgres) ;; *) group+=("$name") ;; esac
    done
    ((${#group[@]} == 0)) || stop_names "${group[@]}"
    group=()
    for name in "${names[@]}"; do
        case $name in redis | postgres) group+=("$name") ;; esac
    done
    ((${#group[@]} == 0)) || stop_names "${group[@]}"
    rm -f "$state/url"
}
