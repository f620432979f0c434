#!/usr/bin/env python3
"""The life of the supervisor with stand-ins for its children: commits, trials, kills, a
restart of its own. usage: life_test.py FOLDER-OF-PROGRAMS [CASE...]"""
import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from cases import check, run, wait_until  # noqa: E402

PROGRAMS = os.path.abspath(sys.argv[1])


class Supervisor:
    def __init__(self, folder):
        self.state = os.path.join(folder, "state")
        self.log_path = os.path.join(folder, "log")
        self.process = None

    def start(self, programs=PROGRAMS):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(programs, "turnpiked"), "--state", self.state, "--log-level", "debug"],
                stdout=log, stderr=log)
        wait_until(lambda: self.ready(), 30, "not all children are ready")

    def ready(self):
        try:
            return all(row["ready"] for row in self.status().values())
        except (OSError, ValueError):
            check(self.process.poll() is None, f"turnpiked ended:\n{self.log()[-2000:]}")
            return False

    def ask(self, line, timeout=30):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            s.connect(os.path.join(self.state, "run", "admin.sock"))
            s.sendall(line.encode() + b"\n")
            answer = b""
            while piece := s.recv(65536):
                answer += piece
        return answer.decode().rstrip("\n")

    def status(self):
        rows = {}
        answer = self.ask("status", 3)
        if not answer.startswith("status "):
            raise ValueError(answer)
        for row in answer.split(" ", 1)[1].split(" turnpike-"):
            name, pid, ready, restarts, end = row.split(",", 4)
            rows[name.removeprefix("turnpike-")] = {
                "pid": int(pid), "ready": ready == "1", "restarts": int(restarts), "end": end}
        return rows

    def commit(self, revision, text="plain", trial=0, mode=1):
        return self.ask(f"candidate {revision} {mode} {trial} {text}")

    def running(self):
        """(running, last_good, trial left, undone, reason, text of the running one)"""
        head, text = self.ask("state").split("|", 1)
        _, running, good, left, undone, reason = head.split(" ", 5)
        return int(running), int(good), int(left), int(undone), reason, text

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def decision(self):
        with open(os.path.join(self.state, "config", "decision"), encoding="ascii") as f:
            return dict(line.split(" ", 1) for line in f.read().splitlines())

    def children(self):
        return [row["pid"] for row in self.status().values()]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            check(self.process.wait(20) == 0, "turnpiked does not end with 0")
        self.process = None


@contextlib.contextmanager
def fixture():
    folder = tempfile.mkdtemp(prefix="tp-life-")
    sup = Supervisor(folder)
    try:
        sup.start()
        yield sup
        sup.stop()
        check("ERROR: " not in sup.log(), "a sanitizer complains:\n" + sup.log()[-4000:])
    except AssertionError:
        print(sup.log()[-6000:])
        raise
    finally:
        if sup.process:
            sup.process.kill()
            sup.process.wait()
        shutil.rmtree(folder)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def user_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def starts_as_other_users_without_rights(sup):
    uids = set()
    for pid in sup.children():
        status = user_of(pid)
        check(status["NoNewPrivs"] == "1", "no_new_privs is not set")
        if os.geteuid() == 0:
            uid = status["Uid"].split()[0]
            check(uid != "0", "a child runs as root")
            check(int(status["CapEff"], 16) & ~(1 << 10) == 0, "a child has capabilities")
            check(int(status["CapBnd"], 16) & ~(1 << 10) == 0, "a child's bounding set is open")
            check(status["Groups"].strip() == "", "a child has further groups")
            uids.add(uid)
        fds = sorted(int(fd) for fd in os.listdir(f"/proc/{pid}/fd"))
        check(3 in fds, "no channel")
        for fd in fds:
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
            check("root.key" not in target and not target.endswith("/decision"), target)
    check(len(uids) in (0, 3), "two children share a user")
    mine = user_of(sup.process.pid)
    check(mine["NoNewPrivs"] == "1" and mine["Seccomp"] == "2", "turnpiked is not confined")
    if os.geteuid() == 0:
        check(bin(int(mine["CapEff"], 16)).count("1") <= 7, "turnpiked keeps more than it needs")


