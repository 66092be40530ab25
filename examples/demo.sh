#!/usr/bin/env bash
# ./dev demo: adit reaches a real PostgreSQL through a real OpenSSH server, and then through
# adit-bastion with no OpenSSH at all; all of it on this machine and for this minute only: free ports
# on loopback, fresh keys, one temporary folder. As root, PostgreSQL and sshd run under the account
# `postgres`. Needs ADIT_BIN, the folder of adit-tunnel and adit-bastion.
# Invariant: whatever ends it, its processes (by their own ids) and its folder go with it.
set -euo pipefail

tunnel=${ADIT_BIN:?the folder of adit-tunnel}/adit-tunnel
bastion=$ADIT_BIN/adit-bastion
if [[ -t 1 && ${TERM:-dumb} != dumb ]]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' green='' plain=''
fi
step() { printf '%s==>%s %s%s%s\n' "$green" "$plain" "$bold" "$*" "$plain"; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# ------------------------------------------------------------------------------- who, where, and end

account=$(id -un)
as_account=()
if [[ $(id -u) == 0 ]]; then
    account=postgres
    id -u "$account" >/dev/null 2>&1 || fail "there is no account postgres; is postgresql installed?"
    as_account=(setpriv --reuid "$account" --regid "$(id -g "$account")" --clear-groups)
fi
pg_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1) || true
[[ -n $pg_bin ]] || fail "there is no PostgreSQL server in /usr/lib/postgresql"
sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || fail "there is no sshd"

folder=$(mktemp -d /tmp/adit-demo.XXXXXX)
running=()

