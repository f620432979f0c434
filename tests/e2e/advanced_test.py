#!/usr/bin/env python3
"""Advanced account security: what it wants before it begins, and who comes in while it lasts. Remote
users are real ones of PAM. The cases run in their order: without the mode, on trial, confirmed."""
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import ssl
import subprocess
import tempfile
import time

import appliance
from appliance import TOP, One
from cases import Skip, check, nightly, run, wait_until
from flood import Flood
from lab import FAST_BIN
from pam_users import PASSWORD, SERVICE, UNIX, private_etc
from web import Browser, connect

ADDRESS = ("127.0.130.2", 7443)
# The figures of the floods are about what is delivered, not about the sanitizers.
if nightly() and (FAST_BIN / "turnpiked").exists():
    appliance.BIN = FAST_BIN
BIN = appliance.BIN
LOCAL = "a local secret phrase"
EMERGENCY = "BAKER"  # the emergency account; two remote users go by that name
CHOSEN = "Zk4-chosen by its owner"
SECOND = "DAVIS"  # another local account that could be one
ACCESS = "turnpike-access:access"
MODE = f"{ACCESS}/advanced"
CARDS = f"{ACCESS}/certificate-login"
PATTERN = "/Subject: CN=(?<Group1>[A-Za-z]+)/"
USERS = {"writer": ("tp-writers",), "reader": ("tp-readers",), "watcher": ("tp-watchers",),
         EMERGENCY: ("tp-readers",), "Baker": ("tp-writers",), "ADAMS": ("tp-writers",)}
GROUPS = {"tp-writers": "read-write", "tp-readers": "read-only", "tp-watchers": "auditor"}
NO_API = "The API is off in the advanced mode."


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


