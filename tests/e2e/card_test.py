#!/usr/bin/env python3
"""Login by certificate: who comes in, who does not and why, and that nobody is shut out by it."""
import base64
import functools
import http.client
import json
import os
import pathlib
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time

from admin import ApiError
from appliance import TOP, One
from card_browser import PIN, SOFTHSM, Person, browse, done
from cases import Skip, check, nightly, run, wait_until
from responders import Authority, Responder, inside, wait_listening
from web import Browser

ADDRESS = ("127.0.26.9", 7443)
CARD_PORT = 7444
OURS, THEIRS = "203.0.113.1", "203.0.113.2"
OCSP, DEAD = 8888, 8889
URL = f"https://{ADDRESS[0]}:{ADDRESS[1]}"
ANN = "ADAMS.ANN.A.1000000001"
BOB = "BAKER.BOB.B.1000000002"
PASSWORD = "correct horse battery staple 26"
FIRST_CN = r"/Subject: CN=(?<Group1>(?:[^,\\]|\\.)+)/"
SETTINGS = "turnpike-access:access/certificate-login"
EVENT = "session.certificate"


class Appliance(One):
    """On a network of its own, with a neighbour that runs OCSP responders."""

    def __enter__(self):
        self.neighbour = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        pid = self.neighbour.pid
        wait_until(lambda: os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net"), 5, "no neighbour",
                   0.01)
        for command in (f"link add ocsp type veth peer name ocsp netns {pid}", "link set ocsp up",
                        f"addr add {OURS}/24 dev ocsp"):
            subprocess.run(["ip", *command.split()], check=True)
        for command in ("link set lo up", "link set ocsp up", f"addr add {THEIRS}/24 dev ocsp"):
            subprocess.run([*inside(pid), "ip", *command.split()], check=True)
        self.authority = Authority(PKI / "ocsp")
        for name, status in (("good", "V"), ("revoked", "R"), ("unknown", None), ("dead", "V")):
            port = DEAD if name == "dead" else OCSP
            self.authority.leaf(name, f"{name}.pki.test", f"http://{THEIRS}:{port}/", status)
            for kind in ("pem", "key"):
                (PKI / "ec" / f"ocsp-{name}.{kind}").write_text(self.authority.text(f"{name}.{kind}"))
        self.responder = None
        self.respond()
        return super().__enter__()

    def respond(self):
        """A responder that reads anew what it is to say."""
        if self.responder:
            self.responder.close()
        self.responder = Responder(self.authority, self.neighbour.pid, OCSP, days=0)
        wait_listening(self.neighbour.pid, [OCSP])

    def close(self):
        self.responder.close()
        self.neighbour.kill()
        self.neighbour.wait()
        super().close()


class CardBrowser(Browser):
    """A visitor whose browser shows a certificate, over one connection for as long as it lives."""

    def __init__(self, card, port=ADDRESS[1], source="127.0.0.1"):
        super().__init__((ADDRESS[0], port), source)
        self.card = card
        self.connection = None

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if self.card:
            # Browsers send the leaf alone.
            text = (PKI / "ec" / f"{self.card}.pem").read_text()
            leaf = PKI / f"{self.card}.leaf.pem"
            leaf.write_text(text[:text.index("-----END") + 26])
            context.load_cert_chain(leaf, PKI / "ec" / f"{self.card}.key")
        return context

    def call(self, method, path, body=None, headers=None):
        for _ in range(2):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPSConnection(*self.address, timeout=self.timeout,
                                                              source_address=(self.source, 0),
                                                              context=self.context())
            try:
                return self._ask(method, path, body, headers or {})
            except (http.client.RemoteDisconnected, ConnectionError):
                self.hang_up()
                if fresh:
                    raise
        raise AssertionError("no connection")

    def _ask(self, method, path, body, headers):
        sent = {"X-CSRF-Token": self.csrf, **headers} if method != "GET" else dict(headers)
        if self.cookie:
            sent["Cookie"] = self.cookie
        if body is not None:
            sent["Content-Type"] = "application/json"
        self.connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = self.connection.getresponse()
        data = answer.read().decode(errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            if cookie.startswith("__Host-turnpike="):
                self.cookie = cookie.split(";")[0]
        if answer.headers.get("Connection") == "close":
            self.hang_up()
        try:
            data = json.loads(data)
        except ValueError:
            pass
        if isinstance(data, dict) and data.get("csrf"):
            self.csrf = data["csrf"]
        return answer.status, dict(answer.getheaders()), data

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def own(self):
        status, _, data = self.call("GET", "/api/v1/session/certificate")
        check(status == 200, f"{self.card}: {status} {data}")
        return data["certificate"]

    def commit(self, within=0):
        return self.call("POST", "/api/v1/config/commit", {"comment": "card", "confirm-within-s": within})


def pem(file):
    text = (PKI / "ec" / f"{file}.pem").read_text()
    return text[:text.index("-----END") + 26]


def serial(file):
    done = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=pem(file), text=True,
                          capture_output=True, check=True)
    return done.stdout.strip().split("=")[1]


