# Debian packages: which are needed, installing what is missing, and apt with private sources.
# Sourced by ./dev; needs say(), fail(), as_root() from there.
#
# Invariants: apt never removes or replaces a package for us (simulated first); no service that comes
# with a package is started or enabled by us; with nothing missing this costs one dpkg-query.

packages_needed=(
    g++ make cmake ninja-build ccache python3 libcli11-dev libtomlplusplus-dev
    clang-19 libclang-rt-19-dev clang-tidy-19 clang-format-19 llvm-19
    openssh-server openssh-client postgresql libpq-dev redis-server redis-tools
    mariadb-server-core mariadb-client-core clickhouse-server clickhouse-client curl
    openssl libssl-dev
    putty-tools dropbear-bin python3-asyncssh libpam-oath xz-utils debian-archive-keyring
    ca-certificates)

# Units that Debian enables when their package arrives. The tests start programs of their own.
declare -A units_of_package=(
    [openssh-server]=ssh.service [redis-server]=redis-server.service
    [postgresql]=postgresql.service [clickhouse-server]=clickhouse-server.service)

setup_packages() {
    local missing
    mapfile -t missing < <(packages_missing)
    if ((${#missing[@]} == 0)); then
        say "packages: nothing missing"
        return
    fi
    install_packages "${missing[@]}"
}

packages_missing() {
    local wanted=("${packages_needed[@]}")
    if [[ -z ${BOOST_ROOT:-} ]]; then
        mapfile -t -O "${#wanted[@]}" wanted < <(boost_packages)
    fi
    not_installed "${wanted[@]}"
}

not_installed() {
    local installed package
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        grep -qxF "installed $package" <<<"$installed" || echo "$package"
    done
}

# Debian 12's unversioned packages are 1.74, too old; later releases have no 1.81.
boost_packages() {
    local version
    version=$(dpkg-query -W -f '${Version}' libboost-dev 2>/dev/null || true)
    if [[ -n $version ]] && dpkg --compare-versions "$version" ge 1.81; then
        printf '%s\n' libboost-dev libboost-test-dev
    else
        printf '%s\n' libboost1.81-dev libboost-test1.81-dev
    fi
}

install_packages() {
    say "packages: missing: $*"
    as_root apt-get -q update >/dev/null ||
        say "packages: apt-get update did not succeed everywhere; trying with what it has"
    local plan
    plan=$(apt-get -s -q --no-install-recommends install "$@" 2>&1) || {
        tail -n 15 <<<"$plan" >&2
        fail "apt cannot install: $*"
    }
    if grep -q '^Remv ' <<<"$plan"; then
        grep '^Remv ' <<<"$plan" >&2
        fail "apt would remove the packages above to install: $*. Nothing was changed." \
            "If it is about Boost: unpack Boost 1.81 or later somewhere, set BOOST_ROOT to it, and" \
            "run this again."
    fi
    without_starting_services as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        --no-install-recommends --no-remove install "$@" </dev/null >&2
    local package
    for package in "$@"; do
        disable_unit "${units_of_package[$package]:-}"
    done
}

# policy-rc.d is how Debian lets a machine say "do not start it"; a machine's own stays untouched.
without_starting_services() {
    local guard=/usr/sbin/policy-rc.d status=0
    if [[ -e $guard ]]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
    as_root chmod 755 "$guard"
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    "$@" || status=$?
    as_root rm -f "$guard"
    trap - EXIT
    return $status
}

disable_unit() {
    local unit=$1
    if [[ -n $unit ]] && command -v systemctl >/dev/null; then
        say "packages: $unit is new here; not started, and disabled at boot"
        as_root systemctl disable "$unit" >/dev/null 2>&1 || true
    fi
}

# Debian's archive as this machine already knows it.
debian_archive() {
    apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(LABEL)' 'Created-By: Packages' |
        awk -F'|' '$2 == "Debian" && $3 == "Debian" { print $1; exit }'
}

# private_apt FOLDER deb|deb-src SUITE: an apt state of its own below FOLDER, updated.
private_apt() {
    local folder=$1 type=$2 suite=$3 archive
    archive=$(debian_archive)
    if [[ -z $archive ]]; then
        as_root apt-get -q update >/dev/null || true
        archive=$(debian_archive)
    fi
    [[ -n $archive ]] || fail "this machine's apt knows no Debian archive"
    mkdir -p "$folder/lists/partial" "$folder/archives/partial"
    : >"$folder/status"
    echo "$type [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" \
        >"$folder/sources.list"
    private_apt_get "$folder" -q update >"$folder/update.log" 2>&1
}

private_apt_get() {
    local folder=$1
    shift
    apt-get -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::State::lists="$folder/lists" \
        -o Dir::State::status="$folder/status" -o Dir::Cache::archives="$folder/archives" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root "$@"
}
