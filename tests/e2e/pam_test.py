#!/usr/bin/env python3
"""Login by PAM: real modules (pam_unix, pam_faillock, pam_matrix) on users of a private /etc."""
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time

from admin import ApiError
from appliance import TOP, One
from cases import Skip, check, run, wait_until
from directory import Pki
from pam_users import PASSWORD, SERVICE, UNIX, private_etc
from web import Browser

ADDRESS = ("127.0.28.2", 7443)
LOCAL = "a local secret phrase"
SHIPPED = TOP / "packaging" / "pam.d" / "turnpike"
FAILLOCK = """auth requisite pam_faillock.so preauth nodelay dir=FOLDER deny=3 unlock_time=600
auth [success=1 default=ignore] pam_unix.so nodelay
auth [default=die] pam_faillock.so authfail nodelay dir=FOLDER deny=3 unlock_time=600
auth required pam_permit.so
account required pam_faillock.so dir=FOLDER
account required pam_unix.so
"""
CARDS = "turnpike-access:access/certificate-login"
MATRIX = "/usr/lib/x86_64-linux-gnu/pam_wrapper/pam_matrix.so"
USERS = {"writer": ("tp-readers", "tp-writers"), "reader": ("tp-readers",), "watcher": ("tp-watchers",),
         "machine": ("tp-machines",), "stranger": (), "ended": ("tp-writers",),
         "stale": ("tp-writers",), "clumsy": ("tp-writers",), "ADAMS": ("tp-writers",),
         "BAKER": ("tp-readers",), "Admin": ("tp-writers",), "toor": ("tp-writers",)}
GROUPS = {"tp-readers": ("read-only", True, False), "tp-writers": ("read-write", True, True),
          "tp-watchers": ("auditor", True, False), "tp-machines": ("read-write", False, True)}


class Appliance(One):
    """Set up, with an administrator of its own, and PAM beside local accounts."""

    def __enter__(self):
        self.etc = private_etc(USERS, GROUPS, changed={"stale": 0}, ends={"ended": int(time.time() / 86400) - 10},
                               numbers={"toor": 0})
        self.run = pathlib.Path("/run/turnpike")
        self.run.mkdir(mode=0o755)
        SERVICE.write_text(UNIX)
        super().__enter__()
        self.set_up("core", "core.pam.test", LOCAL)
        self.admin.put("turnpike-access:access/pam", {"enabled": True, "time-limit": 20})
        for name, (level, web, api) in GROUPS.items():
            self.admin.put(f"turnpike-access:access/group={name}",
                           {"name": name, "level": level, "web": web, "api": api})
        self.source("both")
        return self

    def source(self, value):
        self.admin.put("turnpike-access:access/login/source", value)
        self.admin.commit(f"source {value}")

    def close(self):
        super().close()
        shutil.rmtree(self.etc, ignore_errors=True)


def log_in(user, password=PASSWORD, source="127.0.28.10"):
    """Status and the session, from an address of its own so that nothing is slowed down."""
    visitor = Browser(ADDRESS, source=source)
    status, _, session = visitor.log_in(user, password)
    return status, session


def last_log(one, name):
    lines = [line for line in one.admin.get("/api/v1/log?limit=50")["lines"] if line["name"] == name]
    check(lines, f"no {name} in the event log")
    return lines[0]["text"]


def alarms(one, code):
    return [a for a in one.admin.get("/api/v1/alarms")["alarms"] if a["code"] == code and not a["cleared-at"]]


def install_service():
    """As packaging/run does."""
    subprocess.run(["bash", "-euc", "for part in say host; do . $TOP/packaging/lib/$part.sh; done; install_pam_service"],
                   env={**os.environ, "TOP": str(TOP)}, check=True, capture_output=True)


def test(one, user, password=PASSWORD, **more):
    return one.admin.post("/api/v1/login/test", {"user": user, "password": password, **more})


# -------------------------------------------------------------------------- cases