def crl(*revoked):
    """The list of ca2, made now."""
    folder = PKI / "list"
    folder.mkdir(exist_ok=True)
    at = time.strftime("%y%m%d%H%M%SZ", time.gmtime())
    (folder / "index").write_text("".join(f"R\t400101000000Z\t{at},keyCompromise\t{serial(r)}\tunknown\t/CN=x\n"
                                          for r in revoked))
    (folder / "conf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\ndefault_md=sha256\n")
    return subprocess.run(["openssl", "ca", "-config", folder / "conf", "-gencrl", "-keyfile", PKI / "ec" / "ca2.key",
                           "-cert", PKI / "ec" / "ca2.pem", "-crldays", "3"], capture_output=True, text=True,
                          check=True).stdout


def setting(one, name, value):
    one.admin.put(f"{SETTINGS}/{name}", value)


def level(one):
    return one.admin.get("/api/v1/certificate-login")["level"]


def events(one, name):
    return [e for e in one.admin.get("/api/v1/log?kind=event&limit=200")["lines"] if e["name"] == name]


def refused(answer, status, *words):
    code, _, data = answer
    check(code == status, f"{code} instead of {status}: {data}")
    for word in words:
        check(word in json.dumps(data), f"{word!r} is not said: {data}")


# ---------------------------------------------------------------------- not required

def row_97_nobody_is_asked_until_it_is_wanted(one):
    one.set_up("edge", "edge.lab.test", PASSWORD, user=ANN)
    check(level(one) == "not-required", "the default asks for certificates")
    check(not wait_until(lambda: CardBrowser("card-adams"), 1, "").own()["shown"], "the main port asks for a card")


def row_99_a_ca_is_needed_first(one):
    setting(one, "level", "validation")
    try:
        one.admin.commit("too early", 60)
        raise AssertionError("was taken without a CA")
    except ApiError as fault:
        check("Trust a CA for web login first" in fault.body, fault.body)
    one.admin.post("/api/v1/config/discard")
    answer = one.admin.post("/api/v1/trust/append", {
        "pem": pem("ca2") + pem("ca-issuing") + one.authority.text("root.pem"), "use": ["web-login"]})
    check(answer["added"] == 3, f"{answer}")
    one.admin.post("/api/v1/trust/append", {"pem": pem("other-root")})  # for everything, which is not people
    setting(one, "pattern", FIRST_CN)
    one.admin.put(f"{SETTINGS}/card-port", {"enabled": True, "port": CARD_PORT})
    one.admin.commit("a port for trying cards")
    check([a["crl"] for a in one.admin.get("/api/v1/certificate-login")["authorities"]] == [None] * 3,
          "lists out of nowhere")
    ports = json.dumps(one.admin.get("/api/v1/ports"))
    check("for trying a card" in ports, ports)


def row_100_what_the_card_port_says_of_cards(one):
    one.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": crl("card-revoked")})
    guide = one.admin.get("/api/v1/certificate-login")
    check([a["crl"] for a in guide["authorities"]] == ["ends-soon", None, None], f"{guide}")
    good = CardBrowser("card-adams", CARD_PORT).own()
    check(good["good"] and good["name"] == ANN and not good["again"], f"{good}")
    for card, words in (("card-expired", "expired"), ("card-revoked", "revoked"), ("card-stranger", "issuer"),
                        ("cac-self-signed", "self-signed"), ("cac-wrong-purpose", "")):
        seen = CardBrowser(card, CARD_PORT).own()
        check(seen["shown"] and not seen["good"] and words in seen["reason"], f"{card}: {seen}")
    for card in ("card-nul", "card-uri"):
        seen = CardBrowser(card, CARD_PORT).own()
        check(seen["name"] is None and seen["name-reason"], f"{card}: {seen}")
    check(CardBrowser("card-comma", CARD_PORT).own()["name"] == f"EVIL\\, CN={ANN}", "the escaped comma")
    check(not CardBrowser(None, CARD_PORT).own()["shown"], "a card out of nowhere")


