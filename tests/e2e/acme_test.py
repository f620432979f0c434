#!/usr/bin/env python3
"""Certificates by ACME from Debian's pebble: each challenge, accounts bound to a customer, a private
directory, failures in the server's own words, renewal, and what the next handshake shows."""
import contextlib
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import urllib.request

from admin import ApiError
from appliance import One
from cases import check, nightly, run, wait_until

WEB = ("127.0.21.9", 7443)
PEBBLE = "127.0.21.1"
DIRECTORY = f"https://{PEBBLE}:14000/dir"
DNS = f"{PEBBLE}:8053"
DNS_CONTROL = f"http://{PEBBLE}:8055"
HTTP_PORT = 5021
HOST = "edge.lab.example"
EAB_ID, EAB_KEY = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
FOLDER = tempfile.TemporaryDirectory(prefix="acme-")
AT = pathlib.Path(FOLDER.name)
ACME = "turnpike-tls:tls/acme"


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"openssl {args}: {done.stderr}")
    return done.stdout


def make_ca(name):
    """AT/name.pem and .key, and the certificate of the directory's server: name-server.pem."""
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new, "-keyout", AT / f"{name}.key", "-out", AT / f"{name}.pem", "-days", 30,
            "-subj", f"/CN=Lab {name}")
    openssl("req", *new, "-keyout", AT / f"{name}-server.key", "-out", AT / "csr", "-subj", "/CN=pebble")
    (AT / "ext").write_text(f"subjectAltName=IP:{PEBBLE}\n")
    openssl("x509", "-req", "-in", AT / "csr", "-CA", AT / f"{name}.pem", "-CAkey", AT / f"{name}.key",
            "-CAcreateserial", "-days", 30, "-extfile", AT / "ext", "-out", AT / f"{name}-server.pem")
    return (AT / f"{name}.pem").read_text()


class Pebble:
    """One authority; every start is a new one, with a new root."""

    def __init__(self, eab=False, valid_s=None):
        config = {"listenAddress": f"{PEBBLE}:14000", "managementListenAddress": f"{PEBBLE}:15000",
                  "certificate": str(AT / "directory-server.pem"), "privateKey": str(AT / "directory-server.key"),
                  "httpPort": HTTP_PORT, "tlsPort": WEB[1], "ocspResponderURL": "",
                  "externalAccountBindingRequired": eab}
        if eab:
            config["externalAccountMACKeys"] = {EAB_ID: EAB_KEY}
        if valid_s:
            config["certificateValidityPeriod"] = valid_s
        (AT / "pebble.json").write_text(json.dumps({"pebble": config}))
        with open(AT / "pebble.log", "ab") as log:
            self.process = subprocess.Popen(
                ["pebble", "-config", str(AT / "pebble.json"), "-dnsserver", DNS], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0",
                                               "PEBBLE_AUTHZREUSE": "0"})
        self.root = wait_until(self.read_root, 20, "pebble does not answer")

    def read_root(self):
        check(self.process.poll() is None, "pebble has ended")
        context = ssl.create_default_context(cafile=str(AT / "directory.pem"))
        try:
            with urllib.request.urlopen(f"https://{PEBBLE}:15000/roots/0", context=context, timeout=2) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def close(self):
        self.process.kill()
        self.process.wait()


def dns_control(what, **body):
    ask = urllib.request.Request(f"{DNS_CONTROL}/{what}", json.dumps(body).encode())
    with urllib.request.urlopen(ask, timeout=5):
        pass


