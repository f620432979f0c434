"""Factory reset: nothing of before is left, in files or tables, whatever ends turnpiked meanwhile."""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from admin import Admin, ApiError
from appliance import BIN, TOP, One
from cases import check, nightly, run, wait_until
from web import Browser

ADDRESS = ("127.0.131.1", 7443)
PASSWORD = "planted-Administrator-secret-1"
HOST = "planted-host.test"

# What outlives a reset. All else is as on a new appliance, whatever files and tables it has by then.
KEPT_FILES = {"root.key", "lock", "children.lock", "audit/head", "audit/key.sealed"}
MADE_FILES = {"generation"}
# By an account that is called like an option of admin; and one that does not read.
MARKS = (b"turnpike-factory-reset 1\n--web\n192.0.2.1\n", b"\0\xff")
MADE_ROWS = {"audit_head", "log", "alarm"}  # the checkpoint; who has just looked; what a new one lacks


class Reset(One):
    """One whose log is outside of its state folder, and that can be killed and started again."""

    def __init__(self):
        super().__init__(ADDRESS)

    def __enter__(self):
        lab = TOP / "build" / "lab"
        lab.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="reset-", dir=lab))
        os.chmod(self.folder, 0o755)
        self.state = self.folder / "state"
        self.log = self.folder / "log"
        self.admin = Admin(str(self.state / "run" / "admin.sock"))
        self.start()
        self.fresh = wait_until(self.settled, 20, "no first configuration")
        return self

    def settled(self):
        """Files, and tables with rows, of a new appliance that has made its first configuration."""
        with contextlib.suppress(OSError, ApiError, ValueError):
            status = self.admin.get("/api/v1/config/status")
            if status["running"]["revision"] and not status["trial"]:
                return self.files(), {name for name, rows in self.tables().items() if rows}
        return None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(BIN / "turnpiked"), "--state", str(self.state), "--web", f"{ADDRESS[0]}:{ADDRESS[1]}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until(self.answers, 60, "it does not come up")
        except AssertionError:
            print(self.log.read_text(errors="replace")[-4000:])
            raise

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- what an administrator does and sees

    def ctl(self, *args, text=None):
        done = subprocess.run([str(BIN / "turnpikectl"), "--state", str(self.state), *args], input=text,
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def pids(self):
        return {p["name"]: p["pid"] for p in self.admin.get("/api/v1/status")["processes"]}

    def look(self):
        with contextlib.suppress(OSError, ApiError, ValueError):
            return self.admin.get("/api/v1/session")
        return None

    def is_new(self):
        """The wizard waits, and the mark of the reset is gone."""
        session = self.answers()
        return session and session["state"] == "setup" and not (self.state / "factory-reset").exists() and \
            (self.state / "first-login").exists() and session

    def check_new(self):
        wait_until(self.is_new, 30, "it does not become new")
        check(Browser(ADDRESS).log_in("admin", PASSWORD)[0] != 200, "the old account is there")
        accounts = wait_until(lambda: self.accounts(), 10, "root cannot ask")["accounts"]
        check(accounts == [], f"accounts are left: {accounts}")

    def accounts(self):
        with contextlib.suppress(OSError, ApiError, ValueError):
            return self.admin.get("/api/v1/accounts")
        return None

    def verifies(self):
        status, text = self.ctl("audit", "verify")
        return status == 0 and "verifies" in text and text

    # ---- files and tables

    def files(self):
        return {str(p.relative_to(self.state)) for p in self.state.rglob("*") if not p.is_dir()}

    def tables(self):
        """Rows of each table."""
        db = self.state / "admin" / "turnpike.db"
        with contextlib.closing(sqlite3.connect(db)) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}

    def holds(self, words):
        """Files of the state folder in which one of the words stands."""
        found = []
        for name in self.files():
            path = self.state / name
            if path.is_file():
                data = path.read_bytes()
                found += [f"{word} in {name}" for word in words if word.encode() in data]
        return found


def a_wrong_host_name_is_refused(one):
    one.browser = one.set_up("edge", HOST, PASSWORD)
    before = one.pids()
    for arguments, text in ((["nobody.test"], None), ([], "nobody.test\n"), ([], HOST.upper() + "\n"), ([], "\n")):
        status, said = one.ctl("factory-reset", *arguments, text=text)
        check(status == 1 and "not the host name" in said, f"{arguments} {text!r}: {status} {said}")
    check(one.ctl("factory-reset", text="")[0] == 2, "no name at all")
    for body in ({}, {"hostname": HOST, "keep": "logs"}, {"hostname": None}):
        status, _, said = one.admin.fetch("POST", "/api/v1/factory-reset", body)
        check(status == 400, f"{body}: {status} {said}")
    status, _, body = one.browser.call("POST", "/api/v1/factory-reset", {"hostname": HOST})
    check(status == 403 and "Only root" in str(body), f"by the web: {status} {body}")
    status, _, body = one.browser.call("POST", "/api/v1/advanced/leave", {"hostname": HOST})
    check(status == 409, f"out of the mode: {status} {body}")
    check(one.pids() == before, "a process was started again")
    check(not (one.state / "factory-reset").exists(), "there is a mark")


