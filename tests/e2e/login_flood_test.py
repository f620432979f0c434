#!/usr/bin/env python3
"""Bad logins and slow connections from many addresses: an administrator whose browser logged in
before still gets in, and turnpike-admin does not grow. Short in each run; by night 10,000 bad logins
in a minute beside 1,000 slow connections."""
import json
import multiprocessing
import os
import random
import socket
import ssl
import subprocess
import sys
import time

import appliance
from appliance import One
from cases import check, nightly, run, wait_until
from lab import FAST_BIN, rss_kb
from web import Browser, tls_context

ADDRESS = ("127.0.28.1", 7443)
PASSWORD = "correct horse battery"
# The figures are about what is delivered, not about the sanitizers.
if nightly() and (FAST_BIN / "turnpiked").exists():
    appliance.BIN = FAST_BIN
SECONDS = 75 if nightly() else 6
PER_SECOND = 10000 / 60 if nightly() else 40
SLOW = 1000 if nightly() else 180
LOGIN_S = 2 if nightly() else 6  # beside other tests
GROWTH_KB = (48 if nightly() else 160) << 10  # a short flood ends before each worker was busy once
os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=8"  # memory that is freed is not to be counted


def own_network():
    """All of 127.0.0.0/8 is ours there."""
    if os.environ.get("TP_OWN_NETWORK") != "yes":
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv],
                   {**os.environ, "TP_OWN_NETWORK": "yes"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Appliance(One):
    def __enter__(self):
        own_network()
        super().__enter__()
        visitor = Browser(self.address)
        visitor.visit()
        visitor.call("POST", "/api/v1/setup/unlock", {"secret": self.secret()})
        visitor.call("POST", "/api/v1/setup/password", {"user": "admin", "password": PASSWORD})
        return self

    def pid(self):
        for process in self.admin.get("/api/v1/status")["processes"]:
            if process["name"] == "turnpike-admin":
                return int(process["pid"])
        raise AssertionError("no turnpike-admin")


def address():
    return f"127.{random.randint(64, 250)}.{random.randint(0, 255)}.{random.randint(1, 254)}"


def guess(until, pause, counts):
    """Wrong passwords, each over a connection of its own from another address."""
    visitor = Browser(ADDRESS, source=address(), timeout=5)
    visitor.visit()
    while time.time() < until:
        start = time.time()
        visitor.source = address()
        user = "admin" if random.random() < 0.5 else f"user{random.randint(0, 9999)}"
        try:
            status = visitor.status("POST", "/api/v1/session", {"user": user, "password": "guess " * 3})
            key = {401: "looked", 429: "refused", 503: "refused"}.get(status, "other")
        except OSError:
            key = "cut"
        with counts[key].get_lock():
            counts[key].value += 1
        time.sleep(max(0, pause - (time.time() - start)))


def slow_ones(until, number):
    """Holds connections in each state in which a server waits; opens one anew that was ended."""
    context = tls_context()

    def open_one(kind):
        sock = socket.create_connection(ADDRESS, 5, source_address=(address(), 0))
        if kind == 0:
            sock.sendall(b"\x16\x03\x01\x02\x00\x01")
            return sock
        tls = context.wrap_socket(sock)
        if kind == 1:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        else:
            session = b"Cookie: __Host-turnpike=" + b"0" * 64
            tls.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n" + session +
                        b"\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{")
        return tls
    held = []
    while time.time() < until:
        if len(held) >= number:
            held.pop(0).close()
        try:
            held.append(open_one(len(held) % 3))
        except (OSError, ssl.SSLError):
            time.sleep(0.05)
        time.sleep(0.002)
    for sock in held:
        sock.close()


def timed_login(browser):
    """Seconds for what the page does until the administrator is in."""
    start = time.monotonic()
    status, _, answer = browser.log_in("admin", PASSWORD)
    took = time.monotonic() - start
    check(status == 200, f"the login is answered with {status}: {json.dumps(answer)[:200]}")
    return took


def a_known_browser_logs_in_during_the_flood(one):
    browser = Browser(ADDRESS, source="127.0.28.7", timeout=20)
    browser.log_in("admin", PASSWORD)
    check(browser.device, "the browser got no cookie by which it is known")
    pid = one.pid()
    counts = {key: multiprocessing.Value("i", 0) for key in ("looked", "refused", "cut", "other")}
    until = time.time() + SECONDS
    guessers = 16 if nightly() else 6
    parts = [multiprocessing.Process(target=guess, args=(until, guessers / PER_SECOND, counts))
             for _ in range(guessers)]
    parts += [multiprocessing.Process(target=slow_ones, args=(until, SLOW // 2)) for _ in range(2)]
    for part in parts:
        part.start()
    try:
        time.sleep(min(10, SECONDS / 2))  # by then each worker has served somebody
        before = rss_kb(pid)
        times = []
        while time.time() < until - 1:
            times.append(timed_login(browser))
            time.sleep(0.3 if not nightly() else 2)
    finally:
        for part in parts:
            part.join()
    seen = {key: value.value for key, value in counts.items()}
    print(f"   logins took {', '.join(f'{t:.2f}' for t in times)} s; guesses: {seen}; "
          f"admin grew by {rss_kb(pid) - before} KB", flush=True)
    check(seen["refused"] + seen["looked"] + seen["cut"] >= (10000 if nightly() else 10), f"too small a flood: {seen}")
    check(seen["looked"] <= 30 + 5 * SECONDS + 10, f"{seen['looked']} passwords were hashed")
    check(times and max(times) < LOGIN_S, f"a login took {max(times, default=-1):.2f} s")
    grown = rss_kb(pid) - before
    check(grown < GROWTH_KB, f"turnpike-admin grew by {grown} KB")
    if seen["refused"]:
        wait_until(lambda: [line for line in one.admin.get("/api/v1/log?limit=200")["lines"]
                            if line["name"] == "login.throttled"], 5, "the log does not tell of the flood")


def a_changed_password_ends_the_cookie(one):
    def device_after_login(password):
        check(browser.log_in("admin", password)[0] == 200, "login")
        return browser.device.split(".")[-1][:32]
    browser = Browser(ADDRESS, source="127.0.28.7")
    first = device_after_login(PASSWORD)
    check(device_after_login(PASSWORD) == first, "a known browser is not known again")
    one.admin.call("PUT", "/api/v1/accounts/admin/password",
                   {"password": "another long secret", "must-change": False})
    check(device_after_login("another long secret") != first,
          "a browser is still known by a cookie of an earlier password")


def admin_itself_hashes_nothing(_):
    names = subprocess.run(["nm", "-D", "--undefined-only", str(appliance.BIN / "turnpike-admin")], capture_output=True,
                           text=True, check=True).stdout
    check("EVP_DigestUpdate" in names or "EVP_Digest" in names, "nm shows nothing of OpenSSL")
    for word in ("scrypt", "PBKDF2", "crypt_r", "pam_"):
        check(word not in names, f"turnpike-admin calls {word}")


run([admin_itself_hashes_nothing, a_known_browser_logs_in_during_the_flood, a_changed_password_ends_the_cookie],
    Appliance(ADDRESS))
