#!/usr/bin/env python3
"""docs/ports.md is made from the configuration model (--write makes it); a port that the model
has and the page has not, or the other way round, is a fault."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = TOP / "docs" / "ports.md"
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"((?:[^"\\]|\\.)*)"|([{};])|([^\s{};"]+)', re.S)
# Off unless switched on: said in the page.
HEAD = """# Ports

Made from the configuration model (`db/yang`) by `tests/source/ports_doc_test.py --write`; a test
compares. What an appliance listens on with its own settings stands on its page *Open ports*.

| port (default) | setting | what for | on by default |
|---|---|---|---|
"""
TAIL = """
The core listens on nothing towards the edge: it opens the link (TCP, from a free port) and the hop
(UDP, from its media range) itself. The inner firewall lets the core out to the edge's zone port and
its two hop ports, and nothing in.
"""


def statements(text):
    """The YANG file as nested lists: [keyword, argument, [children]]."""
    stack = [["", "", []]]
    words = []
    for found in TOKEN.finditer(text):
        quoted, mark, word = found.groups()
        if mark is None:
            if quoted is not None or word:
                words.append(quoted if quoted is not None else word)
            continue
        if mark == "}":
            stack.pop()
            continue
        if words:
            node = [words[0], " ".join(words[1:]), []]
            stack[-1][2].append(node)
            if mark == "{":
                stack.append(node)
        words = []
    return stack[0][2]


def child(node, keyword):
    return next((re.sub(r"\s+", " ", n[1]) for n in node[2] if n[0] == keyword), None)


def walk(nodes, path, parents):
    for node in nodes:
        if node[0] in ("module", "container", "list", "leaf"):
            at = path if node[0] == "module" else path + [node[1]]
            if node[0] == "leaf":
                yield at, node, parents
            else:
                yield from walk(node[2], at, parents + [node])


def is_port(at, node):
    kind = child(node, "type") or ""
    return kind.endswith("listen-port") or "/".join(at) in ("media/port-last", "tls/acme/http-port")


def switched_on(parents):
    for node in parents:
        for leaf in node[2]:
            if leaf[0] == "leaf" and leaf[1] == "enabled" and node[0] == "container":
                return child(leaf, "default") == "true"
    return True


def page():
    rows = []
    for path in sorted((TOP / "db" / "yang").glob("*.yang")):
        for at, node, parents in walk(statements(path.read_text()), [], []):
            if is_port(at, node):
                rows.append((int(child(node, "default")), "/".join(at), child(node, "description"),
                             "yes" if switched_on(parents) else "no"))
    rows.sort()
    return HEAD + "".join(f"| {p} | {a} | {d} | {on} |\n" for p, a, d, on in rows) + TAIL


def main():
    wanted = page()
    if "--write" in sys.argv:
        PAGE.write_text(wanted)
        return 0
    if wanted.count("\n| ") < 9:
        print("the model's ports were not found")
        return 1
    if not PAGE.exists() or PAGE.read_text() != wanted:
        print("docs/ports.md is not what the model says: run tests/source/ports_doc_test.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
