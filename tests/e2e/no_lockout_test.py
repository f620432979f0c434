#!/usr/bin/env python3
"""No lock-out: each setting that can shut an administrator out does so here, really, on trial; the
trial ends without a confirmation, and the administrator is in again. The settings are taken from the
model: one that is marked there and is not here fails. What needs a directory, cards or PAM is tried
by night, each by itself; the others in each run, those together whose refusals differ."""
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from admin import ApiError
from appliance import TOP, One
from cases import Skip, check, nightly, run, wait_until
from directory import PASSWORD as LDAP_PASSWORD
from directory import SERVICE, SUFFIX, Pki, Slapd
from web import Browser

ADDRESS = ("127.0.136.2", 7443)
ELSEWHERE = "127.0.136.3"
DIRECTORY, DELAYED, OLD_TLS, NEW_TLS, NOBODY = (f"127.0.136.{n}" for n in (11, 12, 13, 14, 15))
CARD_PORT = 7444
OUTSIDE = "203.0.113.9"  # where lists are; of the night's own network
PASSWORD = "correct horse battery"
ANN, BOB, DEE = "ADAMS.ANN.A.1000000001", "BAKER.BOB.B.1000000002", "DAVIS.DEE.D.1000000004"
ACCESS = "turnpike-access:access"
LDAP = f"{ACCESS}/ldap"
CARDS = f"{ACCESS}/certificate-login"
WEB_TLS = "turnpike-tls:tls/service/web"
LDAP_TLS = "turnpike-tls:tls/service/ldap"
TRUSTED = "turnpike-tls:tls/trusted-ca=Directory%20root"
PEOPLE = "ou=people," + SUFFIX
DIRECTORY_SETTINGS = {
    "enabled": True, "server": [{"host": DIRECTORY, "port": 6636}], "encryption": "ldaps", "bind": "service",
    "bind-dn": SERVICE[0], "bind-password": SERVICE[1], "base": PEOPLE, "group-base": "ou=groups," + SUFFIX,
    "server-time": 5, "time-limit": 10}
FOLDER = tempfile.TemporaryDirectory(prefix="no-lockout-")
AT = pathlib.Path(FOLDER.name)


@dataclasses.dataclass
class Case:
    """`leaves`: as the model calls them, below `top`. `put`: what a commit on trial changes."""
    top: str
    leaves: tuple
    put: dict
    who: object  # tries to come in: None, or why not
    words: str  # are in what is said when the setting shuts out
    before: dict = dataclasses.field(default_factory=dict)  # in force first
    commit: object = None  # when it is not the socket's

    def paths(self):
        return {f"/{self.top}/{leaf}" for leaf in self.leaves}


def certificate(name, *addresses):
    """One of its own that no CA gave: AT/name.pem and .key; as the settings take it."""
    names = ",".join([f"DNS:{name}.test", *(f"IP:{address}" for address in addresses)])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "30", "-keyout", AT / f"{name}.key", "-out", AT / f"{name}.pem", "-subj", f"/CN={name}.test",
                    "-addext", f"subjectAltName={names}", "-addext", "extendedKeyUsage=serverAuth,clientAuth"],
                   check=True, capture_output=True)
    return {"certificate": (AT / f"{name}.pem").read_text(), "private-key": (AT / f"{name}.key").read_text()}


OTHER = certificate("other", ADDRESS[0])


# ------------------------------------------------------------- ways in

def in_by(attempt):
    """None when somebody comes in that way; else what is said."""
    def who(one):
        try:
            status, answer = attempt(one)
        except (OSError, subprocess.SubprocessError) as why:
            return f"{type(why).__name__} {why}"
        return None if status in (200, 204) else f"{status} {json.dumps(answer)}"
    return who


def sources():
    number = 20
    while True:
        number = number + 1 if number < 250 else 21
        yield f"127.0.136.{number}"


