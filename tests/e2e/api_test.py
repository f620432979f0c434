#!/usr/bin/env python3
"""The API for programs: tokens and their limits, its switches, methods, entity tags."""
import http.client
import json
import time

from appliance import One
from cases import check, run
from web import Browser, raw, statuses, tls_context

ADDRESS = ("127.0.32.1", 7443)
GIVEN = "Zx4-given-by-another one"
API = "/restconf/ds/candidate/turnpike-access:access/api"
NAME = "/restconf/ds/candidate/turnpike-system:system/host-name"


class Program:
    """Comes with a token and nothing else."""

    def __init__(self, token, source="127.0.32.9"):
        self.token = token
        self.source = source

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPSConnection(*ADDRESS, timeout=15, context=tls_context(),
                                                 source_address=(self.source, 0))
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            data = answer.read().decode(errors="replace")
        finally:
            connection.close()
        self.headers = dict(answer.getheaders())
        return answer.status, json.loads(data) if data.startswith("{") else data

    def status(self, *args, **kw):
        return self.call(*args, **kw)[0]


def logged_in(user):
    browser = Browser(ADDRESS)
    status, _, answer = browser.log_in(user, GIVEN)
    check(status == 200, f"{user} cannot log in: {status} {answer}")
    return browser


def token(browser, name, scope, days=1):
    status, _, answer = browser.call("POST", "/api/v1/tokens", {"name": name, "scope": scope, "expires-in-days": days})
    check(status == 201 and answer["token"].startswith("tp_") and len(answer["token"]) == 67, f"{status} {answer}")
    return answer


def settings(one, **values):
    for name, value in values.items():
        one.admin.call("PUT", f"{API}/{name}", {f"turnpike-access:{name}": value})
    one.admin.post("/api/v1/config/commit", {"comment": "api"})


def events(one):
    return one.admin.get("/api/v1/log?kind=event&limit=60")["lines"]


def an_appliance_with_accounts(one):
    one.set_up("core", "core.api.test", GIVEN, user="first")
    for name, level, api in (("second", "read-write", True), ("reader", "read-only", True), ("human", "read-write", False)):
        one.admin.post("/api/v1/accounts", {"name": name, "level": level, "password": GIVEN, "web": True, "api": api,
                                            "must-change-password": False})
    one.second = logged_in("second")
    one.writer = Program(token(one.second, "writer", "write")["token"])
    one.viewer = Program(token(one.second, "viewer", "read")["token"])


def a_token_does_what_its_scope_says(one):
    check(one.viewer.status("GET", "/api/v1/status") == 200, "a token does not read")
    check(one.viewer.status("PUT", NAME, {"turnpike-system:host-name": "x.test"}) == 403, "a read token writes")
    check(one.writer.status("PUT", NAME, {"turnpike-system:host-name": "written.test"}) == 204, "no write by a token")
    status, answer = one.writer.call("POST", "/api/v1/config/commit", {"comment": "by a program"})
    check(status == 200, f"{answer}")
    newest = one.admin.get("/api/v1/config/revisions?limit=1")["revisions"][0]
    check(newest["author"] == "second, token writer", f"{newest}")
    used = [e for e in events(one) if e["name"] == "token.used"]
    check(sorted(e["user"] for e in used) == ["second, token viewer", "second, token writer"], f"{used}")
    rows = {t["name"]: t for t in one.second.call("GET", "/api/v1/tokens")[2]["tokens"]}
    check(rows["writer"]["last-used-source"] == "127.0.32.9" and rows["writer"]["last-used-at"]
          and rows["writer"]["scope"] == "write" and "token" not in rows["writer"], f"{rows}")


def a_token_is_not_for_people_s_things(one):
    for method, path, body in (("GET", "/api/v1/tokens", None), ("GET", "/api/v1/session", None),
                               ("POST", "/api/v1/tokens", {"name": "more", "scope": "read", "expires-in-days": 1}),
                               ("POST", "/api/v1/session", {"user": "second", "password": GIVEN}),
                               ("GET", "/api/v1/accounts", None), ("POST", "/api/v1/accounts", {}),
                               ("PUT", "/api/v1/accounts/reader", {"level": "read-write"}),
                               ("DELETE", "/api/v1/accounts/reader", None),
                               ("PUT", "/api/v1/accounts/second/password", {"password": "x", "current": GIVEN}),
                               ("DELETE", "/api/v1/sessions?user=first", None), ("GET", "/api/v1/sessions", None)):
        status, answer = one.writer.call(method, path, body)
        check(status == 403 and "log in" in json.dumps(answer), f"{method} {path}: {status} {answer}")


