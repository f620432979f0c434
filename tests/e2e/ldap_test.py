#!/usr/bin/env python3
"""Login by LDAP: real slapds with TLS, groups in groups, a revoked certificate, one that is silent."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from admin import ApiError
from appliance import BIN, One
from cases import check, run
from directory import PASSWORD, SERVICE, SUFFIX, Pki, Slapd
from hostile_directory import Hostile, done, entry
from ldap_ber import ber, message, text
from web import Browser

ADDRESS = ("127.0.30.2", 7443)
GOOD, OTHER_NAME, REVOKED, SILENT, NOBODY, HOSTILE = (f"127.0.30.{n}" for n in (11, 12, 13, 14, 15, 16))
LOCAL = "a local secret phrase"
ACCESS = "turnpike-access:access"
LDAP = f"{ACCESS}/ldap"
TRUSTED = "turnpike-tls:tls/trusted-ca=Directory%20root"
PEOPLE = "ou=people," + SUFFIX
SETTINGS = {"enabled": True, "server": [{"host": GOOD, "port": 6636}], "encryption": "ldaps", "bind": "service",
            "bind-dn": SERVICE[0], "bind-password": SERVICE[1], "base": PEOPLE, "group-base": "ou=groups," + SUFFIX,
            "server-time": 10, "time-limit": 20}


class Appliance(One):
    """Set up, with two slapds and one server that never answers."""

    def __enter__(self):
        self.pki_folder = pathlib.Path(tempfile.mkdtemp(prefix="tp-pki-", dir="/tmp"))
        self.pki = Pki(self.pki_folder)
        self.pki.server("good", GOOD)
        self.pki.server("client", ADDRESS[0])
        self.pki.server("revoked", REVOKED)
        self.pki.revoke("revoked")
        self.slapds = [Slapd(self.pki, "good", [GOOD, OTHER_NAME]), Slapd(self.pki, "revoked", [REVOKED], client="nobody.pike.test")]
        self.silent = socket.create_server((SILENT, 6636))
        self.hostile = Hostile(HOSTILE)
        super().__enter__()
        self.set_up("core", "core.ldap.test", LOCAL)
        self.trust("root.pem", "root.crl", "issuer.crl")
        for name, level in (("outer", "read-write"), ("readers", "read-only")):
            self.admin.put(f"turnpike-access:access/group={name}",
                           {"name": name, "level": level, "web": True, "api": False})
        self.admin.put("turnpike-access:access/login", {"source": "both"})
        self.use()
        return self

    def knocks(self):
        """How often the silent server was connected to since this was asked last."""
        count = 0
        self.silent.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.silent.accept()[0].close()
                count += 1
        return count

    def trust(self, *names):
        return self.admin.post("/api/v1/trust/append", {"pem": self.pki.text(*names), "use": ["ldap"]})

    def put(self, **changes):
        settings = {**SETTINGS, **{key.replace("_", "-"): value for key, value in changes.items()}}
        if "server" in changes:
            settings["server"] = [{"host": host, "port": 3389 if settings["encryption"] != "ldaps" else 6636}
                                  for host in changes["server"]]
        self.admin.put(LDAP, {key: value for key, value in settings.items() if value is not None})

    def use(self, **changes):
        self.put(**changes)
        self.admin.commit("another directory")

    def close(self):
        self.silent.close()
        self.hostile.close()
        for slapd in self.slapds:
            slapd.close()
        super().close()
        shutil.rmtree(self.pki_folder, ignore_errors=True)


def log_in(user, password=PASSWORD, source="127.0.30.20"):
    status, _, session = Browser(ADDRESS, source=source).log_in(user, password)
    return status, session


def test(one, user="writer", password=PASSWORD, **more):
    """By the candidate, so that what is tried need not be committed."""
    body = {"user": user, "source": "ldap", "datastore": "candidate", **more}
    return one.admin.post("/api/v1/login/test", body if password is None else {**body, "password": password})


def authority(one):
    return one.admin.get("/restconf/ds/candidate/turnpike-tls:tls/trusted-ca")["turnpike-tls:trusted-ca"][0]


def failed(answer, step, words):
    """The one step that fails is this one, in these words, with something to be done."""
    last = [s for s in answer["steps"] if not s["passed"]][-1]
    check(answer["result"] != "passed" and last["step"] == step and words in last["text"], f"{words}: {answer}")
    return last


def passed(answer, level):
    check(answer["result"] == "passed" and answer["level"] == level, f"{answer}")


# ---------------------------------------------------------------------------- cases

def row_178_ldap_login_over_tls_with_all_crls(one):
    one.use(crl_check="all")
    status, session = log_in("writer")
    check(status == 200 and session["level"] == "read-write", f"{status} {session}")
    status, session = log_in("reader")
    check(status == 200 and session["level"] == "read-only", f"{status} {session}")
    for user, password in (("writer", "wrong password"), ("not-there", PASSWORD), ("nobody", PASSWORD),
                           ("stale", PASSWORD)):
        check(log_in(user, password, "127.0.30.21")[0] == 401, f"{user} logs in")
    check(log_in("admin", LOCAL, "127.0.30.22")[0] == 200, "the local account does not go first")
    lines = one.admin.get("/api/v1/log?limit=100")["lines"]
    check(any("(ldap)" in line["text"] for line in lines), "the log does not name the source")
    check(PASSWORD not in str(lines) and SERVICE[1] not in str(lines), "the log holds a password")


def row_178_starttls_plain_and_other_binds(one):
    one.put(encryption="starttls", server=[GOOD])
    passed(test(one), "read-write")
    one.put(encryption="none", server=[GOOD])
    answer = test(one)
    passed(answer, "read-write")
    check(any("in clear" in step["text"] for step in answer["steps"]), "nothing says that it is in clear")
    one.put(bind="user", user_dn=f"uid=%s,{PEOPLE}", bind_dn=None, bind_password=None)
    answer = test(one, "writer", "wrong password")
    failed(answer, "user-bind", "Invalid credentials")
    check(failed(test(one, "stale"), "user-bind", "has to be changed first")["remedy"], "nothing is to be done")
    failed(test(one, password=None), "question", "Without the user's password")


def row_178_groups_in_groups_end(one):
    one.put(depth=1)
    failed(test(one), "level", "None of the user's groups")
    one.put(depth=2)
    passed(test(one), "read-write")
    one.put(depth=10)
    passed(test(one, "reader"), "read-only")  # who is in a ring of groups
    failed(test(one, "nobody"), "level", "None")  # a group of that name elsewhere


def row_178_groups_that_the_entry_names(one):
    """memberOf, as the overlay of slapd keeps it, followed from group to group."""
    one.put(group_lookup="member-of", depth=1)
    failed(test(one), "level", "None of the user's groups")
    one.put(group_lookup="member-of", depth=2)
    passed(test(one), "read-write")
    passed(test(one, "reader"), "read-only")
    failed(test(one, "nobody"), "level", "None")


def row_151_sasl_external_by_tls_alone(one):
    """The certificate is the service account, on encrypted connections only."""
    no_account = {"bind": "certificate", "bind_dn": None, "bind_password": None}
    upload = one.pki.text("client.pem", "issuer.pem", "client.key")
    identity = "/api/v1/identities/ldap-client"
    staged = one.admin.post(f"{identity}/upload", {"pem": upload})
    one.admin.post(f"{identity}/activate", {"staged": staged["staged"], "accept": staged["accept-needed"]})
    for encryption in ("ldaps", "starttls"):
        one.put(**no_account, encryption=encryption, server=[GOOD])
        answer = test(one)
        passed(answer, "read-write")
        check(any("SASL EXTERNAL" in step["text"] for step in answer["steps"]), f"{answer}")
    without = test(one, password=None)
    passed(without, "read-write")
    try:
        one.use(**no_account, encryption="none", server=[GOOD])
        raise AssertionError("SASL without TLS is taken")
    except ApiError as error:
        check("encrypted connections only" in str(error), str(error))
    one.put(**no_account, server=[REVOKED])  # whose slapd maps the certificate to nobody
    failed(test(one), "search", "")
    one.put()


def row_178_next_server_when_one_fails(one):
    one.put(server=[NOBODY, SILENT, GOOD], server_time=2, time_limit=10)
    start = time.monotonic()
    answer = test(one)
    passed(answer, "read-write")
    check(time.monotonic() - start < 7, f"it took {time.monotonic() - start:.1f} s")
    check([step["step"] for step in answer["steps"] if not step["passed"]] == ["connect", "tls"], f"{answer}")
    one.use(server=[SILENT, SILENT[:-2] + "15"], time_limit=1)
    start = time.monotonic()
    check(log_in("writer", source="127.0.30.23")[0] == 503, "a silent directory does not say so")
    check(time.monotonic() - start < 7, f"it took {time.monotonic() - start:.1f} s")
    check(log_in("admin", LOCAL, "127.0.30.24")[0] == 200, "a local account cannot log in meanwhile")


def row_178_a_silent_server_delays_one_login(one):
    """It is asked last for a while, and first by the tester."""
    one.use(server=[SILENT, GOOD], server_time=2, time_limit=10)
    one.knocks()
    for n in range(2):
        check(log_in("writer", source=f"127.0.30.{28 + n}")[0] == 200, "the second server is not asked")
    check(one.knocks() == 1, "each login waits for the silent server")
    passed(test(one, datastore="running"), "read-write")
    check(one.knocks() == 1, "the tester does not keep to the order")


def row_179_the_tester_says_which_step_fails(one):
    one.put(crl_check="all")
    answer = test(one)
    names = [step["step"] for step in answer["steps"]]
    check(names == ["resolve", "connect", "tls", "service-bind", "search", "user-bind", "groups", "level"], f"{names}")
    check("TLSv1.3" in answer["steps"][2]["text"] and "good.pike.test" in answer["steps"][2]["text"], f"{answer}")
    for changes, step, words in (
            ({"server": ["no-such-host.invalid"]}, "resolve", "no-such-host.invalid"),
            ({"server": [NOBODY]}, "connect", "refused"),
            ({"server": [OTHER_NAME]}, "tls", "name does not match"),
            ({"bind_password": "not it"}, "service-bind", "Invalid credentials"),
            ({"base": "ou=nowhere," + SUFFIX}, "search", "No such object"),
            ({"filter": "(&(uid=%s)"}, "search", "Bad search filter")):
        one.put(**changes)
        check(failed(test(one), step, words)["remedy"], f"nothing is to be done about {words}")
    ctl = subprocess.run([BIN / "turnpikectl", "--socket", one.state / "run" / "admin.sock", "login", "test", "writer",
                          "ldap", "--candidate"], capture_output=True, text=True, check=False)
    check(ctl.returncode == 1 and "search" in ctl.stdout and "Look at the filter" in ctl.stdout, f"{ctl}")


def row_179_settings_are_tested_before_they_are_committed(one):
    candidate = {"datastore": "candidate"}
    one.use()
    one.put(server=[OTHER_NAME], encryption="starttls")
    failed(test(one, **candidate), "tls", "name does not match")
    passed(test(one, datastore="running"), "read-write")
    one.put(bind_password="not it")
    failed(test(one, **candidate), "service-bind", "Invalid credentials")
    one.put(enabled=False, server=[])
    check(failed(test(one, **candidate), "question", "No server")["remedy"], "nothing is to be done about no server")
    check(test(one, **candidate)["result"] == "unavailable", "no server is a refusal")
    one.admin.put(f"{ACCESS}/login", {"source": "local"})
    answer = one.admin.post("/api/v1/login/test", {"user": "writer", "password": PASSWORD, **candidate})
    check(answer["result"] == "refused" and {s["source"] for s in answer["steps"]} == {"local"}, f"{answer}")
    one.put()
    one.admin.put(f"{ACCESS}/group=outer", {"name": "outer", "level": "auditor", "web": True, "api": False})
    one.admin.delete("/restconf/ds/candidate/turnpike-tls:tls/trusted-ca")
    failed(test(one, **candidate), "tls", "")
    one.admin.post("/api/v1/config/discard")
    one.admin.put(f"{ACCESS}/group=outer", {"name": "outer", "level": "auditor", "web": True, "api": False})
    passed(test(one, **candidate), "auditor")
    passed(test(one, datastore="running"), "read-write")
    try:
        test(one, datastore="startup")
        raise AssertionError("there is no such datastore")
    except ApiError as error:
        check(error.status == 400, f"{error}")
    one.admin.post("/api/v1/config/discard")
    lines = one.admin.get("/api/v1/log?limit=60")["lines"]
    check(any("settings of the candidate" in line["text"] for line in lines), "the log does not tell them apart")
    check("not it" not in str(lines), "the log holds a password")


def row_63_lists_among_the_trusted_cas(one):
    row = authority(one)
    check(row["crl"].count("BEGIN X509 CRL") == 2, f"{row}")
    again = one.trust("root.pem", "issuer.crl")["results"]
    check([r["result"] for r in again] == ["known", "known"], f"{again}")
    stray = one.trust("issuer.crl")["results"]
    check([r["result"] for r in stray] == ["refused"] and "together with a CA" in stray[0]["text"], f"{stray}")
    alone = authority(one)
    one.admin.put(TRUSTED, {k: v for k, v in alone.items() if k != "crl"})
    one.put(crl_check="peer")
    failed(test(one), "tls", "no valid CRL")
    one.trust("root.pem", "root.crl")
    failed(test(one), "tls", "no valid CRL")
    one.trust("root.pem", "issuer.crl")
    one.use(crl_check="all")
    passed(test(one, datastore="running"), "read-write")


def row_85_only_those_lists_count(one):
    one.put(crl_check="none", server=[REVOKED])
    passed(test(one), "read-write")
    for mode in ("peer", "all"):
        one.put(crl_check=mode, server=[REVOKED])
        failed(test(one), "tls", "revoked")
    row = authority(one)
    one.admin.put(TRUSTED, {**row, "crl": one.pki.text("issuer.crl")})
    one.put(crl_check="peer")
    passed(test(one), "read-write")
    one.put(crl_check="all")  # and there is none of the root
    failed(test(one), "tls", "no valid CRL")
    one.admin.put(TRUSTED, row)
    one.put()


def row_180_and_112_ldap_has_a_row_among_the_ciphers(one):
    service = [s for s in one.admin.get("/api/v1/tls/services")["services"] if s["name"] == "ldap"][0]
    check(service["client"] and service["running"]["minimum-version"] == "1.2", f"{service}")
    one.admin.put("turnpike-tls:tls/service/ldap", {"minimum-version": "1.3"})
    one.put()
    passed(test(one), "read-write")
    one.admin.put("turnpike-tls:tls/service/ldap", {"minimum-version": "1.2", "preset": "custom",
                                                     "ciphersuites": "TLS_CHACHA20_POLY1305_SHA256"})
    one.put()
    check("CHACHA20" in test(one)["steps"][2]["text"], "the suite is not that of the settings")
    one.admin.delete("/restconf/ds/candidate/turnpike-tls:tls/service/ldap")
    one.put()


def attack_46_names_with_a_meaning_in_filters(one):
    one.put(filter="(|(uid=%s)(cn=%s)(mail=%s))")
    for user in ("*", "wri*", "writer)(uid=*", "*)(|(uid=writer", "\\77riter", "writer\\00", "(writer)", "w\tr"):
        answer = test(one, user)
        check(answer["result"] == "refused", f"{user!r} passes: {answer}")
        check(answer["steps"][-1]["step"] == "search", f"{user!r} was not searched for literally: {answer}")
    answer = test(one, "Reader, (*)\\+")
    check(answer["result"] == "passed" and answer["user"] == "reader", f"a strange name is not found: {answer}")
    failed(test(one, "twin@pike.test"), "search", "More than one")
    one.put(bind="user", user_dn=f"uid=%s,{PEOPLE}", bind_dn=None, bind_password=None)
    for user in (f"writer,{PEOPLE}", "writer+cn=Writer", "nobody,ou=people"):
        failed(test(one, user), "user-bind", "Invalid credentials")
    visitor = Browser(ADDRESS, source="127.0.30.25")
    visitor.visit()
    for body in (b'{"user": "writer\\u0000x", "password": "correct horse battery"}',
                 b'{"user": "writer", "password": ""}', b'{"user": "writer", "password": "correct horse battery\\u0000"}'):
        check(visitor.status("POST", "/api/v1/session", body) == 400, f"taken: {body}")
    one.put()


def attack_46_a_hostile_directory(one):
    """Whatever it sends, the answer comes in time, in words, and the appliance goes on."""
    one.put(encryption="none", server=[HOSTILE], server_time=2, time_limit=3)
    me, base = f"uid=writer,{PEOPLE}", "ou=groups," + SUFFIX

    def ask(*stages, user="writer"):
        """The answers to the first searches; what follows finds nothing."""
        def answer(number, asked):
            return stages[asked](number) if asked < len(stages) else [done(number)]
        one.hostile.answer = answer
        start = time.monotonic()
        verdict = test(one, user)
        check(time.monotonic() - start < 8, f"it took {time.monotonic() - start:.1f} s")
        return verdict

    def found(number):
        return [entry(number, me), done(number)]

    def called(*names):
        return lambda number: [entry(number, me, uid=names), done(number)]

    def groups(*dns):
        return lambda number: [*(entry(number, dn) for dn in dns), done(number)]

    outer = groups(f"cn=outer,{base}")
    passed(ask(found, called("writer"), outer), "read-write")
    # Names: of several the typed one, and never one that cannot be shown.
    for names, called_so in ((("zoe", "Writer", "ann"), "Writer"), (("zoe", "bob", "b\nob"), "bob"),
                             (("wri\nter", b"a\0b", "x" * 300), "writer"), ((), "writer")):
        answer = ask(found, called(*names), outer)
        check(answer["user"] == called_so, f"{names}: {answer}")
    for typed in ("writer ", " writer", "wri\u00adter", "writer\u200b"):
        failed(ask(found, called(), outer, user=typed), "search", "not plain enough")
    # Groups: one named like another's DN, thousands, a ring, referrals, bytes that are no name.
    failed(ask(found, called("writer"), groups(f"cn=cn\\3douter\\2c{base.replace(',', chr(92) + '2c')},{base}")),
           "level", "None")
    many = ask(found, called("writer"), groups(*(f"cn=g{n},{base}" for n in range(3000))))
    check(any("limit was reached" in step["text"] for step in many["steps"]), f"{many}")
    ring = groups(f"cn=a,{base}", f"cn=b,{base}", f"cn=outer,{base}")
    passed(ask(found, called("writer"), *[ring] * 70), "read-write")
    refer = [lambda number: [message(number, ber(0x73, text("ldap://127.0.30.9/"))), done(number)]]
    failed(ask(*refer), "search", "No entry")
    failed(ask(lambda number: [done(number, 0x65, 10, ber(0xa3, text("ldap://127.0.30.9/")))]), "search", "Referral")
    failed(ask(found, called("writer"), groups(b"\xff\xfe", "no name", f"cn=x\x1b[2J,{base}")), "level", "None")
    # Bytes without end: trickled, in one entry, in many, and no LDAP at all.
    big = {"description": ["x" * 60000]}
    for step, words, stage in (
            ("search", "no answer in time", lambda number: [piece for b in entry(number, me) for piece in (bytes([b]), 0.2)]),
            ("search", "server", lambda number: [entry(number, me, description=["x" * (2 << 20)])]),
            ("search", "longer than", lambda number: (entry(number, me, **big) for _ in range(1000))),
            ("search", "server", lambda number: [b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100])):
        answer = ask(stage)
        check(failed(answer, step, words)["text"].startswith(HOSTILE), f"{answer}")
        check(answer["result"] == "unavailable", f"{answer}")
    check(log_in("admin", LOCAL, "127.0.30.32")[0] == 200, "the appliance does not go on")
    one.put()


def remote_only_needs_a_directory(one):
    one.use()
    one.admin.put(f"{LDAP}/enabled", False)
    one.admin.put("turnpike-access:access/login/source", "remote")
    try:
        one.admin.commit("nobody to ask")
        raise AssertionError("remote only is taken without a remote source")
    except ApiError as error:
        check("Without a remote source" in str(error), str(error))
    one.admin.put(f"{LDAP}/enabled", True)
    one.admin.commit("remote", confirm_within_s=3)
    check(log_in("writer", source="127.0.30.26")[0] == 200, "the directory is not asked")
    check(log_in("admin", LOCAL, "127.0.30.27")[0] == 401, "a local account logs in though remote only")


run([row_178_ldap_login_over_tls_with_all_crls, row_178_starttls_plain_and_other_binds, row_178_groups_in_groups_end,
     row_178_groups_that_the_entry_names, row_151_sasl_external_by_tls_alone,
     row_178_next_server_when_one_fails, row_178_a_silent_server_delays_one_login,
     row_179_the_tester_says_which_step_fails,
     row_179_settings_are_tested_before_they_are_committed, row_63_lists_among_the_trusted_cas,
     row_85_only_those_lists_count, row_180_and_112_ldap_has_a_row_among_the_ciphers,
     attack_46_names_with_a_meaning_in_filters, attack_46_a_hostile_directory,
     remote_only_needs_a_directory], Appliance(ADDRESS))
