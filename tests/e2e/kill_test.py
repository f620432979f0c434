#!/usr/bin/env python3
"""kill -9 of each process: what users may notice has bounds, and nothing committed is lost."""
import os
import random
import signal
import sqlite3
import threading
import time

import cases
from admin import ApiError
from cases import check, wait_until
from lab import FAST_BIN, INSIDE, OUTSIDE, Lab, check_calls, talk

KILLS = 100 if cases.nightly() else 10
COMMITS = 1000 if cases.nightly() else 100


def kill(side, process):
    """Returns the pid that was killed."""
    pid = side.pid(process)
    check(pid > 0, f"{side.side}: {process} was not running")
    os.kill(pid, signal.SIGKILL)
    return pid


def wait_back(side, process, old_pid, seconds=10):
    def back():
        try:
            for p in side.status()["processes"]:
                if p["name"].removeprefix("turnpike-") == process:
                    return p["ready"] and int(p["pid"]) not in (0, old_pid) and p
        except (OSError, ApiError):
            return None
        return None
    return wait_until(back, seconds, f"{side.side}: {process} was not started again")


def calls_of(lab, seconds, each=2):
    return lab.start_calls([lab.phone(OUTSIDE), lab.phone(INSIDE)],
                           [f"outside:inside,count={each},seconds={seconds}",
                            f"inside:outside,count={each},seconds={seconds}"])


def wait_established(lab, count):
    def established():
        calls = lab.core.admin.get("/api/v1/calls")["calls"]
        return len([c for c in calls if c["state"] == "established"]) >= count
    wait_until(established, 15, f"{count} calls were not established")


def new_calls_work(lab):
    report = lab.calls([lab.phone(OUTSIDE, "outside-2"), lab.phone(INSIDE, "inside-2")],
                       ["outside-2:inside-2,seconds=1", "inside-2:outside-2,seconds=1"])
    check_calls(report, 2, "outside-2", "inside-2")


def nothing_stays_open(lab):
    for side in (lab.edge, lab.core):
        wait_until(lambda s=side: int(s.status()["media"]["sessions"]) == 0, 70,
                   f"{side.side} keeps media sessions of calls that are over")


def admin_dies_and_calls_go_on(lab):
    child = calls_of(lab, 6)
    wait_established(lab, 4)
    pids = [(side, kill(side, "admin")) for side in (lab.edge, lab.core)]
    new_calls_work(lab)
    for side, pid in pids:
        side.wait_admin(10)
        wait_back(side, "admin", pid)
    check_calls(lab.finish_calls(child), 4, "outside", "inside", may_lose=5)


def sip_dies_and_audio_goes_on(lab):
    for side in (lab.core, lab.edge):
        child = calls_of(lab, 10)
        wait_established(lab, 4)
        wait_back(side, "sip", kill(side, "sip"))
        lab.wait_link(5)
        report = lab.finish_calls(child)
        check(report["failed"] == 0, f"{side.side}: calls answered before the kill could not end: {report['failures']}")
        for name in ("outside", "inside"):
            media = talk(report, name)
            check(media["gap_ms"] <= 100, f"{side.side}: a gap of {media['gap_ms']} ms from {name}")
            check(media["lost"] <= 5, f"{side.side}: {media['lost']} packets of {name} lost")
        new_calls_work(lab)
    nothing_stays_open(lab)


def media_dies_and_audio_comes_back(lab):
    for side in (lab.core, lab.edge):
        child = calls_of(lab, 10)
        wait_established(lab, 4)
        wait_back(side, "media", kill(side, "media"))
        report = lab.finish_calls(child)
        check(report["failed"] == 0, f"{side.side}: {report['failures']}")
        for name in ("outside", "inside"):
            media = talk(report, name)
            check(media["received"] > 0.6 * media["sent"], f"{side.side}: audio of {name} did not come back: {media}")
            check(media["gap_ms"] <= 2000, f"{side.side}: no audio from {name} for {media['gap_ms']} ms")
            check(media["corrupt"] == 0 and media["foreign"] == 0, f"{side.side}: wrong audio: {media}")
        new_calls_work(lab)
    nothing_stays_open(lab)


def adopted_calls_can_be_ended(lab):
    """The phones are gone when sip is back: the administrator ends the calls, media is freed."""
    child = calls_of(lab, 60)
    wait_established(lab, 4)
    child.kill()
    child.wait()
    lab.children.remove(child)
    for side in (lab.edge, lab.core):
        wait_back(side, "sip", kill(side, "sip"))
    for side in (lab.edge, lab.core):
        for call in wait_until(lambda s=side: adopted(s, 4), 5, f"{side.side}: calls were not adopted"):
            side.admin.delete(f"/api/v1/calls/{call['id']}")
    nothing_stays_open(lab)


