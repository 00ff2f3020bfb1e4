# shellcheck shell=bash
# Whether ports are free, and who has those that are not. Sourced after lib.sh, not run.
# shellcheck disable=SC2154 # what lib.sh sets

# Who of this suite has asked for a port.
declare -A port_users=()

# The listener that keeps a port from being taken on an address: prints its inode.
listener_on() {
    local address=$1 hex
    printf -v hex '%04X' "$2"
    # /proc/net/tcp has addresses as little-endian words; 0A is LISTEN.
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" -v all="$([[ $address == 127.* ]] && echo 0 || echo 1)" '
        $4 == "0A" { split($2, local, ":"); host = local[1]
            if (local[2] != port) next
            any = host ~ /^0+$/; loopback = host == "0100007F" || host ~ /0000FFFF0100007F$/
            if ((all || any || loopback) && !found) { found = 1; print $10 } }'
}

check_port() {
    local port=$1 wants=$2 setting=$3 address=${4:-127.0.0.1} inode owner command
    [[ -z ${port_users[$port]:-} ]] || fail "port $port is wanted twice, by ${port_users[$port]} and by $wants; $setting changes one of them."
    ((port <= 65535)) || fail "$wants would need port $port, which there is not; $setting changes it."
    port_users[$port]=$wants
    inode=$(listener_on "$address" "$port")
    [[ -n $inode ]] || return 0
    owner=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\[$inode\]" 2>/dev/null | head -n 1 | cut -d / -f 3 || true)
    command=$(ps -o comm= -p "${owner:-0}" 2>/dev/null || true)
    fail "port $port, which $wants wants, is taken${owner:+ by process $owner${command:+ ($command)}}; $setting=another port in the environment or .env changes it."
}
