#!/usr/bin/env python3
"""Folders are floors: fails on an include that goes up or sideways, and on what a floor may not know.

The table below is docs/architecture.md's. A new root header or folder must be entered here first.
    check_layering.py --root REPOSITORY     check include/adit
    check_layering.py --self-test           break each rule once and see that it is found
"""
import argparse
import pathlib
import re
import sys
import tempfile

# Root headers (the promise) stand on floors of their own; adit.hpp, the umbrella, above all.
ROOT_FLOORS = {
    "version": 0, "error": 0, "diagnostics": 0, "bytes": 0, "slab": 0, "limits": 0,
    "audit": 0, "wildcard": 0, "bodies": 0,
    "options": 5, "connect": 5, "deadline": 5, "server_options": 5, "permissions": 4,
    "step_store": 5,
    "trust": 6, "accounts": 6, "agent": 6,
    "channel": 7,
    "client": 8, "server": 8, "session": 8, "forward": 8, "remote_listener": 8,
    "tunnel": 9, "bastion": 9, "stream_factory": 9, "bridge": 9,
    "route": 9, "upstream": 6,
    "tunnels": 9, "probe": 9,
    "adit": 10, "src": 11,
}
# folder: (its floor, the highest lower floor it may include)
FOLDERS = {
    "wire": (1, 0),
    "crypto": (2, 1),
    "keys": (2, 1),
    "protocol": (3, 2),
    "config": (3, 2),
    "detail": (4, 0),
    "transport": (5, 4),
    "auth": (6, 5),
    "connection": (7, 5),
    "bastion": (9, 8),
    "tunnel": (9, 8),
}
# Across folders on one floor, and nothing else. A root header counts as a folder of its own name.
SIDEWAYS = {
    ("keys", "crypto"),
    ("options", "transport/hooks"), ("options", "transport/kex_session"),
    ("server_options", "transport/hooks"), ("server_options", "transport/kex_server"),
    # A channel is the door to what connection/ holds; connection/relay.hpp is the way back.
    ("channel", "connection"), ("connection", "channel"),
    ("bastion", "bastion/guest"), ("bastion", "bastion/policy"),
    ("tunnel", "tunnel"), ("tunnel", "route"), ("tunnels", "tunnel"), ("probe", "tunnel/connector"),
    ("client", "forward"), ("client", "session"), ("client", "remote_listener"),
    ("remote_listener", "forward"),
    ("server", "forward"), ("server", "session"),
}
BOTAN_FOLDERS = {"crypto", "keys"}
LOWEST_ASIO_FLOOR = 4
LOWEST_CLOCK_FLOOR = 4

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class Header:
    """A header's place in the house, from its path below include/adit."""

    def __init__(self, path):
        self.path = path
        parts = path.removesuffix(".hpp").split("/")
        self.name = parts[-1]
        self.folder = parts[0] if len(parts) > 1 else None
        self.known = (self.folder in FOLDERS) if self.folder else (self.name in ROOT_FLOORS)
        if not self.known:
            return
        if self.folder:
            self.floor, self.reach = FOLDERS[self.folder]
        else:
            self.floor = ROOT_FLOORS[self.name]
            self.reach = self.floor - 1

    def may_include(self, other):
        if self.folder is not None and self.folder == other.folder:
            return True
        if other.floor <= self.reach:
            return True
        # Root headers of F0 are one folder.
        if self.folder is None and other.folder is None and self.floor == other.floor == 0:
            return True
        if self.floor != other.floor:
            return False
        ours = self.folder or self.name
        theirs = {other.folder, f"{other.folder}/{other.name}"} if other.folder else {other.name}
        return any((ours, place) in SIDEWAYS for place in theirs)


def check_text(path, text):
    """Yields (line, complaint) for one header."""
    header = Header(path)
    if not header.known:
        yield 1, "is not in the table of floors"
        return
    # Comments are blanked, newlines kept, so that line numbers stay right.
    code = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    for match in INCLUDE.finditer(code):
        line = code.count("\n", 0, match.start()) + 1
        for complaint in check_include(header, match.group(1), match.group(2)):
            yield line, complaint
    if header.floor < LOWEST_CLOCK_FLOOR:
        for match in re.finditer(r"clock\s*::\s*now\s*\(", code):
            yield code.count("\n", 0, match.start()) + 1, "asks a clock below F4; take now as a parameter"


def check_include(header, bracket, target):
    if bracket == '"':
        yield f'includes "{target}"; write #include <adit/...>, which this check can see'
    elif target.startswith("adit/"):
        other = Header(target.removeprefix("adit/"))
        if not other.known:
            yield f"includes {target}, which is not in the table of floors"
        elif not header.may_include(other):
            yield (f"F{header.floor} {header.folder or header.name} may not include "
                   f"F{other.floor} {target}")
    elif target.startswith("botan/") and header.folder not in BOTAN_FOLDERS:
        yield f"includes {target}; only crypto/ and keys/ name Botan"
    elif target.startswith("boost/asio") and header.floor < LOWEST_ASIO_FLOOR:
        yield f"includes {target} below F4"
    elif target == "iostream":
        yield "includes <iostream>"