def a_ca_without_a_list_is_taken_or_not(one):
    check(CardBrowser("card-baker", CARD_PORT).own()["good"], "the seed's way refuses without a list")
    setting(one, "unknown-status", "refuse")
    one.admin.commit("as DISA asks")
    check(not CardBrowser("card-baker", CARD_PORT).own()["good"], "DISA's way accepts without a list")
    check(CardBrowser("card-adams", CARD_PORT).own()["good"], "the list does not count")
    setting(one, "unknown-status", "accept")
    one.admin.commit("the seed's way")


def row_94_what_responders_say_of_cards(one):
    """With a responder good, revoked and unknown; with none the setting decides."""
    setting(one, "use-ocsp", True)
    for unknown, taken in (("refuse", ["good"]), ("accept", ["good", "unknown", "dead"])):
        setting(one, "unknown-status", unknown)
        one.admin.commit(f"responders, {unknown}")
        for name in ("good", "revoked", "unknown", "dead"):
            seen = CardBrowser(f"ocsp-{name}", CARD_PORT).own()
            check(seen["good"] == (name in taken), f"{unknown}, {name}: {seen}")
            if name == "revoked":
                check("revoked" in seen["reason"], f"{seen}")


# --------------------------------------------------------------------- the test page

def try_card(who, source, pattern=FIRST_CN, form="#Group1#", **more):
    return who.call("POST", "/api/v1/certificate-login/test",
                    {"source": source, "pattern": pattern, "format": form, **more})


def row_105_and_106_and_108_certificates_are_tried(one):
    ann = CardBrowser("card-adams", CARD_PORT)
    check(ann.log_in(ANN, PASSWORD)[0] == 200, "no login by password")
    refused(try_card(ann, "kept"), 400, "choose the file again")
    status, _, good = try_card(ann, "connection")
    check(status == 200 and good["valid"] and good["string"] == ANN and good["account"]["administers"], f"{good}")
    check({c["result"] for c in good["checks"]} == {"passed"} and len(good["checks"]) == 4, f"{good['checks']}")
    text = subprocess.run(["openssl", "x509", "-noout", "-text", "-nameopt", "RFC2253"], input=pem("card-adams"),
                          text=True, capture_output=True, check=True).stdout
    check(good["text"] == text, "not the text that openssl prints")
    der = base64.b64encode(ssl.PEM_cert_to_DER_cert(pem("card-revoked"))).decode()
    _, _, gone = try_card(ann, "upload", certificate=der, base64=True)
    check(gone["valid"] is False and "revoked" in json.dumps(gone["checks"]), f"{gone}")
    check(gone["string"] == "DAVIS.DEE.D.1000000004" and not gone["account"]["known"], f"{gone}")
    # Tried again with another pattern, without another upload.
    _, _, again = try_card(ann, "kept", "/CN=(?<who>[A-Z]+)/", "user-#who#")
    check(again["string"] == "user-DAVIS" or again["again"], f"{again}")
    _, _, default = try_card(ann, "kept", "/Subject:.*CN=(?<Group1>.*)/m")
    check(default["string"].startswith("DAVIS.DEE.D.1000000004,OU="), f"{default}")
    for example in ann.call("GET", "/api/v1/certificate-login")[2]["examples"]:
        _, _, tried = try_card(ann, "connection", example["pattern"], example["format"])
        wanted = {"cn": ANN, "edipi": "1000000001", "upn": "1000000010@pki.test", "email": "card-adams@pki.test"}
        check(tried["string"] == wanted[example["id"]], f"{example}: {tried}")
    refused(try_card(ann, "kept", "/(/"), 400, "pattern")
    refused(try_card(ann, "kept", form="admin"), 400, "same name")
    _, _, plain = try_card(ann, "upload", certificate=text)
    check(plain["valid"] is None and plain["string"] == ANN and plain["certificate"] is None, f"{plain}")
    refused(try_card(ann, "upload", certificate="nothing"), 400, "certificate")
    _, _, nul = try_card(ann, "upload", certificate=pem("card-nul"))
    check(nul["string"] is None and "NUL" in nul["string-reason"], f"{nul}")
    ann.call("DELETE", "/api/v1/session")
    ann.log_in(ANN, PASSWORD)
    refused(try_card(ann, "kept"), 400, "choose the file again")
    check(level(one) == "not-required", "something was changed")


# ------------------------------------------------------------------------ no lock-out

