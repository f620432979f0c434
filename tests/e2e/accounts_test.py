"""Accounts of administrators: levels, flags, guards, the password policy, unused accounts."""
import sqlite3
import threading
import time

from appliance import One
from cases import check, run
from web import Browser

ADDRESS = ("127.0.25.1", 7443)
FIRST = "Kq7-first-administrator"
GIVEN = "Zx4-given-by-another one"
DAY_MS = 86_400_000
ABOVE = "turnpike-access:access"


def errors_of(answer):
    check(isinstance(answer, dict), f"no JSON: {answer}")
    return [e["error-message"] for e in answer["ietf-restconf:errors"]["error"]]


def logged_in(user, password):
    browser = Browser(ADDRESS)
    status, _, answer = browser.log_in(user, password)
    check(status == 200, f"{user} cannot log in: {status} {answer}")
    return browser


def add(one, name, level, *, must_change=False, **flags):
    status, _, answer = one.first.call("POST", "/api/v1/accounts", {
        "name": name, "level": level, "password": GIVEN, "must-change-password": must_change, **flags})
    check(status == 201, f"{name} was not made: {status} {answer}")


def account(one, name):
    return next((a for a in one.admin.get("/api/v1/accounts")["accounts"] if a["name"] == name), None)


def change_database(one, sql, *values):
    """As if time had passed."""
    db = sqlite3.connect(one.state / "admin" / "turnpike.db", timeout=10)
    with db:
        db.execute(sql, values)
    db.close()


def set_policy(one, container, values):
    one.admin.put(f"{ABOVE}/{container}", values)
    one.admin.commit(container)


def row_175_the_first_administrator_may_do_all(one):
    one.first = Browser(ADDRESS)
    one.first.visit()
    other = Browser(ADDRESS)
    other.visit()
    for browser in (other, one.first):
        check(browser.status("POST", "/api/v1/setup/unlock", {"secret": one.secret()}) == 200, "unlock")
    check(one.first.status("POST", "/api/v1/setup/password", {"user": "first", "password": FIRST}) == 204, "password")
    check(other.status("POST", "/api/v1/setup/complete", {}) == 401 and "ended" in other.visit()["ended"],
          "whoever knew the first-login secret goes on after it has ended")
    own = next(s for s in one.first.call("GET", "/api/v1/sessions")[2]["sessions"] if s["own"])
    check((own["user"], own["source"], own["method"]) == ("first", "127.0.0.1", "first-login-secret"), f"{own}")
    one.complete("core", "core.accounts.test")
    row = account(one, "first")
    check(row["level"] == "read-write" and row["web"] and row["api"] and row["last-administrator"], f"{row}")
    check(one.first.visit()["level"] == "read-write", "the session does not tell the level")


def row_172_each_level_may_do_its_part(one):
    for name, level in (("reader", "read-only"), ("auditor", "auditor"), ("second", "read-write")):
        add(one, name, level, api=True)
    put = {"turnpike-sip:calls-max": 400}
    for name, status, write in (("reader", 200, 403), ("auditor", 403, 403), ("second", 200, 201)):
        browser = logged_in(name, GIVEN)
        check(browser.status("GET", "/api/v1/status") == status, f"{name}: status")
        check(browser.status("GET", "/api/v1/accounts") == status, f"{name}: accounts")
        check(browser.status("GET", "/api/v1/log?kind=configuration") == 200, f"{name}: log")
        got, _, answer = browser.call("PUT", "/restconf/ds/candidate/turnpike-sip:sip/calls-max", put)
        check(got == write, f"{name}: a setting: {got} {answer}")
        if write == 403:
            check("only" in errors_of(answer)[0], f"the refusal does not say why: {answer}")
        check(browser.status("POST", "/api/v1/accounts", {"name": "x"}) == (400 if write == 201 else 403), f"{name}: add")
        target, wanted = ("reader", 204) if name == "second" else ("first", 403)
        other = {"password": "Hd5-somebody-else's"}
        check(browser.status("PUT", f"/api/v1/accounts/{target}/password", other) == wanted, f"{name}: another's password")
        if name == "auditor":
            own = {"password": "Hd5-auditor-chose-this", "current": GIVEN}
            check(browser.status("PUT", "/api/v1/accounts/auditor/password", own) == 204, "the own password")
    one.admin.post("/api/v1/config/discard")


def names_are_unique_and_told_in_words(one):
    for name, status, word in (("READER", 409, "already"), ("a b", 400, "letters"), ("", 400, "letters"),
                               ("root", 400, "root"), ("x" * 128, 400, "127")):
        got, _, answer = one.first.call("POST", "/api/v1/accounts", {"name": name, "level": "auditor", "password": GIVEN})
        check(got == status and word in errors_of(answer)[0], f"{name}: {got} {answer}")
    got, _, answer = one.first.call("PUT", "/api/v1/accounts/reader", {"level": "king"})
    check(got == 400 and "auditor" in errors_of(answer)[0], f"{answer}")
    check(one.first.status("PUT", "/api/v1/accounts/nobody", {"level": "auditor"}) == 404, "an unknown account")
    check(one.first.status("DELETE", "/api/v1/accounts/nobody") == 404, "an unknown account is deleted")