def groups_give_the_level(one):
    for user, level in (("writer", "read-write"), ("reader", "read-only"), ("watcher", "auditor")):
        status, session = log_in(user)
        check(status == 200 and session["user"] == user, f"{user}: {status} {session}")
        check(session["level"] == level, f"{user} is {session['level']}, not {level}")
    check("(pam)" in last_log(one, "login"), "the log does not name the source")
    visitor = Browser(ADDRESS, source="127.0.28.11")
    visitor.log_in("reader", PASSWORD)
    check(visitor.status("GET", "/api/v1/status") == 200, "a reader may not read")
    check(visitor.status("POST", "/api/v1/config/discard", {}) == 403, "a reader may write")


def a_namesake_gets_no_token(one):
    """A remote user is not the local account that is called the same."""
    visitor = Browser(ADDRESS, source="127.0.28.19")
    check(visitor.log_in("writer", PASSWORD)[0] == 200, "a remote user does not log in")
    one.admin.post("/api/v1/accounts", {"name": "writer", "password": LOCAL, "level": "read-write", "web": True,
                                        "api": True, "must-change-password": False})
    try:
        status = visitor.status("POST", "/api/v1/tokens", {"name": "ci", "scope": "read", "expires-in-days": 1})
        check(status == 401, f"a remote user goes on by the name of a local account: {status}")
        check("A local account has the user's name now." in last_log(one, "session.ended"), "the log does not say why")
    finally:
        one.admin.delete("/api/v1/accounts/writer")


def a_remote_reader_has_no_say_in_tokens(one):
    """Tokens are of local accounts: a remote user who may only read sees and deletes none."""
    admin = Browser(ADDRESS, source="127.0.28.22")
    check(admin.log_in("admin", LOCAL)[0] == 200, "the local administrator does not log in")
    status, _, made = admin.call("POST", "/api/v1/tokens", {"name": "ci", "scope": "read", "expires-in-days": 1})
    check(status == 201, f"{made}")
    visitor = Browser(ADDRESS, source="127.0.28.22")
    check(visitor.log_in("reader", PASSWORD)[0] == 200, "a remote user does not log in")
    check(visitor.call("GET", "/api/v1/tokens")[2]["tokens"] == [], "the tokens of others are shown")
    check(visitor.status("DELETE", f"/api/v1/tokens/{made['id']}") == 404, "the token of another is deleted")
    check(admin.status("DELETE", f"/api/v1/tokens/{made['id']}") == 204, "the token is gone")


def who_has_no_group_is_refused(one):
    status, answer = log_in("stranger", source="127.0.28.12")
    check(status == 401, f"somebody without a group logs in: {status}")
    bland = answer["ietf-restconf:errors"]["error"][0]["error-message"]
    check(bland == "User name or password is wrong.", f"the client is told {bland}")
    check("None of the user's groups" in last_log(one, "login.failed"), last_log(one, "login.failed"))
    check(log_in("machine", source="127.0.28.12")[0] == 401, "a group without web access logs in")
    visitor = Browser(ADDRESS, source="127.0.28.12")
    visitor.visit()
    status = visitor.status("POST", "/api/v1/session", {"user": "machine", "password": PASSWORD, "access": "api"})
    check(status == 200, f"a group with API access is refused there: {status}")


def root_does_not_log_in_under_any_name(one):
    check(log_in("toor", source="127.0.28.24")[0] == 401, "root logs in by another name")
    steps = [step for step in test(one, "toor", source="pam")["steps"]]
    check(len(steps) == 1 and not steps[0]["passed"] and "root does not log in" in steps[0]["text"],
          f"the modules are asked for the password of root: {steps}")


def wrong_expired_and_stale_are_refused(one):
    for user, password, word in (("writer", "x" * 12, "Authentication failure"), ("ended", PASSWORD, "expired"),
                                 ("stale", PASSWORD, "required to change your password"),
                                 ("nobody-here", PASSWORD, "User not known")):
        status, answer = log_in(user, password, "127.0.28.13")
        check(status == 401, f"{user}: {status}")
        bland = answer["ietf-restconf:errors"]["error"][0]["error-message"]
        check(bland == "User name or password is wrong.", f"{user} is told {bland}")
        text = last_log(one, "login.failed")
        check(word.lower() in text.lower(), f"{user}: the log says {text}")
        check(password not in text, "a password stands in the log")