def making_tokens_has_limits(one):
    def refused(browser, status, **body):
        got, _, answer = browser.call("POST", "/api/v1/tokens", {"name": "n", "scope": "read", "expires-in-days": 1, **body})
        check(got == status, f"{body}: {got} {answer}")
    for body in ({"expires-in-days": 367}, {"expires-in-days": 0}, {"expires-in-days": None}, {"scope": "all"},
                 {"name": "a b"}, {"name": ""}, {"name": "x" * 33}):
        refused(one.second, 400, **body)
    refused(one.second, 409, name="writer")
    reader = logged_in("reader")
    refused(reader, 403, scope="write")
    refused(logged_in("human"), 403)
    own = token(reader, "own", "read")
    check([t["name"] for t in reader.call("GET", "/api/v1/tokens")[2]["tokens"]] == ["own"], "tokens of others are shown")
    others = next(t for t in one.second.call("GET", "/api/v1/tokens")[2]["tokens"] if t["name"] == "viewer")
    check(reader.status("DELETE", f"/api/v1/tokens/{others['id']}") == 404, "a reader deletes the token of another")
    check(Program(own["token"]).status("GET", "/api/v1/zones") == 200, "own token")
    check(one.second.status("DELETE", f"/api/v1/tokens/{own['id']}") == 204, "an administrator cannot delete it")
    check(Program(own["token"], "127.0.32.10").status("GET", "/api/v1/zones") == 401, "a deleted token counts")


def an_account_takes_its_tokens_along(one):
    for name, change in (("disabled", {"disabled": True}), ("flag", {"api": False}), ("deleted", None)):
        one.admin.post("/api/v1/accounts", {"name": name, "level": "read-write", "password": GIVEN, "web": True, "api": True,
                                            "must-change-password": False})
        program = Program(token(logged_in(name), "t", "write")["token"], f"127.0.32.{20 + len(name)}")
        check(program.status("GET", "/api/v1/status") == 200, "before")
        if change:
            one.admin.call("PUT", f"/api/v1/accounts/{name}", change)
            check(program.status("GET", "/api/v1/status") == 401, f"after {change}")
            one.admin.call("PUT", f"/api/v1/accounts/{name}", {"disabled": False, "api": True})
        else:
            one.admin.call("DELETE", f"/api/v1/accounts/{name}")
        check(program.status("GET", "/api/v1/status") == 401, f"the token of {name} came back")


def bad_tokens_are_slowed_down_and_told(one):
    guesser = Program("tp_" + "0" * 64, "127.0.32.66")
    seen = [guesser.status("GET", "/api/v1/status") for _ in range(12)]
    check(seen[0] == 401 and seen[-1] == 429 and set(seen) == {401, 429}, f"{seen}")
    check(int(guesser.headers["Retry-After"]) > 0, f"{guesser.headers}")
    status, _, _ = Browser(ADDRESS, "127.0.32.66").log_in("second", GIVEN)
    check(status == 429, f"bad tokens and bad passwords of a source are not counted together: {status}")
    check(Program(one.viewer.token, "127.0.32.66").status("GET", "/api/v1/status") == 200, "a good token suffers")
    check(any(e["name"] == "token.refused" and e["source"] == "127.0.32.66" for e in events(one)), "not told")
    for bad in ("", "tp_", "tp_" + "g" * 64, one.viewer.token.upper(), one.viewer.token + "0"):
        check(Program(bad, "127.0.32.67").status("GET", "/api/v1/status") in (401, 429), f"{bad} counts")


def attack_41_no_cookie_and_no_foreign_page_changes_anything(one):
    change = {"turnpike-system:host-name": "attacked.test"}
    browser = logged_in("second")
    for headers in ({"X-CSRF-Token": None}, {"X-CSRF-Token": "0" * 64}, {"Origin": "https://evil.example"},
                    {"Origin": "null"}):
        for method, path, body in (("PUT", NAME, change), ("DELETE", NAME, None), ("POST", "/api/v1/config/commit", {}),
                                   ("POST", "/api/v1/tokens", {"name": "evil", "scope": "write", "expires-in-days": 1})):
            check(browser.status(method, path, body, headers) == 403, f"{headers} {method} {path}")
    # A page has no token, and a cookie beside a bad one does not help.
    check(browser.status("PUT", NAME, change, {"Authorization": "Bearer tp_" + "1" * 64}) in (401, 429), "the cookie counted")
    check(one.writer.status("PUT", NAME, change, {"Origin": "https://evil.example"}) == 403, "a token from another site")
    check(one.admin.get(NAME)["turnpike-system:host-name"] == "written.test", "it was changed")


def other(method, path):
    """What comes back to a method that no client of ours would send."""
    return statuses(raw(ADDRESS, f"{method} {path} HTTP/1.1\r\nHost: {ADDRESS[0]}:{ADDRESS[1]}\r\n\r\n".encode()))[:1]