class Slow:
    """A request whose body is not finished until `end`, which gives the first line of the answer."""

    def __init__(self, person, method, path, body):
        body = json.dumps(body).encode()
        head = (f"{method} {path} HTTP/1.1\r\nHost: {ADDRESS[0]}\r\nCookie: {person.cookie}\r\n"
                f"X-CSRF-Token: {person.csrf}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
        self.tls = person.context().wrap_socket(connect(ADDRESS, person.source))
        self.tls.sendall(head.encode() + body[:-1])
        self.rest = body[-1:]
        time.sleep(0.3)  # that it is admitted

    def end(self):
        with self.tls:
            self.tls.sendall(self.rest)
            return self.tls.recv(4096).split(b"\r\n")[0]


def sources():
    """Each login from another address: nobody is to be slowed down."""
    while True:
        yield from range(20, 250)


SOURCES = sources()


def words(answer):
    if not isinstance(answer, dict) or "ietf-restconf:errors" not in answer:
        return []
    return [error["error-message"] for error in answer["ietf-restconf:errors"]["error"]]


class Appliance(One):
    """Set up, with PAM beside the local account admin."""

    def __enter__(self):
        self.etc = private_etc(USERS, GROUPS)
        self.run = pathlib.Path("/run/turnpike")
        self.run.mkdir(mode=0o755)
        SERVICE.write_text(UNIX)
        super().__enter__()
        self.set_up("core", "core.advanced.test", LOCAL)
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
        self.log.unlink(missing_ok=True)


# ------------------------------------------------------------------ before the mode

def presets_go_into_the_candidate(one):
    """What a rule refuses is told with its reason; the rest is there, and nothing is in force."""
    admin = Person("admin", LOCAL)
    check(Person("reader").status("POST", "/api/v1/presets", {"preset": "disa"}) == 403, "a reader may fill in")
    status, _, answer = admin.call("POST", "/api/v1/presets", {"preset": "disa"})
    check(status == 200 and f"/{ACCESS}/password-policy/minimum-length" in answer["changed"], f"{status} {answer}")
    refused = {row["path"]: row["text"] for row in answer["refused"]}
    check(refused.get(f"/{ACCESS}/consent/enabled") == "Write the text of the notice first.", f"{refused}")
    rows = {row["path"]: row for row in admin.call("GET", "/api/v1/presets")[2]["settings"]}
    length = rows[f"/{ACCESS}/password-policy/minimum-length"]
    check((length["running"], length["candidate"], length["deviates"]) == ("12", "15", ["disa"]), f"{length}")
    check(admin.call("POST", "/api/v1/config/validate", {})[2]["valid"], "the candidate is not valid")
    check(not any(alarm["code"] == 40060 for alarm in admin.call("GET", "/api/v1/alarms")[2]["alarms"]),
          "recommendations are alarms out of the mode")
    admin.call("POST", "/api/v1/config/discard", {})


def row_135_all_that_lacks_is_told_at_once(one):
    admin = one.person = Person("admin", LOCAL)
    admin.put(f"{MODE}/enabled", True)
    status, why = admin.commit("too early")
    check(status == 400 and len(why) == 3, f"{status} {why}")
    for word in ("Remote only", "emergency account: name one", "classification"):
        check(any(word in text for text in why), f"{word} is not asked for: {why}")
    facts = admin.call("GET", "/api/v1/advanced")[2]
    check(not facts["enabled"] and facts["emergency-account"] is None, f"{facts}")
    failed = {row["id"] for row in facts["prerequisites"] if not row["passed"]}
    check(failed == {"remote-source", "classification", "emergency-named", "emergency-exists", "emergency-own",
                     "emergency-rights", "emergency-password", "emergency-card"}, f"{failed}")
    check(all(row["remedy"] for row in facts["prerequisites"] if not row["passed"]), f"{facts}")


def row_135_an_emergency_account_is_nominated(one):
    """What is wrong with an account is told, also where several things are."""
    admin = one.person
    admin.put(f"{ACCESS}/login/source", "remote")
    admin.put(f"{MODE}/classification/text", "UNCLASSIFIED")
    one.admin.post("/api/v1/accounts", {"name": EMERGENCY, "password": LOCAL, "level": "read-only"})

    def refused(name, *wanted):
        admin.put(f"{MODE}/emergency-account", name)
        status, why = admin.commit("who comes in an emergency")
        check(status == 403 and len(why) == len(wanted), f"{name}: {status} {why}")
        for word, text in zip(wanted, why):
            check(word in text, f"{name}: {text}")

    nobody = ("a local account", "neither called admin", "enabled", "has chosen its password", "has logged in with its own")
    refused("nobody-here", *nobody)
    refused("admin", "neither called admin nor the first account")
    refused(EMERGENCY.lower(), *nobody)
    refused(EMERGENCY, "with the level read-write", "has chosen its password")
    one.admin.call("PUT", f"/api/v1/accounts/{EMERGENCY}", {"level": "read-write", "disabled": True})
    refused(EMERGENCY, "enabled", "has chosen its password")
    one.admin.call("PUT", f"/api/v1/accounts/{EMERGENCY}", {"disabled": False})
    owner = Person(EMERGENCY, LOCAL)
    status = owner.status("PUT", f"/api/v1/accounts/{EMERGENCY}/password", {"password": CHOSEN, "current": LOCAL})
    check(status == 204, f"the owner cannot choose a password: {status}")
    status, why = admin.commit("not on trial", trial=0)
    check(status == 403 and "on trial" in why[0], f"{status} {why}")
    facts = admin.call("GET", "/api/v1/advanced")[2]
    check(all(row["passed"] and row["remedy"] is None for row in facts["prerequisites"]), f"{facts}")


def ask_for_the_mode(person):
    person.put(f"{ACCESS}/login/source", "remote")
    person.put(MODE, {"enabled": True, "emergency-account": EMERGENCY, "lockout": {"failures": 10},
                      "classification": {"text": "UNCLASSIFIED", "colour": "green"}})


def was_undone(one):
    """Root, who sees nothing in the mode, sees its revision undone."""
    status, _, text = one.admin.fetch("GET", "/api/v1/config/revisions")
    states = {r["comment"]: r["state"] for r in json.loads(text)["revisions"]} if status == 200 else {}
    return states.get("the mode") == "undone"


def no_lock_out_when_nobody_confirms(one):
    """Who turns the mode on is out; the trial brings everything back."""
    admin, program = one.person, Browser(ADDRESS, source="127.0.130.3")
    program.visit()
    check(program.status("POST", "/api/v1/session",
                         {"user": "admin", "password": LOCAL, "access": "api"}) == 200, "no API before the mode")
    status, _, one.token = admin.call("POST", "/api/v1/tokens", {"name": "ci", "scope": "write", "expires-in-days": 1})
    check(status == 201, f"{status} {one.token}")
    ask_for_the_mode(admin)
    slow = Slow(admin, "POST", "/api/v1/accounts", {"name": "late", "password": LOCAL})
    status, why = admin.commit("the mode", trial=3)
    check(status == 200, f"{status} {why}")
    check(b" 401 " in slow.end(), "a request that was begun before the mode is served in it")
    wait_until(lambda: was_undone(one), 40, "the mode stays on though nobody confirmed it")
    # Sessions that the mode has ended stay so: it does not matter when the trial came to its end.
    status, _, answer = admin.call("GET", "/api/v1/status")
    check(status == 401 and "remote users and the emergency account" in words(answer)[0], f"{status} {answer}")
    check(program.status("GET", "/api/v1/status") == 401, "the session of a program lives on")
    one.person = Person("admin", LOCAL)


# --------------------------------------------------------------------- in the mode

def row_133_a_remote_user_confirms_it(one):
    admin = one.person
    ask_for_the_mode(admin)
    status, why = admin.commit("the mode")
    check(status == 200, f"{status} {why}")
    status, _, answer = Person("reader").call("POST", "/api/v1/config/confirm", {})
    check(status == 403, f"somebody who may only read confirms: {status}")
    status, _, answer = Person("writer").call("POST", "/api/v1/config/confirm", {})
    check(status == 200, f"a remote administrator may not confirm: {status} {answer}")
    check(admin.status("GET", "/api/v1/status") == 401, "the local administrator is still there")


def row_134_the_classification_is_told_before_the_login(one):
    session = Browser(ADDRESS).call("GET", "/api/v1/session")[2]
    check(session["banner"] == {"text": "UNCLASSIFIED", "colour": "green"} and session["advanced"], f"{session}")
    session = Person("writer").call("GET", "/api/v1/session")[2]
    check(session["banner"]["text"] == "UNCLASSIFIED" and not session["emergency"], f"{session}")


def row_136_what_is_recommended_is_an_alarm(one):
    """It comes and goes with the commits, and is listed with its service."""
    writer = Person("writer")

    def alarms():
        return {alarm["subject"] for alarm in writer.call("GET", "/api/v1/alarms")[2]["alarms"]
                if alarm["code"] == 40060 and not alarm["cleared-at"]}

    def sip_tcp(on):
        status = writer.status("PUT", "/restconf/ds/candidate/turnpike-sip:sip/tcp/enabled",
                               {"turnpike-sip:enabled": on})
        check(status in (201, 204) and writer.commit("SIP over TCP", trial=0)[0] == 200, f"{status}")

    wait_until(lambda: {"client-certificates", "peer-revocation"} <= alarms(), 5, "no alarms")
    check("sip-encrypted" not in alarms(), f"{alarms()}")
    sip_tcp(True)
    wait_until(lambda: "sip-encrypted" in alarms(), 5, "no alarm about SIP over TCP")
    rows = {row["id"]: row for row in writer.call("GET", "/api/v1/advanced")[2]["recommendations"]}
    check(not rows["sip-encrypted"]["met"] and rows["sip-encrypted"]["service"] == "SIP", f"{rows}")
    check(rows["session-time-out"]["met"] and "ldap-tls" not in rows, f"{rows}")
    sip_tcp(False)
    wait_until(lambda: "sip-encrypted" not in alarms(), 5, "the alarm stays")


def row_141_who_comes_in(one):
    """Remote users, and one local account by its own password and name."""
    Person("admin", LOCAL, 401)
    Person(EMERGENCY, PASSWORD, 401)  # the remote user of that name
    Person(EMERGENCY, LOCAL, 401)  # the password before
    one.emergency = Person(EMERGENCY, CHOSEN)
    check(one.emergency.answer["level"] == "read-write", f"{one.emergency.answer}")
    check(one.emergency.status("GET", "/api/v1/status") == 200, "the emergency account sees nothing")
    for name in ("Baker", EMERGENCY.lower()):  # in other letters: the one is a remote user, the other nobody
        Person(name, PASSWORD, 401)
        Person(name, CHOSEN, 401)
    for name, level in (("writer", "read-write"), ("reader", "read-only"), ("watcher", "auditor")):
        check(Person(name).answer["level"] == level, f"{name} is not {level}")
    Person("root", LOCAL, 401)


def row_143_a_certificate_goes_by_the_same_names(one):
    """What a certificate's name leads to: the emergency account, remote users, and no other account."""
    writer = Person("writer")
    status, _, answer = writer.call("POST", "/api/v1/accounts", {
        "name": SECOND, "password": LOCAL, "level": "read-write", "must-change-password": False})
    check(status == 201, f"{status} {answer}")

    def who(name):
        status, _, answer = writer.call("POST", "/api/v1/certificate-login/test", {
            "source": "upload", "certificate": f"Certificate:\n        Subject: CN={name}\n", "pattern": PATTERN,
            "format": "#Group1#"})
        check(status == 200 and answer["string"] == name, f"{name}: {status} {answer}")
        return answer["account"]["known"], answer["account"]["level"]

    check(who(EMERGENCY) == (True, "read-write"), f"the emergency account is {who(EMERGENCY)}")
    check(who("ADAMS") == (True, "read-write"), f"a remote user is {who('ADAMS')}")
    for name in ("admin", SECOND, "Baker", EMERGENCY.lower(), "root"):
        check(not who(name)[0], f"{name} comes in by a certificate: {who(name)}")


def row_139_no_program_comes_in(one):
    for body in ({"user": "writer", "password": PASSWORD, "access": "api"},
                 {"user": EMERGENCY, "password": CHOSEN, "access": "api"}):
        program = Browser(ADDRESS, source="127.0.130.3")
        program.visit()
        status, _, answer = program.call("POST", "/api/v1/session", body)
        check(status == 403 and words(answer) == [NO_API], f"{status} {answer}")
    status, _, answer = Browser(ADDRESS, source="127.0.130.4").call(
        "GET", "/restconf/ds/running", headers={"Authorization": f"Bearer {one.token['token']}"})
    check(status == 403 and words(answer) == [NO_API], f"a token: {status} {answer}")


def row_139_turnpikectl_is_off(one):
    for command in (["status"], ["log", "event"], ["accounts"], ["commit"], ["undo"], ["show", "logins", "successful"]):
        status, out, err = one.turnpikectl(*command)
        check(status == 1 and not out, f"{command}: {status} {out} {err}")
        check(err.strip().endswith("In the advanced mode turnpikectl does nothing but factory-reset."), err)
        check(len(err.strip().splitlines()) == 1, f"not one line: {err}")
    status, _, text = one.admin.fetch("PUT", f"/api/v1/accounts/{EMERGENCY}/password", {"password": "x" * 20})
    check(status == 403 and "factory-reset" in text, f"root changes the emergency account: {status} {text}")
    status, out, _ = one.turnpikectl("certificate", "check", "--help")
    check(status in (0, 2), f"what asks nobody does not work: {status} {out}")


def row_140_no_commit_ends_it(one):
    writer = Person("writer")
    for path, value, word in ((f"{MODE}/enabled", False, "back to factory state"),
                              (f"{ACCESS}/login/source", "local", "needs the source Remote only"),
                              (f"{ACCESS}/login/source", "both", "needs the source Remote only"),
                              (f"{ACCESS}/pam/enabled", False, "Without a remote source"),
                              (f"{ACCESS}/group=tp-writers", {"name": "tp-writers", "level": "read-only"}, "a group"),
                              (f"{MODE}/emergency-account", SECOND, "Nobody but the emergency account")):
        writer.put(path, value)
        for trial in (0, 60):
            status, why = writer.commit("out of here", trial)
            check(status in (400, 403) and any(word in text for text in why), f"{path} {trial}: {status} {why}")
        check(writer.status("POST", "/api/v1/config/discard", {}) == 204, "discard")
    status, _, answer = writer.call("DELETE", f"/restconf/ds/candidate/{MODE}")
    check(status == 204, f"{status} {answer}")
    status, why = writer.commit("out of here")
    check(status == 403 and "back to factory state" in why[0], f"without the container: {status} {why}")
    writer.call("POST", "/api/v1/config/discard", {})
    revisions = writer.call("GET", "/api/v1/config/revisions")[2]["revisions"]
    before = next(r for r in revisions if r["comment"] == "PAM beside local accounts")
    check(writer.status("POST", "/api/v1/config/restore", {"revision": before["revision"]}) == 204, "restore")
    status, why = writer.commit("as it was")
    check(status == 403 and "back to factory state" in why[0], f"an older revision: {status} {why}")
    writer.call("POST", "/api/v1/config/discard", {})
    check(writer.status("POST", "/api/v1/config/undo", {}) != 200, "there is a trial to undo")
    check(writer.call("GET", "/api/v1/advanced")[2]["enabled"], "the mode has ended")
    writer.put(f"{MODE}/classification/text", "UNCLASSIFIED//TEST")
    status, why = writer.commit("what the mode leaves free", trial=0)
    check(status == 200, f"{status} {why}")


def row_142_only_the_emergency_account_changes_itself(one):
    writer, emergency = Person("writer"), one.emergency
    path, reason = f"/api/v1/accounts/{EMERGENCY}", "nobody but the emergency account itself"
    for method, at, body in (("PUT", path, {"level": "read-only"}), ("PUT", path, {"disabled": True}),
                             ("PUT", path, {"must-change-password": True}), ("DELETE", path, None),
                             ("PUT", path + "/password", {"password": "Hd5-somebody else's"})):
        status, _, answer = writer.call(method, at, body)
        check(status == 403 and reason in words(answer)[0], f"{method} {at} {body}: {status} {answer}")
    for source in ({"source": "local"}, {}):  # nor does the tester help to guess
        status, _, answer = writer.call("POST", "/api/v1/login/test", {"user": EMERGENCY, "password": CHOSEN, **source})
        check(status == 403 and "tries its password" in words(answer)[0], f"the tester: {status} {answer}")
    status, _, answer = writer.call("POST", "/api/v1/login/test", {"user": EMERGENCY})
    check(status == 200 and answer["source"] == "local", f"without a password: {status} {answer}")
    check(writer.status("PUT", f"/api/v1/accounts/{SECOND}", {"api": False}) == 204, "other accounts are frozen, too")
    for method, body in (("PUT", {"disabled": True}), ("PUT", {"level": "auditor"}), ("DELETE", None)):
        status, _, answer = emergency.call(method, path, body)
        check(status == 409 and "name another one first" in words(answer)[0], f"{method} {body}: {status} {answer}")
    check(emergency.status("PUT", path, {"api": False}) == 204, "it may not change its own flags")
    status, _, answer = emergency.call("PUT", path + "/password", {"password": CHOSEN + "!", "current": CHOSEN})
    check(status == 204, f"it may not change its own password: {status} {answer}")
    one.chosen = CHOSEN + "!"


def row_142_it_names_the_next_one(one):
    """On trial: the one before is out then, and comes back when nobody confirms."""
    emergency = Person(EMERGENCY, one.chosen)
    emergency.put(f"{MODE}/emergency-account", SECOND)
    status, why = emergency.commit("the next one", trial=0)
    check(status == 403 and "on trial" in why[0], f"{status} {why}")
    status, why = emergency.commit("the next one")
    check(status == 200, f"{status} {why}")
    check(emergency.status("GET", "/api/v1/status") == 401, "the one before is still there")
    second = Person(SECOND, LOCAL)
    check(second.status("PUT", f"/api/v1/accounts/{SECOND}", {"api": True}) == 204, "the next one is not itself")
    check(Person("writer").status("POST", "/api/v1/config/undo", {}) == 200, "undo")
    check(second.status("GET", "/api/v1/status") == 401, "the next one stays after the undo")
    one.emergency = Person(EMERGENCY, one.chosen)
    check(one.emergency.call("GET", "/api/v1/advanced")[2]["emergency-account"] == EMERGENCY,
          "the emergency account is another one")


def row_171_the_emergency_account_does_not_fall_asleep(one):
    writer = Person("writer")
    body = {"turnpike-access:disable-unused": 30}
    check(writer.status("PUT", f"/restconf/ds/candidate/{ACCESS}/accounts/disable-unused", body) in (201, 204), "put")
    status, why = writer.commit("unused accounts", trial=0)
    check(status == 200, f"{status} {why}")
    one.change_database("UPDATE account SET last_login_ms = 1, created_ms = 1, enabled_ms = 0")
    rows = {row["name"]: row for row in writer.call("GET", "/api/v1/accounts")[2]["accounts"]}
    check(rows[SECOND]["disabled"] and not rows[EMERGENCY]["disabled"], f"{rows}")
    check(one.emergency.status("GET", "/api/v1/status") == 200, "its session has ended")


def row_146_auditors_alone_see_the_logs(one):
    paths = ("/api/v1/log", "/api/v1/log?kind=configuration", "/api/v1/log?kind=network", "/api/v1/log/export",
             "/api/v1/logins", "/api/v1/audit/verify", "/api/v1/audit/export")
    for person, wanted in ((Person("writer"), 403), (Person("reader"), 403), (one.emergency, 403),
                           (Person("watcher"), 200)):
        name = person.answer["user"]
        for path in paths:
            status, _, answer = person.call("GET", path)
            check(status == wanted, f"{name}: {path}: {status}")
            check(wanted == 200 or "auditors alone" in words(answer)[0], f"{answer}")
        check(person.status("GET", "/api/v1/logins/own") == 200, f"{name} does not see the own logins")
    check(Person("watcher").status("GET", "/api/v1/status") == 403, "an auditor sees more than the logs")


def row_145_statistics_are_told_after_the_login(one):
    for name, password, method in (("writer", PASSWORD, "pam"), (EMERGENCY, one.chosen, "password")):
        before = Person(name, password)
        Person(name, "wrong " + password, 401)
        Person(name, "wrong again " + password, 401)
        now = Person(name, password).answer
        check(now["failed-logins"] == 2 and now["last-failure-at"], f"{name}: {now}")
        check(now["previous-login-source"] == before.source and now["previous-login-method"] == method, f"{name}: {now}")
        check(now["last-failure-source"] not in (before.source, None), f"{name}: {now}")
    logins = Person("watcher").call("GET", "/api/v1/logins?limit=6")[2]["logins"]
    methods = {(row["user"], row["method"]) for row in logins}
    check({(EMERGENCY, "password"), ("watcher", "pam")} <= methods, f"{logins}")


# ------------------------------------------------------------------------- the lockout

def lock_out(one, failures=("writer", "reader", "nobody-here")):
    """Wrong passwords of different users from different places. The last answer."""
    for name in failures[:-1]:
        Person(name, "guessed", 401)
    visitor = Browser(ADDRESS, source=f"127.0.130.{next(SOURCES)}")
    return visitor.log_in(failures[-1], "guessed")


def row_144_three_failures_of_anybody_block_everybody(one):
    """Also the right password, the known browser and the emergency account; not who is in already."""
    writer, watcher, known = Person("writer"), Person("watcher"), Person(EMERGENCY, one.chosen)
    writer.put(f"{MODE}/lockout", {"failures": 3, "seconds": 5})
    check(writer.commit("the lockout", trial=0)[0] == 200, "commit")
    Person("reader", "guessed", 401)
    Person("reader", "guessed", 401)
    Person("reader")  # forgives
    status, headers, answer = lock_out(one)
    check(status == 429 and "Too many failed attempts" in words(answer)[0], f"{status} {answer}")
    begun = time.monotonic()
    check(0 < int(headers["Retry-After"]) <= 5, f"{headers}")
    known.cookie = None
    for person, name, password in ((Browser(ADDRESS, source="127.0.130.5"), "writer", PASSWORD),
                                   (Browser(ADDRESS, source="127.0.130.6"), EMERGENCY, one.chosen),
                                   (known, EMERGENCY, one.chosen)):
        status, _, answer = person.log_in(name, password)
        check(status == 429 and name not in str(answer), f"{name} comes in: {status} {answer}")
    state = writer.call("GET", "/api/v1/advanced")[2]["lockout"]
    check(state["blocked"] and state["until_ms"] > time.time() * 1000, f"{state}")
    wait_until(lambda: any(a["code"] == 40050 and not a["cleared-at"]
                           for a in writer.call("GET", "/api/v1/alarms")[2]["alarms"]), 5, "no alarm")
    wait_until(lambda: Browser(ADDRESS, source="127.0.130.7").log_in("writer", PASSWORD)[0] == 200, 10,
               "the block does not end", 0.3)
    check(time.monotonic() - begun > 2.5, f"it ended after {time.monotonic() - begun:.1f} s")
    lines = watcher.call("GET", "/api/v1/log?kind=event&filter=login.blocked")[2]["lines"]
    check(len(lines) == 1 and "3 failed logins in a row" in lines[0]["text"], f"{lines}")


def row_144_an_administrator_releases(one):
    writer, reader = Person("writer"), Person("reader")
    writer.put(f"{MODE}/lockout", {"failures": 3, "seconds": 0})
    check(writer.commit("until somebody releases it", trial=0)[0] == 200, "commit")
    status, headers, answer = lock_out(one)
    check(status == 429 and "an administrator has to allow" in words(answer)[0] and "Retry-After" not in headers,
          f"{status} {answer}")
    check(reader.status("POST", "/api/v1/advanced/release-lockout", {}) == 403, "anybody may release")
    check(writer.status("POST", "/api/v1/advanced/release-lockout", {}) == 204, "no release")
    check(not writer.call("GET", "/api/v1/advanced")[2]["lockout"]["blocked"], "it is still blocked")
    Person("writer")


def no_lock_out_by_the_block(one):
    """A block without an end, by settings that nobody confirms, ends with them."""
    writer = Person("writer")
    writer.put(f"{MODE}/lockout", {"failures": 3, "seconds": 1})
    check(writer.commit("a short block", trial=0)[0] == 200, "commit")
    writer.put(f"{MODE}/lockout", {"failures": 1, "seconds": 0})
    check(writer.commit("one failure, no end", trial=3)[0] == 200, "commit")
    status, _, answer = lock_out(one, ["writer"])
    check(status == 429 and "an administrator has to allow" in words(answer)[0], f"{status} {answer}")
    wait_until(lambda: Browser(ADDRESS, source="127.0.130.7").log_in("writer", PASSWORD)[0] == 200, 20,
               "the block outlives the trial", 0.3)
    writer.put(f"{MODE}/lockout", {"failures": 3, "seconds": 0})
    check(writer.commit("as it was", trial=0)[0] == 200, "commit")


def by_night():
    if not nightly():
        raise Skip("a flood takes time: TP_NIGHTLY=yes")


def row_144_the_block_holds_in_a_flood(one):
    """After three guesses no other password is looked at, nor the right one; who is in goes on."""
    by_night()
    writer = Person("writer")
    writer.put(f"{MODE}/lockout", {"failures": 3, "seconds": 3600})
    check(writer.commit("an hour", trial=0)[0] == 200, "commit")
    visitor = Browser(ADDRESS, source="127.0.130.9")
    visitor.visit()
    attack = Flood(ADDRESS, 20, 200, 300, visitor)
    try:
        wait_until(lambda: writer.call("GET", "/api/v1/advanced")[2]["lockout"]["blocked"], 15, "nobody is blocked")
        while attack.goes_on():
            with contextlib.suppress(OSError):  # a connection of a stranger may make way
                status = Browser(ADDRESS, source=f"127.0.130.{next(SOURCES)}").log_in("writer", PASSWORD)[0]
                check(status == 429, f"somebody comes in by a password: {status}")
            check(writer.status("GET", "/api/v1/status") == 200, "who is in is not served")
            time.sleep(1)
    finally:
        seen = attack.end()
    print(f"   {seen}", flush=True)
    check(seen["looked"] <= 3 and seen["refused"] > 100, f"the block does not hold: {seen}")
    check(writer.status("POST", "/api/v1/advanced/release-lockout", {}) == 204, "no release")


def row_144_the_card_enters_in_a_flood(one):
    """There is no password to guess any more; the emergency account is in within two seconds."""
    by_night()
    attack, times = Flood(ADDRESS, 20, 200, 300), []
    time.sleep(3)
    while attack.goes_on():
        start = time.monotonic()
        wait_until(lambda: the_card(one), 10, "the card does not come in", 0.01)
        times.append(time.monotonic() - start)
        time.sleep(0.5)
    seen = attack.end()
    print(f"   the card took {', '.join(f'{t:.2f}' for t in times)} s: {seen}", flush=True)
    check(len(times) > 2 and max(times) < 2, f"the card took {times}")
    check(not seen["refused"], f"passwords are asked for: {seen}")


def make_card(folder, name, authority=None):
    """A card with this name, of the authority of another card or of its own."""
    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)

    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    folder.mkdir()
    if not authority:
        authority = folder
        openssl("req", "-x509", *ec, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj",
                f"/CN=CA of {folder.name}", "-days", "30", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-x509", *ec, "-keyout", folder / "card.key", "-out", folder / "card.pem", "-subj", f"/CN={name}",
            "-days", "30", "-CA", authority / "ca.pem", "-CAkey", authority / "ca.key", "-addext",
            "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature", "-addext",
            "extendedKeyUsage=clientAuth")