def files_are_private(sup):
    sup.commit(1)
    for name in ("root.key", "first-login", "config/decision", "config/1.json", "config/1.sip"):
        mode = os.stat(os.path.join(sup.state, name)).st_mode & 0o777
        check(mode == 0o600, f"{name} has mode {mode:o}")
    check(os.path.getsize(os.path.join(sup.state, "root.key")) == 32, "root key")


def peers_are_wired(sup):
    wait_until(lambda: sup.ask("peers") == "peers sip media", 10, "admin has no peers")
    old = sup.status()["sip"]["pid"]
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: sup.ready() and sup.status()["sip"]["pid"] != old, 10, "sip is not back")
    wait_until(lambda: sup.ask("peers") == "peers sip media", 10, "admin's peers after the restart")
    wait_until(lambda: sup.log().count("turnpike-media info fake.peer up turnpike-sip") == 2, 10,
               "media was not told of the new sip")


def peers_that_lost_each_other_are_wired_again(sup):
    wait_until(lambda: sup.ask("peers") == "peers sip media", 10, "admin has no peers")
    pids = sup.children()
    sup.ask("spoil")
    wait_until(lambda: sup.ask("peers") == "peers media", 5, "the channel holds")
    wait_until(lambda: sup.ask("peers") == "peers sip media", 5, "sip stays away")
    check(sup.children() == pids, "a child was started again")


def commit_reaches_everyone(sup):
    check(sup.running()[0] == 0, "something is in force on a first start")
    check(sup.commit(1, "one") == "result 1 OK |", "commit")
    check(sup.ask("slice") == "slice 1", "admin runs it")
    wait_until(lambda: sup.log().count("fake.commit 1") == 2, 5, "sip and media run it")
    check(sup.decision()["running"].split()[0] == "1", "decision")
    check(sup.decision()["last-good"].split()[0] == "1", "last good")
    check(sup.commit(2, "two") == "result 2 OK |", "second commit")
    folder = os.path.join(sup.state, "config")
    wait_until(lambda: sorted(os.listdir(folder)) ==
               ["2.admin", "2.json", "2.media", "2.sip", "decision"], 5, "old files stay")


def refusals_change_nothing(sup):
    sup.commit(5, "good")
    check(sup.commit(6, "invalid") == "result 6 FORMAT /fake:leaf|is not valid", "invalid")
    check(sup.commit(7, "sip-refuse") ==
          "result 7 CONFLICT /fake:leaf|turnpike-sip: the port is taken", "sip refuses")
    check(sup.commit(8, "admin-refuse").startswith("result 8 CONFLICT /fake:web"), "admin refuses")
    check(sup.commit(9, "crash").startswith("result 9 INTERNAL |the validator ended"), "crash")
    check(sup.commit(10, "media-die").startswith("result 10 STATE |turnpike-media ended"), "die")
    check(sup.commit(5, "again").startswith("result 5 CONFLICT"), "an old number")
    check(sup.commit(11, "good too", mode=0) == "result 11 OK |", "validate alone")
    wait_until(sup.ready, 10, "children")
    check(sup.decision()["running"].split()[0] == "5", "decision moved")
    check(sup.ask("slice") == "slice 5", "admin moved")
    check(sup.commit(12, "fine") == "result 12 OK |", "the next commit works")


def restarted_child_gets_what_is_in_force(sup):
    sup.commit(3, "three")
    wait_until(lambda: sup.log().count("fake.commit 3") == 2, 5, "sip and media have none")
    old = sup.status()
    for name in ("media", "sip", "admin"):
        os.kill(old[name]["pid"], signal.SIGKILL)
    wait_until(lambda: sup.ready() and all(
        sup.status()[n]["pid"] != old[n]["pid"] for n in old), 15, "children are not back")
    wait_until(lambda: sup.ask("slice") == "slice 3", 5, "admin has no slice")
    wait_until(lambda: sup.log().count("fake.commit 3") == 4, 5, "sip and media have none")
    check(sup.running()[0] == 3 and sup.running()[5] == "three", "admin is not told what runs")
    check(sup.status()["media"]["end"] == "signal 9 (Killed)", sup.status()["media"]["end"])


