"""Certificates as an administrator gets and replaces them: requests signed by a real OpenSSL CA,
uploads in each form, what is refused and why, and what the next handshake shows."""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading

from admin import ApiError
from appliance import BIN, One
from cases import check, run, wait_until

WEB = ("127.0.4.9", 7443)
SIP = ("127.0.4.9", 5061)
HOST = "edge.lab.example"
FOLDER = tempfile.TemporaryDirectory(prefix="identities-")
AT = pathlib.Path(FOLDER.name)
# What the appliance's resolver finds.
HOSTS = AT / "hosts"
HOSTS.write_text(f"127.0.0.1 localhost\n192.0.2.99 {HOST}\n")
PRIVATE = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", f'mount --bind {HOSTS} /etc/hosts; exec "$@"', "sh"]


def openssl(*args, **kw):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, check=False, **kw)
    check(done.returncode == 0, f"openssl {' '.join(map(str, args))}: {done.stderr.decode()}")
    return done.stdout


def make_ca(name, *issued_by):
    """AT/name.pem and .key; a root, or signed by another."""
    (AT / "ca.ext").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            AT / f"{name}.key", "-out", AT / f"{name}.csr", "-subj", f"/CN=Lab {name}")
    by = ["-CA", AT / f"{issued_by[0]}.pem", "-CAkey", AT / f"{issued_by[0]}.key"] if issued_by else \
        ["-signkey", AT / f"{name}.key"]
    openssl("x509", "-req", "-in", AT / f"{name}.csr", *by, "-CAcreateserial", "-days", "100", "-extfile",
            AT / "ca.ext", "-out", AT / f"{name}.pem")
    return (AT / f"{name}.pem").read_text()


def sign(csr, days=90, extensions=None):
    """What an authority makes of a request: its names, purposes and key usage are kept, unless
    others are given. The certificate alone."""
    (AT / "leaf.csr").write_text(csr)
    more = ["-copy_extensions", "copyall"]
    if extensions is not None:
        (AT / "leaf.ext").write_text(extensions)
        more = ["-extfile", AT / "leaf.ext"]
    return openssl("x509", "-req", "-in", AT / "leaf.csr", "-CA", AT / "sub.pem", "-CAkey", AT / "sub.key",
                   "-CAcreateserial", "-days", days, *more).decode()