def wish_8_the_level_rises_only_from_a_connection_that_proves_it(one):
    setting(one, "level", "validation")
    try:
        one.admin.commit("by the socket", 60)
        raise AssertionError("was taken without any card")
    except ApiError as fault:
        check(fault.status == 403 and "shows no certificate" in fault.body, fault.body)
    ann = CardBrowser("card-adams", CARD_PORT)
    check(ann.log_in(ANN, PASSWORD)[0] == 200, "no login by password")
    for card, port, words in ((None, ADDRESS[1], "shows no certificate"), (None, CARD_PORT, "shows no certificate"),
                              ("card-baker", CARD_PORT, "no account"), ("card-expired", CARD_PORT, "refused: "),
                              ("card-stranger", CARD_PORT, "refused: ")):
        someone = CardBrowser(card, port)
        someone.cookie, someone.csrf = ann.cookie, ann.csrf
        refused(someone.commit(60), 403, words)
    refused(ann.commit(0), 403, "on trial")
    check(level(one) == "not-required", "it was raised all the same")


def wish_8_a_level_that_is_not_confirmed_is_undone(one):
    ann = CardBrowser("card-adams", CARD_PORT)
    ann.log_in(ANN, PASSWORD)
    status, _, data = ann.commit(3)
    check(status == 200, f"{status} {data}")
    wait_until(lambda: level(one) == "validation", 5, "the level does not rise")
    refused(CardBrowser(None).call("GET", "/api/v1/session"), 401, "none was shown")
    wait_until(lambda: level(one) == "not-required", 10, "the trial is not undone")
    check(CardBrowser(None).log_in(ANN, PASSWORD)[0] == 200, "the administrator is shut out")


# ------------------------------------------------------------------------- validation

def row_97_raised_and_confirmed_over_a_new_connection(one):
    setting(one, "level", "validation")
    ann = CardBrowser("card-adams", CARD_PORT)
    ann.log_in(ANN, PASSWORD)
    check(ann.commit(60)[0] == 200, "not raised")
    wait_until(lambda: level(one) == "validation", 5, "the level does not rise")
    # The session from before was opened without a certificate.
    ann.address = ADDRESS
    ann.hang_up()
    refused(ann.call("GET", "/api/v1/status"), 401)
    check(ann.log_in(ANN, PASSWORD)[0] == 200, "no login by card and password")
    status, _, data = ann.call("POST", "/api/v1/config/confirm")
    check(status == 200, f"{status} {data}")


def row_98_without_a_good_card_a_page_says_why(one):
    for card, words in ((None, "shown none"), ("card-expired", "expired"), ("card-revoked", "revoked"),
                        ("card-stranger", "issuer")):
        status, headers, page = CardBrowser(card).call("GET", "/")
        check(status == 401 and "text/html" in headers["Content-Type"] and words in page, f"{card}: {status} {page}")
        refused(CardBrowser(card).call("GET", "/api/v1/session"), 401)
        refused(CardBrowser(card).call("POST", "/api/v1/session", {"user": ANN, "password": PASSWORD}), 401)
    check(CardBrowser("card-adams").call("GET", "/")[0] == 200, "no page for a good card")
    check(one.admin.get("/api/v1/status"), "the socket is shut too")


def the_session_belongs_to_the_certificate(one):
    for thief, words in ((None, "without its certificate"), ("card-baker", "another certificate"),
                         ("card-revoked", "refused: ")):
        ann = CardBrowser("card-adams")
        check(ann.log_in(ANN, PASSWORD)[0] == 200 and ann.status("GET", "/api/v1/status") == 200, "no session")
        before = len(events(one, EVENT))
        other = CardBrowser(thief)
        other.cookie, other.csrf = ann.cookie, ann.csrf
        refused(other.call("GET", "/api/v1/status"), 401)
        new = events(one, EVENT)[:len(events(one, EVENT)) - before]
        check(len(new) == 1 and words in new[0]["text"] and new[0]["user"] == ANN, f"{thief}: {new}")
        check(ann.status("GET", "/api/v1/status") == 401, "what was stolen goes on")


def revocation_counts_at_the_next_request(one):
    ann = CardBrowser("card-adams")
    check(ann.log_in(ANN, PASSWORD)[0] == 200, "no session")
    check(ann.status("GET", "/api/v1/status") == 200, "no status")
    connection = ann.connection
    one.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": crl("card-adams")})
    check(ann.connection is connection, "another connection")
    refused(ann.call("GET", "/api/v1/status"), 401, "revoked")
    check("revoked" in events(one, EVENT)[0]["text"], f"{events(one, EVENT)[0]}")
    one.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": crl()})
    ann.hang_up()
    refused(ann.call("GET", "/api/v1/status"), 401)  # the session is gone for good
    check(ann.log_in(ANN, PASSWORD)[0] == 200, "no login after the list was taken back")


