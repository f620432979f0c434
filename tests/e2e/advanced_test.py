#!/usr/bin/env python3
"""Advanced account security: what it wants before it begins, and who comes in while it lasts. Remote
users are real ones of PAM. The cases run in their order: without the mode, on trial, confirmed."""
import pathlib
import shutil
import sqlite3
import ssl
import subprocess
import tempfile
import time

from appliance import BIN, TOP, One
from cases import check, run, wait_until
from pam_users import PASSWORD, SERVICE, UNIX, private_etc
from web import Browser

ADDRESS = ("127.0.130.2", 7443)
LOCAL = "a local secret phrase"
EMERGENCY = "keeper"  # the emergency account; the remote user of that name is somebody else
ACCESS = "turnpike-access:access"
MODE = f"{ACCESS}/advanced"
USERS = {"writer": ("tp-writers",), "reader": ("tp-readers",), "watcher": ("tp-watchers",),
         EMERGENCY: ("tp-writers",), "KEEPER": ("tp-writers",), "ADAMS": ("tp-writers",)}
GROUPS = {"tp-writers": "read-write", "tp-readers": "read-only", "tp-watchers": "auditor"}


class Person(Browser):
    """Somebody logged in by the web interface."""

    def __init__(self, user, password=PASSWORD, wanted=200, address=ADDRESS):
        super().__init__(address, source=f"127.0.130.{next(SOURCES)}")
        status, _, self.answer = self.log_in(user, password)
        check(status == wanted, f"{user}: {status} {self.answer}")

    def put(self, path, value):
        name = path.split("/")[-1].split(":")[-1]
        body = {f"turnpike-access:{name.split('=')[0]}": [value] if "=" in name else value}
        status, _, answer = self.call("PUT", f"/restconf/ds/candidate/{path}", body)
        check(status in (201, 204), f"{path}: {status} {answer}")

    def commit(self, comment, trial=60):
        """Status and the reasons of a refusal."""
        status, _, answer = self.call("POST", "/api/v1/config/commit",
                                      {"comment": comment, "confirm-within-s": trial})
        return status, words(answer)


def sources():
    """Each login from another address: nobody is to be slowed down."""
    while True:
        yield from range(20, 250)


SOURCES = sources()


def words(answer):
    if not isinstance(answer, dict) or "ietf-restconf:errors" not in answer:
        return []
    return [error["error-message"] for error in answer["ietf-restconf:errors"]["error"]]


def is_on():
    """Says what the mode's page knows, to whoever may read."""
    return Person("reader").call("GET", "/api/v1/advanced")[2]


class Appliance(One):
    """Set up, with PAM beside the local accounts admin and keeper, whose owner chose its password."""

    def __enter__(self):
        self.etc = private_etc(USERS, GROUPS)
        self.run = pathlib.Path("/run/turnpike")
        self.run.mkdir(mode=0o755)
        SERVICE.write_text(UNIX)
        super().__enter__()
        visitor = Browser(self.address)
        visitor.visit()
        visitor.call("POST", "/api/v1/setup/unlock", {"secret": self.secret()})
        visitor.call("POST", "/api/v1/setup/password", {"user": "admin", "password": LOCAL})
        self.admin.post("/api/v1/setup/complete", {
            "role": "core", "host-name": "core.advanced.test", "peer": None,
            "networks": [{"name": "lan", "address": self.address[0]}]})
        wait_until(self.answers, 10, "the appliance does not listen after the set-up")
        self.admin.put(f"{ACCESS}/pam", {"enabled": True})
        self.admin.put(f"{ACCESS}/login/source", "both")
        for name, level in GROUPS.items():
            self.admin.put(f"{ACCESS}/group={name}", {"name": name, "level": level, "web": True, "api": True})
        self.admin.commit("PAM beside local accounts")
        return self

    def account(self, name, **changes):
        self.admin.call("PUT", f"/api/v1/accounts/{name}", changes)

    def change_database(self, sql, *values):
        """As if time had passed."""
        db = sqlite3.connect(self.state / "admin" / "turnpike.db", timeout=10)
        with db:
            db.execute(sql, values)
        db.close()

    def turnpikectl(self, *arguments):
        """Exit status, and what was said."""
        done = subprocess.run([BIN / "turnpikectl", "--socket", self.run / "admin.sock", *arguments],
                              capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout, done.stderr

    def close(self):
        super().close()
        shutil.rmtree(self.etc, ignore_errors=True)


# ------------------------------------------------------------------ before the mode

def row_135_all_that_lacks_is_told_at_once(one):
    admin = Person("admin", LOCAL)
    admin.put(f"{MODE}/enabled", True)
    status, why = admin.commit("too early")
    check(status == 400 and len(why) == 3, f"{status} {why}")
    for word in ("Remote only", "emergency account: name one", "classification"):
        check(any(word in text for text in why), f"{word} is not asked for: {why}")
    facts = admin.call("GET", "/api/v1/advanced")[2]
    check(not facts["enabled"] and facts["emergency-account"] is None, f"{facts}")
    failed = {row["id"] for row in facts["prerequisites"] if not row["passed"]}
    check(failed == {"remote-source", "classification", "emergency-named", "emergency-exists", "emergency-own",
                     "emergency-rights", "emergency-password"}, f"{failed}")
    check(all(row["remedy"] for row in facts["prerequisites"] if not row["passed"]), f"{facts}")
    one.admin.post("/api/v1/config/discard")


run([row_135_all_that_lacks_is_told_at_once], Appliance(ADDRESS))