class Bench(One):
    """The appliance, the DNS and an authority."""

    def __init__(self):
        super().__init__(WEB)
        self.children = []
        self.pebble = None

    def __enter__(self):
        super().__enter__()
        make_ca("directory")
        make_ca("stranger")
        with open(AT / "dns.log", "ab") as log:
            self.children.append(subprocess.Popen(
                ["pebble-challtestsrv", "-defaultIPv4", WEB[0], "-defaultIPv6", "", "-dns01", DNS, "-management",
                 DNS_CONTROL.removeprefix("http://"), "-http01", "", "-https01", "", "-tlsalpn01", ""],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        self.visitor = self.set_up("edge", HOST, "correct horse battery")
        self.authority()
        return self

    def authority(self, **kw):
        """A new one, whose certificates are trusted."""
        if self.pebble:
            self.pebble.close()
        self.pebble = Pebble(**kw)
        self.admin.put("turnpike-tls:tls/trusted-ca=lab", {"name": "lab", "certificate": self.pebble.root})
        self.admin.commit("trust the authority")

    def settle(self, **settings):
        """Other settings, the rest as by default; what came of the order that follows."""
        before = self.acme()["tried-at"]
        whole = {"enabled": True, "directory": DIRECTORY, "directory-ca": (AT / "directory.pem").read_text(),
                 "contact": "admin@lab.example", "http-port": HTTP_PORT, **settings}
        if whole.get("challenge", "http-01") != "http-01":
            del whole["http-port"]
        self.admin.put(ACME, whole)
        self.admin.commit("acme")
        return before

    def result_after(self, before, seconds=30):
        def look():
            acme = self.acme()
            return acme if acme["tried-at"] != before and acme["state"] not in ("working", "idle") else None
        try:
            return wait_until(look, seconds, "no order was made")
        except AssertionError:
            print(self.acme(), self.log.read_text(errors="replace")[-3000:])
            raise

    def request(self):
        before = self.acme()["tried-at"]
        wait_until(lambda: self.acme()["state"] != "working", 10, "an order hangs")
        self.admin.post("/api/v1/acme/request")
        return self.result_after(before)

    def get(self, **settings):
        """A certificate with these settings: asked for now, or by itself as other names are wanted."""
        before = self.settle(**settings)
        with contextlib.suppress(ApiError):
            self.admin.post("/api/v1/acme/request")
        return self.result_after(before)

    def acme(self):
        return self.admin.get("/api/v1/acme")

    def alarm(self):
        alarms = self.admin.get("/api/v1/alarms")["alarms"]
        return next((a for a in alarms if a["code"] == 40030 and not a.get("cleared-at")), None)

    def close(self):
        for child in self.children:
            child.kill()
            child.wait()
        if self.pebble:
            self.pebble.close()
        super().close()


def shown(name=None):
    """What the next handshake shows: the certificate in DER."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(WEB, 5) as tcp, context.wrap_socket(tcp, server_hostname=name) as tls:
        return tls.getpeercert(True)


def trusted_as(root, name):
    """Whether a client that trusts the root and looks for the name goes on."""
    context = ssl.create_default_context(cadata=root)
    with socket.create_connection(WEB, 5) as tcp, context.wrap_socket(tcp, server_hostname=name) as tls:
        return tls.getpeercert()


def row_167_http_01_from_the_wizard_to_the_handshake(bench):
    with socket.create_connection(WEB, 5) as tcp:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(tcp) as old:
            old_certificate = old.getpeercert(True)
            client = http.client.HTTPConnection("edge")
            client.sock = old
            before = bench.settle()

            def look():
                # Who was connected goes on.
                client.request("GET", "/api/v1/session")
                check(client.getresponse().read(), "the old connection is not served")
                check(client.sock is old, "the old connection was cut")
                acme = bench.acme()
                return acme if acme["tried-at"] != before and acme["state"] in ("ok", "failed") else None
            result = wait_until(look, 30, "no order was made", every=0.5)
            check(result["state"] == "ok", f"{result}")
            check(HOST in result["result"] and result["names"] == HOST and result["account"], f"{result}")
            names = [n for _, n in trusted_as(bench.pebble.root, HOST)["subjectAltName"]]
            check(names == [HOST], f"{names}")
            look()
            check(old_certificate != shown(), "the old certificate is shown still")
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection((WEB[0], HTTP_PORT), 2).close()
        raise AssertionError("the port of HTTP-01 stays open after the order")
    check(not bench.alarm(), f"{bench.alarm()}")


HOOK = """#!/bin/sh
# Puts the proof into the DNS of the test, and takes it out.
case $1 in
begin) what=set-txt ;;
*) what=clear-txt ;;
esac
if cat STATE/root.key STATE/run/acme/private/key.pem > /dev/null 2>&1 || touch /tmp/acme-hook 2> /dev/null
then
	echo "a hook can do what it may not"
	exit 1
