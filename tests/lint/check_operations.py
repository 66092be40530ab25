#!/usr/bin/env python3
"""Every public async_* of the root headers is a row of both matrices and of docs/cancellation.md.

    check_operations.py --root REPOSITORY
    check_operations.py --root REPOSITORY --self-test     break each once: it must be found

The rows are the structs of tests/support/operations_*.hpp (support/operation.hpp says what they
have), their lists stand at the end of these files. Each list goes through each cell of
tests/tokens/matrix.hpp and of tests/cancellation/matrix.hpp, and a row promises what the page says.
"""
import argparse
import pathlib
import re
import sys

PAGE = "docs/cancellation.md"
MATRICES = {"tokens": "tests/tokens", "cancellation": "tests/cancellation"}
CALLS = {"return", "co_return", "co_await", "else", "throw"}


def declared(text):
    """The async_* that a root header declares outside of namespace detail, as class::name."""
    owner, inside_detail = "", False
    for line in text.splitlines():
        if re.match(r"namespace (\w+::)*detail\b", line):
            inside_detail = True
        elif re.match(r"}  // namespace (\w+::)*detail", line):
            inside_detail = False
        elif re.match(r"};", line):
            owner = ""
        opens = re.match(r"(?:class|struct) (\w+)[^;]*{$", line)
        if opens:
            owner = opens.group(1) + "::"
        found = re.match(r" *(?:\[\[nodiscard\]\] )?([\w:<>]+) (async_\w+)\(", line)
        if found and not inside_detail and found.group(1) not in CALLS:
            yield owner + found.group(2)


def structs(text):
    """name -> (bases, body) of each struct at the left margin."""
    pattern = r"^struct (\w+)(?: : ([\w<>:, ]+))? {\n(.*?)^};"
    return {name: (re.findall(r"\w+", bases), body)
            for name, bases, body in re.findall(pattern, text, re.MULTILINE | re.DOTALL)}


def promise_of(name, known):
    bases, body = known.get(name, ([], ""))
    own = re.search(r"promised = promise::(\w+);", body)
    if own:
        return own.group(1)
    return next(filter(None, (promise_of(base, known) for base in bases)), None)


def read_rows(files):
    """Lists: name of a list -> operations; promises: operation -> word; strays: in no list."""
    lists, promises, strays = {}, {}, []
    homes = [path for path in sorted(files)
             if re.fullmatch(r"tests/support/operations_\w+\.hpp", path)]
    known = {}
    for path in homes:
        known.update(structs(files[path]))
    for path in homes:
        named = {}
        for struct, (_, body) in structs(files[path]).items():
            name = re.search(r'name = "([\w:]+)";', body)
            if name:
                named[struct] = name.group(1)
                promises[name.group(1)] = promise_of(struct, known)
        listed = set()
        for name, members in re.findall(r"^using (\w+) =\s+rows<([^;]*)>;", files[path], re.MULTILINE):
            lists[name] = [named.get(m) for m in re.findall(r"\w+", members)]
            listed.update(lists[name])
        strays += sorted(set(named.values()) - listed)
    return lists, promises, strays


def check_cells(files, lists):
    for namespace, folder in MATRICES.items():
        matrix = files[f"{folder}/matrix.hpp"]
        cells = re.findall(r"^template <class Row>\nvoid (\w+)\(\) {", matrix, re.MULTILINE)
        if len(cells) < 6:
            yield f"{folder}/matrix.hpp: only {len(cells)} cells were found"
        sources = re.sub(r"\s+", " ", " ".join(
            text for path, text in files.items() if re.fullmatch(folder + r"/\w+\.cpp", path)))
        for name in lists:
            for cell in cells:
                call = f"{name}::each([]<class Row>() {{ {namespace}::{cell}<Row>(); }})"
                if call not in sources:
                    yield f"{folder}: {name} does not go through {namespace}::{cell}"


def complaints(files):
    wanted = {name for path, text in files.items()
              if re.fullmatch(r"include/adit/\w+\.hpp", path) for name in declared(text)}
    lists, promises, strays = read_rows(files)
    for name in sorted(wanted - promises.keys()):
        yield f"tests/support/operations_*.hpp: no row for {name}"
    for name in sorted(promises.keys() - wanted):
        yield f"tests/support/operations_*.hpp: no such operation: {name}"
    for name in strays:
        yield f"tests/support/operations_*.hpp: {name} is in no list"
    told = dict(re.findall(r"^\| `([\w:]+)` \| (\w+) \|", files[PAGE], re.MULTILINE))
    for name in sorted(wanted - told.keys()):
        yield f"{PAGE}: no row for {name}"
    for name in sorted(told.keys() - wanted):
        yield f"{PAGE}: no such operation: {name}"
    for name in sorted(told.keys() & promises.keys()):
        if told[name] != promises[name]:
            yield f"{PAGE}: {name} is {told[name]}, its row says {promises[name]}"
    yield from check_cells(files, lists)


# What is replaced where, and what has to be said about it.
BREAKS = [
    ("include/adit/client.hpp", "auto async_open(", "auto async_open_more(", "no row for client::"),
    (PAGE, "| `client::async_open` |", "| `client::async_opens` |", "no row for client::async_open"),
    (PAGE, "| `client::async_open` | total |", "| `client::async_open` | partial |", "is partial"),
    ("tests/support/operations_client.hpp", "client_open, ", "", "is in no list"),
    ("tests/tokens/client.cpp", "tokens::use_future<", "tokens::callback<", "tokens::use_future"),
    ("tests/cancellation/server_matrix.cpp", "server_operations::each", "rows<>::each",
     "cancellation::while_it_waits"),
]


def self_test(files):
    before = set(complaints(files))
    for path, old, new, said in BREAKS:
        if old not in files[path]:
            return f"{path} has no {old!r} any more"
        broken = dict(files)
        broken[path] = files[path].replace(old, new)
        if not any(said in c for c in set(complaints(broken)) - before):
            return f"not found: {old!r} -> {new!r} in {path}"
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    patterns = ["include/adit/*.hpp", "tests/support/operations_*.hpp", PAGE]
    patterns += [f"{folder}/*.?pp" for folder in MATRICES.values()]
    files = {path.relative_to(options.root).as_posix(): path.read_text()
             for pattern in patterns for path in options.root.glob(pattern)}
    if options.self_test:
        return self_test(files)
    found = list(complaints(files))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
