#!/usr/bin/env python3
"""Writes crypto_{exchange,packets,mlkem768}.hpp beside itself: what other implementations say.

Not part of any build; the headers are committed. Needs Python's `cryptography` (48 or later, with
OpenSSL 3.5 or later inside) and, as arguments, NIST's ACVP files of ML-KEM in the form in which
Botan's source has them: src/tests/data/pubkey/ml_kem_acvp_keygen.vec and ml_kem_acvp_encap.vec.
"""
import hashlib
import pathlib
import subprocess
import sys

from cryptography.hazmat.primitives import poly1305
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = pathlib.Path(__file__).parent


def pattern(label, size):
    """Bytes that look random and are the same for ever."""
    return hashlib.shake_256(label.encode()).digest(size)


def constant(name, value, comment=None):
    digits = value if isinstance(value, str) else value.hex()
    lines = [f"// {comment}"] if comment else []
    head = f"inline constexpr std::string_view {name} ="
    chunks = [digits[i:i + 88] for i in range(0, len(digits), 88)] or [""]
    lines.append(head)
    lines += [f'    "{chunk}"' for chunk in chunks]
    return "\n".join(lines) + ";\n"


def header(name, about, constants):
    text = "".join(f"// {line}\n" for line in about)
    text += "// Written by make_crypto_vectors.py.\n#pragma once\n\n#include <string_view>\n\n"
    text += f"namespace adit::test::{name} {{\n\n" + "\n".join(constants)
    text += f"\n}}  // namespace adit::test::{name}\n"
    (HERE / f"crypto_{name}.hpp").write_text(text)


def chacha(key, sequence, counter, data):
    nonce = counter.to_bytes(8, "little") + sequence.to_bytes(8, "big")
    return Cipher(algorithms.ChaCha20(key, nonce), mode=None).encryptor().update(data)


def chacha_packet(key, sequence, body):
    length = chacha(key[32:], sequence, 0, len(body).to_bytes(4, "big"))
    encrypted = length + chacha(key[:32], sequence, 1, body)
    mac_key = chacha(key[:32], sequence, 0, bytes(32))
    return encrypted + poly1305.Poly1305.generate_tag(mac_key, encrypted)


def gcm_packet(key, nonce, body):
    length = len(body).to_bytes(4, "big")
    return length + AESGCM(key).encrypt(nonce, body, length)


