#!/bin/bash
# Makes the seeds of f09_public_keys and f10_private_keys anew, with ssh-keygen and openssl. Keys are
# of no use to anybody: the passphrase of those that have one is "secret". Run in this folder.
set -euo pipefail
rm -rf f09_public_keys f10_private_keys
mkdir f09_public_keys f10_private_keys
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A first byte and what stands on the standard input.
seed() { { printf "\\x$2"; cat; } >"$1"; }
body() { grep -v '^-----' "$1" | base64 -d; }

for key in ed25519 ecdsa256 ecdsa384 ecdsa521 rsa2048; do
    type=${key%%[0-9]*}
    bits=${key#"$type"}
    [ "$key" = ed25519 ] && type=ed25519 && bits=256
    ssh-keygen -q -t "$type" -b "$bits" -N "" -C "" -f "$work/$key"
    cut -d' ' -f2 "$work/$key.pub" | base64 -d | seed "f09_public_keys/blob_$key" 00
    tr -d '\n' <"$work/$key.pub" | seed "f09_public_keys/line_$key" 01
    body "$work/$key" | seed "f10_private_keys/openssh_$key" 01
done
printf '\0\0\0\012ssh-future\0\0\0\003abc' | seed f09_public_keys/blob_unknown 00
printf '\0\0\0\013ssh-ed25519\0\0\0\100%064d' 0 | seed f09_public_keys/signature_ed25519 02
printf '\0\0\0\023ecdsa-sha2-nistp256\0\0\0\012\0\0\0\001\005\0\0\0\001\005' |
    seed f09_public_keys/signature_ecdsa 03

for ca in ed25519 ecdsa256 rsa2048; do
    ssh-keygen -q -s "$work/$ca" -I id -n alice,bob -O force-command=true \
        -O source-address=192.0.2.0/24 "$work/ed25519.pub" "$work/ecdsa256.pub"
    for key in ed25519 ecdsa256; do
        cut -d' ' -f2 "$work/$key-cert.pub" | base64 -d |
            seed "f09_public_keys/certificate_${key}_by_$ca" 00
    done
done
ssh-keygen -q -s "$work/ed25519" -I id -h -n '*.example.org' "$work/rsa2048.pub"
cut -d' ' -f2 "$work/rsa2048-cert.pub" | base64 -d | seed f09_public_keys/certificate_host_rsa 00
printf '\0\060\1' | seed f09_public_keys/changed_certificate 7f

for key in 0 1 2 3 4; do printf "\\x0$key\\x30\\x01" | seed "f09_public_keys/changed_$key" 80; done

for cipher in aes256-ctr aes128-cbc 3des-cbc aes256-gcm@openssh.com \
    chacha20-poly1305@openssh.com; do
    ssh-keygen -q -t ed25519 -N secret -C "" -a 1 -Z "$cipher" -f "$work/$cipher"
    body "$work/$cipher" | seed "f10_private_keys/openssh_${cipher%@*}" 09
done
ssh-keygen -q -t ed25519 -N "" -C text -f "$work/text"
seed f10_private_keys/text_openssh 00 <"$work/text"

openssl genrsa -traditional -out "$work/rsa" 2048 2>/dev/null
body "$work/rsa" | seed f10_private_keys/pkcs1 02
openssl ecparam -genkey -noout -name prime256v1 -out "$work/ec"
body "$work/ec" | seed f10_private_keys/sec1 03
openssl ec -aes128 -passout pass:secret -in "$work/ec" -out "$work/ec_dek" 2>/dev/null
seed f10_private_keys/text_sec1_dek_info 08 <"$work/ec_dek"
openssl pkcs8 -topk8 -nocrypt -in "$work/ec" -out "$work/ec8"
body "$work/ec8" | seed f10_private_keys/pkcs8_ec 04
openssl pkcs8 -topk8 -nocrypt -in "$work/rsa" -out "$work/rsa8"
body "$work/rsa8" | seed f10_private_keys/pkcs8_rsa 04
openssl genpkey -algorithm ed25519 -out "$work/ed8"
body "$work/ed8" | seed f10_private_keys/pkcs8_ed25519 04
openssl pkcs8 -topk8 -in "$work/ed8" -iter 16 -passout pass:secret -out "$work/pbkdf2"
body "$work/pbkdf2" | seed f10_private_keys/encrypted_pbkdf2 0d
openssl pkcs8 -topk8 -in "$work/ed8" -scrypt -scrypt_N 16 -scrypt_r 8 -scrypt_p 1 \
    -passout pass:secret -out "$work/scrypt"
body "$work/scrypt" | seed f10_private_keys/encrypted_scrypt 0d