def row_94_a_responder_revokes_at_the_next_request(one):
    someone = CardBrowser("ocsp-good")
    check(someone.log_in(ANN, PASSWORD)[0] == 200 and someone.status("GET", "/api/v1/status") == 200, "no session")
    connection = someone.connection
    one.authority.say("good", "R")
    one.respond()
    if nightly():  # what the responder said is believed for 10 s
        wait_until(lambda: someone.status("GET", "/api/v1/status") == 401, 12, "what was revoked comes in")
    else:  # and is forgotten when a list comes
        one.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": crl()})
        check(someone.connection is connection, "another connection")
        refused(someone.call("GET", "/api/v1/status"), 401, "revoked")
    last = events(one, EVENT)[0]
    check("revoked" in last["text"] and last["user"] == ANN, f"{last}")


def s_client(*options):
    """What openssl says of a connection and of the answer to a request over it."""
    asked = "GET /api/v1/session/certificate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    return subprocess.run(["openssl", "s_client", "-connect", ":".join(map(str, ADDRESS)), "-ign_eof", *options],
                          input=asked, capture_output=True, text=True, timeout=20, check=False).stdout


def no_session_of_tls_carries_a_certificate_to_another_connection(_one):
    CardBrowser("card-adams").context()  # makes the file with the leaf alone
    card = ["-cert", PKI / "card-adams.leaf.pem", "-key", PKI / "ec" / "card-adams.key"]
    for version in ("-tls1_2", "-tls1_3"):
        kept = PKI / f"session{version}"
        first = s_client(version, *card, "-sess_out", kept)
        check('"shown":true' in first and "New, TLS" in first, first)
        for again in (card, []):
            second = s_client(version, *again, *(["-sess_in", kept] if kept.exists() else []))
            check("New, TLS" in second and "Reused" not in second, f"{version} was resumed: {second}")
            check(("HTTP/1.1 200" if again else "none was shown") in second, second)


def no_session_of_tls_is_resumed(_one):
    context = CardBrowser("card-adams").context()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = version
        session = None
        for _ in range(2):
            connection = http.client.HTTPSConnection(*ADDRESS, timeout=10, context=context)
            connection.sock = context.wrap_socket(__import__("socket").create_connection(ADDRESS), session=session)
            connection.request("GET", "/api/v1/session")
            check(connection.getresponse().status == 200, "no answer")
            check(not connection.sock.session_reused, f"{version} was resumed")
            session = connection.sock.session
            connection.close()


def nobody_is_shut_out_by_another_setting(one):
    """At the higher levels every setting that decides who comes in asks for the same proof."""
    ann = CardBrowser("card-adams")
    ann.log_in(ANN, PASSWORD)
    for name, value, words in (("pattern", "/Serial Number: (?<Group1>[^ ]+)/", "no account"),
                               ("format", "x#Group1#", "no account"),
                               ("pattern", "/nothing of (?<Group1>this)/", "does not fit")):
        setting(one, name, value)
        refused(ann.commit(60), 403, words)
        one.admin.post("/api/v1/config/discard")
    one.admin.post("/api/v1/trust/delete", {"names": [n for n in trusted(one) if "ca2" in n]})
    refused(ann.commit(60), 403, "would be refused")
    one.admin.post("/api/v1/config/discard")
    setting(one, "unknown-status", "refuse")
    refused(ann.commit(0), 403, "on trial")
    one.admin.post("/api/v1/config/discard")


