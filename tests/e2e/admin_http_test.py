"""The web server of an appliance, as a browser and as an attacker meets it."""
import os
import pathlib
import socket
import ssl
import subprocess
import threading
import time

from admin import ApiError
from appliance import One
from cases import Skip, check, nightly, run, wait_until
from web import Browser, connect, raw, statuses, tls_context

ADDRESS = ("127.0.6.9", 7443)
PASSWORD = "correct horse battery"
HOST = f"{ADDRESS[0]}:{ADDRESS[1]}"


# ---------------------------------------------------------------- first run

def row_175_first_run_wants_the_secret(one):
    visitor = Browser(ADDRESS)
    session = visitor.visit()
    check(session["state"] == "setup" and not session["unlocked"], f"state {session}")
    check(visitor.status("GET", "/api/v1/setup") == 401, "the wizard is open to anybody")
    check(visitor.status("POST", "/api/v1/setup/unlock", {"secret": "WRONG-SECRET"}) == 401,
          "a wrong secret opens the wizard")
    before = visitor.cookie
    status, _, session = visitor.call("POST", "/api/v1/setup/unlock", {"secret": one.secret().lower()})
    check(status == 200 and session["unlocked"], f"the secret does not open the wizard: {status} {session}")
    check(visitor.cookie != before, "the session kept its id over the unlocking")
    steps = visitor.call("GET", "/api/v1/setup")[2]["step-needed"]
    check("password" in steps, f"steps {steps}")
    check(visitor.status("GET", "/api/v1/status") == 403, "the wizard's session reads the status")
    for bad, word in (("short", "12"), ("aaaaaaaaaaaaaaa", "different"), ("Password1234", "well-known")):
        status, _, body = visitor.call("POST", "/api/v1/setup/password", {"user": "admin", "password": bad})
        text = body["ietf-restconf:errors"]["error"][0]["error-message"]
        check(status == 400 and word in text, f"{bad}: {status} {text}")
    status = visitor.status("POST", "/api/v1/setup/password", {"user": "admin", "password": PASSWORD})
    check(status == 204, f"the password is refused: {status}")
    check(visitor.status("GET", "/api/v1/status") == 200, "the new administrator is not logged in")
    wait_until(lambda: not (one.state / "first-login").exists(), 5, "the first-login secret stays on disk")
    other = Browser(ADDRESS)
    other.visit()
    check(other.status("POST", "/api/v1/setup/unlock", {"secret": "ABCD-EFGH"}) == 409,
          "the wizard can be opened a second time")
    check(other.visit()["state"] == "anonymous", "a visitor still sees the first run")


# ------------------------------------------------------------------ sessions