def hanging_child_is_killed(sup):
    sup.commit(1, "good")
    old = sup.status()["media"]["pid"]
    os.kill(old, signal.SIGSTOP)
    wait_until(lambda: sup.status()["media"]["pid"] not in (old, 0), 20, "media hangs on", 0.5)
    wait_until(sup.ready, 10, "children")


def forbidden_message_ends_the_sender(sup):
    old = sup.status()["admin"]["pid"]
    sup.ask("forbidden")
    wait_until(lambda: sup.ready() and sup.status()["admin"]["pid"] != old, 10, "admin lives on")
    check("ipc.refused message validated" in sup.log(), "no log line")


def trial_is_kept_when_confirmed(sup):
    check(sup.commit(1, "first", trial=60).startswith("result 1 STATE"), "nothing to go back to")
    sup.commit(2, "base")
    check(sup.commit(3, "try", trial=60) == "result 3 OK |", "trial")
    check(sup.decision()["last-good"].split()[0] == "2", "last good moved")
    check(sup.commit(4, "other").startswith("result 4 CONFLICT"), "another commit passes")
    check(sup.commit(4, "other", mode=0) == "result 4 OK |", "validation is refused")
    check(sup.ask("trial 2 keep").startswith("result 2 CONFLICT"), "wrong revision")
    check(sup.ask("trial 3 keep") == "result 3 OK |", "confirm")
    check(sup.decision()["last-good"].split()[0] == "3", "last good")
    check(sup.decision()["trial-until"] == "0", "trial goes on")
    check(sup.ask("trial 3 keep").startswith("result 3 STATE"), "second confirmation")


def trial_runs_out(sup):
    sup.commit(1, "base")
    sup.commit(2, "try", trial=2)
    wait_until(lambda: sup.running()[:4] == (1, 1, 0, 2), 10, "the trial does not end")
    check(sup.running()[4] == "the change was not confirmed in time", "no reason")
    wait_until(lambda: sup.ask("slice") == "slice 1", 5, "admin stays")
    wait_until(lambda: sup.log().count("fake.commit 1") == 4, 5, "sip and media stay")
    check(sup.commit(3, "next") == "result 3 OK |", "the next commit")


def trial_is_undone_on_request(sup):
    sup.commit(1, "base")
    sup.commit(2, "try", trial=60)
    check(sup.ask("trial 2 undo") == "result 2 OK |", "undo")
    wait_until(lambda: sup.ask("slice") == "slice 1", 5, "admin stays")
    check(sup.decision()["running"].split()[0] == "1", "decision")


def restart_inside_a_trial_is_an_undo(sup):
    sup.commit(1, "base")
    sup.commit(2, "try", trial=600)
    sup.process.kill()
    sup.process.wait()
    sup.start()
    check(sup.running()[:4] == (1, 1, 0, 2), f"state {sup.running()}")
    wait_until(lambda: sup.ask("slice") == "slice 1", 5, "admin runs it")


def killed_supervisor_leaves_no_second_set(sup):
    sup.commit(4, "kept")
    for _ in range(5):
        old = sup.children()
        sup.process.kill()
        sup.process.wait()
        sup.start()
        for pid in old:
            check(not alive(pid), "a child of the killed turnpiked lives on")
    check(sup.running()[0] == 4, "the revision is lost")
    second = subprocess.run([os.path.join(PROGRAMS, "turnpiked"), "--state", sup.state],
                            capture_output=True, text=True, timeout=30, check=False)
    check(second.returncode == 1 and "another turnpiked" in second.stderr, "a second set starts")


