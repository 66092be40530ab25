"""Runs the tests whose names carry an ID many times and says of each how often it passed.

./dev stress calls it: stress.py FOLDER IDS TIMES JOBS. FOLDER is a build folder that ctest knows, IDS a
list of IDs and ranges, such as T01-T31,C19. Every round runs each test once, those in memory beside each
other, so that a round is also a crowd. The exit status is 0 only when there was a test and all passed
each time; a test that was skipped passed nothing.
"""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree


def expand(ids):
    """T01-T03,c19 becomes [t01, t02, t03, c19]."""
    found = []
    for part in re.split(r"[,\s]+", ids.lower().strip(", ")):
        one = re.fullmatch(r"([a-z]+)(\d+)(?:-([a-z]*)(\d+))?", part)
        if one is None:
            sys.exit(f"stress: {part!r} is no ID and no range of IDs")
        letter, first, last_letter, last = one.groups()
        if last is not None and last_letter not in ("", letter):
            sys.exit(f"stress: {part!r} is a range over two letters")
        if last is not None and int(last) < int(first):
            sys.exit(f"stress: {part!r} ends before it begins")
        for number in range(int(first), int(last or first) + 1):
            found.append(f"{letter}{number:0{len(first)}d}")
    return found


def one_round(folder, pattern, jobs, report):
    """What ctest says of each test: its name, how it ended and what it printed."""
    subprocess.run(["ctest", "--test-dir", folder, "-R", pattern, "-j", jobs, "--no-tests=ignore",
                    "--output-junit", str(report)], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, check=False)
    if not report.exists():
        return
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        printed = case.findtext("system-out") or ""
        yield case.get("name"), case.get("status"), printed


def main():
    folder, ids, times, jobs = sys.argv[1:]
    wanted = expand(ids)
    pattern = "[._](" + "|".join(wanted) + ")(_|$)"
    passed, failed, skipped = (collections.Counter() for _ in range(3))
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch) / "report.xml"
        for number in range(1, int(times) + 1):
            bad = 0
            for name, status, printed in one_round(folder, pattern, jobs, report):
                if status == "run":
                    passed[name] += 1
                elif status == "fail":
                    bad += 1
                    failed[name] += 1
                    print(f"--- {name} failed in round {number}\n{printed}", flush=True)
                else:
                    skipped[name] += 1
            print(f"round {number} of {times}: {bad} failed", file=sys.stderr, flush=True)
    names = sorted({*passed, *failed, *skipped})
    for name in names:
        print(f"{passed[name]:5} passed {failed[name]:5} failed {skipped[name]:5} skipped  {name}")
    missing = [i for i in wanted if not any(re.search(f"[._]{i}(_|$)", n) for n in names)]
    print(f"{len(names)} tests, {times} times each: {sum(passed.values())} passed, "
          f"{sum(failed.values())} failed, {sum(skipped.values())} skipped; "
          f"IDs without a test: {', '.join(missing).upper() or 'none'}")
    return 1 if not names or failed or skipped else 0


if __name__ == "__main__":
    sys.exit(main())