def row_182_flags_open_web_and_api(one):
    def try_it(name, access):
        browser = Browser(ADDRESS)
        browser.visit()
        return browser, browser.status("POST", "/api/v1/session", {"user": name, "password": GIVEN, "access": access})
    add(one, "program", "read-write", web=False, api=True)
    add(one, "person", "read-write", web=True, api=False)
    check(try_it("program", "web")[1] == 401 and try_it("person", "api")[1] == 401, "the flags count for nothing")
    program, status = try_it("program", "api")
    check(status == 200 and program.status("GET", "/restconf/ds/running") == 200, "the API is closed")
    check(one.first.status("PUT", "/api/v1/accounts/program", {"api": False}) == 204, "the flag cannot be taken")
    check(program.status("GET", "/restconf/ds/running") == 401, "the session outlives its right")


def no_lock_out(one):
    for body in ({"level": "auditor"}, {"web": False}, {"disabled": True}):
        got, _, answer = one.first.call("PUT", "/api/v1/accounts/first", body)
        check(got == 409 and "another administrator" in errors_of(answer)[0], f"{body}: {got} {answer}")
    check(one.first.status("DELETE", "/api/v1/accounts/first") == 409, "deleted itself")
    check(one.first.status("PUT", "/api/v1/accounts/second", {"level": "read-only"}) == 204, "demote")
    check(one.first.status("PUT", "/api/v1/accounts/person", {"disabled": True}) == 204, "disable")
    check(Browser(ADDRESS).log_in("person", GIVEN)[0] == 401, "a disabled account logs in")
    # Only the first one is left. Not even root takes it away.
    for method, body in (("PUT", {"level": "read-only"}), ("PUT", {"web": False}), ("PUT", {"disabled": True}), ("DELETE", None)):
        status, _, text = one.admin.fetch(method, "/api/v1/accounts/first", body)
        check(status == 409 and "last account" in text, f"{method} {body}: {status} {text}")
    check(account(one, "first")["last-administrator"], "the list does not mark the last administrator")
    check(one.first.status("PUT", "/api/v1/accounts/person", {"disabled": False}) == 204, "enable")
    check(one.admin.fetch("DELETE", "/api/v1/accounts/second")[0] == 204, "delete")
    check(account(one, "second") is None, "a deleted account is listed")


def sessions_follow_the_account(one):
    person = logged_in("person", GIVEN)
    check(one.first.status("PUT", "/api/v1/accounts/person", {"level": "read-only"}) == 204, "demote")
    check(person.status("GET", "/api/v1/status") == 401, "the session keeps the old level")
    one.person = logged_in("person", GIVEN)
    check(one.person.status("POST", "/api/v1/config/discard", {}) == 403, "the new level does not count")


def a_login_under_way_counts_by_the_account_as_it_is_now(one):
    """Passwords take their time: what is changed meanwhile must not be survived."""
    for n, body in enumerate(({"disabled": True}, {"level": "auditor"})):
        visitor = Browser(ADDRESS, source=f"127.0.25.{20 + n}")
        visitor.visit()
        login = threading.Thread(target=visitor.call, args=(
            "POST", "/api/v1/session", {"user": "person", "password": GIVEN}))
        login.start()
        time.sleep(0.05)
        check(one.admin.fetch("PUT", "/api/v1/accounts/person", body)[0] == 204, f"{body}")
        login.join()
        # A login that began after the change has its level, which is none of the ones before.
        check(visitor.visit()["level"] in (None, body.get("level")), f"a session outlives {body}")
        back = {"disabled": False, "level": "read-only"}
        check(one.admin.fetch("PUT", "/api/v1/accounts/person", back)[0] == 204, f"{back}")
    one.person = logged_in("person", GIVEN)


def what_happened_is_in_both_logs(one):
    for kind in ("event", "configuration"):
        lines = one.admin.get(f"/api/v1/log?kind={kind}&limit=200")["lines"]
        line = next((x for x in lines if x["name"] == "account.changed" and "level read-write to read-only" in x["text"]
                     and "person" in x["text"]), None)
        check(line and line["user"] == "first" and line["source"] == "127.0.0.1", f"{kind}: {lines[:5]}")
        for name in ("account.created", "account.deleted", "password.changed"):
            check(any(x["name"] == name for x in lines), f"{kind}: {name} is missing")
        check(all(GIVEN not in str(x) and FIRST not in str(x) for x in lines), "a password is in a log")