clean_up() {
    local status=$? pid
    trap - EXIT INT TERM HUP
    set +e
    # The tunnel, sshd, then the database; PostgreSQL ends at once on SIGQUIT, with its children.
    for pid in "${running[@]}"; do kill -s "${pid#*:}" "${pid%:*}" 2>/dev/null; done
    for pid in "${running[@]}"; do wait "${pid%:*}" 2>/dev/null; done
    rm -rf "$folder"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

started() { running=("$1:$2" "${running[@]}"); }

# ended PID: it is nobody's number from now on.
ended() {
    local one kept=()
    for one in "${running[@]}"; do [[ $one == "$1:"* ]] || kept+=("$one"); done
    running=("${kept[@]}")
}

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# until_true SECONDS PID WHAT COMMAND...: waits for a server, and no longer than it lives.
until_true() {
    local end=$((SECONDS + $1)) pid=$2 what=$3
    shift 3
    until "$@" >/dev/null 2>&1; do
        kill -0 "$pid" 2>/dev/null || fail "$what has ended; its log: $(tail -n 5 "$folder/$what.log")"
        ((SECONDS < end)) || fail "$what does not come up; its log: $(tail -n 5 "$folder/$what.log")"
        sleep 0.05
    done
}

# -------------------------------------------------------------------------------------- the servers

make_keys() {
    local name
    for name in host user; do
        ssh-keygen -q -t ed25519 -N '' -C "adit demo, $name" -f "$folder/$name"
    done
    mkdir "$folder/sshd" "$folder/pg"
    mv "$folder/host" "$folder/host.pub" "$folder/sshd/"
    cp "$folder/user.pub" "$folder/sshd/authorized_keys"
    chmod 711 "$folder"
    if ((${#as_account[@]})); then chown -R "$account:" "$folder/sshd" "$folder/pg"; fi
}

start_database() {
    "${as_account[@]}" "$pg_bin/initdb" -D "$folder/pg/data" -U demo -A trust --no-sync \
        --no-locale -E UTF8 >"$folder/initdb.log" 2>&1 </dev/null ||
        fail "initdb: $(tail -n 5 "$folder/initdb.log")"
    pg_port=$(free_port)
    "${as_account[@]}" "$pg_bin/postgres" -D "$folder/pg/data" -p "$pg_port" -h 127.0.0.1 \
        -k "$folder/pg" -c fsync=off -c shared_buffers=16MB \
        >"$folder/postgres.log" 2>&1 </dev/null &
    pg_pid=$!
    started "$pg_pid" QUIT
    until_true 20 "$pg_pid" postgres "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"
}

start_bastion() {
    ssh_port=$(free_port)
    cat >"$folder/sshd/config" <<CONFIG
ListenAddress 127.0.0.1
Port $ssh_port
HostKey $folder/sshd/host
AuthorizedKeysFile $folder/sshd/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitOpen 127.0.0.1:$pg_port
CONFIG
    # sshd starts itself again for each connection and wants to know where it is.
    "${as_account[@]}" "$sshd" -D -e -f "$folder/sshd/config" \
        >"$folder/sshd.log" 2>&1 </dev/null &
    sshd_pid=$!
    started "$sshd_pid" TERM
    until_true 10 "$sshd_pid" sshd grep -q 'Server listening' "$folder/sshd.log"
    printf '[127.0.0.1]:%s %s\n' "$ssh_port" "$(cat "$folder/sshd/host.pub")" \
        >"$folder/known_hosts"
}

stop_sshd() {
    kill -TERM "$sshd_pid"
    wait "$sshd_pid" || true
    ended "$sshd_pid"
}

# Its users need not be accounts of the system.
start_adit_bastion() {
    mkdir "$folder/bastion"
    ssh-keygen -q -t ed25519 -N '' -C "adit demo, bastion" -f "$folder/bastion/host"
    cp "$folder/user.pub" "$folder/bastion/authorized_keys"
    "$bastion" -D -p 0 -h "$folder/bastion/host" -o ListenAddress=127.0.0.1 \
        -o AuthorizedKeysFile="$folder/bastion/authorized_keys" -o StrictModes=no \
        -o PermitOpen="127.0.0.1:$pg_port" >"$folder/adit-bastion.log" 2>&1 </dev/null &
    bastion_pid=$!
    started "$bastion_pid" TERM
    until_true 10 "$bastion_pid" adit-bastion grep -q 'Server listening' "$folder/adit-bastion.log"
    ssh_port=$(sed -n 's/.*Server listening on .* port \([0-9]*\)\..*/\1/p' "$folder/adit-bastion.log")
    printf '[127.0.0.1]:%s %s\n' "$ssh_port" "$(cat "$folder/bastion/host.pub")" \
        >"$folder/known_hosts"
}

# start_tunnel USER
start_tunnel() {
    "$tunnel" --json -N -F none -p "$ssh_port" -l "$1" -i "$folder/user" \
        -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$folder/known_hosts" \
        -o GlobalKnownHostsFile=none -o BatchMode=yes -L "0:127.0.0.1:$pg_port" 127.0.0.1 \
        >"$folder/events.json" 2>"$folder/tunnel.log" </dev/null &
    tunnel_pid=$!
    started "$tunnel_pid" TERM
    until_true 20 "$tunnel_pid" tunnel grep -q '"event":"ready"' "$folder/events.json"
    ready=$(grep -m 1 '"event":"ready"' "$folder/events.json")
    local_port=$(sed -n 's/.*"bind":"127\.0\.0\.1","port":\([0-9]*\).*/\1/p' <<<"$ready")
}

# ------------------------------------------------------------------------------------------- the show

sql() { psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$local_port" -U demo -d postgres "$@"; }

run_queries() {
    sql <<'SQL'
create table readings (id int primary key, sensor text not null, value numeric(8, 2) not null);
insert into readings
    select n, 'sensor ' || (n % 7 + 1), (n * 7919 % 100003) / 100.0 from generate_series(1, 50000) n;
select count(*) as rows, sum(value) as total, round(avg(value), 2) as mean from readings;
select * from readings order by id limit 10;
SQL
    # All of them once more, so that there is something to count.
    sql -c 'copy readings to stdout' >"$folder/rows"
    local here there
    here=$(wc -l <"$folder/rows")
    there=$(psql -X -A -t -h 127.0.0.1 -p "$pg_port" -U demo -d postgres \
        -c 'select count(*) from readings')
    [[ $here == "$there" ]] || fail "$here rows came through the tunnel of $there"
    printf '%s%s rows copied through the tunnel, as many as the database has.%s\n' \
        "$dim" "$here" "$plain"
    sql -c 'drop table readings'
}

field() { sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p" <<<"$2"; }

summary() {
    local last mac
    kill -TERM "$tunnel_pid"
    wait "$tunnel_pid" || fail "adit-tunnel ended with $?: $(cat "$folder/tunnel.log")"
    ended "$tunnel_pid"
    last=$(grep -m 1 '"event":"closed"' "$folder/events.json")
    mac=$(field mac_to_server "$ready")
    local row='  %-16s %s\n'
    # shellcheck disable=SC2059
    {
        printf "$row" server "$(field server_version "$ready")" \
            'key exchange' "$(field kex "$ready")" \
            cipher "$(field cipher_to_server "$ready")${mac:+, $mac}" \
            'host key' "$(field host_key_algorithm "$ready")" \
            fingerprint "$(field host_key_fingerprint "$ready")" \
            'local port' "127.0.0.1:$local_port -> 127.0.0.1:$pg_port" \
            connections "$(field connections "$last")" \
            'bytes up' "$(field bytes_up "$last")" \
            'bytes down' "$(field bytes_down "$last")" \
            'time to ready' "$(field ready_ms "$ready") ms"
    }
}

step "fresh keys, a PostgreSQL and an sshd on loopback, as $account"
make_keys
start_database
start_bastion
printf '%ssshd on port %s; PostgreSQL on port %s, which sshd may connect to%s\n' \
    "$dim" "$ssh_port" "$pg_port" "$plain"
step "adit-tunnel -p $ssh_port -l $account -L 0:127.0.0.1:$pg_port 127.0.0.1"
start_tunnel "$account"
printf '%sready: 127.0.0.1:%s leads to the database%s\n' "$dim" "$local_port" "$plain"
step "psql -h 127.0.0.1 -p $local_port"
run_queries
step "what happened"
summary
stop_sshd
step "the same with adit-bastion, and no sshd at all"
start_adit_bastion
printf '%sadit-bastion on port %s, which permits the way to the database and no other%s\n' \
    "$dim" "$ssh_port" "$plain"
start_tunnel guest
run_queries
step "what happened"
summary
step "what adit-bastion noted"
sed -n 's/^/  /; 2,4p' "$folder/adit-bastion.log"
step "your own bastion"
# Like the other lines of this show, to be read and copied.
shown=$tunnel
case $tunnel in "$PWD"/*) shown=${tunnel#"$PWD"/} ;; esac
printf '  %s -L 5433:db.internal:5432 you@bastion.example.com\n' "$shown"
printf '  psql -h 127.0.0.1 -p 5433\n'
