#!/usr/bin/env python3
"""Budgets and form of docs/architecture.md section 4, and three patterns that g++ 12 miscompiles.

    check_form.py --root REPOSITORY     check include/, tests/, examples/ and benchmarks/
    check_form.py --self-test           break each rule once and see that it is found
"""
import argparse
import pathlib
import re
import sys

import coroutine_traps
import cpp_text

MOST_LINES = 500
LINES_WITHOUT_A_REASON = 300
MOST_FUNCTION_LINES = 70
MOST_PARAMETERS = 5
MOST_NESTING = 4
MOST_COLUMNS = 100
MOST_EXAMPLE_LINES = 100

# Algorithm tables and message lists: what they list is as long as it is.
EXEMPT_FROM_LENGTH = {
    "include/adit/crypto/algorithms.hpp",
    "include/adit/wire/auth_messages.hpp",
    "include/adit/wire/channel_requests.hpp",
    "include/adit/wire/connection_messages.hpp",
    "include/adit/wire/kex_messages.hpp",
    "include/adit/wire/transport_messages.hpp",
    "include/adit/wire/agent_messages.hpp",
    "include/adit/error.hpp",
}
# Functions that are one table written as a switch: file, function.
EXEMPT_FUNCTIONS = {
    ("include/adit/error.hpp", "sentence"),
    ("include/adit/error.hpp", "message"),
    ("include/adit/error.hpp", "message_of"),
}
# Whether a header's bodies are seen is the preprocessor's decision, and the only one of its kind.
# The last one tells toml++ what to do where it asserts.
MAY_DEFINE = {"include/adit/bodies.hpp", "include/adit/src.hpp",
              "include/adit/config/profile_toml.hpp"}
# Programs that people use; the other examples fit on a page.
LONG_EXAMPLES = ("adit_tunnel", "adit-tunnel", "adit_bastion", "adit-bastion",
                 "programs")


def check_text(path, text):
    """Yields (line, complaint) for one file; path is relative to the repository."""
    lines = text.splitlines()
    code = cpp_text.blank(text)
    yield from check_file_length(path, lines)
    yield from check_lines(path, lines, code)
    functions, signatures = cpp_text.structure(text)
    for function in functions:
        exempt = (path, function.name) in EXEMPT_FUNCTIONS
        if function.lines > MOST_FUNCTION_LINES and not exempt:
            yield function.line, (f"{function.name}() has {function.lines} lines; "
                                  f"{MOST_FUNCTION_LINES} are allowed")
        if function.nesting > MOST_NESTING:
            yield function.line, (f"{function.name}() nests {function.nesting} deep; "
                                  f"{MOST_NESTING} are allowed")
    for signature in signatures:
        if signature.parameters > MOST_PARAMETERS:
            yield signature.line, (f"{signature.name}() takes {signature.parameters} parameters; "
                                   f"{MOST_PARAMETERS} are allowed")
    if "co_await" in code:
        yield from coroutine_traps.find(code)


def opening_comment(lines):
    count = 0
    while count < len(lines) and lines[count].startswith("//"):
        count += 1
    return lines[:count]


def check_file_length(path, lines):
    comment = opening_comment(lines)
    fewest, most = (2, 10) if path.startswith("include/") else (1, 20)
    if not fewest <= len(comment) <= most:
        yield 1, (f"opens with {len(comment)} lines of comment; 3 to 8 say what it is, which RFC "
                  "section, who uses it and its invariant")
    if path in EXEMPT_FROM_LENGTH:
        return
    if len(lines) > MOST_LINES:
        yield 1, f"has {len(lines)} lines; {MOST_LINES} are allowed"
    elif (len(lines) > LINES_WITHOUT_A_REASON and not path.startswith("tests/")
          and not re.search(r"\b300 lines\b", " ".join(comment))):
        yield 1, (f"has {len(lines)} lines; over {LINES_WITHOUT_A_REASON}, the opening comment says "
                  "why (\"Over 300 lines: ...\")")
    if path.startswith("examples/") and len(lines) > MOST_EXAMPLE_LINES:
        if not path.removeprefix("examples/").startswith(LONG_EXAMPLES):
            yield 1, f"has {len(lines)} lines; an example fits in {MOST_EXAMPLE_LINES}"


def check_lines(path, lines, code):
    header = path.endswith(".hpp")
    if header and "#pragma once" not in lines:
        yield 1, "has no #pragma once"
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS:
            yield number, f"has {len(line)} columns; {MOST_COLUMNS} are allowed"
        if re.search(r"\b(?:TODO|FIXME|XXX)\b", line):
            yield number, "leaves a note instead of an issue"
        macro = path.startswith("include/") and re.match(r"\s*#\s*define\b", line)
        if macro and path not in MAY_DEFINE:
            yield number, "defines a macro"
    if header:
        for match in re.finditer(r"^[ \t]*using\s+namespace\b", code, re.MULTILINE):
            yield cpp_text.line_of(code, match.end()), "using namespace in a header"


def our_files(root):
    for folder in ("include", "tests", "examples", "benchmarks"):
        for file in sorted((root / folder).rglob("*.[ch]pp")):
            if "fixtures" not in file.parts:
                yield file


def check(root):
    files = list(our_files(root))
    if not files:
        sys.exit(f"no C++ below {root}")
    findings = []
    for file in files:
        path = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8")
        findings += [(path, line, complaint) for line, complaint in check_text(path, text)]
    return findings


def self_test():
    """Each fixture says in its first lines what must be found: // finds LINE: words."""
    failures, seen = [], 0
    folder = pathlib.Path(__file__).parent / "fixtures"
    for file in sorted(folder.glob("*.[ch]pp")):
        text = file.read_text(encoding="utf-8")
        expected = [(int(line), words.strip()) for line, words in
                    re.findall(r"^// finds (\d+): (.*)$", text, re.MULTILINE)]
        found = list(check_text("include/adit/" + file.name, text))
        for line, words in expected:
            seen += 1
            if not any(line == at and words in complaint for at, complaint in found):
                failures.append(f"{file.name}:{line}: not found: {words}; got {found}")
        for at, complaint in found:
            if not any(line == at and words in complaint for line, words in expected):
                failures.append(f"{file.name}:{at}: wrongly found: {complaint}")
    failures += self_test_lengths()
    if seen < 12:
        failures.append(f"only {seen} expectations in {folder}")
    return failures, seen


def self_test_lengths():
    comment = "// a\n// b\n// c\n#pragma once\n"
    cases = [
        ("include/adit/a.hpp", comment + "\n" * 500, "500 are allowed"),
        ("include/adit/a.hpp", comment + "\n" * 310, "says why"),
        ("examples/query.cpp", comment + "\n" * 100, "an example fits in"),
        ("include/adit/a.hpp", "#pragma once\n", "opens with 0 lines"),
    ]
    failures = [f"length: not found: {words}" for path, text, words in cases
                if not any(words in complaint for _, complaint in check_text(path, text))]
    fine = [("include/adit/a.hpp", "// Over 300 lines: one table.\n// b\n" + comment + "\n" * 310),
            ("include/adit/crypto/algorithms.hpp", comment + "\n" * 600),
            ("examples/adit_tunnel.cpp", comment + "\n" * 200)]
    failures += [f"length: wrongly found {list(check_text(path, text))}" for path, text in fine
                 if list(check_text(path, text))]
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        failures, seen = self_test()
        print("\n".join(failures) or f"{seen} planted breaks found, nothing else")
        return 1 if failures else 0
    findings = check(arguments.root)
    for path, line, complaint in findings:
        print(f"{path}:{line}: {complaint}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