def check_cycles(texts):
    """Yields one (path, line, complaint) per include cycle."""
    edges = {path: [match.group(2).removeprefix("adit/") for match in INCLUDE.finditer(text)
                    if match.group(2).startswith("adit/")] for path, text in texts.items()}
    done, trail = set(), []

    def visit(path):
        if path in trail:
            yield path, 1, "includes itself: " + " -> ".join(trail[trail.index(path):] + [path])
            return
        if path in done or path not in edges:
            return
        trail.append(path)
        for target in edges[path]:
            yield from visit(target)
        trail.pop()
        done.add(path)

    for path in sorted(edges):
        yield from visit(path)


def check_bodies(texts):
    """Yields what src.hpp, the one unit with all bodies, does not reach."""
    if "src.hpp" not in texts:
        return
    reached, waiting = set(), ["src.hpp"]
    while waiting:
        path = waiting.pop()
        if path in texts and path not in reached:
            reached.add(path)
            waiting += [match.group(2).removeprefix("adit/")
                        for match in INCLUDE.finditer(texts[path])]
    for path, text in texts.items():
        if "#if ADIT_BODIES" in text and path not in reached:
            yield path, 1, "has bodies that src.hpp does not reach"


def check(root):
    base = root / "include" / "adit"
    texts = {str(file.relative_to(base)): file.read_text(encoding="utf-8")
             for file in sorted(base.rglob("*.hpp"))}
    if not texts:
        sys.exit(f"no headers below {base}")
    findings = [(path, line, complaint) for path, text in texts.items()
                for line, complaint in check_text(path, text)]
    return findings + list(check_cycles(texts)) + list(check_bodies(texts))


BREAKS = {
    "upward": ("wire/reader.hpp", "#include <adit/protocol/window.hpp>", "may not include F3"),
    "sideways": ("protocol/window.hpp", "#include <adit/config/url.hpp>", "may not include F3"),
    "crypto to keys": ("crypto/hash.hpp", "#include <adit/keys/pem.hpp>", "may not include F2"),
    "detail knows no SSH": ("detail/door.hpp", "#include <adit/wire/reader.hpp>", "not include F1"),
    "connection to auth": ("connection/outbox.hpp", "#include <adit/auth/client.hpp>", "include F6"),
    "options to versions": ("options.hpp", "#include <adit/transport/rekey.hpp>", "not include F5"),
    "session to client": ("session.hpp", "#include <adit/client.hpp>", "may not include F8"),
    "botan": ("protocol/inbound.hpp", "#include <botan/aead.h>", "name Botan"),
    "botan at a door": ("client.hpp", "#include <botan/aead.h>", "name Botan"),
    "asio": ("protocol/inbound.hpp", "#include <boost/asio/buffer.hpp>", "below F4"),
    "iostream": ("client.hpp", "#include <iostream>", "<iostream>"),
    "clock": ("protocol/rekey_clock.hpp", "auto t = std::chrono::steady_clock::now();", "a clock"),
    "quotes": ("wire/reader.hpp", '#include "adit/bytes.hpp"', "which this check can see"),
    "unknown": ("helper.hpp", "", "not in the table"),
}
FINE = {
    "keys to crypto": ("keys/pem.hpp", "#include <adit/crypto/hash.hpp>"),
    "options to hooks": ("options.hpp", "#include <adit/transport/hooks.hpp>"),
    "client to session": ("client.hpp", "#include <adit/session.hpp>\n#include <boost/asio.hpp>"),
    "own folder": ("wire/reader.hpp", "#include <adit/wire/types.hpp>\n#include <adit/bytes.hpp>"),
    "a comment": ("wire/reader.hpp", "// #include <iostream>\n// steady_clock::now()"),
}


def self_test():
    failures = []
    for name, (path, text, expected) in BREAKS.items():
        found = [complaint for _, complaint in check_text(path, text)]
        if not any(expected in complaint for complaint in found):
            failures.append(f"{name}: not found; got {found}")
    for name, (path, text) in FINE.items():
        found = list(check_text(path, text))
        if found:
            failures.append(f"{name}: wrongly found {found}")
    with tempfile.TemporaryDirectory() as folder:
        wire = pathlib.Path(folder) / "include" / "adit" / "wire"
        wire.mkdir(parents=True)
        (wire / "a.hpp").write_text("#include <adit/wire/b.hpp>\n", encoding="utf-8")
        (wire / "b.hpp").write_text("#include <adit/wire/a.hpp>\n", encoding="utf-8")
        if not any("includes itself" in finding[2] for finding in check(pathlib.Path(folder))):
            failures.append("cycle: not found")
        (wire.parent / "src.hpp").write_text("#include <adit/wire/b.hpp>\n", encoding="utf-8")
        (wire / "c.hpp").write_text("#if ADIT_BODIES\n#endif\n", encoding="utf-8")
        if not any("does not reach" in finding[2] for finding in check(pathlib.Path(folder))):
            failures.append("bodies without a unit: not found")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        failures = self_test()
        print("\n".join(failures) or f"{len(BREAKS) + 1} breaks found, {len(FINE)} left alone")
        return 1 if failures else 0
    findings = check(arguments.root)
    for path, line, complaint in findings:
        print(f"include/adit/{path}:{line}: {complaint}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