fi
exec curl -s -d "{\\"host\\":\\"_acme-challenge.$2.\\",\\"value\\":\\"$3\\"}" CONTROL/$what
"""


def put_hook(bench, name, text):
    path = bench.state / "acme-hooks" / name
    path.write_text(text)
    path.chmod(0o755)


def row_168_dns_01_by_a_hook_that_can_do_nothing_else(bench):
    put_hook(bench, "lab-dns", HOOK.replace("STATE", str(bench.state)).replace("CONTROL", DNS_CONTROL))
    names = [HOST, "dns.lab.example"]
    result = bench.get(challenge="dns-01", hook="lab-dns", name=names, accept=["names-lost"])
    check(result["state"] == "ok" and result["names"] == " ".join(names), f"{result}")
    got = [n for _, n in trusted_as(bench.pebble.root, "dns.lab.example")["subjectAltName"]]
    check(sorted(got) == sorted(names), f"{got}")
    put_hook(bench, "broken", "#!/bin/sh\necho the zone is locked\nexit 3\n")
    result = bench.get(challenge="dns-01", hook="broken", name=names)
    check(result["state"] == "failed" and "status 3" in result["result"] and "the zone is locked" in result["result"],
          f"{result}")


def row_168_tls_alpn_01_on_the_port_of_the_web_interface(bench):
    before = shown(HOST)
    result = bench.get(challenge="tls-alpn-01", name=[HOST], accept=["names-lost"])
    check(result["state"] == "ok", f"{result}")
    check(shown(HOST) != before, "the old certificate is shown still")
    # After the order nobody gets a challenge's certificate, nor an answer in that protocol.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["acme-tls/1"])
    with contextlib.suppress(ssl.SSLError, OSError):
        with socket.create_connection(WEB, 5) as tcp, context.wrap_socket(tcp, server_hostname=HOST) as tls:
            check(tls.selected_alpn_protocol() is None, "acme-tls/1 is spoken without an order")


def row_168_a_private_directory_counts_by_its_own_ca_only(bench):
    result = bench.get(**{"directory-ca": (AT / "stranger.pem").read_text()})
    check(result["state"] == "failed" and "no" in result["result"] and "trusted authority" in result["result"],
          f"{result}")
    alarm = wait_until(bench.alarm, 10, "a failure raises no alarm")
    check("trusted authority" in alarm["text"], f"{alarm}")
    # From the list of trusted CAs: one for SIP alone does not count, one for everything does.
    ca = (AT / "directory.pem").read_text()
    for use, state in ((["sip"], "failed"), ([], "ok")):
        bench.admin.put("turnpike-tls:tls/trusted-ca=dir", {"name": "dir", "certificate": ca, "use": use})
        bench.admin.put(ACME, {"enabled": True, "directory": DIRECTORY, "http-port": HTTP_PORT})
        bench.admin.commit("trust the directory")
        result = bench.request()
        check(result["state"] == state, f"{use}: {result}")
    wait_until(lambda: not bench.alarm(), 10, "success does not clear the alarm")
    bench.admin.delete("/restconf/ds/candidate/turnpike-tls:tls/trusted-ca=dir")
    bench.admin.commit("forget the directory's CA")


def row_168_a_failure_is_an_alarm_in_the_servers_own_words(bench):
    dns_control("set-servfail", host="gone.lab.example.")
    result = bench.get(name=["gone.lab.example"], accept=["names-lost"])
    check(result["state"] == "failed" and "The server says:" in result["result"] and
          "urn:ietf:params:acme:error:" in result["result"] and "gone.lab.example" in result["result"],
          f"{result}")
    alarm = wait_until(bench.alarm, 10, "a failure raises no alarm")
    check("gone.lab.example" in alarm["text"] and alarm["subject"] == "ACME", f"{alarm}")
    result = bench.get(accept=["names-lost"], name=[HOST])
    check(result["state"] == "ok", f"{result}")
    wait_until(lambda: not bench.alarm(), 10, "success does not clear the alarm")


def row_168_findings_stop_a_certificate_unless_accepted(bench):
    before = shown()
    result = bench.get(name=["other.lab.example"])
    check(result["state"] == "failed" and "names-lost" in result["result"], f"{result}")
    check(shown() == before, "a certificate with findings is in use")
    result = bench.get(name=[HOST])
    check(result["state"] == "ok" and shown() != before, f"{result}")


def wish_5_pending_changes_delay_the_activation_only(bench):
    before = shown()
    bench.admin.put("turnpike-sip:sip/calls-max", 900)
    result = bench.request()
    check(result["state"] == "waiting" and "pending" in result["result"], f"{result}")
    check(shown() == before, "it is in use")
    check(bench.admin.running("turnpike-sip:sip/calls-max") != {"turnpike-sip:calls-max": 900},
          "the pending change of somebody else was committed")
    bench.admin.post("/api/v1/config/discard")
    wait_until(lambda: bench.acme()["state"] == "ok", 10, "it waits for ever")
    check(shown() != before, "it is not in use")


@contextlib.contextmanager
def arguments_without(secret):
    """No program may be started with it: every user of the machine reads arguments."""
    found, done = set(), threading.Event()

    def look():
        while not done.wait(0.002):
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    line = path.read_bytes()
                    found.update({"uacme"} if b"uacme" in line else ())
                    found.update({"secret"} if secret.encode() in line else ())
    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()
    check("uacme" in found, "the watch has seen nothing of uacme")
    check("secret" not in found, "a key stands in the arguments of a program")


def row_168_an_external_account_is_needed(bench):
    bench.authority(eab=True)
    result = bench.get()
    check(result["state"] == "failed" and "external credentials" in result["result"], f"{result}")
    with arguments_without(EAB_KEY):
        result = bench.get(**{"external-account": {"key-id": EAB_ID, "hmac": EAB_KEY}})
    check(result["state"] == "ok", f"{result}")
    read = json.dumps(bench.admin.running(ACME))
    check(EAB_KEY not in read and "********" in read, read)
    log = bench.log.read_text(errors="replace")
    check(EAB_KEY not in log and "PRIVATE KEY" not in log, "a key stands in the log")
    left = [p for p in (bench.state / "run" / "acme").rglob("*") if p.is_file()]
    check(not left, f"the order left {left}")


def wish_5_it_renews_by_itself_and_activates(bench):
    bench.authority(valid_s=20)
    result = bench.get()  # without the external account, which the new authority does not know
    # The account with the authority before, which this one does not know, did not stop it.
    check(result["state"] == "ok", f"{result}")
    first = shown()
    wait_until(lambda: shown() != first, 25, "it is not renewed", every=0.5)
    bench.admin.put(ACME, {"enabled": False})
    bench.admin.commit("off")
    wait_until(lambda: bench.acme()["state"] == "off", 10, "it stays on")
    try:
        bench.admin.post("/api/v1/acme/request")
        raise AssertionError("a certificate is asked for though ACME is off")
    except ApiError as fault:
        check(fault.status == 409, f"{fault}")


CASES = [row_167_http_01_from_the_wizard_to_the_handshake, row_168_dns_01_by_a_hook_that_can_do_nothing_else,
         row_168_tls_alpn_01_on_the_port_of_the_web_interface]
# uacme waits between two looks at an order, so that each of these takes 5 to 30 s.
SLOW = [row_168_a_private_directory_counts_by_its_own_ca_only,
        row_168_a_failure_is_an_alarm_in_the_servers_own_words,
        row_168_findings_stop_a_certificate_unless_accepted, wish_5_pending_changes_delay_the_activation_only,
        row_168_an_external_account_is_needed, wish_5_it_renews_by_itself_and_activates]

if __name__ == "__main__":
    run(CASES + (SLOW if nightly() else []), Bench())