SOURCES = sources()  # each login from another address: nobody is to be slowed down


class Strict(Browser):
    """Takes only what the given context takes."""

    def __init__(self, context, address=ADDRESS):
        super().__init__(address, source=next(SOURCES), timeout=30)
        self.strict = context

    def context(self):
        return self.strict or super().context()


def login(user="admin", password=PASSWORD, context=None, accepts=True, **more):
    browser = Strict(context)
    notice = browser.visit().get("consent")
    accepted = {"consent": notice["digest"]} if notice and accepts else {}
    status, _, answer = browser.call("POST", "/api/v1/session",
                                     {"user": user, "password": password, **accepted, **more})
    return browser, status, answer


@in_by
def by_password(_one):
    browser, status, answer = login()
    browser.call("DELETE", "/api/v1/session")
    return status, answer


@in_by
def by_a_second_session(_one):
    """Where somebody has forgotten to log out."""
    return login("forgetful")[1:]


@in_by
def by_password_alone(_one):
    """As a program does that knows of no notice."""
    return login(accepts=False)[1:]


@in_by
def by_token(one):
    browser = Strict(None)
    status, _, answer = browser.call("GET", "/api/v1/status", headers={"Authorization": f"Bearer {one.token}"})
    return status, answer


@in_by
def by_one_request_of_a_program(one):
    """Which asks more than ten times a minute."""
    for _ in range(4):
        status, _, answer = Strict(None).call("GET", "/api/v1/zones", headers={"Authorization": f"Bearer {one.token}"})
    return status, answer


def careful(_one):
    """A browser that looks at the certificate."""
    context = ssl.create_default_context(cafile=AT / "web.pem")
    return login(context=context)[1:]


def over_tls(version, ciphers):
    def attempt(_one):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        context.set_ciphers(ciphers)
        return login(context=context)[1:]
    return in_by(attempt)


@in_by
def by_one_suite_of_tls_1_3(_one):
    done = subprocess.run(["openssl", "s_client", "-connect", f"{ADDRESS[0]}:{ADDRESS[1]}", "-tls1_3", "-ciphersuites",
                           "TLS_AES_128_GCM_SHA256"], input="", capture_output=True, text=True, check=False, timeout=10)
    return (200 if "New, TLSv1.3" in done.stdout else 0), done.stderr


@in_by
def by_directory(_one):
    browser, status, answer = login("writer", LDAP_PASSWORD)
    if status == 200:  # and may administer
        status, _, answer = browser.call("POST", "/api/v1/config/discard", {})
    return status, answer


@in_by
def by_directory_for_programs(_one):
    return login("writer", LDAP_PASSWORD, access="api")[1:]


@in_by
def by_pam(_one):
    return login("daemon", "any")[1:]


@in_by
def by_slow_pam(_one):
    return login("bin", "any")[1:]


@in_by
def by_pam_for_programs(_one):
    return login("daemon", "any", access="api")[1:]


def by_card(card):
    def attempt(_one):
        browser = Strict(card_context(card))
        browser.visit()
        status, _, answer = browser.call("POST", "/api/v1/session/certificate", {})
        return status, answer
    return in_by(attempt)


