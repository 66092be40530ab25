#!/usr/bin/env python3
"""Makes the seeds of f08_kex_values, f15_texts and f15_socks anew, beside itself. Not part of any build.

The values are those of tests/vectors, so that each is a valid one or one byte away from it.
"""
import pathlib
import re
import shutil

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent.parent / "vectors"
METHODS = ["mlkem768", "curve25519", "libssh", "p256", "p384", "p521", "group16", "group18",
           "group14"]
FOR_SERVER, FOR_CLIENT, HONEST, CHANGED = range(4)


def vector(header, name):
    text = (VECTORS / f"crypto_{header}.hpp").read_text()
    body = re.search(rf"\b{name} =([^;]*);", text).group(1)
    return bytes.fromhex("".join(re.findall(r'"([0-9a-f]*)"', body)))


def writer(folder):
    path = HERE / folder
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return lambda name, first, rest: (path / name).write_bytes(bytes([first]) + rest)


def kex_values():
    add = writer("f08_kex_values")

    def value(method, name, mode, rest):
        add(f"{method}_{name}", 4 * METHODS.index(method) + mode, rest)

    for method in METHODS:
        value(method, "honest", HONEST, bytes(range(1, 97)))
        value(method, "zeros", HONEST, bytes(96))
        value(method, "changed", CHANGED, bytes([0, 1, 1]) + bytes(range(1, 97)))
        value(method, "empty", FOR_SERVER, b"")
    bob = vector("exchange", "bob_public")
    p = (1 << 255) - 19
    for name, u in {"zero": 0, "one": 1, "p": p, "p_plus_1": p + 1, "p_minus_1": p - 1,
                    "p_minus_2": p - 2, "nine_high_bit": 9 + (1 << 255)}.items():
        value("curve25519", name, FOR_SERVER, u.to_bytes(32, "little"))
    value("curve25519", "bob", FOR_CLIENT, bob)
    value("mlkem768", "zero_key", FOR_SERVER, bytes(1184) + bob)
    value("mlkem768", "coefficient_q", FOR_SERVER, b"\x01\x0d" + bytes(1182) + bob)
    value("mlkem768", "largest_coefficient", FOR_SERVER, b"\x00\x0d" + bytes(1182) + bob)
    value("mlkem768", "no_ciphertext", FOR_CLIENT, bytes(1088) + bob)
    for curve in ("p256", "p384", "p521"):
        peer = vector("ecdh", f"{curve}_peer")
        value(curve, "peer", FOR_SERVER, peer)
        value(curve, "peer_for_client", FOR_CLIENT, peer)
        value(curve, "off", FOR_SERVER, peer[:-1] + bytes([peer[-1] ^ 1]))
        value(curve, "compressed", FOR_SERVER, bytes([2 + (peer[-1] & 1)]) + peer[1:len(peer) // 2 + 1])
        value(curve, "infinity", FOR_SERVER, b"\x00")
    for group in ("group14", "group16", "group18"):
        prime = vector("dh", f"{group}_prime")
        value(group, "two", FOR_SERVER, b"\x02")
        value(group, "one", FOR_SERVER, b"\x01")
        value(group, "padded_two", FOR_SERVER, b"\x00\x02")
        value(group, "p", FOR_SERVER, b"\x00" + prime)
        value(group, "p_minus_1", FOR_CLIENT, b"\x00" + prime[:-1] + bytes([prime[-1] - 1]))
        value(group, "p_minus_2", FOR_CLIENT, b"\x00" + prime[:-1] + bytes([prime[-1] - 2]))
        value(group, "peer", FOR_SERVER, vector("dh", f"{group}_peer"))


def texts():
    add = writer("f15_texts")
    # RFC 4648 section 10.
    for size, text in enumerate(["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]):
        add(f"base64_{size}", 0, text.encode())
    add("base64_not_canonical", 0, b"Zh==")
    # RFC 4251 section 5.
    for name, digits in {"zero": "", "small": "09a378f9b2e332a7", "high_bit": "0080",
                         "negative": "edcc", "needless": "007f"}.items():
        add(f"mpint_{name}", 1, bytes.fromhex(digits))
    add("mpint_longest", 1, b"\x7f" * 2048)
    add("mpint_too_long", 1, b"\x7f" * 2049)
    for name, text in {"rfc": "zlib,none", "commas": ",,x,", "long": "a" * 64, "too_long": "a" * 65,
                       "blank": "a b", "empty": ""}.items():
        add(f"names_{name}", 2, text.encode())
    for name, text in {"plain": "abc\nabc", "star": "www.example.org\n*.example.*", "marks": "ab\n??",
                       "stars": "aaaaaaaaaaaaaaaaaaaaaaaa\n*a*a*a*a*a*b", "nul": "a\0\na",
                       "nothing": "\n***"}.items():
        add(f"wildcards_{name}", 3, text.encode())
    settings = bytes([8, 30])
    add("totp_rfc6238", 4, settings + b"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    add("totp_lower", 4, bytes([6, 60]) + b"gezd gnbv-gy3t\tqojq====")
    for left in range(1, 8):
        add(f"totp_{left}_digits", 4, settings + b"GEZDGNBV"[:left])
    add("totp_last_bits", 4, settings + b"GF")
    add("totp_no_digit", 4, settings + b"GEZD1NBV")
    for name, text in {"names": "c1,bee", "plus": "+c2,d@*", "minus": "-aes-*,!aes-ctr",
                       "caret": "^c1", "unknown": "x,bee", "all": "*", "none": "-*",
                       "commas": "+,", "marks": "c?"}.items():
        add(f"list_{name}", 5, text.encode())
    for path in sorted((VECTORS / "profiles").iterdir()):
        add(f"profile_{path.stem}", 6 if path.suffix == ".json" else 7, path.read_bytes())
    add("profile_hops", 6, b'{"host": "b", "jumps": ["u@h:1,i", {"host": "c", "authMethod": "key"}]}')
    add("profile_list", 6, b'[{"name": "a", "ssh": {"host": "b", "port": 22.5}}, null, [[]]]')
    add("profile_escapes", 6, b'{"host": "\\u0062", "user": "\\ud83d\\ude00", "password": ""}')
    add("profile_named", 7, b'[profile.a]\nhost = "b"\n[[profile.a.jumps]]\nhost = "c"\n')
    add("profile_others", 7, b'[ssh]\nhost = "b"\nkeepalive_interval = "1m"\nport = 0x16\n')


def socks():
    add = writer("f15_socks")
    open5, login5 = b"\x05\x01\x00", b"\x05\x01\x02\x01\x03joe\x06a word"
    name, v4, v6 = b"\x03\x02db\x15\x38", b"\x01\x0a\x00\x00\x01\x00\x50", b"\x04" + bytes(range(18))
    add("name", 0, open5 + b"\x05\x01\x00" + name + b"GET /")
    add("v4", 0, open5 + b"\x05\x01\x00" + v4)
    add("v6", 0, open5 + b"\x05\x01\x00" + v6 + b"more")
    add("login", 1, login5 + b"\x05\x01\x00" + name)
    add("wrong_login", 1, login5[:-1] + b"D" + b"\x05\x01\x00" + name)
    add("bind", 0, open5 + b"\x05\x02\x00" + v4)
    add("type", 0, open5 + b"\x05\x01\x00\x02" + v4)
    add("no_method", 0, b"\x05\x00")
    add("socks4", 0, b"\x04\x01\x00\x50\x0a\x00\x00\x01joe\x00more")
    add("socks4a", 0, b"\x04\x01\x00\x50\x00\x00\x00\x01joe\x00db.internal\x00more")
    add("socks4_login", 1, b"\x04\x01\x00\x50\x0a\x00\x00\x01joe\x00")
    add("socks4_endless", 0, b"\x04\x01\x00\x50\x00\x00\x00\x01\x00" + b"x" * 300)


kex_values()
texts()
socks()