def wish_8_whatever_is_not_confirmed_is_undone(one):
    """For every setting that could shut the last administrator out: at night, as trials take time."""
    if not nightly():
        raise Skip("trials take time: TP_NIGHTLY=yes")
    before = one.admin.running(SETTINGS)
    trust_before = trusted(one)
    changes = [("pattern", r"/Subject: CN=(?<Group1>[^,\\]+)/"), ("format", "#Group1#"), ("use-crls", False),
               ("use-ocsp", False), ("unknown-status", "refuse"), ("level", "authentication"), ("trust", None)]
    for name, value in changes:
        ann = CardBrowser("card-adams")
        check(ann.log_in(ANN, PASSWORD)[0] == 200, f"{name}: no login")
        if name == "trust":
            gone = [row["name"] for row in one.admin.get("/api/v1/trust")["certificates"]
                    if row["use"] == ["web-login"] and "ca-issuing" in row["subject"]]
            one.admin.post("/api/v1/trust/delete", {"names": gone})
        elif name == "format":
            setting(one, "pattern", r"/Subject: CN=(?<A>[A-Z]+)(?<B>[^,]+)/")
            setting(one, "format", "#A##B#")
        else:
            setting(one, name, value)
        status, _, data = ann.commit(2)
        check(status == 200, f"{name}: {status} {data}")
        wait_until(lambda: one.admin.get("/api/v1/config/status")["trial"] is None, 15, f"{name} is not undone")
        check(one.admin.running(SETTINGS) == before and trusted(one) == trust_before, f"{name} stays")
        check(CardBrowser("card-adams").log_in(ANN, PASSWORD)[0] == 200, f"{name}: the administrator is shut out")


def wish_8_what_responders_say_is_undone(one):
    if not nightly():
        raise Skip("a trial takes time: TP_NIGHTLY=yes")

    def reached():
        """By a card that the responder calls revoked; no list does."""
        status, _, answer = CardBrowser("ocsp-revoked").call("GET", "/api/v1/session")
        return status, json.dumps(answer)

    def by_ann():
        ann = CardBrowser("card-adams")
        check(ann.log_in(ANN, PASSWORD)[0] == 200, "no login")
        return ann

    def ask_responders(answer, within):
        setting(one, "use-ocsp", answer)
        refused(by_ann().commit(within), 200)

    ask_responders(False, 60)
    refused(by_ann().call("POST", "/api/v1/config/confirm"), 200)
    check(reached()[0] == 200, f"the card does not do before: {reached()}")
    ask_responders(True, 4)
    wait_until(lambda: "revoked" in reached()[1], 3, "nobody is shut out")
    check(one.admin.get("/api/v1/config/status")["trial"], "the trial was too short to see it")
    wait_until(lambda: one.admin.get("/api/v1/config/status")["trial"] is None, 15, "it is not undone")
    check(reached()[0] == 200, f"the administrator is shut out: {reached()}")
    ask_responders(True, 60)
    refused(by_ann().call("POST", "/api/v1/config/confirm"), 200)


def trusted(one):
    return [row["name"] for row in one.admin.get("/api/v1/trust")["certificates"]]


# --------------------------------------------------------------------- authentication

def row_98_the_card_is_the_login(one):
    setting(one, "level", "authentication")
    ann = CardBrowser("card-adams")
    check(ann.log_in(ANN, PASSWORD)[0] == 200 and ann.commit(60)[0] == 200, "not raised")
    wait_until(lambda: level(one) == "authentication", 5, "the level does not rise")
    check("settings of logins" in ann.visit()["ended"], "the session that a password opened goes on")
    check("A certificate is the login now." in events(one, "session.ended")[0]["text"], "the end is not told")
    ann = CardBrowser("card-adams")
    ann.visit()
    refused(ann.log_in(ANN, PASSWORD), 403, "no login by password")
    status, _, data = ann.call("POST", "/api/v1/session/certificate", {})
    check(status == 200 and data["user"] == ANN and data["state"] == "active", f"{status} {data}")
    check(ann.call("POST", "/api/v1/config/confirm")[0] == 200, "not confirmed")
    check("certificate" in events(one, "login")[0]["text"], f"{events(one, 'login')[0]}")


def row_100_a_good_card_without_an_account_is_nobody(one):
    for n, card in enumerate(("card-baker", "card-comma", "card-newline", "card-regex", "card-ldap", "card-utf8",
                              "card-nul")):
        someone = CardBrowser(card, source=f"127.0.0.{n + 2}")
        someone.visit()
        refused(someone.call("POST", "/api/v1/session/certificate", {}), 403)
        someone.hang_up()
        check(events(one, "login.failed")[0]["severity"], "not in the event log")
        if card == "card-comma":
            refused(someone.call("POST", "/api/v1/session/certificate", {}), 403, "EVIL")


def wish_8_the_account_of_the_only_card_stays(one):
    """At the highest level an account without a card is no way in."""
    one.admin.post("/api/v1/accounts", {"name": "no-card", "level": "read-write", "password": PASSWORD})
    for method, body in (("PUT", {"disabled": True}), ("PUT", {"level": "read-only"}), ("PUT", {"web": False}),
                         ("DELETE", None)):
        status, _, text = one.admin.fetch(method, f"/api/v1/accounts/{ANN}", body)
        check(status == 409 and "log in with it once" in text, f"{method} {body}: {status} {text}")
    one.admin.delete("/api/v1/accounts/no-card")


