#!/usr/bin/env python3
"""Asks a Boost.Test binary for its cases and writes one ctest test per case.

Data-driven cases (children named _0, _1, ...) and template cases (name<type>) count as one test.
A suite whose name starts with concurrency_ adds that label. Used by cmake/adit_tests.cmake.
"""
import json
import os
import re
import subprocess
import sys


def list_cases(settings):
    environment = dict(os.environ)
    for pair in settings["environment"]:
        key, _, value = pair.partition("=")
        environment[key] = value
    run = subprocess.run(
        [settings["binary"], "--list_content=HRF", "--color_output=no"],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{settings['binary']} does not list its tests:\n{run.stdout}")
    return tree(run.stdout.splitlines())


def tree(lines):
    """Indented by 4 per level; what has deeper lines after it is a suite; no star means disabled."""
    entries = []
    for line in lines:
        match = re.match(r"^( *)(\S.*?)(\*| )(?:: .*)?$", line)
        if match:
            indent, name, enabled = match.groups()
            entries.append((len(indent) // 4, name, enabled == "*"))
    cases, path = {}, []
    for index, (depth, name, enabled) in enumerate(entries):
        path = path[:depth] + [name]
        has_children = index + 1 < len(entries) and entries[index + 1][0] > depth
        if has_children or not enabled:
            continue
        cases[case_path(path)] = None
    return list(cases)


def case_path(path):
    if re.fullmatch(r"_\d+", path[-1]) and len(path) > 1:
        return tuple(path[:-1])
    return tuple(path[:-1]) + (re.sub(r"<.*", "*", path[-1]),)


def write_tests(settings, cases):
    out = []
    environment = ";".join(settings["environment"])
    for case in cases:
        name = ".".join((settings["name"],) + case).replace("*", "")
        labels = settings["label"]
        if any(part.startswith("concurrency_") for part in case):
            labels += ";concurrency"
        # One real server's worth of load at a time; tests in memory may run beside it.
        lock = "RESOURCE_LOCK servers " if settings["label"] == "integration" else ""
        out.append(f'add_test([=[{name}]=] [=[{settings["binary"]}]=] '
                   f'[=[--run_test={"/".join(case)}]=] [=[--color_output=no]=])')
        out.append(f'set_tests_properties([=[{name}]=] PROPERTIES LABELS [=[{labels}]=] '
                   f'{lock}TIMEOUT {settings["timeout"]} ENVIRONMENT [=[{environment}]=] '
                   f'SKIP_REGULAR_EXPRESSION [=[adit-test-skipped:]=])')
    with open(settings["output"], "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        settings = json.load(file)
    write_tests(settings, list_cases(settings))


if __name__ == "__main__":
    main()
