#!/usr/bin/env python3
"""Sessions of administrators: who is logged in, how one is ended, how many there may be."""
import os
import signal
import subprocess

from appliance import BIN, One
from cases import check, run, wait_until
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
    one.set_up("core", "core.sessions.test", GIVEN, user="first")
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
    before = [a for a in one.admin.get("/api/v1/accounts")["accounts"] if a["name"] == "second"]
    status, _, answer = Browser(ADDRESS).log_in("second", GIVEN)
    after = [a for a in one.admin.get("/api/v1/accounts")["accounts"] if a["name"] == "second"]
    check(before == after, f"a refused login is noted as one: {before} {after}")
    check(status == 409 and "as often as it may" in words(answer), f"{status} {answer}")
    status, _, answer = c.call("POST", "/api/v1/session", {"user": "second", "password": GIVEN})
    check(status == 200, f"a browser cannot log in again: {answer}")
    check([x.status("GET", "/api/v1/zones") for x in (a, c)] == [200, 200], "somebody was pushed out")
    check(a.status("DELETE", "/api/v1/session") == 204, "logout")
    logged_in("second")
    one.admin.delete(f"/restconf/ds/candidate/{ACCESS}/session")
    one.admin.commit("as before")


def row_169_a_login_tells_what_was_before(one):
    before = logged_in("reader", "127.0.29.11")
    check(before.status("DELETE", "/api/v1/session") == 204, "logout")
    for source in ("127.0.29.12", "127.0.29.13"):
        check(Browser(ADDRESS, source).log_in("reader", "not it")[0] == 401, "a wrong password is let in")
    facts = logged_in("reader", "127.0.29.11").visit()
    check(facts["previous-login-source"] == "127.0.29.11" and facts["previous-login-method"] == "password"
          and facts["failed-logins"] == 2 and facts["last-failure-source"] == "127.0.29.13"
          and facts["previous-login-at"] < facts["last-failure-at"] < facts["logged-in-at"], f"{facts}")
    facts = logged_in("reader", "127.0.29.14").visit()
    check(facts["failed-logins"] == 0 and facts["last-failure-at"] is None
          and facts["previous-login-source"] == "127.0.29.11", f"{facts}")


def row_170_the_history_says_how_each_login_ended(one):
    Browser(ADDRESS, "127.0.29.12").log_in("my-Secret-typed-here", "x")
    auditor = logged_in("auditor")
    status, _, answer = auditor.call("GET", "/api/v1/logins?result=successful&limit=200")
    check(status == 200, f"{answer}")
    ends = {(r["user"], r["end"]) for r in answer["logins"]}
    check({("reader", "revoked"), ("second", "too-many"), ("reader", "logout"), ("auditor", "open")} <= ends, f"{ends}")
    check(("root", "shell") in {(r["user"], r["protocol"]) for r in answer["logins"]}, "root's visit is missing")
    check(len([r for r in answer["logins"] if r["user"] == "root"]) == 1, "each request of root is a visit")
    gone = next(r for r in answer["logins"] if r["end"] == "logout")
    check(gone["duration-s"] >= 0 and gone["ended-at"] >= gone["started-at"], f"{gone}")
    _, _, answer = auditor.call("GET", "/api/v1/logins?result=unsuccessful&limit=200")
    check({r["failure"] for r in answer["logins"]} == {"wrong-password-or-name", "too-many-sessions"}, f"{answer}")
    check(answer["logins"][0]["user"] is None and "my-Secret" not in str(answer), f"an unknown name is kept: {answer}")
    _, _, page = auditor.call("GET", "/api/v1/logins?filter=127.0.29.13&limit=1")
    check(page["total"] == 1 and page["logins"][0]["source"] == "127.0.29.13", f"{page}")
    _, _, own = logged_in("reader").call("GET", "/api/v1/logins/own?limit=200")
    check({r["user"] for r in own["logins"]} == {"reader"}, f"{own}")
    check(auditor.status("GET", "/api/v1/logins?result=x") == 400, "a wrong filter")
    check("127.0.29.11" in ctl(one, "show", "logins", "successful"), "turnpikectl shows no login")
    check("wrong-password-or-name" in ctl(one, "show", "logins", "unsuccessful"), "turnpikectl shows no failure")


def row_170_a_restart_leaves_no_logout(one):
    admin = next(p for p in one.admin.get("/api/v1/status")["processes"] if p["name"] == "turnpike-admin")
    os.kill(admin["pid"], signal.SIGKILL)
    wait_until(one.answers, 30, "admin does not come back")
    check("gone - no logout" in ctl(one, "show", "logins", "successful"), "the end is not told")
    one.first = logged_in("first")


def v_259992_a_notice_is_accepted_before_the_login(one):
    notice = {"enabled": True, "title": "Authorised use only", "text": "You are being monitored.\nLeave otherwise."}
    one.admin.put(f"{ACCESS}/consent", notice)
    one.admin.commit("notice")
    visitor = Browser(ADDRESS)
    consent = visitor.visit()["consent"]
    check(consent["title"] == notice["title"] and consent["text"] == notice["text"] and consent["must-acknowledge"], f"{consent}")
    status, headers, text = visitor.call("GET", "/api/v1/consent")
    check(status == 200 and headers["Content-Type"].startswith("text/plain") and notice["text"] in text
          and headers["X-Turnpike-Consent"] == consent["digest"], f"{status} {headers} {text}")
    login = {"user": "first", "password": GIVEN}
    for extra in ({}, {"consent": "yes"}, {"consent": True}, {"consent": ""}):
        status, _, answer = visitor.call("POST", "/api/v1/session", {**login, **extra})
        check(status == 403 and "accept" in words(answer), f"{extra}: {status} {answer}")
    check(visitor.status("POST", "/api/v1/session", {**login, "consent": consent["digest"]}) == 200, "accepted")
    for value in ({"text": "<b>bold</b>"}, {"text": "x" * 2001}, {"title": "x" * 128}):
        one.admin.fetch("PUT", f"/restconf/ds/candidate/{ACCESS}/consent", {"turnpike-access:consent": {**notice, **value}})
        status, _, text = one.admin.fetch("POST", "/api/v1/config/commit", {"comment": "bad", "confirm-within-s": 0})
        check(status == 400, f"{value}: {status} {text}")
        one.admin.post("/api/v1/config/discard")
    one.admin.put(f"{ACCESS}/consent", {**notice, "must-acknowledge": False})
    one.admin.commit("only shown")
    check(Browser(ADDRESS).log_in("first", GIVEN)[0] == 200, "a notice that need not be accepted")
    one.admin.delete(f"/restconf/ds/candidate/{ACCESS}/consent")
    one.admin.commit("none")
    check(Browser(ADDRESS).visit()["consent"] is None and Browser(ADDRESS).status("GET", "/api/v1/consent") == 404, "it stays")


run([
    an_appliance_with_four_accounts,
    who_is_logged_in_is_listed,
    an_ended_session_says_why,
    all_sessions_of_a_user_end_at_once,
    v_259994_an_account_has_its_own_limit,
    row_169_a_login_tells_what_was_before,
    row_170_the_history_says_how_each_login_ended,
    v_259992_a_notice_is_accepted_before_the_login,
    row_170_a_restart_leaves_no_logout,
], One(ADDRESS))