def too_many_tries_lock_the_user(one):
    SERVICE.write_text(FAILLOCK.replace("FOLDER", str(one.run / "pam")))
    try:
        check(test(one, "clumsy")["result"] == "passed", "faillock refuses a good password")
        for _ in range(3):
            check(test(one, "clumsy", "wrong password")["result"] == "refused", "a wrong password passes")
        answer = test(one, "clumsy")
        check(answer["result"] == "refused", "three failures do not lock the user")
        failed = [step for step in answer["steps"] if not step["passed"]]
        owner = (one.run / "pam" / "clumsy").stat().st_uid
        check(owner != 0 or os.getuid() != 0, "the helper writes as root")
        check("locked" in failed[-1]["text"], f"nothing says that the user is locked: {answer}")
    finally:
        SERVICE.write_text(UNIX)


def a_slow_module_is_not_waited_for(one):
    SERVICE.write_text("auth optional pam_faildelay.so delay=15000000\nauth required pam_deny.so\n"
                       "account required pam_permit.so\n")
    one.admin.put("turnpike-access:access/pam/time-limit", 1)
    one.admin.commit("one second")
    try:
        start = time.monotonic()
        status, _ = log_in("writer", source="127.0.28.14")
        check(status == 503 and time.monotonic() - start < 6, f"{status} after {time.monotonic() - start:.1f} s")
        check("too long" in last_log(one, "login.unavailable"), last_log(one, "login.unavailable"))
        check(log_in("admin", LOCAL, "127.0.28.15")[0] == 200, "a local account cannot log in meanwhile")
    finally:
        SERVICE.write_text(UNIX)
        one.admin.put("turnpike-access:access/pam/time-limit", 20)
        one.admin.commit("as before")


def other_modules_work(one):
    if not os.path.exists(MATRIX):
        raise Skip("pam_matrix is not installed")
    table = pathlib.Path("/etc/pam.d/turnpike-users")
    table.write_text("writer:another secret:turnpike\n")
    SERVICE.write_text(f"auth required {MATRIX} passdb={table}\naccount required {MATRIX} passdb={table}\n")
    try:
        check(test(one, "writer", "another secret")["result"] == "passed", test(one, "writer", "another secret"))
        check(test(one, "writer", PASSWORD)["result"] == "refused", "pam_matrix takes another password")
    finally:
        SERVICE.write_text(UNIX)
        table.unlink()


def hostile_names_and_passwords_are_refused(one):
    visitor = Browser(ADDRESS, source="127.0.28.16")
    visitor.visit()
    for user, password in (("writer", "x" * 257), ("w" * 128, PASSWORD), ("writer", ""), ("", PASSWORD)):
        status = visitor.status("POST", "/api/v1/session", {"user": user, "password": password})
        check(status == 400, f"{user[:8]!r} with {len(password)} bytes: {status}")
    for body in (b'{"user": "writer\\u0000x", "password": "correct horse battery"}',
                 b'{"user": "writer", "password": "correct horse battery\\u0000"}'):
        check(visitor.status("POST", "/api/v1/session", body) == 400, f"a NUL is taken: {body}")
    check(log_in("../writer", source="127.0.28.17")[0] == 401, "a path logs in")
    answer = test(one, "wri\nter", PASSWORD)
    check(answer["result"] == "refused", f"a line break in a name: {answer}")
    # The modules would write it into the system's log as a line of its own.
    check("control characters" in answer["steps"][-1]["text"], f"the modules were asked: {answer}")