def row_98_a_card_behind_pkcs11_logs_in(_one):
    """The same card with curl and OpenSSL's PKCS#11 engine as the browser."""
    ann = person("card-adams", PIN)
    jar = ann.folder / "jar"
    curl = ["curl", "-sk", "--max-time", "20", "--engine", "pkcs11", "--cert-type", "ENG", "--key-type", "ENG",
            "--cert", f"pkcs11:token=card;type=cert?pin-value={PIN}", "--cookie", jar, "--cookie-jar", jar,
            "--key", f"pkcs11:token=card;type=private?pin-value={PIN}"]
    environment = {**ann.environment, "PKCS11_MODULE_PATH": SOFTHSM}
    session = json.loads(done(*curl, f"{URL}/api/v1/session", env=environment))
    answer = json.loads(done(*curl, "--json", "{}", "-H", f"X-CSRF-Token: {session['csrf']}",
                             f"{URL}/api/v1/session/certificate", env=environment))
    check(answer.get("user") == ANN, f"{answer}")
    check("now-at" in done(*curl, f"{URL}/api/v1/status", env=environment), "no status")


@functools.cache
def person(card=None, pin=None):
    """Somebody with the card, or none, in a browser."""
    if card:
        CardBrowser(card).context()  # makes the file with the leaf alone
    leaf = PKI / f"{card}.leaf.pem" if card else None
    return Person(PKI / f"home-{card}-{pin}", leaf, PKI / "ec" / f"{card}.key", pin)


def row_97_chromium_with_a_card_and_a_password(_one):
    if not nightly():
        raise Skip("the browser comes in by another path, too: TP_NIGHTLY=yes")
    pages = browse(person("card-adams", PIN).visit(URL, "password", user=ANN, password=PASSWORD))
    check("Overview" in pages[0], pages[0])


def row_98_chromium_comes_in_by_certificate(one):
    """Its own card with a PIN; no card; another's cookie with the wrong card; one that is revoked or has expired."""
    ann = CardBrowser("card-adams")
    ann.visit()
    check(ann.call("POST", "/api/v1/session/certificate", {})[0] == 200, "no session to steal")
    name, value = ann.cookie.split("=", 1)
    one.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": crl("card-revoked")})
    before = len(events(one, EVENT))
    visits = [(person("card-adams", PIN).visit(URL, "card"), "May change settings."),
              (person().visit(URL, "look", axe=True), "shown none"),
              (person("card-baker").visit(f"{URL}/changes", "look", cookie={"name": name, "value": value}),
               "Log in with this certificate")]
    if nightly():  # Chromium does not even offer one that has expired
        visits += [(person("card-revoked").visit(URL, "look"), "revoked"),
                   (person("card-expired").visit(URL, "look"), "asks for your certificate")]
    for page, (_, words) in zip(browse(*(visit for visit, _ in visits)), visits):
        check(words in page, f"{words}: {page}")
    check(len(events(one, EVENT)) > before and "another certificate" in events(one, EVENT)[0]["text"],
          f"{events(one, EVENT)[:2]}")
    check(ann.status("GET", "/api/v1/status") == 401, "what was stolen goes on")


def an_account_that_nobody_used_is_disabled_before_its_card_logs_in(one):
    one.admin.post("/api/v1/accounts", {"name": BOB, "level": "read-only", "password": PASSWORD})
    db = sqlite3.connect(one.state / "admin" / "turnpike.db", timeout=10)
    with db:
        db.execute("UPDATE account SET created_ms = 1000 WHERE name = ?", (BOB,))
    db.close()
    one.admin.put("turnpike-access:access/accounts", {"disable-unused": 35})
    one.admin.commit("unused accounts")
    bob = CardBrowser("card-baker")
    bob.visit()
    refused(bob.call("POST", "/api/v1/session/certificate", {}), 403, "disabled")
    one.admin.call("PUT", f"/api/v1/accounts/{BOB}", {"disabled": False, "level": "read-write"})
    bob.visit()
    check(bob.call("POST", "/api/v1/session/certificate", {})[0] == 200, "an enabled account does not log in")


def the_way_back_is_always_open(one):
    setting(one, "level", "not-required")
    one.admin.commit("back")
    wait_until(lambda: level(one) == "not-required", 5, "the level does not fall")
    check(CardBrowser(None).log_in(ANN, PASSWORD)[0] == 200, "no login by password")


