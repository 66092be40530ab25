# The peers that Debian 12 does not have: OpenSSH 10.0 (bookworm-backports, built for Debian 12's
# libc), and from trixie ssh-audit 3.3, Boost 1.88's headers and the one library of it that its
# Boost.MySQL links. Unpacked into the cache folder, never installed. Sourced by ./dev after
# packages.sh; ./dev setup --peers and CI use it.
#
# Tests find sshd 10.0 through ADIT_SSHD_10, which CMake sets from the folder below. It must be run as
#   $ADIT_SSHD_10 -o SshdSessionPath=…/usr/lib/openssh/sshd-session -o SshdAuthPath=…/sshd-auth
# Invariant: a folder under peers/ is complete, because it is renamed into place when it is.

setup_peers() {
    unpack_peer openssh-10.0 bookworm-backports openssh-server openssh-client openssh-sftp-server
    unpack_peer ssh-audit trixie ssh-audit
    unpack_peer boost-1.88 trixie libboost1.88-dev
    unpack_peer boost-charconv-1.88 trixie libboost-charconv1.88-dev
    check_sshd_10
    say "peers: sshd 10.0:   $adit_cache/peers/openssh-10.0/usr/sbin/sshd"
    say "peers: ssh-audit:   $adit_cache/peers/ssh-audit/usr/bin/ssh-audit"
    say "peers: Boost 1.88:  $adit_cache/peers/boost-1.88/usr/include"
}

# unpack_peer NAME SUITE PACKAGE...
unpack_peer() {
    local name=$1 suite=$2
    shift 2
    local place=$adit_cache/peers/$name
    [[ ! -d $place ]] || return 0
    say "peers: fetching $* from $suite"
    local work state
    work=$(mktemp -d)
    state=$work/apt-$suite
    private_apt "$state" deb "$suite" || fail "no answer from suite $suite; see $state/update.log"
    (cd "$work" && private_apt_get "$state" -q download "$@" >"$work/download.log" 2>&1) || {
        cat "$work/download.log" >&2
        fail "suite $suite does not give: $*"
    }
    local package
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$work/unpacked"
    done
    mkdir -p "$adit_cache/peers"
    mv "$work/unpacked" "$place"
    rm -rf "$work"
}

check_sshd_10() {
    local sshd=$adit_cache/peers/openssh-10.0/usr/sbin/sshd
    "$sshd" -V 2>&1 | grep -q '^OpenSSH_10\.' ||
        fail "the unpacked sshd 10.0 does not run here: $("$sshd" -V 2>&1 | head -n 3)"
}