class Card(Person):
    """Whoever shows the card."""

    def __init__(self, folder, address=ADDRESS, password=None):
        Browser.__init__(self, address, source=f"127.0.130.{next(SOURCES)}")
        self.folder = folder
        self.visit()
        body = {"user": EMERGENCY, "password": password} if password else {}
        status, _, self.answer = self.call("POST", "/api/v1/session" + ("" if password else "/certificate"), body)
        check(status == 200, f"the card does not come in: {status} {self.answer}")

    def context(self):
        context = super().context()
        context.load_cert_chain(self.folder / "card.pem", self.folder / "card.key")
        return context


def row_144_a_card_enters_meanwhile(one):
    """The certificate becomes the login while nobody comes in with a password."""
    one.cards = pathlib.Path(one.etc) / "cards"
    make_card(one.cards, EMERGENCY)
    writer = Person("writer")
    status, _, answer = writer.call("POST", "/api/v1/trust/append",
                                    {"pem": (one.cards / "ca.pem").read_text(), "use": ["web-login"]})
    check(status == 200 and answer["added"] == 1, f"{status} {answer}")
    for name, value in (("pattern", PATTERN), ("format", "#Group1#"), ("use-crls", False), ("use-ocsp", False),
                        ("card-port", {"enabled": True, "port": 7445})):
        writer.put(f"{CARDS}/{name}", value)
    check(writer.commit("a port for cards", trial=0)[0] == 200, "commit")
    emergency = Card(one.cards, (ADDRESS[0], 7445), one.chosen)
    lock_out(one)
    check(Browser(ADDRESS, source="127.0.130.8").log_in("writer", PASSWORD)[0] == 429, "nobody is blocked")
    emergency.put(f"{CARDS}/level", "authentication")
    status, why = emergency.commit("cards alone")
    check(status == 200, f"{status} {why}")
    card = wait_until(lambda: the_card(one), 10, "the card does not come in")
    check(card.call("GET", "/api/v1/advanced")[2]["lockout"]["blocked"], "the block has ended")
    check(card.status("POST", "/api/v1/config/confirm", {}) == 200, "no confirmation")
    Card(one.cards)
    check(card.call("GET", "/api/v1/advanced")[2]["lockout"]["blocked"], "a card resets it")
    check(card.status("POST", "/api/v1/advanced/release-lockout", {}) == 204, "no release")