def packets():
    body = bytes([6]) + pattern("packet", 41) + bytes(6)  # 48 bytes: a multiple of 16
    key = pattern("cipher key", 64)
    iv = bytes.fromhex("0102030405060708090a0b0c")
    wrapping = bytes.fromhex("01020304ffffffffffffffff")
    wrapped = bytes.fromhex("010203040000000000000000")
    out = [constant("body", body), constant("long_body", pattern("long packet", 1040)),
           constant("key", key, "AES takes its first bytes"), constant("iv", iv),
           constant("wrapping_iv", wrapping)]
    for sequence in (0, 7, 0xFFFFFFFF):
        out.append(constant(f"chacha_{sequence}", chacha_packet(key, sequence, body)))
    out.append(constant("chacha_long_7", chacha_packet(key, 7, pattern("long packet", 1040))))
    for bits in (128, 256):
        aes = key[:bits // 8]
        out.append(constant(f"gcm{bits}_first", gcm_packet(aes, iv, body)))
        next_iv = iv[:11] + bytes([iv[11] + 1])
        out.append(constant(f"gcm{bits}_second", gcm_packet(aes, next_iv, body)))
        out.append(constant(f"gcm{bits}_wrapping", gcm_packet(aes, wrapping, body)))
        out.append(constant(f"gcm{bits}_wrapped", gcm_packet(aes, wrapped, body)))
    long_body = pattern("long packet", 1040)
    out.append(constant("gcm256_long", gcm_packet(key[:32], iv, long_body)))
    header("packets", ["Sealed packets, made with OpenSSL's ChaCha20, Poly1305 and AES-GCM, put",
                       "together as PROTOCOL.chacha20poly1305 and RFC 5647 say."], out)


def x25519(private, public):
    return X25519PrivateKey.from_private_bytes(private).exchange(
        X25519PublicKey.from_public_bytes(public))


def search(wanted, peer):
    for i in range(1 << 22):
        private = hashlib.sha256(b"search" + i.to_bytes(4, "big")).digest()
        secret = x25519(private, peer)
        if wanted(secret):
            return private, secret
    raise SystemExit("not found")


def kdf(digest, secret, exchange_hash, letter, session_id, size):
    """OpenSSL's SSHKDF, by its command line."""
    out = subprocess.run(
        ["openssl", "kdf", "-keylen", str(size), "-kdfopt", f"digest:{digest}",
         "-kdfopt", f"hexkey:{secret.hex()}", "-kdfopt", f"hexxcghash:{exchange_hash.hex()}",
         "-kdfopt", f"hexsession_id:{session_id.hex()}", "-kdfopt", f"type:{letter}", "SSHKDF"],
        check=True, capture_output=True, text=True)
    return bytes.fromhex(out.stdout.strip().replace(":", ""))


RFC7748 = {
    "alice_private": "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    "alice_public": "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    "bob_private": "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    "bob_public": "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    "shared": "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
}


def agreed_secrets():
    """Private keys that agree with Bob on secrets of every form that an mpint tells apart (C11)."""
    peer = bytes.fromhex(RFC7748["bob_public"])
    cases = {"plain": lambda s: 0 < s[0] < 0x80,
             "high_bit": lambda s: s[0] >= 0x80,
             "one_zero": lambda s: s[0] == 0 and 0 < s[1] < 0x80,
             "zero_then_high_bit": lambda s: s[0] == 0 and s[1] >= 0x80,
             "two_zeros": lambda s: s[:2] == b"\0\0" and 0 < s[2] < 0x80}
    out = []
    for name, wanted in cases.items():
        private, secret = search(wanted, peer)
        out.append(constant(f"{name}_private", private, "with bob_public, the X25519 secret below"))
        out.append(constant(f"{name}_secret", secret))
    return out


def derived_keys():
    secret = b"\0\0\0\x21\0\x80" + pattern("kdf secret", 31)
    session = pattern("session", 32)
    out = [constant("kdf_secret", secret, "OpenSSL's SSHKDF (RFC 4253 section 7.2)"),
           constant("kdf_session_id", session)]
    for digest, size in (("SHA256", 32), ("SHA384", 48), ("SHA512", 64)):
        exchange_hash = pattern("exchange" + digest, size)
        out.append(constant(f"kdf_{digest.lower()}_hash", exchange_hash))
        for letter, length in (("A", 12), ("D", size), ("F", 160)):
            out.append(constant(f"kdf_{digest.lower()}_{letter.lower()}",
                                kdf(digest, secret, exchange_hash, letter, session, length)))
    return out


def exchange():
    alice, bob = (X25519PrivateKey.from_private_bytes(bytes.fromhex(RFC7748[who + "_private"]))
                  for who in ("alice", "bob"))
    assert alice.public_key().public_bytes_raw().hex() == RFC7748["alice_public"]
    assert bob.public_key().public_bytes_raw().hex() == RFC7748["bob_public"]
    assert alice.exchange(bob.public_key()).hex() == RFC7748["shared"]
    out = [constant(name, value, "RFC 7748 section 6.1" if name == "alice_private" else None)
           for name, value in RFC7748.items()]
    header("exchange", ["X25519 and the key derivation: RFC 7748's values, and what OpenSSL says."],
           out + agreed_secrets() + derived_keys())


def first_of(path, group):
    """The first case of a group in one of Botan's files of vectors."""
    lines = iter(pathlib.Path(path).read_text().splitlines())
    while next(lines) != f"[{group}]":
        pass
    case = {}
    for line in lines:
        if not line and case:
            return case
        if " = " in line:
            name, value = line.split(" = ")
            case[name] = value.lower()
    return case


def mlkem768(keygen_file, encap_file):
    keygen = first_of(keygen_file, "ML-KEM-768")
    seed = keygen["D"] + keygen["Z"]
    key = mlkem.MLKEM768PrivateKey.from_seed_bytes(bytes.fromhex(seed))
    public = key.public_key().public_bytes_raw()
    assert hashlib.shake_256(public).hexdigest(16) == keygen["EK"]
    secret, ciphertext = key.public_key().encapsulate()
    bob = bytes.fromhex(RFC7748["bob_public"])
    alice = bytes.fromhex(RFC7748["alice_private"])
    hybrid = b"\0\0\0\x20" + hashlib.sha256(secret + x25519(alice, bob)).digest()
    # FIPS 203 section 7.2: the same key with its first coefficient raised to q = 3329.
    too_big = bytes([0x01, public[1] & 0xF0 | 0x0D]) + public[2:]
    encap = first_of(encap_file, "ML-KEM-768")
    header("mlkem768", ["ML-KEM-768: NIST's ACVP vectors (FIPS 203; ciphertexts and keys as the first",
                        "16 bytes of their SHAKE-256), and an encapsulation made by OpenSSL."], [
        constant("seed", seed, "ACVP keyGen, d || z"),
        constant("encapsulation_key_digest", keygen["EK"]),
        constant("encapsulation_key", public, "the same key, expanded by OpenSSL"),
        constant("key_with_coefficient_q", too_big),
        constant("ciphertext", ciphertext, "for this key, by OpenSSL"),
        constant("secret", secret),
        constant("hybrid_secret", hybrid, "with alice_private, bob_public of crypto_exchange.hpp"),
        constant("acvp_key", encap["EK"], "ACVP encapDecap"),
        constant("acvp_message", encap["M"]),
        constant("acvp_secret", encap["K"]),
        constant("acvp_ciphertext_digest", encap["C"]),
    ])


if __name__ == "__main__":
    packets()
    exchange()
    mlkem768(*sys.argv[1:])
