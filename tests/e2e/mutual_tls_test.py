#!/usr/bin/env python3
"""The port where both sides show a certificate: who gets in, as whom, and that nothing made on
the open port counts there."""
import re
import socket
import ssl
import subprocess
import threading

from admin import ApiError
from appliance import One
from cases import check, run, wait_until

HOST = "127.0.3.31"
CLIENT, PBX, OTHER = "127.0.3.32", "127.0.3.33", "127.0.3.34"
OPEN, MUTUAL = 5061, 5062


def openssl(*args, text=None):
    done = subprocess.run(["openssl", *map(str, args)], input=text, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"openssl {' '.join(map(str, args))}: {done.stderr}")
    return done.stdout


class Mutual(One):
    """An appliance that trusts one authority, and certificates of it and of another."""

    def __enter__(self):
        super().__enter__()
        self.folder = self.state / "pki"
        self.folder.mkdir()
        self.authority("ca")
        self.authority("other")
        self.leaf("pbx", "ca", "DNS:pbx.example.com")
        self.leaf("sips", "ca", "URI:sip:pbx.example.com")
        self.leaf("stranger", "ca", "DNS:stranger.example.com")
        self.leaf("forged", "other", "DNS:pbx.example.com")
        self.leaf("server-only", "ca", "DNS:pbx.example.com", "serverAuth")
        self.leaf("expired", "ca", "DNS:pbx.example.com", days="-1")
        self.leaf("pbx.example.com", "ca", None)
        self.authority("middle", "ca")
        self.leaf("below", "middle", "DNS:pbx.example.com")
        self.leaf("with-chain", "middle", "DNS:pbx.example.com")
        self.path("with-chain").write_text(self.path("with-chain").read_text() + self.path("middle").read_text())
        return self

    def path(self, name, end="pem"):
        return self.folder / f"{name}.{end}"

    def authority(self, name, issuer=None):
        by = ("-CA", self.path(issuer), "-CAkey", self.path(issuer, "key")) if issuer else ()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 10,
                "-subj", f"/CN=Test authority {name}", "-keyout", self.path(name, "key"), "-out", self.path(name),
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", *by)

    def leaf(self, name, ca, san, usage="clientAuth,serverAuth", days="10"):
        self.path(name, "ext").write_text((f"subjectAltName={san}\n" if san else "") + f"extendedKeyUsage={usage}\n"
                                          "keyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-keyout", self.path(name, "key"), "-out", self.path(name, "csr"))
        openssl("x509", "-req", "-in", self.path(name, "csr"), "-CA", self.path(ca), "-CAkey", self.path(ca, "key"),
                "-CAcreateserial", "-days", days, "-extfile", self.path(name, "ext"), "-out", self.path(name))

    def context(self, certificate=None, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(self.path(certificate), self.path(certificate, "key"))
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def connect(self, port, context, source=CLIENT, session=None):
        raw = socket.create_connection((HOST, port), timeout=5, source_address=(source, 0))
        return context.wrap_socket(raw, session=session)

    def text(self):
        return self.log.read_text(errors="replace")


def ask(connection, method, cseq=1):
    """One request on a connection; the status of its answer, None when it is closed instead."""
    ip, port = connection.getsockname()
    connection.sendall((
        f"{method} sip:nobody@one.example.com SIP/2.0\r\nVia: SIP/2.0/TLS {ip}:{port};branch=z9hG4bK{port}{cseq}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:a@pbx.example.com>;tag={port}\r\nTo: <sip:nobody@one.example.com>\r\n"
        f"Call-ID: {port}-{cseq}@{ip}\r\nCSeq: {cseq} {method}\r\nContact: <sip:a@{ip}:{port};transport=tls>\r\n"
        "Content-Length: 0\r\n\r\n").encode())
    data = b""
    while True:
        try:
            some = connection.recv(8192)
        except (ssl.SSLError, ConnectionError):
            return None
        if not some:
            return None
        data += some
        found = [int(s) for s in re.findall(rb"SIP/2\.0 (\d+) ", data) if int(s) >= 200]
        if found:
            return found[0]


def refused(one, certificate, words):
    """A connection with this certificate is never answered, and the log says why."""
    before = len(one.text())
    try:
        with one.connect(MUTUAL, one.context(certificate)) as connection:
            status = ask(connection, "INVITE")
    except (ssl.SSLError, ConnectionError):
        status = None
    check(status is None, f"a request with certificate {certificate} was answered with {status}")
    wait_until(lambda: words in one.text()[before:], 5, f"the log does not say '{words}': {one.text()[before:]}")


def set_up(one):
    one.complete("core", "one.example.com")
    one.admin.put("turnpike-tls:tls/trusted-ca=test", {"name": "test", "certificate": one.path("ca").read_text()})
    one.admin.put("turnpike-sip:sip/mutual-tls", {"enabled": True})
    one.admin.put("turnpike-sip:sip/default-zone/authentication", "check")
    one.admin.put("turnpike-zone:zones/zone=pbx", {
        "name": "pbx", "type": "neighbor", "transport": "tls", "peer": [{"address": PBX, "port": 5099}],
        "verify-name": "pbx.example.com", "authentication": "do-not-check", "monitor": False})
    one.admin.commit("a port with certificates")


def row_34_the_port_wants_a_certificate_and_shows_one(one):
    with one.connect(MUTUAL, one.context("pbx")) as connection:
        check(connection.getpeercert(True), "the appliance shows no certificate")
        check(ask(connection, "INVITE") is not None, "a zone that proves itself is not answered")
    refused(one, None, "no certificate shown")
    asked = subprocess.run(["openssl", "s_client", "-connect", f"{HOST}:{MUTUAL}", "-tls1_2"], input="",
                           capture_output=True, text=True, check=False)
    check("Acceptable client certificate CA names" in asked.stdout and "Test authority ca" in asked.stdout,
          f"no CertificateRequest that names the trusted authority: {asked.stdout[-1500:]}")


def row_34_bad_certificates_do_not_pass(one):
    refused(one, "forged", "issuer unknown")
    refused(one, "expired", "expired")
    refused(one, "server-only", "purpose")


def trust(one, name, certificate, *uses):
    one.admin.put(f"turnpike-tls:tls/trusted-ca={name}", {"name": name, "certificate": one.path(certificate).read_text(),
                                                        "use": list(uses)})
    one.admin.commit(f"{name} is trusted")


def distrust(one, name):
    one.admin.delete(f"/restconf/ds/candidate/turnpike-tls:tls/trusted-ca={name}")
    one.admin.commit(f"{name} is not trusted")


def answered(one, certificate):
    with one.connect(MUTUAL, one.context(certificate)) as connection:
        check(ask(connection, "INVITE") is not None, f"a peer with the certificate {certificate} is not answered")


def row_41_the_chain_must_reach_a_trusted_root(one):
    """Over an intermediate that the peer shows, or that is in the list; never without the root."""
    answered(one, "with-chain")
    refused(one, "below", "issuer unknown")
    trust(one, "middle", "middle")
    answered(one, "below")
    distrust(one, "middle")
    refused(one, "below", "issuer unknown")
    trust(one, "other", "other")
    distrust(one, "test")
    refused(one, "with-chain", "issuer unknown")
    trust(one, "test", "ca")
    distrust(one, "other")
    answered(one, "with-chain")


def row_65_and_110_an_authority_counts_for_its_uses_alone(one):
    trust(one, "test", "ca", "traversal")
    refused(one, "pbx", "issuer unknown")
    trust(one, "test", "ca", "traversal", "web-login")  # cards of administrators open no SIP port
    refused(one, "pbx", "issuer unknown")
    trust(one, "test", "ca", "traversal", "sip")
    answered(one, "pbx")
    trust(one, "test", "ca")  # no use named: all
    answered(one, "pbx")


def row_35_the_name_must_be_a_zones_on_every_connection(one):
    for _ in range(2):
        refused(one, "stranger", "carries no zone's certificate name")
    events = [e["text"] for e in one.admin.get("/api/v1/log?filter=certificates&limit=50")["lines"]
              if e["name"] == "sip.mutual"]
    check(any("stranger.example.com" in t and CLIENT in t for t in events), f"no event tells of it: {events}")
    with one.connect(MUTUAL, one.context("sips")) as connection:
        check(ask(connection, "INVITE") is not None, "a SIP URI as name is not taken (RFC 5922)")


def row_35_requests_are_the_zones(one):
    """Unknown callers are asked for credentials, the zone is not: 404 is where its call ends."""
    with one.connect(OPEN, one.context()) as connection:
        check(ask(connection, "INVITE") in (401, 407), "the default zone is not asked for credentials")
    with one.connect(MUTUAL, one.context("pbx")) as connection:
        check(ask(connection, "INVITE") == 404, "the zone's request is not taken as the zone's")
        check(ask(connection, "REGISTER", 2) == 403, "a zone registers")
    # Its certificate counts for nothing on the open port, which does not ask for it.
    with one.connect(OPEN, one.context("pbx")) as connection:
        check(ask(connection, "INVITE") in (401, 407), "a certificate counts on the open port")


class Neighbor:
    """The PBX's own TLS port; answers nothing, and keeps whom it saw."""

    def __init__(self, one, certificate, address=PBX):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(one.path(certificate), one.path(certificate, "key"))
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.load_verify_locations(cadata=f"{one.ca()}\n{one.path('ca').read_text()}")
        self.socket = socket.create_server((address, 5099))
        self.socket.settimeout(8)
        self.requests = b""
        self.shown = None
        self.failed = None
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        try:
            raw, _ = self.socket.accept()
            raw.settimeout(3)
            with self.context.wrap_socket(raw, server_side=True) as connection:
                self.shown = connection.getpeercert()
                self.requests = connection.recv(65536)
        except OSError as why:
            self.failed = why

    def close(self):
        self.thread.join(12)
        self.socket.close()


def outbound(one, certificate):
    """What the PBX sees when a call goes to it."""
    one.ca = lambda: one.admin.running("turnpike-tls:tls/trusted-ca=temporary")["turnpike-tls:trusted-ca"][0]["certificate"]
    neighbor = Neighbor(one, certificate)
    try:
        with one.connect(MUTUAL, one.context("pbx")) as connection:
            connection.settimeout(4)
            try:
                ask(connection, "INVITE")
            except TimeoutError:
                pass
    finally:
        neighbor.close()
    return neighbor


def row_35_a_common_name_counts_where_the_zone_says_so(one):
    refused(one, "pbx.example.com", "carries no zone's certificate name")
    one.admin.put("turnpike-zone:zones/zone=pbx/cn-names", True)
    one.admin.commit("a zone with an old certificate")
    with one.connect(MUTUAL, one.context("pbx.example.com")) as connection:
        check(ask(connection, "INVITE") is not None, "a zone whose common name is accepted is not answered")
    one.admin.put("turnpike-zone:zones/zone=pbx/cn-names", False)
    one.admin.commit("new certificates only")
    refused(one, "pbx.example.com", "carries no zone's certificate name")


def row_35_the_name_counts_outbound_too(one):
    names = [c["name"] for c in one.admin.running("turnpike-tls:tls/trusted-ca")["turnpike-tls:trusted-ca"]]
    if "temporary" not in names:
        own = openssl("s_client", "-connect", f"{HOST}:{OPEN}", "-showcerts", text="")
        chain = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", own, re.S)
        one.admin.put("turnpike-tls:tls/trusted-ca=temporary", {"name": "temporary", "certificate": chain[-1]})
    one.admin.put("turnpike-search:search/rule=out", {
        "name": "out", "match": "any", "target": "zone", "target-zone": "pbx"})
    one.admin.commit("calls to the PBX")
    wrong = outbound(one, "stranger")
    check(not wrong.requests, f"a request went to a peer with another name: {wrong.requests[:80]}")
    right = outbound(one, "pbx")
    check(right.requests.startswith(b"INVITE"), f"no request to the right peer: {right.requests[:80]} {right.failed}")
    check(right.shown, "the PBX asks for our certificate and gets none")
    one.admin.delete("/restconf/ds/candidate/turnpike-search:search/rule=out")
    one.admin.commit("no calls to the PBX")


def identity(one, name, certificate):
    """A client identity with that certificate, in the candidate."""
    upload = one.admin.post(f"/api/v1/identities/{name}/upload", {
        "pem": one.path(certificate).read_text(), "key": one.path(certificate, "key").read_text()})
    check(not upload["refused"], f"{upload['findings']}")
    one.admin.post(f"/api/v1/identities/{name}/activate", {"staged": upload["staged"],
                                                           "accept": upload["accept-needed"]})


def refusal(call, *args):
    try:
        call(*args)
    except ApiError as why:
        return str(why.body)
    raise AssertionError(f"{args} was not refused")


def seen(one, **certificates):
    """Common names of what we show to the neighbors, by address, when a call goes to all of them."""
    neighbors = {a: Neighbor(one, c, a) for a, c in ((PBX, certificates["pbx"]), (OTHER, certificates["other"]))}
    try:
        with one.connect(MUTUAL, one.context("pbx")) as connection:
            connection.settimeout(2)
            try:
                ask(connection, "INVITE")
            except TimeoutError:
                pass
    finally:
        for neighbor in neighbors.values():
            neighbor.close()
    check(all(n.requests.startswith(b"INVITE") for n in neighbors.values()), "no call reaches a neighbor: "
          f"{[(n.requests[:40], n.failed) for n in neighbors.values()]}")
    return [dict(part[0] for part in n.shown["subject"]).get("commonName") if n.shown else None
            for n in neighbors.values()]


def sip_pid(one):
    return next(p["pid"] for p in one.admin.get("/api/v1/status")["processes"] if p["name"].endswith("sip"))


def wish_6_each_zone_shows_its_own_certificate(one):
    admin, pid = one.admin, sip_pid(one)
    one.leaf("shown-a", "ca", "DNS:one.example.com")
    one.leaf("shown-b", "ca", "DNS:one.example.com")
    admin.put("turnpike-zone:zones/zone=other", {
        "name": "other", "type": "neighbor", "transport": "tls", "peer": [{"address": OTHER, "port": 5099}],
        "verify-name": "stranger.example.com", "monitor": False})
    for zone in ("pbx", "other"):
        admin.put(f"turnpike-search:search/rule=out-{zone}", {
            "name": f"out-{zone}", "match": "any", "target": "zone", "target-zone": zone, "priority": 50})
    admin.commit("calls to both")
    usual = seen(one, pbx="pbx", other="stranger")
    check(usual[0] and usual[0] == usual[1], f"not the same certificate to both: {usual}")

    admin.post("/api/v1/identities", {"id": "for-other"})
    asked = admin.post("/api/v1/identities/for-other/request", {"key-type": "ec-p256", "common-name": "c.example.com"})
    check(asked["common-name"] == "c.example.com", f"no request for it: {asked}")
    admin.delete("/api/v1/identities/for-other/request")
    admin.put("turnpike-zone:zones/zone=other/client-identity", "for-other")
    check("no certificate yet" in refusal(admin.commit, "an identity without certificate"), "other words")
    identity(one, "for-other", "shown-a")
    admin.commit("a certificate of its own")
    check(seen(one, pbx="pbx", other="stranger") == [usual[0], "shown-a"], "the zone does not show its own")
    identity(one, "for-other", "shown-b")
    admin.commit("another certificate")
    check(seen(one, pbx="pbx", other="stranger") == [usual[0], "shown-b"], "the new one is not shown")
    check(sip_pid(one) == pid, "it took a restart")
    row = next(i for i in admin.get("/api/v1/identities")["identities"] if i["id"] == "for-other")
    check(row["named"] and row["used-by"] == ["Zone other"] and row["certificate"]["common-name"] == "shown-b", f"{row}")
    listed = [c["common-name"] for c in admin.get("/api/v1/certificates")["certificates"] if c["name"] == "for-other"]
    check(listed == ["shown-b"], f"the list of all certificates has {listed}")

    admin.delete("/api/v1/identities/for-other")
    refusal(admin.commit, "an identity that a zone names goes")
    admin.delete("/restconf/ds/candidate/turnpike-zone:zones/zone=other/client-identity")
    admin.commit("the usual one again")
    check(seen(one, pbx="pbx", other="stranger") == usual, "the usual certificate is not shown again")
    check("no identity" in refusal(admin.get, "/api/v1/identities/for-other"), "it is still there")
    for path in ("search:search/rule=out-pbx", "search:search/rule=out-other", "zone:zones/zone=other"):
        admin.delete(f"/restconf/ds/candidate/turnpike-{path}")
    admin.commit("one neighbor only")


def row_36_the_port_of_the_phones_stays_theirs(one):
    one.admin.put("turnpike-sip:sip/mutual-tls/port", OPEN)
    try:
        one.admin.commit("certificates on the phones' port")
        raise AssertionError("the port of the phones is taken for certificates")
    except ApiError as why:
        check("mutual-tls/port" in str(why.body) and "Phones" in str(why.body), f"{why}")
    one.admin.post("/api/v1/config/discard")
    with one.connect(OPEN, one.context()) as connection:
        check(ask(connection, "OPTIONS") is not None, "a phone without a certificate is shut out")


def row_37_both_ports_serve_beside_each_other(one):
    ports = one.admin.get("/api/v1/ports")["ports"]
    listed = {p["port"]: p["service"] for p in ports if p["address"] == HOST}
    check("certificate required" in listed.get(str(MUTUAL), ""), f"{listed}")
    with one.connect(OPEN, one.context()) as a, one.connect(MUTUAL, one.context("pbx")) as b:
        check(ask(a, "OPTIONS") is not None and ask(b, "OPTIONS") is not None, "one of the two does not serve")


def attack_49_no_session_crosses_from_port_to_port(one):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        anonymous = one.context(version=version)
        with one.connect(OPEN, anonymous) as first:
            check(ask(first, "OPTIONS") is not None, "the open port does not serve")
            session = first.session
        check(session is None or not session.has_ticket, "the open port gives tickets")
        for port in (OPEN, MUTUAL):
            status = reused = None
            try:
                with one.connect(port, anonymous, session=session) as again:
                    reused = again.session_reused
                    status = ask(again, "INVITE")
            except (ssl.SSLError, ConnectionError):
                pass
            check(not reused, f"a session is taken up again on port {port}")
            check(port == OPEN or status is None, f"a session of the open port opens the other: {status}")
        proven = one.context("pbx", version)
        with one.connect(MUTUAL, proven) as first:
            check(ask(first, "INVITE") == 404, "the zone is not served")
            session = first.session
        check(session is None or not session.has_ticket, "the port with certificates gives tickets")
        with one.connect(OPEN, proven, session=session) as again:
            check(not again.session_reused and ask(again, "INVITE") in (401, 407),
                  "a session with a certificate counts on the open port")


def attack_49_no_renegotiation(one):
    done = subprocess.run(["openssl", "s_client", "-connect", f"{HOST}:{OPEN}", "-tls1_2"], input="R\n",
                          capture_output=True, text=True, check=False, timeout=20)
    check("no renegotiation" in done.stderr + done.stdout, f"{done.stderr[-600:]}")


def a_connection_ends_when_its_zone_goes(one):
    with one.connect(MUTUAL, one.context("pbx")) as connection:
        check(ask(connection, "INVITE") == 404, "the zone is not served")
        one.admin.put("turnpike-sip:sip/calls-max", 400)
        one.admin.commit("another change")
        check(ask(connection, "INVITE", 2) == 404, "a change elsewhere ended the connection")
        one.admin.put("turnpike-zone:zones/zone=pbx/enabled", False)
        one.admin.commit("the zone is off")
        connection.settimeout(5)
        check(ask(connection, "INVITE", 3) is None, "a connection of a zone that is off is still served")


run([set_up, row_34_the_port_wants_a_certificate_and_shows_one, row_34_bad_certificates_do_not_pass,
     row_41_the_chain_must_reach_a_trusted_root, row_65_and_110_an_authority_counts_for_its_uses_alone,
     row_35_the_name_must_be_a_zones_on_every_connection, row_35_requests_are_the_zones,
     row_35_a_common_name_counts_where_the_zone_says_so, row_35_the_name_counts_outbound_too,
     wish_6_each_zone_shows_its_own_certificate, row_36_the_port_of_the_phones_stays_theirs,
     row_37_both_ports_serve_beside_each_other, attack_49_no_session_crosses_from_port_to_port,
     attack_49_no_renegotiation, a_connection_ends_when_its_zone_goes],
    Mutual((HOST, 7443)))