def secrets_reach_their_recipients_only(sup):
    sealed = sup.ask("seal zone/core/password hunter2")
    check(sealed.startswith("sealed OK $tp1$"), sealed)
    text = sealed.split()[2]
    check(sup.ask("seal zone/core/password hunter2").split()[2] != text, "sealed twice alike")
    check(sup.ask("seal identity/ca/key x").startswith("sealed DENIED"), "admin seals anything")
    check(sup.commit(1, f"secret zone/core/password {text}") == "result 1 OK |", "commit")
    check("fake.secret hunter2" in sup.log(), "sip did not get the password")
    check(sup.commit(2, f"secret zone/other/password {text}").startswith("result 2 AUTH"), "name")
    check(sup.commit(3, f"secret identity/ca/key {text}").startswith("result 3 DENIED"), "recipient")
    check(sup.commit(4, "secret zone/core/password $tp1$AAAA").startswith("result 4 FORMAT"), "junk")
    kept = subprocess.run(["grep", "-rlF", "hunter2", sup.state], capture_output=True, text=True,
                          check=False).stdout
    check(not kept, f"the password stands in clear in {kept}")


def identity_is_made_and_kept(sup):
    first = sup.ask("identity edge.example.com edge.example.com")
    check(first.startswith("identity OK"), first[:200])
    certificates = re.findall(r"-----BEGIN CERT.*?-----END CERTIFICATE-----", first, re.S)
    check(len(certificates) == 2 and "$tp1$" in first, "answer")
    leaf = subprocess.run(["openssl", "x509", "-noout", "-text"], input=certificates[0], text=True,
                          capture_output=True, check=True).stdout
    for part in ("DNS:edge.example.com", "TLS Web Server Authentication", "CA:FALSE",
                 "TLS Web Client Authentication", "prime256v1", "Issuer: CN = Turnpike temporary CA"):
        check(part in leaf, f"the leaf lacks {part}:\n{leaf}")
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as ca:
        ca.write(certificates[1])
        ca.flush()
        subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", ca.name], text=True,
                       input=certificates[0], check=True, capture_output=True)
    second = sup.ask("identity edge.example.com other.example.com")
    check(certificates[1] in second, "the CA has changed")
    check("PRIVATE KEY" not in first + second, "a key in clear")
    check(sup.ask("identity bad bad/name").startswith("identity FORMAT"), "a bad name")


def first_login_ends_with_the_password(sup):
    path = os.path.join(sup.state, "first-login")
    with open(path, encoding="ascii") as f:
        check(re.fullmatch(r"([A-Z2-7]{4}-){5}[A-Z2-7]{4}\n", f.read()), "form of the secret")
    check(sup.ask("first") == "first yes", "admin is not told")
    sup.ask("done")
    wait_until(lambda: not os.path.exists(path), 5, "the file stays")
    sup.stop()
    sup.start()
    check(sup.ask("first") == "first no", "the secret is back")


def damaged_decision_stops_the_start(sup):
    sup.commit(1, "base")
    sup.stop()
    with open(os.path.join(sup.state, "config", "1.json"), "w", encoding="ascii") as f:
        f.write("other")
    done = subprocess.run([os.path.join(PROGRAMS, "turnpiked"), "--state", sup.state],
                          capture_output=True, text=True, timeout=30, check=False)
    check(done.returncode == 1 and "1.json" in done.stderr, done.stderr)


SLICES = ("admin", "sip", "media")


def make_stale(sup, revision, garble=True):
    """The kept slices as another version would have left them."""
    for name in SLICES:
        path = os.path.join(sup.state, "config", f"{revision}.{name}")
        with open(path, "rb") as f:
            head = bytearray(f.read())
        head[4] ^= 0xff
        with open(path, "wb") as f:
            f.write(head[:21] + b"\xff" * 50 if garble else head)


def kept_slices(sup, revision):
    files = {}
    for name in SLICES:
        with open(os.path.join(sup.state, "config", f"{revision}.{name}"), "rb") as f:
            files[name] = f.read()
    return files