def fill(one):
    """Something of each kind that is kept."""
    admin = one.admin
    admin.put("turnpike-sip:sip/registrar", {"domain": ["planted.test"], "realm": "planted-realm.test",
                                             "account": [{"name": "planted-phone", "password": "planted-sip-secret"}]})
    admin.commit("planted-comment")
    admin.put("turnpike-sip:sip/registrar/realm", "planted-candidate.test")
    admin.post("/api/v1/accounts", {"name": "planted-second", "password": "planted-Other-secret-22",
                                    "level": "read-only"})
    Browser(ADDRESS).log_in("planted-stranger", "planted-wrong-password")
    admin.post("/api/v1/identities/default/request", {"common-name": "planted-request.test"})
    for place in ("", "config", "identity", "admin", "crl", "acme-hooks", "later", "later/deeper", "run/pam"):
        folder = one.state / place
        folder.mkdir(exist_ok=True)
        (folder / "planted-file").write_text("planted-content\n")
    (one.state / "later" / "planted-link").symlink_to(one.folder)
    with contextlib.closing(sqlite3.connect(one.state / "admin" / "turnpike.db")) as connection, connection:
        connection.execute("CREATE TABLE later (text TEXT)")
        connection.execute("INSERT INTO later VALUES ('planted-row')")
        connection.execute("INSERT INTO acme VALUES (1, 'https://planted-acme.test', 'planted-key', 'x', 0, 0, '', '', '')")


def row_148_nothing_of_before_is_left(one):
    """Also nothing of a folder, file or table that a later version adds."""
    fill(one)
    outside = one.folder / "not-ours"
    outside.write_text("stays\n")
    secret = (one.state / "root.key").read_bytes()
    authority = one.admin.get("/api/v1/identity")["ca"]
    before = one.pids()
    wait_until(lambda: "not yet sealed" not in (one.verifies() or "not yet sealed"), 10, "the log is not sealed")
    one.sealed = one.admin.get("/api/v1/audit/verify")["sealed"]
    check(one.holds(["planted-"]), "nothing was planted")
    status, said = one.ctl("factory-reset", HOST)
    check(status == 0 and "first-login" in said, f"{status} {said}")
    one.check_new()
    check(one.process.poll() is None, "turnpiked was started again")
    pids = wait_until(lambda: one.look() and one.pids(), 10, "no status")
    check(not set(pids.values()) & set(before.values()), f"the processes are those of before: {before} {pids}")
    files, tables = wait_until(one.settled, 20, "no first configuration")
    check(KEPT_FILES <= files, f"gone: {KEPT_FILES - files}")
    check(files <= one.fresh[0] | MADE_FILES, f"left: {files - one.fresh[0] - MADE_FILES}")
    check(tables <= one.fresh[1] | MADE_ROWS, f"tables that are not empty: {tables - one.fresh[1] - MADE_ROWS}")
    check((one.state / "root.key").read_bytes() == secret, "the root key is another one")
    check(outside.exists() and one.folder.exists(), "a link was followed")
    check(one.holds(["planted-"]) == [], f"left: {one.holds(['planted-'])}")
    check(authority not in str(one.admin.get("/api/v1/identities")), "the temporary CA is that of before")


def row_148_the_log_verifies_and_says_who(one):
    text = wait_until(one.verifies, 10, "the audit log does not verify")
    lines = one.admin.get("/api/v1/log?kind=event&limit=200")["lines"]
    first = min(lines, key=lambda line: line["id"])
    check(first["name"] == "audit.wiped" and (first["user"], first["source"]) == ("root", "socket"), f"{first}")
    check(first["id"] > one.sealed, f"record {first['id']} after record {one.sealed}: {text}")
    check(not any(line["name"] == "audit.missing" for line in lines), f"{lines}")
    alarms = one.admin.get("/api/v1/alarms")["alarms"]
    check(not any(a["code"] == 15012 and not a["cleared-at"] for a in alarms), f"{alarms}")


def the_wizard_goes_on_with_a_new_secret(one):
    old = one.browser.device
    one.browser = one.set_up("edge", HOST, PASSWORD)
    stranger = Browser(ADDRESS)
    stranger.device = old
    status, headers, _ = stranger.log_in("admin", PASSWORD)
    check(status == 200, f"no login after the wizard: {status}")
    check(one.admin.get("/api/v1/identity")["ca"], "no temporary CA")
    wait_until(one.verifies, 10, "the audit log does not verify")


def kill_9_after_the_decision_ends_in_a_wipe(one):
    """Whatever the mark says, and in any other moment: by night, many of them."""
    one.admin.post("/api/v1/factory-reset", {"hostname": HOST})
    check((one.state / "factory-reset").exists(), "no mark")
    one.kill()
    check((one.state / "config" / "decision").exists(), "wiped before it was killed: the case shows nothing")
    for mark in MARKS if nightly() else MARKS[:1]:
        one.kill()
        (one.state / "factory-reset").write_bytes(mark)
        one.start()
        one.check_new()
    wait_until(one.verifies, 10, "the audit log does not verify")
    for _ in range(20 if nightly() else 0):
        one.set_up("edge", HOST, PASSWORD)
        one.admin.post("/api/v1/factory-reset", {"hostname": HOST})
        time.sleep(random.uniform(0.4, 1.5))
        if random.random() < 0.5:
            one.kill()
            one.start()
        else:
            for pid in children(one.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        one.check_new()
        wait_until(one.verifies, 10, "the audit log does not verify")


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


if __name__ == "__main__":
    run([a_wrong_host_name_is_refused, row_148_nothing_of_before_is_left,
         row_148_the_log_verifies_and_says_who, the_wizard_goes_on_with_a_new_secret,
         kill_9_after_the_decision_ends_in_a_wipe], Reset())