def adopted(side, count):
    """The calls when there are that many; a sip that has just come back may not be heard yet."""
    try:
        calls = side.admin.get("/api/v1/calls")["calls"]
    except ApiError as error:
        if error.status == 503:
            return None
        raise
    return calls if len(calls) >= count else None


def children_of(side):
    return [int(p["pid"]) for p in side.status()["processes"]
            if int(p["pid"]) and int(p["pid"]) != side.process.pid]


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def supervisor_dies_and_no_second_set_runs(lab):
    children = children_of(lab.core)
    check(len(children) >= 3, f"too few children: {children}")
    lab.core.kill()
    wait_until(lambda: all(gone(pid) for pid in children), 10, "children outlive their supervisor")
    lab.core.start()
    lab.wait_link(10)
    new_calls_work(lab)


class Committer(threading.Thread):
    """Commits a new value again and again; remembers what was acknowledged."""

    def __init__(self, side):
        super().__init__(daemon=True)
        self.side = side
        self.acknowledged = []  # (revision, value)
        self.attempted = set()
        self.stop = threading.Event()
        self.paused = threading.Lock()

    def run(self):
        value = 0
        while not self.stop.is_set() and len(self.acknowledged) < COMMITS:
            value = value % 60000 + 1
            self.attempted.add(value)
            try:
                self.side.admin.put("turnpike-search:search/rule=churn", {
                    "name": "churn", "priority": value, "match": "exact", "pattern": "nobody@none",
                    "target": "registrations"})
                answer = self.side.admin.commit(f"value {value}")
                self.acknowledged.append((int(answer["revision"]), value))
            except (OSError, ApiError, ValueError):
                time.sleep(0.05)


def kill_something(lab, pids):
    """One process of the core, chosen by chance; the supervisor is started again by us."""
    victim = random.choice(["admin", "sip", "media", "supervisor"])
    if victim == "supervisor":
        lab.core.kill()
        for pid in pids.values():
            wait_until(lambda p=pid: gone(p), 10, "a child outlives the supervisor")
        lab.core.start()
    else:
        os.kill(pids[victim], signal.SIGKILL)
        wait_back(lab.core, victim, pids[victim], 15)
    return victim


def current_pids(side):
    def whole():
        try:
            pids = {p["name"].removeprefix("turnpike-"): int(p["pid"])
                    for p in side.status()["processes"] if p["ready"]}
            return {"admin", "sip", "media"} <= set(pids) and all(pids.values()) and pids
        except (OSError, ApiError, ValueError):
            return None
    pids = wait_until(whole, 20, f"{side.side} does not get its processes back")
    return {name: pids[name] for name in ("admin", "sip", "media")}


def revisions_of(side):
    found, offset = {}, 0
    while True:
        page = side.admin.get(f"/api/v1/config/revisions?offset={offset}&limit=50")
        for r in page["revisions"]:
            found[int(r["revision"])] = r
        offset += 50
        if offset >= page["total"]:
            return found


def random_kills_lose_no_commit(lab):
    random.seed(os.environ.get("TP_SEED"))
    committer = Committer(lab.core)
    committer.start()
    victims = []
    until = time.monotonic() + 20 + 4 * KILLS
    while len(victims) < KILLS or len(committer.acknowledged) < COMMITS:
        check(time.monotonic() < until, f"only {len(committer.acknowledged)} commits over {len(victims)} kills")
        time.sleep(random.uniform(0.05, 0.6))
        victims.append(kill_something(lab, current_pids(lab.core)))
    committer.stop.set()
    committer.join(30)
    current_pids(lab.core)
    kept = revisions_of(lab.core)
    missing = [r for r, _ in committer.acknowledged if r not in kept or kept[r]["state"] != "committed"]
    check(not missing, f"acknowledged revisions are missing after {victims}: {missing}")
    running = lab.core.admin.running("turnpike-search:search/rule=churn")
    value = running["turnpike-search:rule"][0]["priority"]
    last = committer.acknowledged[-1][1]
    check(value == last or (value in committer.attempted and value > last),
          f"running has {value}, acknowledged last was {last}")
    print(f"  {len(committer.acknowledged)} commits acknowledged over {len(victims)} kills: {victims}")
    lab.wait_link(20)
    new_calls_work(lab)


def database_is_whole(lab):
    lab.core.stop()
    lab.core.process = None
    path = lab.core.state / "admin" / "turnpike.db"
    with sqlite3.connect(path) as database:
        answer = database.execute("PRAGMA integrity_check").fetchall()
    check(answer == [("ok",)], f"integrity check: {answer}")


if __name__ == "__main__":
    cases.run([admin_dies_and_calls_go_on, sip_dies_and_audio_goes_on, media_dies_and_audio_comes_back,
               adopted_calls_can_be_ended, supervisor_dies_and_no_second_set_runs,
               random_kills_lose_no_commit, database_is_whole], Lab(FAST_BIN))