def replace_json(sup, revision, text):
    """As a commit of this text would have left it."""
    folder = os.path.join(sup.state, "config")
    digest = hashlib.sha256(text.encode()).hexdigest()
    with open(os.path.join(folder, f"{revision}.json"), "w", encoding="ascii") as f:
        f.write(text)
    with open(os.path.join(folder, "decision"), encoding="ascii") as f:
        decision = f.read()
    with open(os.path.join(folder, "decision"), "w", encoding="ascii") as f:
        f.write(re.sub(r"(?<= )[0-9a-f]{64}$", digest, decision, flags=re.M))


def alarms_of_an_earlier_life_are_cleared_at_the_start(sup):
    """Admin has kept them; it cannot know that what they tell of is over."""
    sup.stop()
    old = sup.log()
    sup.start()
    for code, subject in [(15002, f"turnpike-{name}") for name in SLICES] + [(15004, "configuration")]:
        wait_until(lambda: f"fake.alarm {code} {subject} cleared" in sup.log()[len(old):], 5,  # noqa: B023
                   f"{code} of {subject} is not cleared")


def slices_of_another_version_are_made_again(sup):
    sealed = sup.ask("seal zone/core/password hunter2").split()[2]
    sup.commit(1, "base")
    check(sup.commit(2, f"secret zone/core/password {sealed}") == "result 2 OK |", "commit")
    decision, before = sup.decision(), kept_slices(sup, 2)
    for garble in (False, True):
        sup.stop()
        make_stale(sup, 2, garble)
        check(all(kept_slices(sup, 2)[name] != before[name] for name in SLICES), "nothing is stale")
        told, secrets = sup.log().count("fake.commit 2"), sup.log().count("fake.secret hunter2")
        sup.start()
        wait_until(lambda: sup.ask("slice") == "slice 2", 5, "admin has no slice")
        wait_until(lambda: sup.log().count("fake.commit 2") == told + 2, 5, "sip, media have none")
        check(sup.log().count("fake.secret hunter2") == secrets + 1, "sip has no password")
        check(kept_slices(sup, 2) == before, "the files are not made again")
        check(sup.decision() == decision, "the decision has changed")
        check(sup.running()[0] == 2, "another revision")
        check(not any(row["restarts"] for row in sup.status().values()), "a child ended")
    check(sup.log().count("the slices of revision 2 are made again") == 2, "no log line")
    check(sup.ask("alarms") == "alarms", sup.ask("alarms"))
    sup.stop()
    os.remove(os.path.join(sup.state, "config", "2.sip"))
    sup.start()
    wait_until(lambda: sup.ask("slice") == "slice 2", 5, "admin has no slice after a loss")
    check(kept_slices(sup, 2) == before, "the lost file is not made again")
    sup.stop()
    sup.start()
    check(sup.log().count("are made again") == 3, "made again without need")
    check(sup.commit(3, "next", trial=60) == "result 3 OK |", "a trial")
    check(sup.ask("trial 3 undo") == "result 3 OK |", "its undo")
    wait_until(lambda: sup.ask("slice") == "slice 2", 5, "admin stays")


def refused_old_configuration_can_be_mended(sup):
    sup.commit(4, "base")
    sup.stop()
    make_stale(sup, 4)
    for text, why in (("invalid", "/fake:leaf: is not valid"),
                      ("crash", "the validator ended without an answer (exit 3)")):
        replace_json(sup, 4, text)
        old = sup.log()
        sup.start()
        check(sup.running()[5] == text, "admin is not told what is in force")
        log = sup.log()[len(old):]
        check("error config.remake revision 4 in force is refused" in log and why in log, log)
        wait_until(lambda: sup.ask("alarms") == "alarms 15004", 5, "no alarm")
        wait_until(lambda: sup.ask("peers") == "peers sip media", 5, "admin has no peers")
        check(sup.ask("slice") == "slice 0", "admin has a slice")
        check("fake.commit" not in sup.log()[len(old):], "sip or media have a configuration")
        check(not any(row["restarts"] for row in sup.status().values()), "a crash loop")
        sup.stop()
    sup.start()
    check(sup.commit(5, "try", trial=60).startswith("result 5 STATE"), "a trial without a way back")
    check(sup.commit(5, "good") == "result 5 OK |", "commit")
    check(sup.ask("slice") == "slice 5", "admin runs it")
    wait_until(lambda: sup.log().count("fake.commit 5") == 2, 5, "sip and media run it")
    wait_until(lambda: sup.ask("alarms") == "alarms", 5, "the alarm stands")


