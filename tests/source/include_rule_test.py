#!/usr/bin/env python3
"""A folder of server/ includes only folders below it, and each third-party library is
included in its one place (docs/decisions and the architecture say why)."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
SERVER = TOP / "server"
# From the top down; folders of one row never include one another.
ROWS = [["supervisor", "admin", "sip", "media"], ["route"], ["model"], ["tls"], ["ipc"], ["slice"],
        ["proto"], ["audit", "os"], ["core"]]
RANK = {name: row for row, names in enumerate(ROWS) for name in names}
# Header pattern -> where it may stand (path below the checkout, a file's or a folder's beginning).
ONE_PLACE = [
    (r"sofia-sip/", ["server/sip/msg"]),
    (r"srtp2?/srtp\.h", ["server/media/srtp_libsrtp", "tests/tools/phone/"]),
    (r"civetweb\.h", ["server/admin/http/"]),
    (r"sqlite3\.h", ["server/admin/store/", "tests/unit/admin/audit_test", "tests/unit/admin/export_test"]),
    (r"libyang/", ["server/model/"]),
    (r"jansson\.h", ["server/admin/", "server/model/", "server/ctl/", "plugins/", "tests/unit/admin/"]),
    (r"openssl/", ["server/tls/", "server/proto/hop", "server/media/", "server/core/", "server/os/",
                   "server/audit/", "server/sip/", "server/admin/", "server/supervisor/", "server/ipc/", "server/model/",
                   "server/ctl/certificate", "plugins/", "tests/"]),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def includes_of(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def layer_of(name):
    """Slices live in model/ but are a layer of their own, without libyang (model/slice.cmake)."""
    return "slice" if re.match(r"model/slice", name) else name.split("/")[0]


def layer_fault(path, header):
    """Why `path` in server/ may not include the server header `header`; None when it may."""
    own = layer_of(path.relative_to(SERVER).as_posix())
    seen = layer_of(header)
    if seen not in RANK or own not in RANK or seen == own:
        return None
    if RANK[seen] == RANK[own]:
        return f"{own}/ and {seen}/ stand side by side"
    if RANK[seen] < RANK[own]:
        return f"{seen}/ is above {own}/"
    return None


def place_fault(path, header):
    inside = path.relative_to(TOP).as_posix()
    for pattern, places in ONE_PLACE:
        if re.match(pattern, header) and not any(inside.startswith(place) for place in places):
            return f"belongs to {' or '.join(places)}"
    return None


def check(root_files):
    faults = []
    for path in root_files:
        for number, kind, header in includes_of(path):
            fault = place_fault(path, header)
            if not fault and kind == '"' and SERVER in path.parents:
                fault = layer_fault(path, header)
            if fault:
                faults.append(f"{path.relative_to(TOP)}:{number}: {header}: {fault}")
    return faults


def sources():
    for folder in ("server", "plugins", "tests"):
        for path in sorted((TOP / folder).rglob("*.[ch]")):
            yield path


def homeless():
    """A new folder must be given its place before anything can hide in it."""
    named = {p.name for p in SERVER.iterdir() if p.is_dir()}
    return [f"server/{name}/ has no place in the include rule" for name in sorted(named - set(RANK))
            if name != "ctl"]


def finds_planted_faults():
    """The checker must see a wrong include, else its silence means nothing."""
    wrong = layer_fault(SERVER / "core" / "x.c", "os/loop.h")
    beside = layer_fault(SERVER / "sip" / "x.c", "media/ports.h")
    foreign = place_fault(SERVER / "sip" / "x.c", "sqlite3.h")
    right = layer_fault(SERVER / "sip" / "x.c", "core/err.h")
    return bool(wrong and beside and foreign) and right is None


def main():
    faults = check(sources()) + homeless()
    if not finds_planted_faults():
        faults.append("the checker does not see planted faults")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
