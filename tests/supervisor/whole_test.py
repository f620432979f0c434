#!/usr/bin/env python3
"""The real processes under the real supervisor: all come up confined, come back when they are
killed, and what was committed is in force. usage: whole_test.py FOLDER-OF-PROGRAMS [CASE...]"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from cases import check, run, wait_until  # noqa: E402

PROGRAMS = os.path.abspath(sys.argv[1])
WEB = "127.0.1.9:7443"
NAMES = ("admin", "sip", "media")


class Whole:
    def __init__(self, folder):
        self.state = os.path.join(folder, "state")
        self.log_path = os.path.join(folder, "log")
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([f"{PROGRAMS}/turnpiked", "--state", self.state,
                                             "--web", WEB], stdout=log, stderr=log)
        wait_until(self.ready, 40, "not all processes are ready")

    def ctl(self, *words, data=None):
        done = subprocess.run([f"{PROGRAMS}/turnpikectl", "--state", self.state, *words],
                              input=data, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def good(self, *words, data=None):
        code, out, error = self.ctl(*words, data=data)
        check(code == 0, f"turnpikectl {' '.join(words)}: {out}{error}")
        return out

    def status(self):
        code, out, _ = self.ctl("--json", "status")
        return json.loads(out) if code == 0 else {}

    def processes(self):
        rows = self.status().get("processes", [])
        return {row["name"].removeprefix("turnpike-"): row for row in rows}

    def ready(self):
        check(self.process.poll() is None, f"turnpiked ended:\n{self.log()[-3000:]}")
        rows = self.processes()
        return (set(rows) == set(NAMES) and all(row["ready"] for row in rows.values()) and
                self.ctl("validate")[0] == 0)

    def pid(self, name):
        return int(self.processes()[name]["pid"])

    def commit(self, value, *words):
        self.good("set", "/turnpike-sip:sip/calls-max", str(value))
        return self.good("commit", *words)

    def value(self):
        tree = json.loads(self.good("show", "/turnpike-sip:sip/calls-max"))
        return int(next(iter(tree.values())))

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(30) == 0, "turnpiked does not end with 0")
        self.process = None


@contextlib.contextmanager
def fixture():
    folder = tempfile.mkdtemp(prefix="tp-whole-")
    whole = Whole(folder)
    try:
        whole.start()
        yield whole
        whole.stop()
        log = whole.log()
        for word in ("ERROR: ", "runtime error", "Bad system call", "forbidden system call"):
            check(word not in log, f"{word}:\n{log[-6000:]}")
    except AssertionError:
        print(whole.log()[-6000:])
        raise
    finally:
        if whole.process:
            whole.process.kill()
            whole.process.wait()
        shutil.rmtree(folder)


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def all_come_up_confined(whole):
    for name in NAMES:
        status = status_of(whole.pid(name))
        check(status["NoNewPrivs"] == "1", f"{name}: privileges may grow")
        check(status["Seccomp"] == "2", f"{name}: no seccomp filter")
        # The supervisor's, and its own.
        check(int(status["Seccomp_filters"]) >= 2, f"{name}: not in its own sandbox")
        if os.geteuid() == 0:
            check(status["Uid"].split()[0] != "0", f"{name} runs as root")
        for fd in os.listdir(f"/proc/{whole.pid(name)}/fd"):
            target = os.readlink(f"/proc/{whole.pid(name)}/fd/{fd}")
            check("root.key" not in target and "/config" not in target, f"{name} holds {target}")
    revisions = json.loads(whole.good("--json", "revisions"))
    check(revisions["revisions"][0]["revision"] == "1", "the first revision")


def killed_processes_come_back_with_the_configuration(whole):
    for turn, name in enumerate(NAMES * 2):
        whole.commit(100 + turn)
        old = whole.pid(name)
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: whole.ready() and whole.pid(name) != old, 20, f"{name} is not back")
        check(whole.value() == 100 + turn, "another configuration is in force")
    log = whole.good("log")
    for name in NAMES:
        check(f"turnpike-{name} ended (signal 9 (Killed))" in log, f"the log says nothing of {name}")


def trial_is_undone_by_time_and_by_a_restart(whole):
    whole.commit(101)
    whole.commit(102, "--confirm-within", "2")
    check(whole.value() == 102, "the trial is not in force")
    wait_until(lambda: whole.value() == 101, 15, "the trial goes on")
    whole.commit(103, "--confirm-within", "600")
    check(whole.ctl("commit")[0] == 1, "a commit during a trial")
    whole.process.kill()
    whole.process.wait()
    whole.start()
    wait_until(lambda: whole.value() == 101, 15, "the restart does not undo")
    states = [r["state"] for r in json.loads(whole.good("--json", "revisions"))["revisions"][:2]]
    check(states == ["undone", "undone"], f"states {states}")
    whole.commit(104)
    check(whole.value() == 104, "the next commit")


def trial_outlives_a_kill_of_admin(whole):
    whole.commit(110)
    whole.commit(111, "--confirm-within", "600")
    old = whole.pid("admin")
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: whole.ready() and whole.pid("admin") != old, 20, "admin is not back")
    check(whole.value() == 111, "the kill ended the trial")
    whole.good("confirm")
    whole.stop()
    whole.start()
    check(whole.value() == 111, "what was confirmed is gone")


def decision_wins_over_a_lost_database(whole):
    whole.commit(105)
    whole.stop()
    for name in os.listdir(os.path.join(whole.state, "admin")):
        os.remove(os.path.join(whole.state, "admin", name))
    whole.start()
    wait_until(lambda: whole.value() == 105, 15, "admin shows another configuration")
    whole.commit(106)
    check(whole.value() == 106, "the next commit")


def configuration_of_another_version_comes_into_force(whole):
    whole.commit(107)
    whole.stop()
    folder = os.path.join(whole.state, "config")
    names = [name for name in os.listdir(folder) if name.endswith(tuple("." + n for n in NAMES))]
    check(len(names) == 3, f"slices {names}")
    for name in names:
        with open(os.path.join(folder, name), "r+b") as f:
            # The form, and a body that does not decode.
            f.seek(4)
            f.write(b"\xff" * 40)
    old = whole.log()
    whole.start()
    check(whole.value() == 107, "another configuration is in force")
    number = whole.status()["revision"]
    wait_until(lambda: f"sip.config revision {number} in force" in whole.log()[len(old):], 10,
               "sip has no configuration")
    wait_until(lambda: whole.status()["media"]["port-pairs-total"] > 0, 10,
               "media has no configuration")
    for name in names:
        with open(os.path.join(folder, name), "rb") as f:
            check(b"\xff" * 40 not in f.read(), f"{name} is not made again")
    check(not any(row["restarts"] for row in whole.processes().values()), "a process ended")
    whole.commit(108)
    check(whole.value() == 108, "the next commit")


def password_ends_the_first_login(whole):
    path = os.path.join(whole.state, "first-login")
    check(os.path.exists(path), "no first-login secret")
    whole.good("password", "admin", data="Correct-Horse-7-Battery\n")
    wait_until(lambda: not os.path.exists(path), 10, "the secret stays")


def with_own_whole(case):
    def body():
        with fixture() as whole:
            case(whole)
    body.__name__ = case.__name__
    return body


if __name__ == "__main__":
    run([with_own_whole(case) for case in (
        all_come_up_confined, killed_processes_come_back_with_the_configuration,
        trial_is_undone_by_time_and_by_a_restart, trial_outlives_a_kill_of_admin,
        decision_wins_over_a_lost_database, configuration_of_another_version_comes_into_force,
        password_ends_the_first_login,
    )], only=sys.argv[2:])