def damaged_json_makes_no_slices(sup):
    sup.commit(1, "base")
    sup.stop()
    make_stale(sup, 1)
    stale = kept_slices(sup, 1)
    with open(os.path.join(sup.state, "config", "1.json"), "wb") as f:
        f.write(b"\xff\x00 other")
    done = subprocess.run([os.path.join(PROGRAMS, "turnpiked"), "--state", sup.state],
                          capture_output=True, text=True, timeout=30, check=False)
    check(done.returncode == 1 and "1.json" in done.stderr, done.stderr)
    check(kept_slices(sup, 1) == stale, "the files were touched")


def programs_of_a_private_checkout_start(sup):
    sup.stop()
    private = tempfile.mkdtemp(prefix="tp-private-")
    try:
        for name in os.listdir(PROGRAMS):
            if os.path.isfile(os.path.join(PROGRAMS, name)):
                shutil.copy(os.path.join(PROGRAMS, name), private)
                os.chmod(os.path.join(private, name), 0o700)
        os.chmod(private, 0o700)
        sup.start(private)
        check(sup.commit(1) == "result 1 OK |", "commit")
        check(sup.ask("identity a a.example.com").startswith("identity OK"), "helper")
        sup.stop()
    finally:
        shutil.rmtree(private)


def random_kills_lose_no_acknowledged_revision(sup):
    acknowledged = 0
    revision = 0
    until = time.monotonic() + 15
    turn = 0
    while time.monotonic() < until:
        revision += 1
        turn += 1
        try:
            if turn % 7 == 0:
                victim = ("sip", "media", "admin")[turn // 7 % 3]
                os.kill(sup.status()[victim]["pid"], signal.SIGKILL)
            if turn % 40 == 0:
                sup.process.kill()
                sup.process.wait()
                sup.start()
            if sup.commit(revision, f"text {revision}") == f"result {revision} OK |":
                acknowledged = revision
        except (OSError, ValueError, KeyError):
            pass
    wait_until(sup.ready, 20, "children")
    check(acknowledged > 20, f"only {acknowledged} revisions")
    sup.stop()
    sup.start()
    running = sup.running()
    check(running[0] >= acknowledged, f"{running[0]} < {acknowledged}")
    check(running[5] == f"text {running[0]}", "another text than the one committed")
    wait_until(lambda: sup.ask("slice") == f"slice {running[0]}", 5, "admin runs another")
    print(f"{acknowledged} revisions with {turn // 7} kills of children, {turn // 40} of turnpiked")


def with_own_supervisor(case):
    def body():
        with fixture() as sup:
            case(sup)
    body.__name__ = case.__name__
    return body


if __name__ == "__main__":
    run([with_own_supervisor(case) for case in (
        starts_as_other_users_without_rights, files_are_private, peers_are_wired,
        peers_that_lost_each_other_are_wired_again,
        commit_reaches_everyone, refusals_change_nothing, restarted_child_gets_what_is_in_force,
        hanging_child_is_killed, forbidden_message_ends_the_sender, trial_is_kept_when_confirmed,
        trial_runs_out, trial_is_undone_on_request, restart_inside_a_trial_is_an_undo,
        killed_supervisor_leaves_no_second_set, secrets_reach_their_recipients_only,
        identity_is_made_and_kept, first_login_ends_with_the_password,
        damaged_decision_stops_the_start, alarms_of_an_earlier_life_are_cleared_at_the_start, slices_of_another_version_are_made_again,
        refused_old_configuration_can_be_mended, damaged_json_makes_no_slices,
        programs_of_a_private_checkout_start,
        random_kills_lose_no_acknowledged_revision,
    )], only=sys.argv[2:])