def a_forced_change_comes_first(one):
    add(one, "novice", "read-write", must_change=True)
    novice = logged_in("novice", GIVEN)
    check(novice.visit()["must-change-password"] is True, "the session does not tell")
    check(novice.status("GET", "/api/v1/password-rules") == 200, "the rules are not told")
    for method, path, body in (("GET", "/api/v1/status", None), ("GET", "/api/v1/log?kind=event", None),
                               ("GET", "/restconf/ds/running", None), ("POST", "/api/v1/config/commit", {}),
                               ("DELETE", "/api/v1/accounts/person", None),
                               ("PUT", "/api/v1/accounts/person/password", {"password": "Hd5-not-by-novice"})):
        check(novice.status(method, path, body) == 403, f"{method} {path} before the change")
    path = "/api/v1/accounts/novice/password"
    got, _, answer = novice.call("PUT", path, {"password": GIVEN, "current": GIVEN})
    check(got == 400 and "last passwords" in errors_of(answer)[0], f"the same one again: {got} {answer}")
    check(novice.status("PUT", path, {"password": "Rw2-novice-own-words", "current": GIVEN}) == 204, "change")
    check(novice.status("GET", "/api/v1/status") == 200, "still locked after the change")
    check(one.first.status("PUT", "/api/v1/accounts/novice", {"must-change-password": True}) == 204, "force")
    check(logged_in("novice", "Rw2-novice-own-words").status("GET", "/api/v1/status") == 403, "not forced")
    check(one.first.status("PUT", path, {"password": "Rw3-set-by-first-one"}) == 204, "another sets it")
    check(account(one, "novice")["must-change-password"], "a password given by another one stays for good")


def the_policy_names_each_broken_rule(one):
    set_policy(one, "password-policy", {
        "minimum-length": 15, "minimum-upper": 1, "minimum-lower": 1, "minimum-digits": 1,
        "minimum-special": 1, "history": 2, "minimum-changed": 8})

    def change(old, new):
        status, _, answer = one.person.call("PUT", "/api/v1/accounts/person/password", {"password": new, "current": old})
        return [] if status == 204 else errors_of(answer)
    said = change(GIVEN, "kfw mzq ptv")
    check(len(said) == 3 and any("15 characters" in s for s in said) and any("upper-case" in s for s in said)
          and any("1 digit" in s for s in said), f"{said}")
    check(any("8 places" in s for s in change(GIVEN, GIVEN[:-5] + "XYZWV")), "a small change is taken")
    words = [GIVEN, "Aa1-first of them all", "Qq2+second one here"]
    check(change(words[0], words[1]) == [] and change(words[1], words[2]) == [], "a good password is refused")
    check(any("last passwords" in s for s in change(words[2], words[1])), "the last but one is taken again")
    check(change(words[2], words[0]) == [], "a history of two holds three")
    rules = one.person.call("GET", "/api/v1/password-rules")[2]
    check(rules["minimum-length"] == 15 and any("8 places" in r for r in rules["own"]), f"{rules}")


def passwords_have_a_least_and_a_greatest_age(one):
    set_policy(one, "password-policy", {"minimum-age": 24, "maximum-age": 60, "history": 0})
    path = "/api/v1/accounts/person/password"
    new = {"password": "Qq2+as young as it is", "current": GIVEN}
    got, _, answer = one.person.call("PUT", path, new)
    check(got == 400 and "24 hours" in errors_of(answer)[0], f"{got} {answer}")
    then = int(time.time() * 1000) - 61 * DAY_MS
    change_database(one, "UPDATE account SET password_changed_ms = ? WHERE name = 'person'", then)
    person = logged_in("person", GIVEN)
    check(person.visit()["must-change-password"] and person.status("GET", "/api/v1/status") == 403, "too old a password")
    check(person.status("PUT", path, new) == 204 and person.status("GET", "/api/v1/status") == 200, "the change")
    set_policy(one, "password-policy", {})


def row_171_unused_accounts_are_disabled(one):
    then = int(time.time() * 1000) - 35 * DAY_MS - 10_000
    change_database(one, "UPDATE account SET created_ms = ?, last_login_ms = ?, enabled_ms = 0", then, then)
    change_database(one, "UPDATE account SET last_login_ms = ? WHERE name = 'first'", then + 500)
    check(not account(one, "reader")["disabled"], "disabled though the setting is off")
    set_policy(one, "accounts", {"disable-unused": 35})
    check(Browser(ADDRESS).log_in("reader", "Hd5-somebody-else's")[0] == 401, "an unused account logs in")
    rows = one.admin.get("/api/v1/accounts")["accounts"]
    check(all(r["disabled"] and r["disabled-unused"] for r in rows if r["name"] != "first"), f"{rows}")
    check(not account(one, "first")["disabled"], "the last administrator is disabled")
    check(one.first.status("PUT", "/api/v1/accounts/auditor", {"disabled": False}) == 204, "enable")
    row = account(one, "auditor")
    check(not row["disabled"] and not row["disabled-unused"], "enabling does not last")
    lines = one.admin.get("/api/v1/log?kind=configuration&limit=50&filter=account.unused")["lines"]
    check(any("reader" in x["text"] and "35 days" in x["text"] for x in lines), f"{lines}")


run([row_175_the_first_administrator_may_do_all, row_172_each_level_may_do_its_part,
     names_are_unique_and_told_in_words, row_182_flags_open_web_and_api, no_lock_out,
     sessions_follow_the_account, a_login_under_way_counts_by_the_account_as_it_is_now,
     what_happened_is_in_both_logs, a_forced_change_comes_first,
     the_policy_names_each_broken_rule, passwords_have_a_least_and_a_greatest_age,
     row_171_unused_accounts_are_disabled], One(ADDRESS))