def without_its_service_nobody_is_asked(one):
    """`other` would let every account of the machine try."""
    SERVICE.unlink()
    one.admin.put("turnpike-access:access/pam/time-limit", 19)
    one.admin.commit("PAM without its service file")
    alarm = wait_until(lambda: alarms(one, 40040), 5, "no alarm about the missing service file")[0]
    check(alarm["severity"] == "critical" and str(SERVICE) in alarm["text"], f"{alarm}")
    answer = test(one, "writer", source="pam")
    check(answer["result"] == "unavailable" and answer["steps"][0]["step"] == "service", f"{answer}")
    check("missing" in answer["steps"][0]["text"] and answer["steps"][0]["remedy"], f"{answer}")
    check(log_in("writer", source="127.0.28.23")[0] == 503, "somebody logs in without the service file")
    install_service()
    check(SERVICE.read_text() == SHIPPED.read_text() and SERVICE.stat().st_mode & 0o777 == 0o644, "not installed")
    check(test(one, "writer", source="pam")["result"] == "passed", "nobody passes the shipped service file")
    SERVICE.write_text(UNIX)
    install_service()
    check(SERVICE.read_text() == UNIX, "a changed service file is overwritten")
    one.admin.put("turnpike-access:access/pam/time-limit", 20)
    one.admin.commit("as before")
    wait_until(lambda: not alarms(one, 40040), 5, "the alarm stays")


def the_tester_says_which_step_fails(one):
    answer = test(one, "writer")
    check(answer["result"] == "passed" and answer["level"] == "read-write" and answer["source"] == "pam",
          f"{answer}")
    check([step["step"] for step in answer["steps"] if step["source"] == "pam"] ==
          ["password", "account", "groups", "level"], f"{answer['steps']}")
    last = test(one, "stranger")["steps"][-1]
    check(last["step"] == "level" and not last["passed"], f"{last}")
    check(test(one, "ended")["steps"][-1]["step"] == "account", "expired")
    without = one.admin.post("/api/v1/login/test", {"user": "reader"})
    check(without["result"] == "passed" and without["level"] == "read-only", f"without a password: {without}")
    check(test(one, "admin", LOCAL, source="local")["result"] == "passed", "the local source alone")
    check(PASSWORD not in str(one.admin.get("/api/v1/log?limit=200")), "the log holds a password")


def local_accounts_go_first(one):
    check(log_in("admin", LOCAL, "127.0.28.18")[0] == 200, "the local account cannot log in")
    check(log_in("Admin", source="127.0.28.18")[0] == 401, "a remote user goes by the name of a local account")
    check("A local account has this name" in last_log(one, "login.failed"), last_log(one, "login.failed"))
    one.source("local")
    check(log_in("writer", source="127.0.28.18")[0] == 401, "PAM is asked though the source is local")
    one.source("both")


def sessions_end_with_what_let_them_in(one):
    """A group or a source that is taken away ends the sessions that were opened by it, and no other."""
    people = {}
    for user, password in (("writer", PASSWORD), ("reader", PASSWORD), ("watcher", PASSWORD), ("admin", LOCAL)):
        people[user] = Browser(ADDRESS, source="127.0.28.23")
        check(people[user].log_in(user, password)[0] == 200, f"{user} does not log in")

    def inside():
        return [user for user, browser in people.items() if browser.visit()["state"] == "active"]

    one.admin.delete("/restconf/ds/candidate/turnpike-access:access/group=tp-watchers")
    one.admin.commit("no more watchers")
    check(inside() == ["writer", "reader", "admin"], f"without the group: {inside()}")
    why = people["watcher"].visit()["ended"]
    check("settings of logins" in why, f"the page is told {why}")
    text = last_log(one, "session.ended")
    check("None of the user's groups" in text, f"the log says {text}")
    one.admin.put("turnpike-access:access/group=tp-writers",
                  {"name": "tp-writers", "level": "read-only", "web": True, "api": True})
    one.admin.commit("writers only read")
    check(inside() == ["reader", "admin"], f"with a lower level: {inside()}")
    for name in ("tp-writers", "tp-watchers"):
        level, web, api = GROUPS[name]
        one.admin.put(f"turnpike-access:access/group={name}", {"name": name, "level": level, "web": web, "api": api})
    one.admin.commit("as before")
    one.admin.put("turnpike-access:access/login/source", "remote")
    one.admin.commit("remote", confirm_within_s=60)
    check(inside() == ["reader"], f"remote only: {inside()}")
    one.admin.post("/api/v1/config/undo")
    one.admin.post("/api/v1/config/discard")
    one.source("local")
    check(inside() == [], f"local only: {inside()}")
    one.source("both")