def login_makes_a_session(_):
    visitor = Browser(ADDRESS)
    visitor.visit()
    before = visitor.cookie
    check(visitor.log_in("admin", "wrong password!")[0] == 401, "a wrong password logs in")
    status, headers, session = visitor.log_in("admin", PASSWORD)
    check(status == 200 and session["user"] == "admin", f"{status} {session}")
    check(session["failed-logins"] >= 1, "the failed login is not told")
    check(visitor.cookie != before, "the session kept its id over the login")
    cookie = headers["Set-Cookie"]
    for word in ("__Host-turnpike=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        check(word in cookie, f"{word} is missing in {cookie}")
    check("Domain" not in cookie, cookie)
    check(visitor.status("GET", "/api/v1/status") == 200, "the session is not good")
    stolen = visitor.cookie
    check(visitor.status("DELETE", "/api/v1/session") == 204, "logout")
    visitor.cookie = stolen
    check(visitor.status("GET", "/api/v1/status") == 401, "the session lives on after the logout")


def every_path_needs_a_session(_):
    visitor = Browser(ADDRESS)
    visitor.visit()
    for path in ("/api/v1/status", "/api/v1/zones", "/api/v1/calls", "/api/v1/history", "/api/v1/alarms",
                 "/api/v1/log", "/api/v1/model", "/api/v1/config/status", "/restconf/ds/running/",
                 "/restconf/ds/candidate/turnpike-sip:sip", "/api/v1/identity", "/api/v1/registrations",
                 "/api/v1/accounts", "/api/v1/ports"):
        check(visitor.status("GET", path) == 401, f"{path} is open to anybody")
    check(visitor.status("GET", "/api/v1/nothing") == 404, "an unknown path")


def attack_41_changes_need_the_token(_):
    visitor = Browser(ADDRESS)
    check(visitor.log_in("admin", PASSWORD)[0] == 200, "login")
    token = visitor.csrf
    for value in ("", "0" * 64, token[:-1], None):
        check(visitor.status("POST", "/api/v1/config/discard", {}, {"X-CSRF-Token": value}) == 403,
              f"token {value!r} is taken")
    check(visitor.status("POST", "/api/v1/config/discard", {},
                         {"X-CSRF-Token": token, "Origin": "https://evil.example"}) == 403,
          "another site's request is taken")
    check(visitor.status("POST", "/api/v1/config/discard", {},
                         {"X-CSRF-Token": token, "Origin": f"https://{HOST}"}) == 204,
          "the page's own request is refused")
    check(visitor.status("POST", "/api/v1/config/discard", b"a=b",
                         {"Content-Type": "application/x-www-form-urlencoded"}) == 415,
          "a form is taken for JSON")


def guessing_is_slowed_down(_):
    guesser = Browser(ADDRESS, source="127.0.6.50")
    guesser.visit()
    seen = []
    for n in range(12):
        seen.append(guesser.call("POST", "/api/v1/session", {"user": f"user{n}", "password": "x" * 12}))
        if seen[-1][0] == 429:
            break
    check(seen[-1][0] == 429, f"{len(seen)} guesses, none slowed down")
    check(int(seen[-1][1]["Retry-After"]) >= 1, "no Retry-After")
    check(Browser(ADDRESS, source="127.0.6.51").log_in("admin", PASSWORD)[0] == 200,
          "an honest administrator elsewhere is locked out too")
    for n in range(40):  # many sources guess at one account
        guesser = Browser(ADDRESS, source=f"127.0.6.{200 + n}")
        seen.append(guesser.log_in("admin", "x" * 12))
        if seen[-1][0] == 429:
            break
    check(seen[-1][0] == 429, "guesses at one account from everywhere are not slowed down")
    check(Browser(ADDRESS, source="127.0.6.51").log_in("admin", PASSWORD)[0] == 200,
          "strangers lock the administrator out")


def attack_25_hostile_sip_text_reaches_the_pages_as_text(one):
    """Stored script and broken UTF-8 of a caller: the answers stay JSON, letter by letter."""
    one.admin.put("turnpike-sip:sip/udp", {"enabled": True, "port": 5060})
    one.admin.commit("listen on UDP")
    name = b'"<img src=x onerror=alert(1)>\xff\xc3(\xed\xa0\x80"'
    invite = (b"INVITE sip:nobody@127.0.6.9 SIP/2.0\r\n"
              b"Via: SIP/2.0/UDP 127.0.6.40:5060;branch=z9hG4bKhostile\r\n"
              b"From: " + name + b" <sip:evil@127.0.6.40>;tag=1\r\nTo: <sip:nobody@127.0.6.9>\r\n"
              b"Call-ID: <script>alert(2)</script>@evil\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
              b"Contact: <sip:evil@127.0.6.40>\r\nUser-Agent: <script>alert(3)</script>\r\n"
              b"Content-Length: 0\r\n\r\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.bind(("127.0.6.40", 5060))
        caller.settimeout(5)
        caller.sendto(invite, (ADDRESS[0], 5060))
        answer = caller.recv(4096)
        final = answer if b" 100 " not in answer[:20] else caller.recv(4096)
        caller.sendto(invite.replace(b"INVITE sip:", b"ACK sip:", 1).replace(b"1 INVITE", b"1 ACK"),
                      (ADDRESS[0], 5060))
    visitor = Browser(ADDRESS)
    check(visitor.log_in("admin", PASSWORD)[0] == 200, "login")

    def look():
        status, headers, body = visitor.call("GET", "/api/v1/history")
        check(status == 200 and isinstance(body, dict), f"the history is not JSON: {body!r:.300}")
        check(headers["Content-Type"].startswith("application/"), headers["Content-Type"])
        return body["calls"]
    check(final.split(b" ")[1] == b"404", f"{final[:60]}")
    calls = wait_until(look, 10, "the call is not in the history")
    check("<script>" in calls[0]["call-id"], f"{calls[0]}")
    for path in (f"/api/v1/history/{calls[0]['id']}", "/api/v1/log"):
        check(isinstance(visitor.call("GET", path)[2], dict), f"{path} is not JSON")


def one_session_too_many_ends_the_quietest(one):
    one.admin.put("turnpike-system:system/web/session-max", 2)
    one.admin.commit("two sessions")
    visitors = [Browser(ADDRESS) for _ in range(3)]
    for visitor in visitors:
        check(visitor.log_in("admin", PASSWORD)[0] == 200, "login")
    seen = [visitor.status("GET", "/api/v1/status") for visitor in visitors]
    check(seen == [401, 200, 200], f"{seen}")


def row_173_an_unused_session_ends(one):
    if not nightly():
        raise Skip("takes a minute: only with --nightly")
    one.admin.put("turnpike-system:system/web/session-idle", 1)
    one.admin.commit("idle for a minute")
    visitor = Browser(ADDRESS)
    check(visitor.log_in("admin", PASSWORD)[0] == 200, "login")
    time.sleep(40)
    check(visitor.status("GET", "/api/v1/status") == 200, "ended too early")
    for _n in range(13):  # the page goes on refreshing itself
        time.sleep(5)
        seen = visitor.status("GET", "/api/v1/status", headers={"X-Turnpike-Background": "1"})
    check(seen == 401, "an unused session lives on")


def a_missing_address_is_told(one):
    one.admin.put("turnpike-system:system/network=far", {"name": "far", "address": "192.0.2.77"})
    try:
        one.admin.commit("an address that this machine does not have")
        raise AssertionError("the commit is taken")
    except ApiError as error:
        check("requested address" in error.body, error.body)
    finally:
        one.admin.post("/api/v1/config/discard")
    check(Browser(ADDRESS).visit()["host-name"] == "core.http.test", "the web interface is gone")


def unknown_users_take_as_long(_):
    def seconds(user, source):
        visitor = Browser(ADDRESS, source=source)
        visitor.visit()
        start = time.monotonic()
        visitor.call("POST", "/api/v1/session", {"user": user, "password": "not the password"})
        return time.monotonic() - start
    known = min(seconds("admin", f"127.0.6.{60 + n}") for n in range(3))
    unknown = min(seconds("nobody", f"127.0.6.{70 + n}") for n in range(3))
    check(0.5 < known / unknown < 2, f"known {known:.3f} s, unknown {unknown:.3f} s")
    check(Browser(ADDRESS).log_in("admin", PASSWORD)[0] == 200, "login")


# ------------------------------------------------------------------- attacks

def attack_40_ambiguous_requests_are_refused(_):
    smuggled = "GET /api/v1/session HTTP/1.1\r\nHost: x\r\n\r\n"
    heads = {
        "two lengths": "Content-Length: 0\r\nContent-Length: 0\r\n",
        "length and encoding": f"Transfer-Encoding: chunked\r\nContent-Length: {len(smuggled) + 5}\r\n",
        "length with junk": "Content-Length: 5 junk\r\n",
        "signed length": "Content-Length: +5\r\n",
        "two hosts": "Host: other\r\n",
        "folded line": "X: a\r\n b\r\n",
        "space before colon": "X : a\r\n",
        "bare line feed": "X: a\nY: b\r\n",
        "control byte": "X: a\x01b\r\n",
    }
    for name, lines in heads.items():
        answer = raw(ADDRESS, f"POST /api/v1/session HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n"
                              f"0\r\n\r\n{smuggled}".encode())
        check(statuses(answer) == [400], f"{name}: {statuses(answer)}")
    for target in ("/%0d%0aX:y", "/a%00", "*", "http://other/", "/%zz"):
        answer = raw(ADDRESS, f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        check(statuses(answer) == [400], f"{target}: {statuses(answer)}")
    many = "".join(f"X{n}: y\r\n" for n in range(70))
    check(statuses(raw(ADDRESS, f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{many}\r\n".encode())) == [431],
          "70 headers")
    answer = raw(ADDRESS, f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX: {'y' * 40000}\r\n\r\n".encode())
    check(statuses(answer) in ([400], [413], []), f"40 KB of head: {statuses(answer)}")  # [] is a reset
    check(statuses(raw(ADDRESS, b"\x16\x03\x01 rubbish\r\n\r\n")) == [400], "rubbish")
    answer = raw(ADDRESS, f"POST /x HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    check(statuses(answer) == [411], f"chunked: {statuses(answer)}")


def row_181_unknown_methods_are_refused(_):
    for method in ("HEAD", "PROPFIND", "LOCK", "MKCOL", "PATCH", "TRACE", "CONNECT", "BREW"):
        answer = raw(ADDRESS, f"{method} / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        check(statuses(answer) == [405] and b"\r\nAllow: GET, POST, PUT, DELETE, OPTIONS\r\n" in answer, f"{method}: {answer}")
    visitor = Browser(ADDRESS)
    visitor.visit()
    status, headers, _ = visitor.call("PUT", "/api/v1/session", {})
    check(status == 405 and "POST" in headers["Allow"], f"PUT of the session: {status}")
    check(visitor.call("OPTIONS", "/api/v1/session")[0] == 204, "OPTIONS")


def hostile_bodies_are_refused(_):
    visitor = Browser(ADDRESS)
    visitor.visit()
    check(visitor.status("POST", "/api/v1/session", b"{" + b" " * 100000) == 413, "100 KB of login")
    for body in (b"", b"[]", b'{"user":"a","user":"b","password":"c"}', b'{"user":"\xff"}', b"{",
                 b'{"user":"a\x00b"}', b"[" * 50000):
        status = visitor.status("POST", "/api/v1/session", body[:4000])
        check(status == 400, f"{body[:40]}: {status}")
    start = time.monotonic()
    visitor.call("POST", "/api/v1/session", b"user=a\x00b&password=%00",
                 {"Content-Type": "application/x-www-form-urlencoded"})
    check(time.monotonic() - start < 3, "a NUL in a form stalls the server")
    for path in ("/api/v1/calls/..%2f..%2fetc%2fpasswd", "/api/v1/calls/%ff", "/..%2f..%2fetc/passwd",
                 "/assets/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/" + "a/" * 1000 + "x"):
        check(visitor.status("GET", path) in (400, 401, 404, 200), path)
        check("root:" not in str(visitor.call("GET", path)[2]), f"{path} shows a file")


def slow_connections_block_nobody(_):
    held = []
    try:
        for source in ("127.0.6.80", "127.0.6.81", "127.0.6.82"):
            for n in range(60):
                sock = connect(ADDRESS, source)
                if n % 2:
                    sock.sendall(b"\x16\x03\x01\x02\x00\x01")  # the start of a handshake
                held.append(sock)
        for source in ("127.0.6.90", "127.0.6.80"):
            start = time.monotonic()
            status = Browser(ADDRESS, source=source).log_in("admin", PASSWORD)[0]
            took = time.monotonic() - start
            check(status == 200 and took < 8, f"login from {source}: {status} after {took:.1f} s")
    finally:
        for sock in held:
            sock.close()


def garbage_leaves_the_server_alone(_):
    for n in range(60):
        with connect(ADDRESS, f"127.0.6.{100 + n % 5}") as sock:
            sock.sendall(os.urandom(1 + 37 * n))
    check(Browser(ADDRESS).log_in("admin", PASSWORD)[0] == 200, "login after garbage")


# ------------------------------------------------------------------- answers

def answers_carry_the_security_headers(_):
    visitor = Browser(ADDRESS)
    for path in ("/", "/api/v1/session", "/api/v1/nothing", "/zones"):
        headers = visitor.call("GET", path)[1]
        policy = headers["Content-Security-Policy"]
        check("unsafe" not in policy and "frame-ancestors 'none'" in policy and "'self'" in policy, policy)
        check(headers["X-Content-Type-Options"] == "nosniff", path)
        check("max-age=" in headers["Strict-Transport-Security"], path)
        check(headers["Referrer-Policy"] == "no-referrer", path)
        check(headers["Cross-Origin-Opener-Policy"] == "same-origin", path)
        check("Server" not in headers, "the server names itself")
    check(visitor.call("GET", "/api/v1/session")[1]["Cache-Control"] == "no-store", "answers are cached")
    page = visitor.call("GET", "/")[2]
    asset = page.split('src="')[1].split('"')[0]
    status, headers, _ = visitor.call("GET", asset, headers={"Accept-Encoding": "gzip"})
    check(status == 200 and "immutable" in headers["Cache-Control"], f"{asset}: {status}")
    status, _, _ = visitor.call("GET", "/", headers={"If-None-Match": headers["ETag"]})
    check(status == 200, "a foreign tag is taken for the page's")
    tag = visitor.call("GET", "/")[1]["ETag"]
    check(visitor.call("GET", "/", headers={"If-None-Match": tag})[0] == 304, "no 304")


def tls_is_strict(_):
    context = tls_context()
    sessions = []
    for _n in range(2):
        with context.wrap_socket(connect(ADDRESS), session=sessions[0] if sessions else None) as tls:
            check(tls.version() in ("TLSv1.2", "TLSv1.3"), tls.version())
            check(not tls.session_reused, "a session is resumed")
            tls.sendall(f"GET /api/v1/session HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            tls.recv(65536)
            if tls.session is not None:
                sessions.append(tls.session)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        context.wrap_socket(connect(ADDRESS)).close()
        raise AssertionError("TLS 1.1 is accepted")
    except (ssl.SSLError, OSError):
        pass


def admin_socket_is_for_root(one):
    check(one.admin.get("/api/v1/session")["user"] == "root", "root is not recognised")
    code = ("import socket,os,sys\nos.setgid(65534)\nos.setuid(65534)\n"
            "s=socket.socket(socket.AF_UNIX)\n"
            "try:\n s.connect(sys.argv[1])\n s.sendall(b'GET /api/v1/session HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
            " sys.exit(1 if s.recv(100) else 0)\nexcept OSError:\n sys.exit(0)\n")
    path = one.admin.path
    os.chmod(pathlib.Path(path).parent, 0o755)
    mode = os.stat(path).st_mode
    os.chmod(path, 0o777)
    try:
        done = subprocess.run(["python3", "-c", code, path], check=False)
    finally:
        os.chmod(path, mode)
    check(done.returncode == 0, "another user is served on the administration socket")


def a_password_change_ends_other_sessions(one):
    first, second = Browser(ADDRESS), Browser(ADDRESS)
    check(first.log_in("admin", PASSWORD)[0] == 200 and second.log_in("admin", PASSWORD)[0] == 200, "login")
    path = "/api/v1/accounts/admin/password"
    check(first.status("PUT", path, {"password": "another long secret", "current": "wrong one here"}) == 403,
          "the present password is not asked for")
    check(first.status("PUT", path, {"password": "another long secret", "current": PASSWORD}) == 204, "change")
    check(first.status("GET", "/api/v1/status") == 200, "the own session ended")
    check(second.status("GET", "/api/v1/status") == 401, "the other session lives on")
    try:
        one.admin.call("PUT", "/api/v1/accounts/admin/password", {"password": PASSWORD})
    except ApiError as error:
        raise AssertionError(str(error)) from None
    check(Browser(ADDRESS).log_in("admin", PASSWORD)[0] == 200, "root's reset does not work")


def commits_lose_no_request(one):
    """Each commit swaps certificate and addresses under the requests."""
    one.complete("core", "core.http.test")
    lost, done = [], threading.Event()

    def ask(source):
        visitor = Browser(ADDRESS, source=source)
        while not done.is_set():
            try:
                if visitor.call("GET", "/api/v1/session")[0] != 200:
                    lost.append("status")
            except (OSError, ssl.SSLError) as error:
                lost.append(repr(error))
    askers = [threading.Thread(target=ask, args=(f"127.0.6.{120 + n}",)) for n in range(3)]
    for asker in askers:
        asker.start()
    try:
        for n in range(5):
            one.admin.put("turnpike-system:system/web/session-max", 10 + n)
            one.admin.commit(f"change {n}")
    finally:
        done.set()
        for asker in askers:
            asker.join()
    check(not lost, f"{len(lost)} requests lost: {lost[:3]}")
    check(Browser(ADDRESS).visit()["host-name"] == "core.http.test", "the name is not in force")


run([row_175_first_run_wants_the_secret, login_makes_a_session, every_path_needs_a_session,
     attack_41_changes_need_the_token, attack_40_ambiguous_requests_are_refused, row_181_unknown_methods_are_refused,
     hostile_bodies_are_refused, answers_carry_the_security_headers, tls_is_strict,
     admin_socket_is_for_root, a_password_change_ends_other_sessions, slow_connections_block_nobody,
     garbage_leaves_the_server_alone, commits_lose_no_request, a_missing_address_is_told,
     attack_25_hostile_sip_text_reaches_the_pages_as_text, one_session_too_many_ends_the_quietest, row_173_an_unused_session_ends, unknown_users_take_as_long,
     guessing_is_slowed_down], One(ADDRESS))
