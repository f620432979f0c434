#!/usr/bin/env python3
"""Bad logins and slow connections from many addresses: an administrator whose browser logged in
before still gets in, and turnpike-admin does not grow. Short in each run; by night 10,000 bad logins
in a minute beside 1,000 slow connections."""
import json
import os
import subprocess
import sys
import time

import appliance
from appliance import One
from cases import check, nightly, run, wait_until
from flood import Flood
from lab import FAST_BIN, rss_kb
from web import Browser

ADDRESS = ("127.0.28.1", 7443)
PASSWORD = "correct horse battery"
# The figures are about what is delivered, not about the sanitizers.
if nightly() and (FAST_BIN / "turnpiked").exists():
    appliance.BIN = FAST_BIN
SECONDS = 75 if nightly() else 6
PER_SECOND = 200 if nightly() else 40
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
    password = PASSWORD  # of admin, now

    def __enter__(self):
        own_network()
        super().__enter__()
        self.first_administrator("admin", PASSWORD)
        return self

    def pid(self):
        for process in self.admin.get("/api/v1/status")["processes"]:
            if process["name"] == "turnpike-admin":
                return int(process["pid"])
        raise AssertionError("no turnpike-admin")


def timed_login(one, browser):
    """Seconds for what the page does until the administrator is in. Where nobody is logged in yet a
    connection may make way for another one; a browser then tries again by itself."""
    start = time.monotonic()
    while True:
        try:
            status, _, answer = browser.log_in("admin", one.password)
            break
        except OSError:
            check(time.monotonic() - start < LOGIN_S, "no connection comes to its end")
    took = time.monotonic() - start
    check(status == 200, f"the login is answered with {status}: {json.dumps(answer)[:200]}")
    return took


def a_known_browser_logs_in_during_the_flood(one):
    """From where somebody is logged in, and, as good as that, from elsewhere."""
    browser = Browser(ADDRESS, source="127.0.28.7", timeout=20)
    browser.log_in("admin", one.password)
    check(browser.device, "the browser got no cookie by which it is known")
    check(browser.status("GET", "/api/v1/status") == 200, "not logged in")
    pid = one.pid()
    visitor = Browser(ADDRESS, source="127.0.28.8")
    visitor.visit()
    attack = Flood(ADDRESS, SECONDS, PER_SECOND, SLOW, visitor)
    start = time.monotonic()
    times = []
    try:
        time.sleep(min(10, SECONDS / 2))  # by then each worker has served somebody
        before = rss_kb(pid)
        while time.monotonic() < start + SECONDS - 1:
            browser.source = "127.0.28.7" if len(times) % 2 else f"127.0.28.{20 + len(times)}"
            times.append(timed_login(one, browser))
            time.sleep(0.3 if not nightly() else 2)
    finally:
        seen = attack.end()
    grown = rss_kb(pid) - before
    print(f"   logins took {', '.join(f'{t:.2f}' for t in times)} s; {seen['sent'] * 60 // SECONDS} guesses a minute: "
          f"{seen}; admin grew by {grown} KB", flush=True)
    check(seen["sent"] - seen["pending"] >= (10000 * SECONDS // 60 if nightly() else 10), f"too small a flood: {seen}")
    check(not seen["other"], f"strange answers: {seen}")
    check(seen["refused"] > seen["looked"] or not nightly(), f"hardly a guess came through: {seen}")
    check(seen["slow-opened"] >= SLOW, f"too few slow connections: {seen}")
    check(seen["looked"] <= 30 + 5 * SECONDS + 10, f"{seen['looked']} passwords were hashed")
    check(times and max(times) < LOGIN_S, f"a login took {max(times, default=-1):.2f} s")
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
    one.password = "another long secret"
    one.admin.call("PUT", "/api/v1/accounts/admin/password", {"password": one.password, "must-change": False})
    check(device_after_login(one.password) != first,
          "a browser is still known by a cookie of an earlier password")


def admin_itself_hashes_nothing(_):
    names = subprocess.run(["nm", "-D", "--undefined-only", str(appliance.BIN / "turnpike-admin")], capture_output=True,
                           text=True, check=True).stdout
    check("EVP_DigestUpdate" in names or "EVP_Digest" in names, "nm shows nothing of OpenSSL")
    for word in ("scrypt", "PBKDF2", "crypt_r", "pam_"):
        check(word not in names, f"turnpike-admin calls {word}")


run([admin_itself_hashes_nothing, a_changed_password_ends_the_cookie, a_known_browser_logs_in_during_the_flood],
    Appliance(ADDRESS))