def issue(subject, extensions, *key, days=90):
    """A certificate for a key made elsewhere: AT/own.key."""
    openssl("req", "-new", *(key or ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")), "-nodes", "-keyout", AT / "own.key", "-out",
            AT / "own.csr", "-subj", subject)
    return sign((AT / "own.csr").read_text(), days, extensions)


GOOD = f"subjectAltName=DNS:{HOST}\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n"


def text_of(pem, *what):
    return openssl("x509", "-noout", *what, input=pem.encode()).decode()


def print_of(pem):
    """SHA-256 of the first certificate."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first(pem))).hexdigest()


def first(pem):
    return re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem, re.S).group(0) + "\n"


def shown(address):
    """What the next handshake shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(address, 5) as tcp, context.wrap_socket(tcp) as tls:
        return hashlib.sha256(tls.getpeercert(True)).hexdigest()


def refused(status, call, *words):
    try:
        call()
    except ApiError as error:
        check(error.status == status, f"{error}")
        for word in words:
            check(word in error.body, f"'{word}' is not in {error.body}")
        return json.loads(error.body)["ietf-restconf:errors"]["error"]
    raise AssertionError("it was taken")


class Identity:
    def __init__(self, one, name):
        self.one = one
        self.path = f"/api/v1/identities/{name}"

    def get(self):
        return self.one.admin.get(self.path)

    def post(self, what, **body):
        return self.one.admin.post(f"{self.path}/{what}", body)

    def csr(self):
        return self.get()["request"]["pem"]

    def activate(self, staged, **body):
        return self.post("activate", staged=staged["staged"], accept=staged["accept-needed"], **body)


def ids(findings):
    return [f["id"] for f in findings]


def set_up(one):
    one.visitor = one.set_up("edge", HOST, "correct horse battery")
    root = make_ca("root")
    make_ca("sub", "root")
    one.admin.put("turnpike-tls:tls/trusted-ca=root", {"name": "root", "certificate": root})
    one.admin.commit("trust the lab's root")


def row_71_the_first_certificate_is_a_temporary_one(one):
    everything = one.admin.get("/api/v1/identities")
    default = everything["identities"][0]
    check(default["id"] == "default" and default["configured"], f"{default['id']}")
    check("Turnpike temporary CA" in default["certificate"]["issuer"], default["certificate"]["issuer"])
    check(set(default["used-by"]) == {i["label"] for i in everything["identities"][1:]}, f"{default['used-by']}")
    check([i["falls-back-to"] for i in everything["identities"][1:]] == ["default"] * 6, "falls-back-to")
    check("untrusted-issuer" in ids(default["findings"]), f"{default['findings']}")


def readiness(one):
    """The checks by their id; a list for those of several subjects."""
    lines = one.admin.get("/api/v1/readiness")["checks"]
    for line in lines:
        check(bool(line["remedy"]) == (line["state"] == "attention") and line["text"], f"{line}")
    return {name: [line for line in lines if line["id"] == name] for name in {line["id"] for line in lines}}


def row_219_what_takes_long_is_named_before_day_zero(one):
    seen = readiness(one)
    default = seen["certificates"][0]
    check(default["state"] == "attention" and default["subject"] == "default" and "temporary CA" in default["text"]
          and default["page"] == "/identities", f"{default}")
    check(seen["host-name"][0]["state"] == "ready" and HOST in seen["host-name"][0]["text"], f"{seen['host-name']}")
    check(seen["dns"][0]["state"] == "attention" and "192.0.2.99, which is no address of this appliance"
          in seen["dns"][0]["text"], f"{seen['dns']}")
    check(seen["ports"][0]["state"] == "ready" and re.search(r"All [2-9]\d* TCP ports", seen["ports"][0]["text"]),
          f"{seen['ports']}")
    check(seen["time"][0]["state"] in ("ready", "attention") and "synchronised" in seen["time"][0]["text"],
          f"{seen['time']}")
    check(seen["zones"][0]["state"] == "attention" and seen["trusted-cas"][0]["state"] == "ready", f"{seen}")


def row_219_what_came_is_ready(one):
    HOSTS.write_text(f"127.0.0.1 localhost\n{WEB[0]} {HOST}\n")
    seen = readiness(one)
    check(any(line["state"] == "ready" and line["subject"] == "default" for line in seen["certificates"]),
          f"{seen['certificates']}")
    for name in ("certificate-name", "dns", "ports"):
        check(seen[name][0]["state"] == "ready", f"{seen[name]}")


def row_40_and_69_and_79_each_service_has_identities_and_requests_of_its_own(one):
    """What the seeds call purposes: each side of each service, and the form is there for all."""
    everything = one.admin.get("/api/v1/identities")["identities"]
    sides = [("default", None, None), ("web-server", "web", "server"), ("sip-server", "sip", "server"),
             ("sip-client", "sip", "client"), ("traversal-server", "traversal", "server"),
             ("traversal-client", "traversal", "client"), ("ldap-client", "ldap", "client")]
    check([(i["id"], i["service"], i["side"]) for i in everything] == sides, f"{everything}")
    for name, _, side in sides:
        made = Identity(one, name).post("request", **{"key-type": "ec-p256", "distribution": "multi-server"})
        text = openssl("req", "-noout", "-text", input=made["pem"].encode()).decode()
        for purpose, without in (("TLS Web Server Authentication", "client"), ("TLS Web Client Authentication", "server")):
            check((purpose in text) == (side != without), f"{name}: {text}")
    keys = {i["request"]["sha256"] for i in one.admin.get("/api/v1/identities")["identities"]}
    check(len(keys) == len(sides), "two requests have the same key")
    for name, _, _ in sides:
        one.admin.delete(f"/api/v1/identities/{name}/request")


def browser_sees(ca):
    """The certificate that a browser trusting this authority alone is shown for our name."""
    context = ssl.create_default_context(cadata=ca)
    with socket.create_connection(WEB, 5) as tcp, context.wrap_socket(tcp, server_hostname=HOST) as tls:
        return hashlib.sha256(tls.getpeercert(True)).hexdigest()


def row_53_and_70_an_authoritys_certificate_takes_the_place_of_the_first(one):
    """Until then an alarm asks for it, and no browser trusts what is shown."""
    root = (AT / "root.pem").read_text()

    def waiting():
        return [a for a in one.admin.get("/api/v1/alarms")["alarms"] if a["code"] == 40001 and not a["cleared-at"]]
    asks = wait_until(waiting, 30, "no alarm tells of the first certificate")
    check("temporary" in asks[0]["text"] and "authority" in asks[0]["remedy"], f"{asks}")
    try:
        browser_sees(root)
        raise AssertionError("a browser trusts the first certificate")
    except ssl.SSLCertVerificationError:
        pass
    default = Identity(one, "default")
    default.post("request", **{"key-type": "ec-p256"})
    staged = default.post("upload", pem=sign(default.csr()) + (AT / "sub.pem").read_text())
    default.activate(staged, commit=True)
    check(browser_sees(root) == print_of(staged["certificate"]["pem"]), "another one is shown")
    wait_until(lambda: not waiting(), 30, "the alarm stays")


def row_30_elliptic_curves_and_sha_2(one):
    """Keys, requests, certificates, handshakes and fingerprints."""
    server = Identity(one, "sip-server")
    for kind, digest, curve in (("ec-p256", "sha256", "prime256v1"), ("ec-p384", "sha384", "secp384r1")):
        made = server.post("request", **{"key-type": kind, "hash": digest})
        text = openssl("req", "-noout", "-text", "-verify", input=made["pem"].encode()).decode()
        check(curve in text and f"ecdsa-with-{digest.upper()}" in text, text)
        key = openssl("pkey", "-pubin", "-outform", "DER",
                      input=openssl("req", "-noout", "-pubkey", input=made["pem"].encode()))
        check(made["sha256"].replace(":", "").lower() == hashlib.sha256(key).hexdigest(), f"{made['sha256']}")
        staged = server.post("upload", pem=sign(made["pem"]) + (AT / "sub.pem").read_text())
        about = staged["certificate"]
        check(about["sha256"].replace(":", "").lower() == print_of(about["pem"]), f"{about['sha256']}")
        check(about["signature"] == "ecdsa-with-SHA256" and not staged["refused"], f"{staged}")
        server.activate(staged, commit=True)
        for flag in ("-tls1_2", "-tls1_3"):
            said = openssl("s_client", "-connect", f"{SIP[0]}:{SIP[1]}", flag, "-CAfile", AT / "root.pem",
                           "-verify_return_error", input=b"").decode()
            check("Peer signature type: ECDSA" in said and "Verify return code: 0 (ok)" in said, said)
    one.admin.call("DELETE", server.path + "/certificate?commit=true")


def row_54_a_request_is_made_on_the_box_and_its_certificate_taken(one):
    """Rows 52 and 78: key and request made here, signed outside, activated as a revision."""
    default = Identity(one, "default")
    before = shown(WEB)
    made = default.post("request", **{"key-type": "rsa-3072", "hash": "sha384", "organization": "Lab",
                                      "country": "DE", "addresses": True})
    check(made["key-type"] == "RSA 3072" and made["hash"] == "sha384", f"{made}")
    csr = default.csr()
    check(csr == made["pem"], "the request is not the one that was made")
    text = openssl("req", "-noout", "-text", "-verify", input=csr.encode()).decode()
    for word in (f"CN = {HOST}", "O = Lab", "C = DE", f"DNS:{HOST}", f"IP Address:{WEB[0]}", "sha384With",
                 "TLS Web Server Authentication, TLS Web Client Authentication"):
        check(word in text, f"'{word}' is not in {text}")
    refused(409, lambda: default.post("request"), "pending")
    staged = default.post("upload", pem=sign(csr) + (AT / "sub.pem").read_text())
    check(staged["key"] == "pending" and not staged["refused"], f"{staged['findings']}")
    check(len(staged["chain"]) == 1 and shown(WEB) == before, "an upload alone changed something")
    done = default.activate(staged, commit=True, comment="A certificate from the lab's CA")
    newest = one.admin.get("/api/v1/config/revisions")["revisions"][0]
    check(newest["revision"] == done["revision"] and newest["comment"] == "A certificate from the lab's CA",
          f"{newest}")
    check(shown(WEB) == shown(SIP) == print_of(staged["certificate"]["pem"]), "another one is shown")
    now = default.get()
    check(now["request"] is None and now["staged"] is None, "the request is still pending")
    check(ids(now["findings"]) == [], f"{now['findings']}")
    check("$tp1$" not in json.dumps(one.admin.get("/api/v1/identities")), "a sealed key comes out")
    lines = [line["name"] for line in one.admin.get("/api/v1/log?kind=configuration&limit=50")["lines"]]
    for name in ("identity.request", "identity.upload", "identity.activate"):
        check(name in lines, f"{name} is not in the log: {lines}")


def row_55_wrong_key_is_refused(one):
    """A certificate for the request of another identity says so, and nothing changes."""
    server, client = Identity(one, "sip-server"), Identity(one, "sip-client")
    before = shown(SIP)
    server.post("request")
    client.post("request", **{"key-type": "ec-p384"})
    cert = sign(client.csr()) + (AT / "sub.pem").read_text()
    staged = server.post("upload", pem=cert)
    check(staged["refused"] and ids(staged["findings"])[0] == "key-mismatch", f"{staged['findings']}")
    errors = refused(409, lambda: server.post("activate", staged=staged["staged"], accept=["key-mismatch"],
                                              commit=True), "not issued for the pending request")
    check(errors[0]["error-app-tag"] == "key-mismatch" and errors[0]["error-info"]["remedy"], f"{errors}")
    check(shown(SIP) == before and one.admin.get("/api/v1/config/status")["changes"] == 0, "something changed")
    one.admin.delete(server.path + "/request")
    refused(404, lambda: one.admin.delete(server.path + "/request"))
    staged = server.post("upload", pem=cert)
    check(ids(staged["findings"])[0] == "key-missing", f"{staged['findings']}")
    staged = client.post("upload", pem=cert)  # to its own one it is good
    check(not staged["refused"] and staged["key"] == "pending", f"{staged['findings']}")


def row_73_and_wish_4_server_and_client_identities_of_their_own(one):
    """A server's certificate without clientAuth serves beside a client's one."""
    server, client = Identity(one, "sip-server"), Identity(one, "sip-client")
    default = shown(WEB)
    purposes = "subjectAltName=DNS:sip.lab.example\nextendedKeyUsage={}\n"
    server.post("request", **{"common-name": "sip.lab.example", "automatic-names": False})
    chain = (AT / "sub.pem").read_text()
    wrong = server.post("upload", pem=sign(server.csr(), 90, purposes.format("clientAuth")) + chain)
    check("purpose-missing" in ids(wrong["findings"]) and wrong["refused"], f"{wrong['findings']}")
    staged = server.post("upload", pem=sign(server.csr(), 90, purposes.format("serverAuth")) + chain)
    check("purpose-missing" not in ids(staged["findings"]), f"{staged['findings']}")
    server.activate(staged, commit=True)
    check(shown(SIP) == print_of(staged["certificate"]["pem"]), "SIP shows another one")
    check(shown(WEB) == default, "the web interface shows it too")
    check(server.get()["used-by"] == ["SIP, incoming"], f"{server.get()['used-by']}")
    staged = client.post("upload", pem=sign(client.csr(), 90, purposes.format("clientAuth")) + chain)
    client.activate(staged, commit=True)
    check("SIP, outgoing" not in Identity(one, "default").get()["used-by"], "who shows the default one")
    one.admin.call("DELETE", server.path + "/certificate?commit=true")
    check(shown(SIP) == default, "SIP does not go back to the shared one")
    refused(404, lambda: one.admin.call("DELETE", server.path + "/certificate"))
    refused(405, lambda: one.admin.call("DELETE", "/api/v1/identities/default/certificate"))


def row_56_dsa_is_refused_and_rsa_is_proposed(one):
    """RSA comes first in the form; DSA cannot even be uploaded to serve."""
    default = Identity(one, "default")
    kinds = one.admin.get("/api/v1/identities")["key-types"]
    check(kinds == ["rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384"], f"{kinds}")
    refused(400, lambda: default.post("request", **{"key-type": "dsa-2048"}), "key-type")
    made = default.post("request")
    check(made["key-type"].startswith("RSA "), f"{made['key-type']}")
    one.admin.delete(default.path + "/request")
    openssl("dsaparam", "-out", AT / "dsa.params", "2048")
    before = shown(WEB)
    staged = default.post("upload", pem=issue("/CN=x", GOOD, "-newkey", f"dsa:{AT}/dsa.params") +
                          (AT / "sub.pem").read_text(), key=(AT / "own.key").read_text())
    check("unsupported-key-type" in ids(staged["findings"]) and staged["refused"], f"{staged['findings']}")
    refused(409, lambda: default.post("activate", staged=staged["staged"], accept=ids(staged["findings"]),
                                      commit=True))
    check(shown(WEB) == before, "it is in use")


def row_57_and_72_weak_and_strange_certificates_are_named(one):
    """Wish 20: each with its finding; none comes into use unseen."""
    default = Identity(one, "default")
    chain = (AT / "sub.pem").read_text()
    long_names = "subjectAltName=" + ",".join(f"DNS:host-number-{i:03}.very.long.example.com" for i in range(30))
    cases = {
        "weak-key": ("refuse", "/CN=x", GOOD, "-newkey", "rsa:1024"),
        "ca-as-leaf": ("refuse", "/CN=x", GOOD + "basicConstraints=CA:TRUE\n"),
        "cn-missing": ("warn", "/O=Lab", GOOD),
        "no-san": ("warn", f"/CN={HOST}", "extendedKeyUsage=serverAuth,clientAuth\n"),
        "san-too-long": ("warn", "/CN=x", long_names),
        "names-lost": ("warn", "/CN=x", "subjectAltName=DNS:other.example\n"),
    }
    for name, (severity, *how) in cases.items():
        staged = default.post("upload", pem=issue(*how) + chain, key=(AT / "own.key").read_text())
        found = [f for f in staged["findings"] if f["id"] == name]
        check(found and found[0]["severity"] == severity, f"{name}: {staged['findings']}")
        check(found[0]["text"] and found[0]["remedy"], f"{name} has no words")
        check(staged["refused"] == (severity == "refuse"), f"{name}: {staged['findings']}")
        check(severity == "refuse" or name in staged["accept-needed"], f"{name}: {staged['accept-needed']}")
    staged = default.post("upload", pem=issue("/CN=x", GOOD))
    check("chain-incomplete" in ids(staged["findings"]), f"{staged['findings']}")
    refused(404, lambda: default.post("activate", staged="0" * 32))


def warnings_have_to_be_accepted_by_name(one):
    web = Identity(one, "web-server")
    staged = web.post("self-signed", **{"key-type": "ec-p256", "days": 1825, "common-name": HOST})
    check("self-signed" in staged["accept-needed"] and staged["key"] == "made", f"{staged}")
    errors = refused(409, lambda: web.post("activate", staged=staged["staged"], accept=[], commit=True))
    check({e["error-app-tag"] for e in errors} == set(staged["accept-needed"]), f"{errors}")
    web.activate(staged)  # into the candidate only
    check(one.admin.get("/api/v1/config/status")["changes"] > 0, "nothing is pending")
    check(shown(WEB) != print_of(staged["certificate"]["pem"]), "it is in use already")
    other = web.post("self-signed", **{"common-name": HOST})
    refused(409, lambda: web.activate(other, commit=True), "pending")
    one.admin.commit("a self-signed certificate for the web interface")
    check(shown(WEB) == print_of(staged["certificate"]["pem"]), "it is not in use")
    left = text_of(staged["certificate"]["pem"], "-checkend", str(1824 * 86400))
    check("will not expire" in left, f"row 68: not good for five years: {left}")
    about = wait_until(lambda: [a for a in one.admin.get("/api/v1/alarms")["alarms"]
                                if a["subject"] == "web-server: self-signed" and not a["cleared-at"]], 30,
                       "no alarm tells of it")
    check(about[0]["code"] == 40005 and about[0]["remedy"], f"{about}")
    one.admin.call("DELETE", web.path + "/certificate?commit=true")


def row_76_multi_server_names(one):
    """And the two distributions of row 75."""
    client = Identity(one, "traversal-client")
    defaults = one.admin.get("/api/v1/identities")["defaults"]
    check(defaults["multi-server-common-name"] == "edge-ms.lab.example", f"{defaults}")
    made = client.post("request", distribution="multi-server", **{"key-type": "ec-p256"})
    check(made["common-name"] == "edge-ms.lab.example" and made["distribution"] == "multi-server", f"{made}")
    check(made["names"] == [f"DNS:{HOST}", "DNS:edge-ms.lab.example"], f"{made['names']}")
    made = client.post("request", distribution="multi-server", replace=True,
                       **{"key-type": "ec-p256", "common-name": "all.lab.example"})
    check("DNS:all.lab.example" in made["names"], f"{made['names']}")


def row_74_and_80_one_certificate_with_the_names_of_all_nodes(one):
    """It serves each of them; that of another appliance alone is told apart by its names lost."""
    server, web = Identity(one, "sip-server"), Identity(one, "web-server")
    nodes = ["node1.lab.example", "node2.lab.example"]
    made = server.post("request", distribution="multi-server", **{"key-type": "ec-p256", "other-domains": nodes})
    staged = server.post("upload", pem=sign(made["pem"]) + (AT / "sub.pem").read_text())
    server.activate(staged, commit=True)
    for name in (HOST, "edge-ms.lab.example", *nodes):
        said = openssl("s_client", "-connect", f"{SIP[0]}:{SIP[1]}", "-CAfile", AT / "root.pem",
                       "-verify_return_error", "-verify_hostname", name, input=b"").decode()
        check(f"Verified peername: {name}" in said, f"{name}: {said}")
    alone = web.post("upload", pem=issue("/CN=node1.lab.example", GOOD.replace(HOST, nodes[0])),
                     key=(AT / "own.key").read_text())
    check(f"DNS:{HOST}" in alone["names-lost"] and "names-lost" in alone["accept-needed"], f"{alone}")
    one.admin.call("DELETE", server.path + "/certificate?commit=true")


def wish_20_a_request_says_when_its_names_are_too_long(one):
    """Before it is sent away, not when the certificate comes back."""
    client = Identity(one, "traversal-client")
    names = [f"host-number-{i:03}.very.long.example.com" for i in range(30)]
    made = client.post("request", **{"key-type": "ec-p256", "other-domains": names})
    check(ids(made["findings"]) == ["san-too-long"] and "999" in made["findings"][0]["text"], f"{made['findings']}")
    check(client.get()["request"]["findings"] == made["findings"], "they are told once only")
    made = client.post("request", replace=True, **{"key-type": "ec-p256", "other-domains": names[:5]})
    check(made["findings"] == [], f"{made['findings']}")
    one.admin.delete(client.path + "/request")


def row_77_names_from_a_txt_file(one):
    """Parent domain, and other domains out of a file as people write them."""
    client = Identity(one, "traversal-client")
    made = client.post("request", replace=True, **{
        "key-type": "ec-p256", "parent-domain": True,
        "other-domains": "\ufeff# our nodes\r\nnode1.lab.example\r\nnode2.lab.example, node3.lab.example\n"
                         "NODE1.lab.example  # again\n"})
    check(made["names"] == [f"DNS:{HOST}", "DNS:lab.example", "DNS:node1.lab.example", "DNS:node2.lab.example",
                            "DNS:node3.lab.example"], f"{made['names']}")
    for bad in ("good.example\nbad name!", ["a..b"], ["-x.example"], "x" * 300, [f"n{i}.example" for i in range(201)]):
        errors = refused(400, lambda bad=bad: client.post("request", replace=True, **{"other-domains": bad}))
        check(errors[0]["error-path"] == "/other-domains", f"{errors}")
    refused(400, lambda: client.post("request", replace=True, country="Germany"), "country")
    check(client.get()["request"]["names"] == made["names"], "a refused form replaced the request")
    one.admin.delete(client.path + "/request")


def wish_7_renew_with_same_names(one):
    """Subject and names of the certificate in use, with a new key; nothing is lost."""
    server = Identity(one, "sip-server")
    cert = issue("/C=DE/O=Lab/CN=sip.lab.example", "subjectAltName=DNS:sip.lab.example,DNS:old.example,"
                 "IP:192.0.2.7,URI:sip:lab.example\nextendedKeyUsage=serverAuth\n")
    staged = server.post("upload", pem=cert + (AT / "sub.pem").read_text() + (AT / "own.key").read_text())
    check(staged["key"] == "uploaded", f"{staged['key']} {staged['findings']}")
    server.activate(staged, commit=True)
    made = server.post("request", renew=True, **{"key-type": "ec-p256"})
    check(made["names"] == staged["certificate"]["names"], f"{made['names']}")
    check(made["subject"] == staged["certificate"]["subject"], f"{made['subject']}")
    # The present key again, as with a chain that was incomplete.
    alone = server.post("upload", pem=cert)
    check(alone["key"] == "present", f"{alone['key']} {alone['findings']}")
    renewed = server.post("upload", pem=sign(made["pem"]) + (AT / "sub.pem").read_text())
    check(renewed["names-lost"] == [] and "names-lost" not in ids(renewed["findings"]), f"{renewed}")
    server.activate(renewed, commit=True)
    check(shown(SIP) == print_of(renewed["certificate"]["pem"]), "another one is shown")


def pkcs12_and_der_are_taken(one):
    server = Identity(one, "sip-server")
    cert = issue(f"/CN={HOST}", GOOD)
    (AT / "own.pem").write_text(cert)
    for more in ((), ("-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES")):
        p12 = openssl("pkcs12", "-export", *more, "-in", AT / "own.pem", "-inkey", AT / "own.key", "-certfile",
                      AT / "sub.pem", "-passout", "pass:ope\u00f1")
        body = {"pkcs12": base64.b64encode(p12).decode()}
        refused(400, lambda: server.post("upload", passphrase="wrong", **body), "passphrase")  # noqa: B023
        staged = server.post("upload", passphrase="ope\u00f1", **body)
        check(staged["key"] == "uploaded" and len(staged["chain"]) == 1, f"{staged}")
    server.activate(staged, commit=True)
    check(shown(SIP) == print_of(cert), "another one is shown")
    der = base64.b64encode(ssl.PEM_cert_to_DER_cert(cert)).decode()
    key = base64.b64encode(openssl("pkey", "-in", AT / "own.key", "-outform", "DER")).decode()
    staged = server.post("upload", der=der, key=key)
    check(staged["key"] == "uploaded" and "chain-incomplete" in ids(staged["findings"]), f"{staged}")
    p7 = openssl("crl2pkcs7", "-nocrl", "-certfile", AT / "own.pem", "-certfile", AT / "sub.pem", "-outform", "DER")
    staged = server.post("upload", der=base64.b64encode(p7).decode())
    check(staged["key"] == "present" and len(staged["chain"]) == 1, f"{staged}")
    # With the key that is there: first without its chain, then with it.
    alone = server.post("upload", pem=cert)
    server.activate(alone, commit=True)
    check(server.get()["chain"] == [] and shown(SIP) == print_of(cert), "the chain stayed")
    server.activate(server.post("upload", der=base64.b64encode(p7).decode()), commit=True)
    check(len(server.get()["chain"]) == 1 and shown(SIP) == print_of(cert), "the chain is not there")


def helper_of(one):
    """Pid of the key helper at work."""
    for entry in pathlib.Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().split() if entry.name.isdigit() else []
            if fields and fields[1].startswith("(turnpike-keys") and int(fields[3]) == one.process.pid:
                return int(entry.name)
        except (OSError, ValueError):
            continue
    return None


def a_killed_helper_takes_nothing_along(one):
    """kill -9 while a key is made: told in words, nothing is pending, and the next one works."""
    client, before = Identity(one, "sip-client"), shown(SIP)
    outcome = []

    def ask():
        try:
            outcome.append(client.post("request", replace=True, **{"key-type": "rsa-4096"}))
        except ApiError as error:
            outcome.append(error)
    for _ in range(20):  # a key may be found at once
        asking = threading.Thread(target=ask)
        asking.start()
        pid = wait_until(lambda: helper_of(one) or outcome, 10, "no helper is started", 0.005)
        if isinstance(pid, int):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        asking.join()
        if isinstance(outcome[-1], ApiError):
            break
        one.admin.delete(client.path + "/request")
        outcome.clear()
    check(isinstance(outcome[-1], ApiError), "the helper was never killed in time")
    check(outcome[-1].status == 500 and "signal 9" in outcome[-1].body, f"{outcome[-1]}")
    check(client.get()["request"] is None and shown(SIP) == before, "something is left of it")
    client.post("request", **{"key-type": "ec-p256"})
    one.admin.delete(client.path + "/request")


def row_58_the_web_interface_and_its_api_are_the_way(one):
    """A logged-in browser does all of it; a file laid beside the state is nothing."""
    visitor = one.visitor
    path = "/api/v1/identities/sip-server"
    status, _, made = visitor.call("POST", f"{path}/request", {"key-type": "ec-p256"})
    check(status == 201, f"{status} {made}")
    status, _, staged = visitor.call("POST", f"{path}/upload", {"pem": sign(made["pem"]) + (AT / "sub.pem").read_text()})
    check(status == 200 and not staged["refused"], f"{status} {staged}")
    status, _, done = visitor.call("POST", f"{path}/activate", {
        "staged": staged["staged"], "accept": staged["accept-needed"], "commit": True})
    check(status == 200 and shown(SIP) == print_of(staged["certificate"]["pem"]), f"{status} {done}")
    before = one.admin.get("/api/v1/trust")["certificates"]
    for name in ("trusted-ca.pem", "list.crl"):
        (one.state / name).write_text((AT / "root.pem").read_text())
    check(one.admin.get("/api/v1/trust")["certificates"] == before, "a file beside the state is trusted")
    one.admin.call("DELETE", path + "/certificate?commit=true")


def the_shell_does_the_same(one):
    """turnpikectl: list, request, upload, activate."""
    def ctl(*args, status=0):
        done = subprocess.run([str(BIN / "turnpikectl"), "--socket", str(one.state / "run" / "admin.sock"),
                               "identity", *map(str, args)], capture_output=True, text=True, check=False)
        check(done.returncode == status, f"{args}: {done.returncode} {done.stdout} {done.stderr}")
        return done.stdout + done.stderr
    csr = ctl("request", "traversal-server")
    (AT / "ctl.pem").write_text((AT / "sub.pem").read_text() + sign(csr, 90, "subjectAltName=DNS:edge.other\n"))
    check(re.search("traversal-server.*pending", ctl("list")), ctl("list"))
    said = ctl("upload", "traversal-server", AT / "ctl.pem")
    check("warn    names-lost" in said, said)
    check("names that this one lacks" in ctl("activate", "traversal-server", status=1), "not accepted, but taken")
    check("is in force" in ctl("activate", "traversal-server", "--accept", "names-lost"), "activate")
    check(re.search("traversal-server +edge.lab.example +CN=Lab sub.* yes", ctl("list")), ctl("list"))
    ctl("upload", "../../x", AT / "ctl.pem", status=2)


def wish_3_broken_uploads_change_nothing(one):
    server = Identity(one, "sip-server")
    before = shown(SIP), one.admin.get("/api/v1/config/status")
    good = issue(f"/CN={HOST}", GOOD)
    for body in ({"pem": ""}, {"pem": "no certificate"}, {"pem": good[:400] + "\n-----END CERTIFICATE-----\n"},
                 {"der": "AAAA"}, {"der": "not base64!"}, {"pkcs12": "MIIB"}, {}, {"pem": 5},
                 {"pem": good, "key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
                 {"pem": good * 25 + "x" * 300000}, {"pkcs12": "A" * 120000}):
        refused(400, lambda body=body: server.post("upload", **body))
    refused(404, lambda: one.admin.post("/api/v1/identities/nobody/upload", {}))
    check((shown(SIP), one.admin.get("/api/v1/config/status")) == before, "something changed")


def wish_1_connections_go_on_over_a_new_certificate(one):
    """Who is connected stays, on the web interface and in SIP; the next one sees the new."""
    one.admin.put("turnpike-sip:sip/registrar", {
        "domain": ["lab.example"], "realm": "lab.example", "account": [{"name": "a", "password": "secret-1"}]})
    one.admin.commit("a registrar")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sip = context.wrap_socket(socket.create_connection(SIP, 10))

    def register(number, proof=""):
        text = (f"REGISTER sip:lab.example SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.4.1:5061;branch=z9hG4bK{number}\r\n"
                f"From: <sip:a@lab.example>;tag=1\r\nTo: <sip:a@lab.example>\r\nCall-ID: identities\r\n"
                f"CSeq: {number} REGISTER\r\nMax-Forwards: 70\r\nContact: <sips:a@127.0.4.1:5061>\r\n{proof}"
                f"Content-Length: 0\r\n\r\n")
        sip.sendall(text.encode())
        return sip.recv(65536).decode()

    def proof(challenge):
        wanted = re.search(r"WWW-Authenticate: (.*SHA-256.*)", challenge).group(1)
        nonce = re.search('nonce="([^"]+)"', wanted).group(1)

        def h(text):
            return hashlib.sha256(text.encode()).hexdigest()
        answer = h(f"{h('a:lab.example:secret-1')}:{nonce}:00000001:c0:auth:{h('REGISTER:sip:lab.example')}")
        return (f'Authorization: Digest username="a", realm="lab.example", nonce="{nonce}", uri="sip:lab.example", '
                f'algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c0", response="{answer}"\r\n')

    check("200 OK" in register(2, proof(register(1))), "the phone cannot register")
    default = Identity(one, "default")
    for name in ("sip-server", "web-server"):
        if Identity(one, name).get()["configured"]:
            one.admin.call("DELETE", f"/api/v1/identities/{name}/certificate?commit=true")
    before = shown(SIP), shown(WEB)
    staged = default.post("upload", pem=issue(f"/CN={HOST}", GOOD) + (AT / "sub.pem").read_text(),
                          key=(AT / "own.key").read_text())
    web = http.client.HTTPSConnection(*WEB, timeout=10, context=context)

    def visit():
        web.request("GET", "/api/v1/session")
        return web.getresponse().read()
    visit()
    web.auto_open = 0  # this connection and no other
    default.activate(staged, commit=True)
    check(b'"csrf"' in visit(), "the web connection did not go on")
    web.close()
    after = print_of(staged["certificate"]["pem"])
    check(before[0] != after and shown(SIP) == after and shown(WEB) == after, "the next one sees the old one")
    check("200 OK" in register(4, proof(register(3))), "the phone's connection did not go on")
    check(one.admin.get("/api/v1/registrations")["total"] == 1, "the registration is lost")
    sip.close()


run([set_up, row_71_the_first_certificate_is_a_temporary_one, row_219_what_takes_long_is_named_before_day_zero,
     row_40_and_69_and_79_each_service_has_identities_and_requests_of_its_own,
     row_53_and_70_an_authoritys_certificate_takes_the_place_of_the_first, row_219_what_came_is_ready, row_30_elliptic_curves_and_sha_2,
     row_54_a_request_is_made_on_the_box_and_its_certificate_taken, row_55_wrong_key_is_refused,
     row_73_and_wish_4_server_and_client_identities_of_their_own, row_56_dsa_is_refused_and_rsa_is_proposed,
     row_57_and_72_weak_and_strange_certificates_are_named,
     warnings_have_to_be_accepted_by_name, row_76_multi_server_names, row_77_names_from_a_txt_file,
     row_74_and_80_one_certificate_with_the_names_of_all_nodes, wish_20_a_request_says_when_its_names_are_too_long,
     wish_7_renew_with_same_names, row_58_the_web_interface_and_its_api_are_the_way, pkcs12_and_der_are_taken, the_shell_does_the_same,
     a_killed_helper_takes_nothing_along, wish_3_broken_uploads_change_nothing,
     wish_1_connections_go_on_over_a_new_certificate], One(WEB, through=PRIVATE))
