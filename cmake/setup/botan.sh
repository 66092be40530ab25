# Builds Botan 3 once, static, with the modules adit uses, from Debian's own source package, and keeps
# it in the cache folder. Sourced by ./dev; needs say(), fail(), as_root() and $adit_cache from there.
#
# Invariants: the machine's own apt configuration is read, never changed; the archive's address comes
# from it; a prefix in the cache is complete, because it is renamed into place after its check passed.

botan_minimum=3.7
botan_suites=(testing trixie)

# Every module that exists from 3.7.1 on. Without rfc6979 ECDSA is not deterministic; without
# emsa_pkcs1 RSA does not sign.
botan_modules=(
    aes gcm ghash chacha poly1305 ctr cbc sha1 sha2_32 sha2_64 hmac ed25519 x25519 ecdh ecdsa rfc6979
    rsa emsa_pkcs1 dh ml_kem pcurves_secp256r1 pcurves_secp384r1 pcurves_secp521r1 bcrypt_pbkdf hotp
    base32 base64 hex pem pbes2 pbkdf2 scrypt argon2 argon2fmt bcrypt des md5 auto_rng system_rng
    hmac_drbg locking_allocator)
botan_modules_x86_64=(aes_ni aes_vaes ghash_cpu chacha_simd32 chacha_avx512 sha1_x86 sha2_32_x86)
# configure.py stops at a module that its source does not have, so these join only where they exist.
botan_modules_if_present_x86_64=(
    ghash_avx512_clmul chacha_avx2 poly1305_avx2 poly1305_avx512 sha2_32_avx2 sha2_64_avx2)
botan_modules_aarch64=()
botan_modules_if_present_aarch64=(
    aes_armv8 ghash_cpu chacha_simd32 sha1_armv8 sha2_32_armv8 sha2_64_armv8)

# The one question the other files ask: is a usable Botan there, and where? Prints its prefix.
botan_prefix() {
    local link=$adit_cache/botan
    if [[ -f $link/.adit-checked && $(cat "$link/.adit-checked") == "$(botan_recipe_hash)" ]]; then
        readlink -f "$link"
    elif botan_from_distribution; then
        echo /usr
    else
        return 1
    fi
}

botan_from_distribution() {
    local version
    version=$(dpkg-query -W -f '${Version}' libbotan-3-dev 2>/dev/null) || return 1
    dpkg --compare-versions "$version" ge "$botan_minimum"
}

botan_recipe_hash() {
    printf '%s\n' "$(uname -m)" "${botan_modules[@]}" "${botan_modules_x86_64[@]}" \
        "${botan_modules_if_present_x86_64[@]}" "${botan_modules_if_present_aarch64[@]}" |
        sha256sum | cut -c1-12
}

setup_botan() {
    local prefix
    if prefix=$(botan_prefix); then
        say "Botan: $prefix"
        return
    fi
    local work
    work=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name is wanted now
    trap "rm -rf '$work'" RETURN
    botan_download "$work"
    botan_build "$work"
    say "Botan: $(botan_prefix)"
}

botan_download() {
    local work=$1 suite
    for suite in "${botan_suites[@]}"; do
        say "Botan: fetching Debian's source package from suite $suite"
        if private_apt "$work/apt-$suite" "deb-src" "$suite" &&
            (cd "$work" && private_apt_get "$work/apt-$suite" \
                source --download-only --tar-only botan3 >"$work/source.log" 2>&1); then
            return
        fi
        say "Botan: not from $suite: $(cat "$work/apt-$suite/update.log" "$work/source.log" \
            2>/dev/null | grep -m 1 '^E:' || echo 'no reason given')"
    done
    fail "no source package botan3 in the suites ${botan_suites[*]}; give Botan $botan_minimum or" \
        "later by hand and pass CMAKE_PREFIX_PATH"
}

botan_build() {
    local work=$1 archive source version hash prefix stage
    archive=$(ls "$work"/botan3_*.orig.tar.*)
    mkdir "$work/source"
    tar -C "$work/source" --strip-components=1 -xf "$archive"
    source=$work/source
    version=$(basename "$archive" | sed 's/^botan3_\([0-9.]*[0-9]\).*/\1/')
    hash=$(botan_recipe_hash)
    prefix=$adit_cache/botan-$version-$hash
    stage=$work/stage
    say "Botan: building $version (static, about 90 s on two cores)"
    (
        cd "$source"
        /usr/bin/python3 configure.py --cc=gcc --prefix="$prefix" --build-targets=static \
            --without-documentation --minimized-build \
            --enable-modules="$(botan_module_list "$source")"
        make -j"$(nproc)"
        make install DESTDIR="$stage"
    ) >"$work/build.log" 2>&1 || {
        tail -n 40 "$work/build.log" >&2
        fail "Botan $version did not build"
    }
    botan_check "$stage$prefix" "$work"
    echo "$hash" >"$stage$prefix/.adit-checked"
    rm -rf "$prefix"
    mkdir -p "$adit_cache"
    mv "$stage$prefix" "$prefix"
    ln -sfn "$prefix" "$adit_cache/botan"
}

botan_module_list() {
    local source=$1 machine module
    machine=$(uname -m)
    local wanted=("${botan_modules[@]}")
    local -n always=botan_modules_$machine optional=botan_modules_if_present_$machine
    wanted+=("${always[@]}")
    for module in "${optional[@]}"; do
        if [[ -n $(find "$source/src/lib" -type d -name "$module" -print -quit) ]]; then
            wanted+=("$module")
        fi
    done
    (IFS=,; echo "${wanted[*]}")
}

# Signs and verifies, seals and opens with every algorithm adit uses: a module that configured but
# does not work must not reach the cache.
botan_check() {
    local prefix=$1 work=$2
    say "Botan: checking each algorithm"
    g++ -std=c++20 -O1 -isystem "$prefix/include/botan-3" \
        "$adit_root/cmake/setup/botan_check.cpp" -o "$work/check" "$prefix/lib/libbotan-3.a" \
        -lpthread || fail "the check program does not compile against the new Botan"
    "$work/check" || fail "the new Botan failed its check"
}