def row_109_the_emergency_account_has_its_own_card(one):
    """The advanced mode and login by certificate begin in one commit. Nothing ends the mode: the last case."""
    one.admin.post("/api/v1/accounts", {"name": "no-card", "level": "read-write", "password": PASSWORD,
                                        "must-change-password": False})

    def ask_for_the_mode(emergency):
        for path, value in (("certificate-login/level", "authentication"), ("pam/enabled", True),
                            ("login/source", "remote"),
                            ("group=tp-writers", {"name": "tp-writers", "level": "read-write", "web": True}),
                            ("advanced", {"enabled": True, "emergency-account": emergency,
                                          "classification": {"text": "UNCLASSIFIED", "colour": "green"}})):
            one.admin.put(f"turnpike-access:access/{path}", value)
        ann = CardBrowser("card-adams", CARD_PORT)
        refused(ann.log_in(ANN, PASSWORD), 200)
        return ann

    def by_card(card):
        someone = CardBrowser(card)
        someone.visit()
        return someone, someone.call("POST", "/api/v1/session/certificate", {})

    refused(ask_for_the_mode("no-card").commit(60), 403, "has logged in with its own")
    def is_undone():
        status, _, text = one.admin.fetch("GET", "/api/v1/config/status")  # refused while the mode is on
        return status == 200 and json.loads(text)["trial"] is None

    refused(ask_for_the_mode(BOB).commit(0), 403, "on trial")
    for within in (2, 60):
        ann = ask_for_the_mode(BOB)  # also after nobody confirmed: she is not shut out
        status, _, data = ann.commit(within)
        check(status == 200, f"{status} {data}")
        if within == 2:
            wait_until(is_undone, 30, "the trial is not undone")
    wait_until(lambda: CardBrowser("card-baker").visit()["advanced"], 10, "the mode does not begin")
    # Her account here does not count any more, and PAM has no service file or does not know her.
    status, _, data = by_card("card-adams")[1]
    check(status in (403, 503), f"{status} {data}")
    refused(CardBrowser(None).call("POST", "/api/v1/session", {"user": BOB, "password": PASSWORD}), 401)
    bob, (status, _, data) = by_card("card-baker")
    check(status == 200 and data["user"] == BOB and data["emergency"], f"{status} {data}")
    check(bob.status("POST", "/api/v1/config/confirm", {}) == 200, "the emergency account does not confirm")
    status, _, guide = bob.call("GET", "/api/v1/certificate-login")
    told = guide["emergency"]
    check(status == 200 and told["account"] == BOB and told["by-certificate-at"], f"{guide}")
    refused(bob.call("POST", "/api/v1/session", {"user": BOB, "password": PASSWORD}), 403, "no login by password")


if os.environ.get("TP_OWN_NETWORK") != "yes":
    os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "TP_OWN_NETWORK": "yes"})
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with tempfile.TemporaryDirectory() as temporary:
    PKI = pathlib.Path(temporary)
    subprocess.run([TOP / "certs" / "make-test-pki", PKI, "--only", "ec"], check=True)
    run([row_97_nobody_is_asked_until_it_is_wanted, row_99_a_ca_is_needed_first,
         row_100_what_the_card_port_says_of_cards, a_ca_without_a_list_is_taken_or_not,
         row_94_what_responders_say_of_cards, row_105_and_106_and_108_certificates_are_tried,
         wish_8_the_level_rises_only_from_a_connection_that_proves_it,
         wish_8_a_level_that_is_not_confirmed_is_undone, row_97_raised_and_confirmed_over_a_new_connection,
         row_98_without_a_good_card_a_page_says_why, the_session_belongs_to_the_certificate,
         row_97_chromium_with_a_card_and_a_password,
         revocation_counts_at_the_next_request,
         row_94_a_responder_revokes_at_the_next_request, no_session_of_tls_is_resumed,
         no_session_of_tls_carries_a_certificate_to_another_connection,
         nobody_is_shut_out_by_another_setting, wish_8_whatever_is_not_confirmed_is_undone,
         wish_8_what_responders_say_is_undone,
         row_98_the_card_is_the_login, wish_8_the_account_of_the_only_card_stays, row_98_a_card_behind_pkcs11_logs_in,
         row_98_chromium_comes_in_by_certificate,
         row_100_a_good_card_without_an_account_is_nobody,
         an_account_that_nobody_used_is_disabled_before_its_card_logs_in, the_way_back_is_always_open,
         row_109_the_emergency_account_has_its_own_card], Appliance(ADDRESS))
