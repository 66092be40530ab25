#!/usr/bin/env python3
"""Writes crypto_*.hpp beside itself: what other implementations say.

    make_crypto_vectors.py packets exchange ctr ecdh dh      any of them
    make_crypto_vectors.py mlkem768 KEYGEN ENCAP

Not part of any build; the headers are committed. Needs Python's `cryptography` (48 or later, with
OpenSSL 3.5 or later inside) and, for mlkem768, NIST's ACVP files of ML-KEM in the form in which
Botan's source has them: src/tests/data/pubkey/ml_kem_acvp_keygen.vec and ml_kem_acvp_encap.vec.
Only mlkem768 is different each time.
"""
import hashlib
import hmac
import pathlib
import subprocess
import sys

from cryptography.hazmat.primitives import poly1305
from cryptography.hazmat.primitives.asymmetric import ec, mlkem
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

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


# NIST SP 800-38A F.5.1, F.5.3, F.5.5
SP800_38A = {
    "iv": "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
    "plain": "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
             "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
    "key_128": "2b7e151628aed2a6abf7158809cf4f3c",
    "encrypted_128": "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                     "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
    "key_192": "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "encrypted_192": "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
                     "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
    "key_256": "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    "encrypted_256": "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                     "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
}


def ctr_packets(key, iv, mac, bodies):
    """Packets one after the other, from sequence number 2^32 - 1 on, which runs over."""
    digest, mac_key, then_mac = mac
    stream = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    sealed = []
    for i, body in enumerate(bodies):
        sequence = ((0xFFFFFFFF + i) & 0xFFFFFFFF).to_bytes(4, "big")
        plain = len(body).to_bytes(4, "big") + body
        if then_mac:
            sent = plain[:4] + stream.update(body)
            tag = hmac.digest(mac_key, sequence + sent, digest)
        else:
            sent = stream.update(plain)
            tag = hmac.digest(mac_key, sequence + plain, digest)
        sealed.append(sent + tag)
    return sealed