def row_181_five_methods_and_no_other(one):
    routes = {"/api/v1/session": "GET, POST, DELETE, OPTIONS", "/api/v1/status": "GET, OPTIONS",
              "/api/v1/accounts": "GET, POST, OPTIONS", "/api/v1/accounts/second": "PUT, DELETE, OPTIONS",
              "/api/v1/config/commit": "GET, POST, OPTIONS", "/restconf/ds/running/turnpike-sip:sip": "GET, OPTIONS",
              "/restconf/ds/candidate/turnpike-sip:sip": "GET, POST, PUT, DELETE, OPTIONS"}
    visitor = Browser(ADDRESS)
    for path, allowed in routes.items():
        status, headers, _ = visitor.call("OPTIONS", path)
        check(status == 204 and headers["Allow"] == allowed, f"{path}: {status} {headers}")
        check(other("PATCH", path) == [405], f"PATCH {path}")
    for method in ("HEAD", "TRACE", "CONNECT", "PROPFIND", "MOVE", "get"):
        check(other(method, "/api/v1/status") == [405], method)
    for method, path in (("PUT", "/restconf/ds/running/turnpike-sip:sip"), ("DELETE", "/api/v1/status")):
        check(one.writer.status(method, path, {} if method == "PUT" else None) == 405, f"{method} {path}")


def row_182_the_api_has_switches(one):
    settings(one, enabled=False)
    try:
        status, answer = one.viewer.call("GET", "/api/v1/status")
        check(status == 403 and "The API is off" in json.dumps(answer), f"{status} {answer}")
        check(one.writer.status("GET", NAME) == 403, "RESTCONF by a token while the API is off")
        check(logged_in("human").status("GET", NAME) == 200, "the web interface is off, too")
    finally:
        settings(one, enabled=True)
    check(one.viewer.status("GET", "/api/v1/status") == 200, "on again")


def row_183_restconf_keeps_writers_apart(one):
    status, _ = one.writer.call("GET", NAME)
    tag = one.writer.headers["ETag"]
    check(status == 200 and tag, f"{status} {one.writer.headers}")
    put = {"turnpike-system:host-name": "one.test"}
    check(one.writer.status("PUT", NAME, put, {"If-Match": tag}) == 204, "the tag of now")
    check(one.writer.status("PUT", NAME, put, {"If-Match": tag}) == 412, "an old tag")
    check(one.writer.status("DELETE", NAME, None, {"If-Match": tag}) == 412, "an old tag of DELETE")
    check(one.writer.status("PUT", NAME, put, {"If-Match": "*"}) == 204, "any tag")
    one.admin.post("/api/v1/config/discard", {})


def row_183_the_modules_behind_restconf_are_told(one):
    status, root = one.viewer.call("GET", "/restconf")
    version = root["ietf-restconf:restconf"]["yang-library-version"]
    status, answer = one.viewer.call("GET", "/restconf/yang-library-version")
    check(status == 200 and answer == {"ietf-restconf:yang-library-version": version}, f"{answer}")
    status, answer = one.viewer.call("GET", "/restconf/data/ietf-yang-library:yang-library")
    check(status == 200 and one.viewer.headers["Content-Type"] == "application/yang-data+json", f"{one.viewer.headers}")
    library = answer["ietf-yang-library:yang-library"]
    modules = {m["name"]: m for m in library["module-set"][0]["module"]}
    check(modules["turnpike-access"] == {"name": "turnpike-access", "namespace": "urn:turnpike:access",
                                         "revision": "2026-11-22"}, f"{modules}")
    used = {m for m in one.viewer.call("GET", "/restconf/ds/running")[1]["ietf-restconf:data"]}
    check(len(used) > 4 and {name.split(":")[0] for name in used} <= set(modules), f"{used} {modules}")
    check(len(library["content-id"]) == 32 and library["schema"][0]["module-set"] == ["turnpike"]
          and {d["schema"] for d in library["datastore"]} == {"turnpike"}, f"{library}")
    check(one.viewer.status("GET", "/restconf/data/nothing") == 404, "a path of nothing")


def an_account_s_programs_have_a_rate(one):
    settings(one, requests=30)  # six at once, and then one each two seconds
    try:
        start = time.monotonic()
        seen = []
        while 429 not in seen and time.monotonic() < start + 10:
            seen.append(one.viewer.status("GET", "/api/v1/zones"))
        check(seen[-1] == 429 and len(seen) > 3, f"{seen}")
        check(int(one.viewer.headers["Retry-After"]) > 0, f"{one.viewer.headers}")
        check(one.writer.status("GET", "/api/v1/zones") == 429, "another token of the account has a rate of its own")
        check(one.second.status("GET", "/api/v1/zones") == 200, "the web interface of the account is slowed down")
    finally:
        settings(one, requests=600)


CASES = [an_appliance_with_accounts, a_token_does_what_its_scope_says, a_token_is_not_for_people_s_things,
         making_tokens_has_limits, an_account_takes_its_tokens_along, bad_tokens_are_slowed_down_and_told,
         attack_41_no_cookie_and_no_foreign_page_changes_anything, row_181_five_methods_and_no_other,
         row_182_the_api_has_switches, row_183_restconf_keeps_writers_apart,
         row_183_the_modules_behind_restconf_are_told, an_account_s_programs_have_a_rate]

run(CASES, One(ADDRESS))