by_careful_browser = in_by(careful)
by_tls_1_2 = over_tls(ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM")
by_aes_128 = over_tls(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256")
by_chacha = over_tls(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305")


def card_context(card):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(AT / "pki" / f"{card}.leaf.pem", AT / "pki" / "ec" / f"{card}.key")
    return context


# ------------------------------------------------------------ appliance

def own_world():
    """By night: a network with a public address, and an /etc/pam.d of our own."""
    if os.environ.get("TP_OWN_WORLD") != "yes":
        os.execvpe("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv],
                   {**os.environ, "TP_OWN_WORLD": "yes"})
    for command in ("link set lo up", f"addr add {OUTSIDE}/32 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    shutil.copytree("/etc/pam.d", AT / "pam.d")
    (AT / "pam.d" / "turnpike").write_text("auth required pam_unix.so nodelay\naccount required pam_permit.so\n")
    text = pathlib.Path("/etc/shadow").read_text()
    for user, rounds in (("daemon", 1000), ("bin", 3000000)):  # which takes seconds to look at
        made = subprocess.run(["perl", "-e", f'print crypt("any", "\\$6\\$rounds={rounds}\\$turnpike")'],
                              capture_output=True, text=True, check=True).stdout
        text = re.sub(f"(?m)^{user}:.*$", f"{user}:{made}:20000:0:99999:7:::", text)
    (AT / "shadow").write_text(text)
    shutil.chown(AT / "shadow", "root", "shadow")
    os.chmod(AT / "shadow", 0o640)
    for name in ("pam.d", "shadow"):
        subprocess.run(["mount", "--bind", AT / name, f"/etc/{name}"], check=True)


class Appliance(One):
    def __enter__(self):
        if nightly():
            own_world()
        super().__enter__()
        self.set_up("core", "core.lockout.test", PASSWORD)
        self.admin.put("turnpike-tls:tls/identity", certificate("web", ADDRESS[0]))
        self.admin.commit("a certificate")
        for name in ("forgetful", "program"):
            self.admin.post("/api/v1/accounts", {"name": name, "level": "read-write", "password": PASSWORD, "web": True,
                                                 "api": True, "must-change-password": False})
        browser = wait_until(lambda: self.first("program"), 10, "the appliance does not listen after the set-up")
        self.token = browser.call("POST", "/api/v1/tokens", {"name": "t", "scope": "write",
                                                             "expires-in-days": 1})[2]["token"]
        login("forgetful")
        return self

    def first(self, user):
        with contextlib.suppress(OSError):
            browser, status, answer = login(user)
            check(status == 200, f"{status} {answer}")
            return browser
        return None

    def trial(self):
        try:
            return self.admin.get("/api/v1/config/status")["trial"]
        except ApiError as why:  # the mode shuts out the socket, too
            return why.body

    def change(self, puts):
        for path, value in puts.items():
            if path == "delete":
                names = [row["name"] for row in self.admin.get("/api/v1/trust")["certificates"]
                         if value in row["subject"]]
                self.admin.post("/api/v1/trust/delete", {"names": names})
            elif value is None:
                with contextlib.suppress(ApiError):
                    self.admin.delete(f"/restconf/ds/candidate/{path}")
            else:
                self.admin.put(path, value)

    def changes(self):
        return self.admin.get("/api/v1/config/diff")["changes"]

    def commit(self, within):
        self.admin.commit("no lock-out", within)


def comes_in(one, case, words):
    until = time.monotonic() + 30
    while said := case.who(one):
        check(time.monotonic() < until, f"{case.leaves}: the administrator {words}: {said}")
        time.sleep(0.1)


def shut_out_and_in_again(one, *cases):
    """All of them in one trial; longer ones when the machine was too busy to see it."""
    for case in cases:
        one.change(case.before)
    commit = cases[0].commit or Appliance.commit
    if one.changes():
        commit(one, 0)
    for case in cases:
        comes_in(one, case, "is not in before")
    unseen = list(cases)
    for within in (1, 4, 16):
        for case in unseen:
            one.change(case.put)
        commit(one, within)
        while unseen and one.trial():
            said = unseen[0].who(one)
            if said and unseen[0].words in said and one.trial():
                unseen.pop(0)
        wait_until(lambda: not one.trial(), within + 15, "the trial is not undone")
        if not unseen:
            break
        check(within < 16, f"{unseen[0].leaves}: nobody is shut out ({said})")
    for case in cases:
        comes_in(one, case, "stays shut out")


# ----------------------------------------------------------- the settings

TLS, SYSTEM = "turnpike-tls:tls", "turnpike-system:system"

# One after the other: nothing is left to tell them apart.
UNREACHABLE = [
    Case(SYSTEM, ("web/port",), {f"{SYSTEM}/web/port": 7999}, by_password, "refused"),
    Case(SYSTEM, ("network/address",), {f"{SYSTEM}/network=lan": {"name": "lan", "address": ELSEWHERE}}, by_password,
         "refused"),
]

# In one trial: each refusal is of its own kind.
TOGETHER = [
    Case(TLS, ("service/web/minimum-version",), {f"{WEB_TLS}/minimum-version": "1.3"}, by_tls_1_2, "protocol version"),
    Case(TLS, ("identity/certificate", "identity/private-key"), {f"{TLS}/identity": OTHER}, by_careful_browser,
         "CERTIFICATE_VERIFY_FAILED"),
    Case(ACCESS, ("api/enabled",), {f"{ACCESS}/api/enabled": False}, by_token, "The API is off"),
    Case(ACCESS, tuple(f"consent/{leaf}" for leaf in ("enabled", "title", "text", "must-acknowledge")),
         {f"{ACCESS}/consent": {"enabled": True, "title": "New", "text": "Accept this.", "must-acknowledge": True}},
         by_password_alone, "accept the notice"),
    Case(ACCESS, ("session/per-account", "session/when-full"),
         {f"{ACCESS}/session": {"per-account": 1, "when-full": "refuse"}}, by_a_second_session, "as often as it may"),
]

# The worst value, and who is in all the same.
HARMLESS = {
    f"{SYSTEM}/web/session-idle": 1,
    f"{SYSTEM}/web/session-absolute": 5,
    f"{SYSTEM}/web/session-max": 1,  # a new one comes in, the quietest ends
    # Only while nobody is asked for a card. A responder is never asked on this machine itself: what one says
    # of a card is in card_test, wish_8_what_responders_say_is_undone.
    f"{CARDS}/use-ocsp": True,
    f"{CARDS}/card-port/enabled": True,
    f"{CARDS}/card-port/port": 7446,
    # Of the mode, as long as it is off.
    f"{ACCESS}/advanced/emergency-account": "nobody-here",
    # In the mode: advanced_test, no_lock_out_by_the_block.
    f"{ACCESS}/advanced/lockout/failures": 1,
    f"{ACCESS}/advanced/lockout/seconds": 0,
    f"{ACCESS}/advanced/lockout/window": 1440,
    f"{TLS}/revocation/crl/automatic/update-at": "04:00",
    f"{TLS}/revocation/crl/automatic/allow-host": ["lists.test"],
    f"{SYSTEM}/network/name": {f"{SYSTEM}/network=lan": None,
                               f"{SYSTEM}/network=wan": {"name": "wan", "address": ADDRESS[0]}},
    f"{SYSTEM}/network/advertised-address": {f"{SYSTEM}/network=wan/advertised-address": "203.0.113.77"},
}

WEB_TLS_BY_ITSELF = [
    Case(TLS, ("service/web/preset",), {f"{WEB_TLS}/preset": "disa"}, by_chacha, "handshake"),
    Case(TLS, ("service/web/ciphersuites",),
         {WEB_TLS: {"preset": "custom", "ciphersuites": "TLS_AES_256_GCM_SHA384"}}, by_one_suite_of_tls_1_3, "handshake"),
    Case(TLS, ("service/web/ciphers",), {WEB_TLS: {"preset": "custom", "ciphers": "ECDHE+AES256"}}, by_aes_128, "handshake"),
    Case(TLS, tuple(f"identities/identity/{leaf}" for leaf in ("id", "certificate", "private-key")),
         {f"{TLS}/identities/identity=web-server": {"id": "web-server", **OTHER}}, by_careful_browser,
         "CERTIFICATE_VERIFY_FAILED"),
    Case(ACCESS, ("api/requests",), {f"{ACCESS}/api/requests": 10}, by_one_request_of_a_program, "Too many requests"),
]


def ldap(leaves, who=by_directory, words="401", before=None, puts=None, **changes):
    """With another directory setting; `before` is what the case starts from."""
    start = {k: v for k, v in {**DIRECTORY_SETTINGS, **(before or {})}.items() if v is not None}
    return Case(ACCESS, tuple(f"ldap/{leaf}" for leaf in leaves),
                puts or {LDAP: {**start, **{k.replace("_", "-"): v for k, v in changes.items()}}}, who, words,
                {LDAP: start})


USER_BIND = {"bind": "user", "user-dn": f"uid=%s,{PEOPLE}", "bind-dn": None, "bind-password": None}
SLOW = {"server": [{"host": DELAYED, "port": 6636}]}
OLD = {"server": [{"host": OLD_TLS, "port": 6636}]}

BY_DIRECTORY = [
    Case(TLS, ("trusted-ca/crl",), {f"{TRUSTED}/crl": None}, by_directory, "503",
         {LDAP: {**DIRECTORY_SETTINGS, "crl-check": "all"}}),
    ldap(["enabled"], puts={LDAP: {**DIRECTORY_SETTINGS, "enabled": False}, f"{ACCESS}/pam/enabled": True}),
    ldap(["server/host"], words="503", server=[{"host": NOBODY, "port": 6636}]),
    ldap(["server/port"], words="503", server=[{"host": DIRECTORY, "port": 6637}]),
    ldap(["encryption"], words="503", encryption="none"),
    ldap(["crl-check"], words="503", puts={LDAP: {**DIRECTORY_SETTINGS, "crl-check": "all"}, f"{TRUSTED}/crl": None}),
    ldap(["bind"], bind="user", user_dn=f"cn=%s,{PEOPLE}"),
    ldap(["bind-dn"], words="503", bind_dn="cn=other," + SUFFIX),
    ldap(["bind-password"], words="503", bind_password="not it"),
    ldap(["base"], words="503", base="ou=nowhere," + SUFFIX),
    ldap(["filter"], filter="(mail=%s)"),
    ldap(["user-dn"], before=USER_BIND, **{"user-dn": f"cn=%s,{PEOPLE}"}),
    ldap(["name-attribute"], name_attribute="mail"),  # which is the name of a local account
    ldap(["group-lookup"], group_lookup="member-of"),
    ldap(["group-base"], words="503", group_base="ou=nowhere," + SUFFIX),
    ldap(["member-attribute"], member_attribute="uniqueMember"),
    ldap(["depth"], depth=0),
    ldap(["server-time"], words="503", before=SLOW, server_time=1),
    ldap(["time-limit"], words="503", before=SLOW, time_limit=1),
    *(Case(ACCESS, (f"group/{leaf}",), {f"{ACCESS}/group=outer": value}, who, words, {LDAP: DIRECTORY_SETTINGS})
      for leaf, value, who, words in (
          ("name", None, by_directory, "401"),
          ("level", {"name": "outer", "level": "read-only", "web": True, "api": True}, by_directory, "403"),
          ("web", {"name": "outer", "level": "read-write", "web": False, "api": True}, by_directory, "401"),
          ("api", {"name": "outer", "level": "read-write", "web": True, "api": False}, by_directory_for_programs, "401"))),
    *(Case(TLS, (f"service/ldap/{leaf}",), {LDAP_TLS: value}, by_directory, "503", {LDAP: {**DIRECTORY_SETTINGS, **OLD}})
      for leaf, value in (
          ("minimum-version", {"minimum-version": "1.3"}),
          ("preset", {"preset": "disa"}),
          ("outbound/ciphers", {"preset": "custom", "outbound": {"ciphers": "ECDHE+AES256"}}))),
    Case(TLS, ("service/ldap/ciphersuites",), {LDAP_TLS: {
        "preset": "custom", "minimum-version": "1.3", "ciphersuites": "TLS_AES_128_CCM_SHA256"}}, by_directory, "503",
         {LDAP: {**DIRECTORY_SETTINGS, "server": [{"host": NEW_TLS, "port": 6636}]}}),
    Case(ACCESS, ("login/source",), {f"{ACCESS}/login/source": "local"}, by_directory, "401", {LDAP: DIRECTORY_SETTINGS}),
]


BY_PAM = [
    Case(ACCESS, ("pam/enabled",), {f"{ACCESS}/pam/enabled": False, LDAP: DIRECTORY_SETTINGS}, by_pam, "503"),
    Case(ACCESS, ("pam/time-limit",), {f"{ACCESS}/pam/time-limit": 1}, by_slow_pam, "503"),
    Case(ACCESS, ("advanced/enabled",), {f"{ACCESS}/advanced/enabled": True}, by_pam_for_programs, "advanced mode",
         {f"{ACCESS}/login/source": "remote", f"{ACCESS}/pam/time-limit": 60,
          f"{ACCESS}/advanced/classification/text": "SECRET", f"{ACCESS}/advanced/emergency-account": "program"}),
]

CARD_BASE = {f"{CARDS}/pattern": r"/Subject: CN=(?<Head>[A-Z]{2})(?<Rest>(?:[^,\\]|\\.)+)/", f"{CARDS}/format": "#Head##Rest#",
             f"{CARDS}/use-crls": False}
LISTS = f"{TLS}/revocation/crl/automatic"


def by_ann(port):
    """Commits over a connection that shows Ann's card, in her session; without a trial it is one that
    she confirms."""
    def enter(at):
        ann = Strict(card_context("card-adams"), (ADDRESS[0], at))
        ann.visit()
        if at == CARD_PORT:
            status, _, answer = ann.log_in(ANN, PASSWORD)
        else:
            status, _, answer = ann.call("POST", "/api/v1/session/certificate", {})
        check(status == 200, f"Ann is not in: {status} {answer}")
        return ann

    def commit(one, within):
        ann = enter(port)
        status, _, answer = ann.call("POST", "/api/v1/config/commit", {"comment": "card", "confirm-within-s": within or 60})
        check(status == 200, f"Ann's commit: {status} {answer}")
        if not within:
            status, _, answer = enter(ADDRESS[1]).call("POST", "/api/v1/config/confirm")
            check(status == 200, f"Ann's confirmation: {status} {answer}")
    return commit


def card(leaves, who, words, puts, **more):
    return Case(ACCESS, tuple(f"certificate-login/{leaf}" for leaf in leaves), puts, who, words,
                **{"commit": by_ann(ADDRESS[1]), **more})


TO_CARDS = card(["level"], by_password, "none was shown", {f"{CARDS}/level": "authentication"}, commit=by_ann(CARD_PORT))
BY_CARD = [
    card(["pattern"], by_card("card-revoked"), "403", {f"{CARDS}/pattern": r"/Subject: CN=(?<Head>AD)(?<Rest>[^,\\]+)/"}),
    card(["format"], by_card("card-revoked"), "403", {f"{CARDS}/format": "AD#Rest#"}),
    card(["use-crls"], by_card("card-revoked"), "revoked", {f"{CARDS}/use-crls": True}),
    card(["unknown-status"], by_card("card-baker"), "401", {f"{CARDS}/unknown-status": "refuse"},
         before={f"{CARDS}/use-crls": True}),
    Case(TLS, ("revocation/crl/automatic/enabled", "revocation/crl/automatic/url"),
         {LISTS: {"enabled": True, "url": [f"http://{OUTSIDE}:8081/ca2.crl.pem"], "allow-host": [OUTSIDE]}},
         by_card("card-revoked"), "revoked", {f"{CARDS}/use-crls": True}, by_ann(ADDRESS[1])),
    Case(TLS, tuple(f"trusted-ca/{leaf}" for leaf in ("name", "certificate", "use")), {"delete": "ca-issuing"},
         by_card("card-baker"), "401", {}, by_ann(ADDRESS[1])),
]


# --------------------------------------------------------------------- cases

def every_marked_setting_has_a_case(one):
    def leaves(nodes):
        for node in nodes:
            if node["kind"] in ("leaf", "leaf-list"):
                if node["lockout"]:
                    yield node["path"]
            else:
                yield from leaves(node["nodes"])
    marked = set(leaves(one.admin.get("/api/v1/model")["nodes"]))
    tried = {path for case in ALL for path in case.paths()} | {f"/{path}" for path in HARMLESS}
    check(marked, "the model marks nothing")
    check(not marked - tried, f"settings that can shut out, without a case: {sorted(marked - tried)}")
    check(not tried - marked, f"cases of settings that are not marked: {sorted(tried - marked)}")


def each_that_cuts_the_appliance_off(one):
    for case in UNREACHABLE:
        shut_out_and_in_again(one, case)


def those_whose_refusals_differ(one):
    shut_out_and_in_again(one, *TOGETHER)


def the_worst_of_the_others_shuts_nobody_out(one):
    for path, value in HARMLESS.items():
        one.change(value if isinstance(value, dict) else {path: value})
    one.commit(2)
    check(by_password(one) is None, by_password(one))
    wait_until(lambda: not one.trial(), 10, "the trial is not undone")


# ------------------------------------------------------------------ by night

def by_night(one):
    if not nightly():
        raise Skip("a trial for each setting takes time: TP_NIGHTLY=yes")
    one.admin.post("/api/v1/config/discard")


def each_setting_of_tls_and_of_the_api(one):
    by_night(one)
    for case in WEB_TLS_BY_ITSELF:
        shut_out_and_in_again(one, case)


def relay(address, wait_s, context):
    """TLS of another kind, or late, before the directory."""
    def pump(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        with contextlib.suppress(OSError):
            b.shutdown(socket.SHUT_RDWR)

    def serve(client):
        with contextlib.suppress(OSError):
            time.sleep(wait_s)
            client = context.wrap_socket(client, server_side=True) if context else client
            server = socket.create_connection((DIRECTORY, 3389 if context else 6636), 5)
            threading.Thread(target=pump, args=(client, server), daemon=True).start()
            pump(server, client)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    listener = socket.create_server((address, 6636))
    threading.Thread(target=accept, daemon=True).start()


def each_setting_of_the_directory(one):
    by_night(one)
    (AT / "ldap").mkdir()
    pki = Pki(AT / "ldap")
    (AT / "ldap" / "server.cnf").write_text(f"[server]\nsubjectAltName = IP:{DIRECTORY}, IP:{DELAYED}\n")
    pki.key("both", "/CN=both.pike.test")
    pki.sign("issuer", "both", "server", "server.cnf")
    for name, address, version in (("old", OLD_TLS, ssl.TLSVersion.TLSv1_2), ("new", NEW_TLS, ssl.TLSVersion.TLSv1_3)):
        pki.server(name, address)
        (AT / f"{name}.chain").write_text(pki.text(f"{name}.pem", "issuer.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(AT / f"{name}.chain", AT / "ldap" / f"{name}.key")
        context.maximum_version = version
        context.set_ciphers("ECDHE-ECDSA-CHACHA20-POLY1305")  # and all suites of TLS 1.3 but CCM
        relay(address, 0, context)
    relay(DELAYED, 1.3, None)
    one.admin.post("/api/v1/accounts", {"name": "w@pike.test", "level": "read-only", "password": PASSWORD, "web": True,
                                        "api": False, "must-change-password": False})
    # Groups tell their members; entries do not tell their groups.
    slapd = Slapd(pki, "both", [DIRECTORY], ["access to attrs=memberOf by * none",
                                             "access to dn.subtree=\"ou=groups,dc=pike,dc=test\" by users read"])
    try:
        one.admin.post("/api/v1/trust/append", {"pem": pki.text("root.pem", "root.crl", "issuer.crl"), "use": ["ldap"]})
        one.change({f"{ACCESS}/group=outer": {"name": "outer", "level": "read-write", "web": True, "api": True},
                    LDAP: DIRECTORY_SETTINGS, f"{ACCESS}/login/source": "both"})
        one.commit(0)
        for case in BY_DIRECTORY:
            shut_out_and_in_again(one, case)
    finally:
        one.change({f"{ACCESS}/login/source": "local", LDAP: None})
        one.commit(0)
        slapd.close()


def each_setting_of_pam(one):
    by_night(one)
    one.change({**{f"{ACCESS}/group={name}": {"name": name, "level": "read-write", "web": True, "api": True}
                   for name in ("daemon", "bin")},
                f"{ACCESS}/pam": {"enabled": True, "time-limit": 60}, f"{ACCESS}/login/source": "both"})
    one.commit(0)
    for case in BY_PAM:
        shut_out_and_in_again(one, case)
    one.change({f"{ACCESS}/login/source": "local", f"{ACCESS}/pam/enabled": False})
    one.commit(0)


def cards_and_a_place_for_lists(one):
    """Ann administers by her card; revocation lists can be downloaded."""
    folder = AT / "pki"
    subprocess.run([TOP / "certs" / "make-test-pki", folder, "--only", "ec"], check=True)
    own = folder / "ec"
    for name in ("card-adams", "card-baker", "card-revoked"):
        text = (own / f"{name}.pem").read_text()
        (folder / f"{name}.leaf.pem").write_text(text[:text.index("-----END") + 26])
    lists = subprocess.Popen([sys.executable, "-m", "http.server", "--bind", OUTSIDE, "8081"], cwd=own,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name in (ANN, BOB, DEE):
        one.admin.post("/api/v1/accounts", {"name": name, "level": "read-write", "password": PASSWORD, "web": True,
                                            "api": True, "must-change-password": False})
    one.admin.post("/api/v1/trust/append", {"pem": leaf_of("ca2") + leaf_of("ca-issuing"), "use": ["web-login"]})
    one.change({**CARD_BASE, f"{CARDS}/card-port": {"enabled": True, "port": CARD_PORT}})
    one.commit(0)
    return lists


def leaf_of(name):
    text = (AT / "pki" / "ec" / f"{name}.pem").read_text()
    return text[:text.index("-----END") + 26]


def each_setting_of_certificate_login(one):
    by_night(one)
    server = cards_and_a_place_for_lists(one)
    lists = AT / "pki" / "ec"
    try:
        shut_out_and_in_again(one, TO_CARDS)
        one.change(TO_CARDS.put)
        TO_CARDS.commit(one, 0)
        one.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": (lists / "ca2.crl.pem").read_text()})
        for case in BY_CARD:
            shut_out_and_in_again(one, case)
            # Ann's issuer has the list alone, and needs it in the next case.
            if "certificate-login/unknown-status" in case.leaves:
                one.admin.call("DELETE", "/api/v1/revocation/crls/manual")
        one.change({f"{CARDS}/level": "not-required"})
        one.commit(0)
    finally:
        server.terminate()
        server.wait(10)


ALL = [*UNREACHABLE, *TOGETHER, *WEB_TLS_BY_ITSELF, *BY_DIRECTORY, *BY_PAM, TO_CARDS, *BY_CARD]

run([every_marked_setting_has_a_case, each_that_cuts_the_appliance_off, those_whose_refusals_differ,
     the_worst_of_the_others_shuts_nobody_out, each_setting_of_tls_and_of_the_api, each_setting_of_the_directory,
     each_setting_of_pam, each_setting_of_certificate_login], Appliance(ADDRESS))