def ctr():
    known = {name: bytes.fromhex(value) for name, value in SP800_38A.items()}
    for bits in (128, 192, 256):
        stream = Cipher(algorithms.AES(known[f"key_{bits}"]), modes.CTR(known["iv"])).encryptor()
        assert stream.update(known["plain"]) == known[f"encrypted_{bits}"]
    out = [constant(name, value, "NIST SP 800-38A F.5" if name == "iv" else None)
           for name, value in known.items()]
    key, mac_key = pattern("ctr key", 32), pattern("mac key", 64)
    iv = bytes.fromhex("ffffffffffffffffffffffffffffffff")
    out += [constant("key", key, "AES-128 and AES-192 take its first bytes"),
            constant("mac_key", mac_key, "SHA-256 takes its first bytes"),
            constant("wrapping_iv", iv)]
    for then_mac in (True, False):
        first = pattern("packet", 48 if then_mac else 44)
        second = pattern("long packet", 1040 if then_mac else 1036)
        kind = "etm" if then_mac else "mac"
        out += [constant(f"{kind}_first_body", first), constant(f"{kind}_second_body", second)]
        for bits in (128, 192, 256):
            for digest, size in (("sha256", 32), ("sha512", 64)):
                sealed = ctr_packets(key[:bits // 8], iv, (digest, mac_key[:size], then_mac),
                                     [first, second])
                name = f"ctr{bits}_{digest}_{kind}"
                out.append(constant(f"{name}_first", sealed[0]))
                out.append(constant(f"{name}_second_digest", hashlib.sha256(sealed[1]).digest(),
                                    "SHA-256 of the packet"))
    header("ctr", ["AES-CTR: NIST's vectors, and packets sealed with OpenSSL's AES and Python's HMAC",
                   "as RFC 4253 section 6.4 says, and as -etm@openssh.com has it."], out)


# NIST's ECC CDH primitive vectors (CAVS 14.1), one of each curve: private key, peer, secret.
CAVP = {
    "p256": ("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
             "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287",
             "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
             "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"),
    "p384": ("8dd48063a3a058c334b5cc7a4ce07d02e5ee6d8f1f3c51a1600962cbab462690"
             "ae3cd974fb39e40b0e843daa0fd32de1",
             "8bc089326ec55b9cf59b34f0eb754d93596ca290fcb3444c83d4de3a5607037e"
             "c397683f8cef07eab2fe357eae36c449",
             "d9d16ce8ac85b3f1e94568521aae534e67139e310ec72693526aa2e927b5b322"
             "c95a1a033c229cb6770c957cd3148dd7",
             "6a42cfc392aba0bfd3d17b7ccf062b91fc09bbf3417612d02a90bdde62ae40c5"
             "4bb2e56e167d6b70db670097eb8db854"),
    "p521": ("017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4"
             "eac6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6fc47",
             "00685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a9490340854"
             "334b1e1b87fa395464c60626124a4e70d0f785601d37c09870ebf176666877a2046d",
             "01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe05400697942e80b739884a"
             "83bde99e0f6716939e632bc8986fa18dccd443a348b6c3e522497955a4f3c302f676",
             "005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e13"
             "6672d72cc770742d1711c3c3a4c334a0ad9759436a4d3c5bf6e74b9578fac148c831"),
}
CURVES = {"p256": (ec.SECP256R1(), 32), "p384": (ec.SECP384R1(), 48), "p521": (ec.SECP521R1(), 66)}

# What an mpint tells apart (C11).
FORMS = {"plain": lambda s: 0 < s[0] < 0x80,
         "high_bit": lambda s: s[0] >= 0x80,
         "one_zero": lambda s: s[0] == 0 and 0 < s[1] < 0x80,
         "zero_then_high_bit": lambda s: s[0] == 0 and s[1] >= 0x80}


def mpint(big_endian):
    number = int.from_bytes(big_endian, "big")
    content = number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b""
    return len(content).to_bytes(4, "big") + content


def first_private(label, size, wanted):
    for i in range(1 << 16):
        private = hashlib.shake_256(f"{label} {i}".encode()).digest(size)
        if wanted(private):
            return private
    raise SystemExit("not found")


def ecdh():
    out = []
    for name, (private_hex, x, y, secret) in CAVP.items():
        curve, size = CURVES[name]
        encode = lambda key: key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        peer = ec.EllipticCurvePublicKey.from_encoded_point(curve, bytes.fromhex("04" + x + y))

        def agree(private):
            key = ec.derive_private_key(int.from_bytes(private, "big"), curve)
            return key.exchange(ec.ECDH(), peer)

        private = bytes.fromhex(private_hex)
        assert agree(private).hex() == secret
        own = ec.derive_private_key(int.from_bytes(private, "big"), curve).public_key()
        compressed = own.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        out += [constant(f"{name}_private", private, "NIST CAVS 14.1, ECC CDH"),
                constant(f"{name}_public", encode(own)), constant(f"{name}_peer", encode(peer)),
                constant(f"{name}_secret", secret), constant(f"{name}_compressed", compressed)]
        for form, wanted in FORMS.items():
            if name == "p521" and form == "high_bit":
                continue  # the first of its 521 bits stands alone in the first byte
            # The first byte is zero, so that the key is smaller than each curve's order.
            found = first_private(f"{name} {form}", size - 1, lambda p: wanted(agree(b"\0" + p)))
            out += [constant(f"{name}_{form}_private", b"\0" + found),
                    constant(f"{name}_{form}_mpint", mpint(agree(b"\0" + found)))]
    header("ecdh", ["ECDH on NIST's curves: NIST's vectors, and secrets of every form that an mpint",
                    "tells apart, by OpenSSL, each with the curve's peer."], out)


def pi_times_power_of_two(bits):
    """floor(pi * 2^bits), by Machin's formula."""
    guard = 64
    one = 1 << (bits + guard)

    def arccot(n):
        total, term, k = 0, one // n, 0
        while term:
            total += -(term // (2 * k + 1)) if k % 2 else term // (2 * k + 1)
            term //= n * n
            k += 1
        return total

    return (4 * (4 * arccot(5) - arccot(239))) >> guard


# RFC 3526: bits, the constant of its formula for p, bytes of our exponents.
GROUPS = {"group14": (2048, 124476, 40), "group16": (4096, 240904, 60),
          "group18": (8192, 4743158, 78)}


def dh():
    out = []
    for name, (bits, addend, exponent_size) in GROUPS.items():
        pi = pi_times_power_of_two(bits - 130)
        p = 2**bits - 2**(bits - 64) - 1 + 2**64 * (pi + addend)
        assert pow(2, p - 1, p) == 1 and pow(3, (p - 1) // 2, (p - 1) // 2) == 3
        size = bits // 8
        peer = pow(2, int.from_bytes(pattern(name, exponent_size), "big"), p)

        def power(base, exponent):
            return pow(base, int.from_bytes(exponent, "big"), p).to_bytes(size, "big")

        out += [constant(f"{name}_prime", p.to_bytes(size, "big"), "RFC 3526, by its formula"),
                constant(f"{name}_peer", mpint(peer.to_bytes(size, "big"))[4:],
                         "a public value as mpint, without its length")]
        for form, wanted in FORMS.items():
            private = first_private(f"{name} {form}", exponent_size,
                                    lambda x: wanted(power(peer, x)))
            secret = mpint(power(peer, private))
            out += [constant(f"{name}_{form}_private", private),
                    constant(f"{name}_{form}_head", secret[:6], "the secret as mpint, its begin"),
                    constant(f"{name}_{form}_digest", hashlib.sha256(secret).digest(), "SHA-256")]
        for form, wanted in FORMS.items():
            private = first_private(f"{name} public {form}", exponent_size,
                                    lambda x: wanted(power(2, x)))
            public = mpint(power(2, private))
            out += [constant(f"{name}_public_{form}_private", private),
                    constant(f"{name}_public_{form}_head", public[:6], "2^x as mpint"),
                    constant(f"{name}_public_{form}_digest", hashlib.sha256(public).digest())]
    header("dh", ["Diffie-Hellman in the groups of RFC 3526: primes from the RFC's formula, and keys",
                  "whose secrets and public values have every form that an mpint tells apart, by",
                  "Python's integers. Long values as SHA-256."], out)


if __name__ == "__main__":
    if sys.argv[1:2] == ["mlkem768"]:
        mlkem768(*sys.argv[2:])
    else:
        made = {"packets": packets, "exchange": exchange, "ctr": ctr, "ecdh": ecdh, "dh": dh}
        for wanted_header in sys.argv[1:]:
            made[wanted_header]()
