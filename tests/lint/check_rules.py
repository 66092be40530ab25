#!/usr/bin/env python3
"""docs/rules.md lists every rule of tests/rules.txt with the tests that are named after it.

A test's name begins with the rules that it holds: c35_..., t09_c19_.... Fails where a rule has no test,
a test names a rule that there is not, the page is not what the tests say, or docs/seeds.md names a test
that there is not.
    check_rules.py --root REPOSITORY            check
    check_rules.py --root REPOSITORY --write    make the page anew
    check_rules.py --self-test                  each of them is found
"""
import argparse
import pathlib
import re
import sys

RULE = re.compile(r"^([A-Z]\d\d) ([CSB-]) (.+)$")
# What the fitting run is: a soak is no test of ctest's, ./dev soak is.
ELSEWHERE = {"T32": "`./dev soak`"}
CASE = re.compile(r"\b(?:BOOST_\w*TEST_CASE\w*|ADIT_\w*TEST_CASE\w*)\(\s*((?:[a-z]\d\d_)+\w*)")
WHO = {"C": "client", "S": "server", "B": "both", "-": "tunnel"}


def rules_of(text):
    found = {}
    for line in text.splitlines():
        match = RULE.match(line)
        if match:
            found[match[1]] = (match[2], match[3])
    return found


def tests_of(files):
    """rule -> {file: [names]}"""
    found = {}
    for path, text in files:
        for name in CASE.findall(text):
            for rule in re.findall(r"([a-z]\d\d)_", re.match(r"(?:[a-z]\d\d_)+", name)[0]):
                found.setdefault(rule.upper(), {}).setdefault(path, []).append(name)
        target = re.search(r"fuzz_(f\d\d)_\w+(?=\.cpp$)", path)
        if target:
            found.setdefault(target[1].upper(), {}).setdefault(path, []).append(target[0])
    return found


def page_of(rules, tests):
    lines = [
        "# Rules and their tests", "",
        "Made by `tests/lint/check_rules.py --write` from `tests/rules.txt` and the names of the tests; a rule",
        "without a test, and a test of no rule, fail `./dev lint` and CI. C: conformance, A: attacks, L: limits,",
        "S: secrets and files, T: faults of tunnels, F: fuzzing, P: promises.", "",
        "| rule | binds | what | tests | where |", "|---|---|---|---|---|",
    ]
    for rule, (who, what) in rules.items():
        count = sum(len(names) for names in tests.get(rule, {}).values())
        where = ", ".join(path for path in sorted(tests.get(rule, ()))) or ELSEWHERE.get(rule, "")
        lines.append(f"| {rule} | {WHO[who]} | {what} | {count} | {where} |")
    return "\n".join(lines) + "\n"


def complaints(rules, tests, page):
    for rule in rules:
        if rule not in tests and rule not in ELSEWHERE:
            yield f"tests: nothing is named after {rule}, {rules[rule][1]}"
    for rule in sorted(tests.keys() - rules.keys()):
        where = next(iter(tests[rule]))
        yield f"tests/{where}: there is no rule {rule} in tests/rules.txt"
    if page != page_of(rules, tests):
        yield "docs/rules.md is stale: tests/lint/check_rules.py --write"


def unknown_tests(page, names):
    """Of the last column of docs/seeds.md."""
    for line in page.splitlines():
        if not line.startswith("| ") or line.startswith("| feature"):
            continue
        for name in re.findall(r"`(\w+)`", line.rstrip(" |").rsplit("|", 1)[1]):
            if name not in names:
                yield f"docs/seeds.md: there is no test {name}"


def self_test():
    rules = {"C01": ("B", "one"), "C02": ("C", "two")}
    good = tests_of([("a.cpp", "BOOST_AUTO_TEST_CASE(c01_c02_both)\n")])
    page = page_of(rules, good)
    if list(complaints(rules, good, page)):
        return "what is right is complained about"
    for name, broken in (
            ("a rule without a test", (rules | {"C03": ("S", "three")}, good)),
            ("a test of no rule", (rules, tests_of([("a.cpp", "BOOST_AUTO_TEST_CASE(c01_c02_c09_x)")])))):
        if not list(complaints(*broken, page_of(*broken))):
            return f"{name} is not found"
    if not list(complaints(rules, good, page + "more")):
        return "a stale page is not found"
    seed = "| feature | here | shown by |\n| a `b` | `c` | `d` `e` |\n"
    if list(unknown_tests(seed, {"d", "e"})) or not list(unknown_tests(seed, {"d"})):
        return "a test that there is not is not found in docs/seeds.md"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        failure = self_test()
        print(failure or "each break is found")
        return 1 if failure else 0
    below = options.root / "tests"
    files = [(str(p.relative_to(below)), p.read_text()) for p in sorted(below.rglob("*.cpp"))]
    rules, tests = rules_of((below / "rules.txt").read_text()), tests_of(files)
    names = set(re.findall(r"TEST_CASE\w*\(\s*(\w+)", "".join(text for _, text in files)))
    shown = (options.root / "docs" / "seeds.md").read_text()
    strangers = list(unknown_tests(shown, names))
    page = options.root / "docs" / "rules.md"
    if options.write:
        page.write_text(page_of(rules, tests))
    found = strangers + list(complaints(rules, tests, page.read_text() if page.exists() else ""))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
