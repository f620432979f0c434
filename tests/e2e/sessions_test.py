#!/usr/bin/env python3
"""Sessions of administrators: who is logged in, how one is ended, how many there may be."""
import os
import subprocess

from appliance import BIN, One
from cases import check, run
from web import Browser

ADDRESS = ("127.0.29.1", 7443)
GIVEN = "Zx4-given-by-another one"
ACCESS = "turnpike-access:access"


def words(answer):
    check(isinstance(answer, dict) and "ietf-restconf:errors" in answer, f"no refusal: {answer}")
    return answer["ietf-restconf:errors"]["error"][0]["error-message"]


def logged_in(user, source="127.0.0.1", password=GIVEN):
    browser = Browser(ADDRESS, source)
    status, _, answer = browser.log_in(user, password)
    check(status == 200, f"{user} cannot log in: {status} {answer}")
    return browser


def ctl(one, *words_, check_status=0):
    done = subprocess.run([str(BIN / "turnpikectl"), "--state", str(one.state), *words_], capture_output=True,
                          text=True, timeout=30, env={**os.environ, "LC_ALL": "C.UTF-8"})
    check(done.returncode == check_status, f"turnpikectl {words_}: {done.returncode} {done.stdout} {done.stderr}")
    return done.stdout


def sessions_of(one, user):
    return [s for s in one.admin.get("/api/v1/sessions")["sessions"] if s["user"] == user]


def an_appliance_with_four_accounts(one):
    first = Browser(ADDRESS)
    first.visit()
    check(first.status("POST", "/api/v1/setup/unlock", {"secret": one.secret()}) == 200, "unlock")
    check(first.status("POST", "/api/v1/setup/password", {"user": "first", "password": GIVEN}) == 204, "password")
    one.admin.post("/api/v1/setup/complete", {
        "role": "core", "host-name": "core.sessions.test", "peer": None,
        "networks": [{"name": "lan", "address": ADDRESS[0]}]})
    for name, level in (("second", "read-write"), ("reader", "read-only"), ("auditor", "auditor")):
        one.admin.post("/api/v1/accounts", {"name": name, "level": level, "password": GIVEN, "web": True, "api": True,
                                            "must-change-password": False})
    one.first = logged_in("first")


def who_is_logged_in_is_listed(one):
    reader = logged_in("reader", "127.0.29.7")
    status, _, answer = reader.call("GET", "/api/v1/sessions")
    check(status == 200, f"{answer}")
    own = [s for s in answer["sessions"] if s["own"]]
    check(len(own) == 1 and own[0]["user"] == "reader" and own[0]["source"] == "127.0.29.7"
          and own[0]["method"] == "password" and own[0]["access"] == "web" and own[0]["level"] == "read-only"
          and own[0]["idle-s"] == 0 and own[0]["since-at"] <= own[0]["used-at"], f"{own}")
    check({"first", "reader"} <= {s["user"] for s in answer["sessions"]}, f"{answer}")
    check(answer["limits"]["per-account"] == 10 and answer["limits"]["when-full"] == "end-quietest", f"{answer}")
    check(reader.status("DELETE", "/api/v1/sessions?user=first") == 403, "a reader ends sessions")
    check(logged_in("auditor").status("GET", "/api/v1/sessions") == 403, "an auditor sees sessions")


def an_ended_session_says_why(one):
    reader = logged_in("reader", "127.0.29.8")
    target = next(s for s in sessions_of(one, "reader") if s["source"] == "127.0.29.8")
    check(one.first.status("DELETE", f"/api/v1/sessions/{target['id']}") == 204, "revoke")
    status, _, answer = reader.call("GET", "/api/v1/zones")
    check(status == 401 and "ended by an administrator" in words(answer), f"{status} {answer}")
    check("ended by an administrator" in reader.visit()["ended"], "the page is not told")
    check(one.first.status("DELETE", f"/api/v1/sessions/{target['id']}") == 404, "revoked twice")
    own = next(s for s in one.first.call("GET", "/api/v1/sessions")[2]["sessions"] if s["own"])
    status, _, answer = one.first.call("DELETE", f"/api/v1/sessions/{own['id']}")
    check(status == 409 and "log out" in words(answer), f"{answer}")
    lines = one.admin.get("/api/v1/log?kind=event&limit=20")["lines"]
    check(any(e["name"] == "session.revoked" and e["user"] == "first" and "reader" in e["text"] for e in lines), f"{lines}")


def all_sessions_of_a_user_end_at_once(one):
    browsers = [logged_in("second") for _ in range(3)]
    ctl(one, "sessions", "revoke-user", "second")
    check([b.status("GET", "/api/v1/zones") for b in browsers] == [401] * 3, "still logged in")
    check("first" in ctl(one, "sessions"), "the other ones ended, too")
    last = logged_in("second")
    ctl(one, "sessions", "revoke", sessions_of(one, "second")[0]["id"])
    check(last.status("GET", "/api/v1/zones") == 401, "still logged in")
    ctl(one, "sessions", "revoke", "0" * 32, check_status=1)


def v_259994_an_account_has_its_own_limit(one):
    one.admin.put(f"{ACCESS}/session", {"per-account": 2})
    one.admin.commit("two sessions")
    a, b = logged_in("second"), logged_in("second")
    check(a.status("GET", "/api/v1/zones") == 200, "the first one is gone")
    c = logged_in("second")
    status, _, answer = b.call("GET", "/api/v1/zones")
    check(status == 401 and "too many" in words(answer), f"the quietest stays: {answer}")
    one.admin.put(f"{ACCESS}/session", {"per-account": 2, "when-full": "refuse"})
    one.admin.commit("refuse")
    status, _, answer = Browser(ADDRESS).log_in("second", GIVEN)
    check(status == 409 and "as often as it may" in words(answer), f"{status} {answer}")
    status, _, answer = c.call("POST", "/api/v1/session", {"user": "second", "password": GIVEN})
    check(status == 200, f"a browser cannot log in again: {answer}")
    check([x.status("GET", "/api/v1/zones") for x in (a, c)] == [200, 200], "somebody was pushed out")
    check(a.status("DELETE", "/api/v1/session") == 204, "logout")
    logged_in("second")
    one.admin.delete(f"/restconf/ds/candidate/{ACCESS}/session")
    one.admin.commit("as before")


run([
    an_appliance_with_four_accounts,
    who_is_logged_in_is_listed,
    an_ended_session_says_why,
    all_sessions_of_a_user_end_at_once,
    v_259994_an_account_has_its_own_limit,
], One(ADDRESS))
