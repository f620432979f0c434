#!/usr/bin/env python3
"""Many refreshes of revocation lists: memory stays as it was, no event loop stands still.
Measured in the release build: the sanitizers are slow and keep memory that was freed."""
import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("TP_BUILD", str(TOP / "build"))
os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1:malloc_context_size=2")

from cases import Skip, check, nightly, run, wait_until  # noqa: E402 - the build is chosen before
from crl_test import Box  # noqa: E402

ADDRESS = ("127.0.2.13", 7443)
POLL_S = 0.015
WORKERS = 250  # requests that wake each worker of the web server, whose stack would look like growth


def pid_of(box, name):
    return next(int(p["pid"]) for p in box.admin.get("/api/v1/status")["processes"] if p["name"] == name)


def held(box):
    """The indices that turnpiked holds; the one replaced last leaves a second later."""
    return [p for p in pathlib.Path(f"/proc/{box.process.pid}/fd").iterdir() if "crl-index" in os.readlink(p)]


def memory(box):
    """Resident and shared memory of the processes that hold lists, in kB."""
    indices = wait_until(lambda: (lambda now: now if len(now) == 1 else None)(held(box)), 10, "indices pile up")
    resident = 0
    for name in ("turnpike-admin", "turnpike-sip"):
        text = pathlib.Path(f"/proc/{pid_of(box, name)}/status").read_text()
        fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        resident += int(fields["VmRSS"].split()[0])
    return resident, sum(os.stat(p).st_blocks // 2 for p in indices)


def is_sanitized(box):
    return "libasan" in pathlib.Path(f"/proc/{pid_of(box, 'turnpike-sip')}/maps").read_text()


def pauses(box, ms):
    """How often the event loops of admin and sip took nothing new for longer than that."""
    status = box.admin.get("/api/v1/status")
    return {name: int(status[name][f"pauses-over-{ms}-ms"]) for name in ("admin", "sip")}


def queued_ms(pids):
    """For how long the loops of these processes could have run, but others had the processors."""
    return {name: int(pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[1]) / 1e6
            for name, pid in pids.items()}


def refresh(box, count):
    share, ms = (1.25, 100) if is_sanitized(box) else (1.03, 20)
    for _ in range(WORKERS):
        box.admin.post("/api/v1/revocation/crls/update")
        box.lists()
        pauses(box, ms)
    box.settle()
    pids = {name: pid_of(box, f"turnpike-{name}") for name in ("admin", "sip")}
    paused, queued = pauses(box, ms), queued_ms(pids)
    early, own, starved = None, [], 0
    for i in range(count):
        box.again(POLL_S)
        if i == 9:
            early = memory(box)
        now, now_queued = pauses(box, ms), queued_ms(pids)
        for name in pids:
            # A pause in which the kernel let others run is the machine's, not the program's.
            if now[name] > paused[name] and now_queued[name] - queued[name] >= ms / 2:
                starved += now[name] - paused[name]
            elif now[name] > paused[name]:
                own.append((i, name))
        paused, queued = now, now_queued
    late = memory(box)
    print(f"# after 10 refreshes {early}, after {count} {late} (kB resident, kB shared)")
    check(sum(late) <= share * sum(early), f"memory grows: {early} -> {late}")
    if starved:
        print(f"# {starved} pauses while others had the processors")
    check(not own, f"event loops stood still for more than {ms} ms at refresh (number, process): {own}")


def row_90_refreshes_of_a_thousand_entries(box):
    box.download(box.url("/flat.crl", box.first.crl(range(1, 1001))))
    refresh(box, 10000 if nightly() else 60)


def row_90_thirty_refreshes_of_a_million_entries(box):
    if not nightly():
        raise Skip("nightly only")
    box.download(box.url("/million.crl", box.first.crl(range(1, 1000001), der=True)))
    check(box.lists()["sources"][0]["entries"] == 1000000, f"{box.lists()}")
    refresh(box, 30)


CASES = [row_90_refreshes_of_a_thousand_entries, row_90_thirty_refreshes_of_a_million_entries]

if __name__ == "__main__":
    run(CASES, Box(ADDRESS))
