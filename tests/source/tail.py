#!/usr/bin/env python3
"""Prints the longest functions and files of our own C code: what grows there wants a look."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"(\w+)\s*\(")


def functions_of(path):
    """(lines, name) of each function, by our layout: `{` alone in column 0 to `}` in column 0."""
    lines = path.read_text(errors="replace").splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = " ".join(lines[max(0, start - 4):start])
            names = NAME.findall(head)
            yield number - start + 1, names[-1] if names else "?"
            start = None


def main():
    files, functions = [], []
    for folder in ("server", "plugins", "tests"):
        for path in (TOP / folder).rglob("*.[ch]"):
            name = path.relative_to(TOP).as_posix()
            files.append((len(path.read_text(errors="replace").splitlines()), name))
            functions += [(n, f"{name}: {function}") for n, function in functions_of(path)]
    files.sort(reverse=True)
    functions.sort(reverse=True)
    print(f"  {len(files)} C files, {sum(n for n, _ in files)} lines, {len(functions)} functions")
    if functions:
        print(f"  median function {functions[len(functions) // 2][0]} lines,"
              f" 95th percentile {functions[len(functions) // 20][0]}")
    for title, rows in (("files", files), ("functions", functions)):
        print(f"  longest {title}: " + "; ".join(f"{n} {name}" for n, name in rows[:6]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