def row_142_no_card_becomes_that_of_the_emergency_account(one):
    """A remote administrator lets his own card, or one of his own CA, be called as the emergency account."""
    make_card(one.cards / "other", "ADAMS", one.cards)
    adams = Card(one.cards / "other")
    check(adams.answer["user"] == "ADAMS" and adams.answer["level"] == "read-write", f"{adams.answer}")
    adams.put(f"{CARDS}/format", EMERGENCY)
    status, why = adams.commit("I am somebody else")
    check(status == 403 and any("Nobody but the emergency account changes pattern" in text for text in why),
          f"{status} {why}")
    adams.call("POST", "/api/v1/config/discard", {})
    make_card(one.cards / "foreign", EMERGENCY)
    status, _, answer = adams.call("POST", "/api/v1/trust/append", {
        "pem": (one.cards / "foreign" / "ca.pem").read_text(), "use": ["web-login"]})
    check(status == 200 and answer["added"] == 1, f"{status} {answer}")
    status, why = adams.commit("my own authority")
    check(status == 403 and any("Nobody but the emergency account changes pattern" in text for text in why),
          f"{status} {why}")
    adams.call("POST", "/api/v1/config/discard", {})
    check(adams.status("GET", "/api/v1/status") == 200, "the session has ended")


def the_card(one):
    try:
        return Card(one.cards)
    except (AssertionError, OSError):
        return None