def a_card_is_a_remote_users_login(one):
    """The name in a certificate, the groups of PAM: to raise the level, and to come in."""
    with tempfile.TemporaryDirectory() as temporary:
        pki = Pki(pathlib.Path(temporary))
        for name in ("ADAMS", "BAKER", "DAVIS"):
            pki.card(name, f"/CN={name}")
        one.admin.post("/api/v1/trust/append", {"pem": pki.text("root.pem", "issuer.pem"), "use": ["web-login"]})
        one.admin.put(f"{CARDS}/pattern", "/Subject: CN=(?<Group1>[A-Z]+)/")
        one.admin.put(f"{CARDS}/card-port", {"enabled": True, "port": 7444})
        one.admin.commit("cards")

        def who(card):
            return one.admin.post("/api/v1/certificate-login/test", {
                "source": "upload", "certificate": pki.text(f"{card}.pem"), "pattern": "/Subject: CN=(?<Group1>[A-Z]+)/",
                "format": "#Group1#"})["account"]

        adams = who("ADAMS")
        check(adams == {"known": True, "administers": True, "reason": None, "level": "read-write"}, f"{adams}")
        reader = who("BAKER")
        check(reader["known"] and not reader["administers"] and reader["level"] == "read-only", f"{reader}")
        nobody = who("DAVIS")  # who is no user
        check(not nobody["known"] and "not known" in nobody["reason"].lower(), f"{nobody}")
        card_logs_in(one, pki)


def card_logs_in(one, pki):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(pki.folder / "ADAMS.pem", pki.folder / "ADAMS.key")

    class Card(Browser):
        def context(self):
            return context

    one.admin.put(f"{CARDS}/level", "authentication")
    ann = Card((ADDRESS[0], 7444), source="127.0.28.21")
    check(ann.log_in("ADAMS", PASSWORD)[0] == 200, "a remote user cannot log in by the card port")
    status, _, answer = ann.call("POST", "/api/v1/config/commit", {"comment": "card", "confirm-within-s": 60})
    check(status == 200, f"a remote administrator may not raise the level: {status} {answer}")
    wait_until(lambda: one.admin.get("/api/v1/certificate-login")["level"] == "authentication", 5, "not raised")
    ann = Card(ADDRESS, source="127.0.28.21")
    ann.visit()
    status, _, answer = ann.call("POST", "/api/v1/session/certificate", {})
    one.admin.post("/api/v1/config/undo")
    one.admin.post("/api/v1/config/discard")
    check(status == 200 and (answer["user"], answer["level"]) == ("ADAMS", "read-write"), f"{status} {answer}")
    check("certificate" in last_log(one, "login"), last_log(one, "login"))


def remote_only_is_undone_unless_confirmed(one):
    """The setting that shuts the local administrator out goes back by itself."""
    one.admin.put("turnpike-access:access/pam/enabled", False)
    one.admin.put("turnpike-access:access/login/source", "remote")
    try:
        one.admin.commit("remote without a source")
        raise AssertionError("remote only is taken without a remote source")
    except ApiError as error:
        check("Without a remote source" in str(error), str(error))
    one.admin.put("turnpike-access:access/pam/enabled", True)
    one.admin.commit("remote", confirm_within_s=3)
    check(log_in("admin", LOCAL, "127.0.28.19")[0] == 401, "a local account logs in though remote only")
    check(log_in("writer", source="127.0.28.19")[0] == 200, "the remote source is not asked")
    wait_until(lambda: log_in("admin", LOCAL, "127.0.28.20")[0] == 200, 20,
               "the administrator stays shut out after the trial", every=1)


run([groups_give_the_level, a_namesake_gets_no_token, a_remote_reader_has_no_say_in_tokens,
     who_has_no_group_is_refused, root_does_not_log_in_under_any_name, wrong_expired_and_stale_are_refused,
     too_many_tries_lock_the_user, a_slow_module_is_not_waited_for, other_modules_work,
     hostile_names_and_passwords_are_refused, without_its_service_nobody_is_asked, the_tester_says_which_step_fails,
     local_accounts_go_first, sessions_end_with_what_let_them_in, a_card_is_a_remote_users_login,
     remote_only_is_undone_unless_confirmed], Appliance(ADDRESS))
