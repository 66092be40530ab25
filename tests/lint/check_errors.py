#!/usr/bin/env python3
"""docs/errors.md lists every errc with its sentence: fails on one that is missing, stale or unknown.

    check_errors.py --root REPOSITORY
    check_errors.py --self-test         drop a row, change a sentence: both must be found
"""
import argparse
import pathlib
import re
import sys


def sentences(header):
    """errc name -> sentence, from the enum and the switch of error.hpp."""
    body = header[header.index("enum class errc {"):]
    names = re.findall(r"^    (\w+)(?: = 0)?,", body[:body.index("};")], re.MULTILINE)
    said = {}
    for cases, text in re.findall(r'((?:case errc::\w+:\s*)+)return\s*"([^"]+)"', header):
        for name in re.findall(r"errc::(\w+)", cases):
            said[name] = text
    return {name: said.get(name) for name in names if name != "ok"}


def complaints(header, page):
    wanted = sentences(header)
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page, re.MULTILINE))
    for name, text in wanted.items():
        if name not in rows:
            yield f"docs/errors.md: no row for errc::{name}"
        elif rows[name].strip() != text:
            yield f"docs/errors.md: errc::{name} says \"{rows[name].strip()}\", the code \"{text}\""
    for name in rows.keys() - wanted.keys():
        yield f"docs/errors.md: no such errc: {name}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    header = (options.root / "include/adit/error.hpp").read_text()
    page = (options.root / "docs/errors.md").read_text()
    if options.self_test:
        broken = [page.replace("| `mac_mismatch` |", "| `mac_missing` |"),
                  page.replace("| authentication failed |", "| authentication filed |")]
        found = [len(list(complaints(header, p))) - len(list(complaints(header, page)))
                 for p in broken]
        return 0 if found == [2, 1] else f"the breaks were not found: {found}"
    found = list(complaints(header, page))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