# ------------------------------------------------------------------------- the way out

def row_149_the_emergency_account_leaves(one):
    card = Card(one.cards)
    one.log = one.state.with_name(one.state.name + ".log")  # this test's own, kept out of the reset
    os.link(one.state / "log", one.log)
    for body in ({"hostname": "core.advanced"}, {"hostname": "CORE.advanced.test"}, {}):
        status, _, answer = card.call("POST", "/api/v1/advanced/leave", body)
        check(status == 400 and "not the host name" in words(answer)[0], f"{body}: {status} {answer}")
    status, _, answer = card.call("POST", "/api/v1/factory-reset", {"hostname": "core.advanced.test"})
    check(status == 403 and "with turnpikectl" in words(answer)[0], f"{status} {answer}")
    check(card.call("GET", "/api/v1/advanced")[2]["enabled"], "the mode has ended")
    status, _, answer = card.call("POST", "/api/v1/advanced/leave", {"hostname": "core.advanced.test"})
    check(status == 202, f"{status} {answer}")
    wait_until(lambda: (one.answers() or {}).get("state") == "setup", 30, "no wizard")
    wait_until(lambda: one.admin.fetch("GET", "/api/v1/status")[0] == 200, 10, "turnpikectl is still off")
    check(one.admin.get("/api/v1/accounts")["accounts"] == [], "accounts are left")
    lines = one.admin.get("/api/v1/log?kind=event&limit=200")["lines"]
    first = min(lines, key=lambda line: line["id"])
    check((first["name"], first["user"], first["source"]) == ("audit.wiped", EMERGENCY, card.source), f"{first}")
    check(one.admin.get("/api/v1/logins?result=successful")["logins"][-1]["user"] == "root", "the history is left")


run([presets_go_into_the_candidate, row_135_all_that_lacks_is_told_at_once, row_135_an_emergency_account_is_nominated,
     no_lock_out_when_nobody_confirms, row_133_a_remote_user_confirms_it,
     row_134_the_classification_is_told_before_the_login, row_136_what_is_recommended_is_an_alarm, row_141_who_comes_in,
     row_143_a_certificate_goes_by_the_same_names, row_139_no_program_comes_in, row_139_turnpikectl_is_off,
     row_140_no_commit_ends_it, row_142_only_the_emergency_account_changes_itself,
     row_142_it_names_the_next_one, row_171_the_emergency_account_does_not_fall_asleep,
     row_146_auditors_alone_see_the_logs, row_145_statistics_are_told_after_the_login,
     row_144_three_failures_of_anybody_block_everybody, row_144_an_administrator_releases, no_lock_out_by_the_block,
     row_144_the_block_holds_in_a_flood, row_144_a_card_enters_meanwhile,
     row_142_no_card_becomes_that_of_the_emergency_account, row_144_the_card_enters_in_a_flood,
     row_149_the_emergency_account_leaves], Appliance(ADDRESS))
