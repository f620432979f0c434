#!/usr/bin/env python3
"""docs/rows.md says where each feature row is proved. A row of a listed issue that has neither a test
of its number nor a note, a test program that holds no such test, and a test of a row that no
run calls are faults. --names prints all such tests."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = TOP / "docs" / "rows.md"
# What an issue promises a test for. An issue is added here when it is closed.
ISSUES = {
    3: ("row 11 29 30 34-36 39-41 52-96 111-123 167-168 215", "wish 1-9 13 14 20", "attack 44 47-49"),
    4: ("row 97-110 132-149 169-175 178-184 188-189 219", "wish 8", "attack 25 40-41 45-46"),
}
# row_86_..., row_111_and_114_..., row_73_and_wish_4_...
NAME = r"(?:row|wish|attack)_\d+(?:_and_(?:(?:row|wish|attack)_)?\d+)*(?![0-9])\w*"
NUMBERS = re.compile(r"(?:_and_|^)(?:(row|wish|attack)_)?(\d+)(?=_|$)")
PROGRAMS = [("tests/unit", "*_test.c"), ("tests/supervisor", "*_test.py"), ("tests/e2e", "*_test.py"),
            ("webui/tests", "*_test.mjs")]


def wanted():
    """[("row", 11), ...] of all listed issues."""
    for lines in ISSUES.values():
        for line in lines:
            kind, *ranges = line.split()
            for part in ranges:
                first, _, last = part.partition("-")
                yield from ((kind, n) for n in range(int(first), int(last or first) + 1))


def numbers(name):
    """("row", 73), ("wish", 4) of row_73_and_wish_4_server_and_client."""
    kind, at = None, 0
    while found := NUMBERS.match(name[at:]):
        kind = found.group(1) or kind
        yield kind, int(found.group(2))
        at += found.end()


def tests_of(path, text):
    """(name, whether something runs it) of each test named after a row."""
    if path.suffix == ".mjs":
        for title in re.findall(r"^\s*test\('([^']*)", text, re.M):
            yield from ((name, True) for name in re.findall(NAME, title))
        return
    start = r"^static void ({})\(" if path.suffix == ".c" else r"^def ({})\("
    for name in re.findall(start.format(NAME), text, re.M):
        yield name, len(re.findall(rf"\b{name}\b", text)) > 1


def collect():
    """{"e2e/crl": [names]}, and what nobody runs."""
    found, idle = {}, []
    for folder, pattern in PROGRAMS:
        for path in sorted((TOP / folder).rglob(pattern)):
            program = str(path.relative_to(TOP)).removeprefix("tests/").replace("webui/tests", "webui")
            program = program.rsplit("_test.", 1)[0]
            for name, runs in tests_of(path, path.read_text(encoding="utf-8")):
                found.setdefault(program, []).append(name)
                if not runs:
                    idle.append(f"{path.relative_to(TOP)}: {name} is never run")
    return found, idle


def table():
    """{("row", 11): (programs, note)}, and what is wrong with the lines."""
    rows, faults = {}, []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        found = re.fullmatch(r"(row|wish|attack) (\d+)", cells[0])
        if not found:
            continue
        key = found.group(1), int(found.group(2))
        if len(cells) != 4 or key in rows:
            faults.append(f"docs/rows.md: this line is strange: {line}")
        rows[key] = re.findall("`([^`]+)`", cells[2]), cells[-1]
    return rows, faults


def main():
    tests, faults = collect()
    proved = {}
    for program, names in tests.items():
        for name in names:
            for key in numbers(name):
                proved.setdefault(key, set()).add(program)
    if "--names" in sys.argv:
        for program, names in sorted(tests.items()):
            print("\n".join(f"{program} {name}" for name in names))
        return 0
    rows, bad = table()
    faults += bad
    for (kind, number), (programs, note) in rows.items():
        for program in programs:
            if program not in proved.get((kind, number), ()):
                faults.append(f"docs/rows.md: {program} has no test {kind}_{number}_...")
        if not programs and not note:
            faults.append(f"docs/rows.md: {kind} {number} has neither a test nor a reason")
        if not programs and (kind, number) in proved:
            print(f"(docs/rows.md could name {', '.join(sorted(proved[kind, number]))} for {kind} {number})")
    for kind, number in wanted():
        if (kind, number) not in rows:
            faults.append(f"docs/rows.md: {kind} {number} is missing")
    print("\n".join(faults))
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
