#!/usr/bin/env python3
"""Certificates and authorities change under load: what is up stays up, the next handshake is new."""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import cases
from admin import Admin, ApiError
from cases import check, nightly, wait_until
from crl_test import Authority as Issuer, Server
from lab import (ADDRESS, ASAN_BIN, CORE, FAST_BIN, INSIDE, OUTSIDE, SANITIZER, TOP, Lab, check_calls,
                 talk)

CALLS = 1000 if nightly() else 20
REGISTRATIONS = 200 if nightly() else 20
CHANGES = 100 if nightly() else 10
SIP_TLS = 5061


def openssl(*args, **kw):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False, **kw)
    check(done.returncode == 0, f"openssl {args}: {done.stderr}")
    return done.stdout


class Authority:
    """Makes leaves for both halves, each with a serial of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.ca, self.key = folder / "live-ca.pem", folder / "live-ca.key"
        self.count = 0
        openssl("req", "-x509", *self.curve(), "-keyout", self.key, "-out", self.ca, "-subj",
                "/CN=Live CA", "-days", 30)

    @staticmethod
    def curve():
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def crl(self):
        """A list with one serial more than the one before; none of them is in use."""
        config, index, out = self.folder / "live.cnf", self.folder / "live-index", self.folder / "live.crl"
        number = self.folder / "live-number"
        if not config.exists():
            index.touch()
            number.write_text("01\n")
            config.write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={index}\ncrlnumber={number}\n"
                              "default_md=sha256\ndefault_crl_days=7\n")
        with open(index, "a", encoding="ascii") as rows:
            serial = 0x9000 + sum(1 for _ in open(index, encoding="ascii"))
            rows.write(f"R\t301231235959Z\t261101000000Z\t{serial:04X}\tunknown\t/CN=gone {serial}\n")
        openssl("ca", "-gencrl", "-config", config, "-cert", self.ca, "-keyfile", self.key, "-out", out)
        return out.read_text()

    def leaf(self, name, address):
        """(certificate, key, serial) as texts."""
        self.count += 1
        serial = f"{0x1000 + self.count:04X}"
        key, request, leaf, ext = (self.folder / f"live{end}" for end in (".key", ".csr", ".pem", ".ext"))
        openssl("req", *self.curve(), "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        ext.write_text(f"subjectAltName=DNS:{name},IP:{address}\nextendedKeyUsage=serverAuth,clientAuth\n"
                       "basicConstraints=CA:false\nkeyUsage=digitalSignature\nsubjectKeyIdentifier=hash\n"
                       "authorityKeyIdentifier=keyid\n")
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.key, "-days", 30,
                "-set_serial", f"0x{serial}", "-extfile", ext, "-out", leaf)
        return leaf.read_text(), key.read_text(), serial


def serial_of(pem):
    return openssl("x509", "-noout", "-serial", input=pem).strip().split("=")[1]


def shown(lab, where, address, port):
    """The serial that a new TLS connection from there (lab None: from here) is shown."""
    prefix = ["ip", "netns", "exec", lab.network.ns(where)] if lab else []
    done = subprocess.run([*prefix, "openssl", "s_client", "-connect", f"{address}:{port}"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    pem = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", done.stdout, re.S)
    check(pem, f"no certificate at {address}:{port}: {done.stderr}")
    return serial_of(pem.group(0))


def serials(side, service, direction="server"):
    """{serial: row} of one service and side."""
    answer = side.admin.get("/api/v1/tls/serials")
    check(answer["complete"], f"{side.side}: sip does not answer")
    return {r["serial"]: r for r in answer["serials"]
            if r["service"] == service and r["side"] == direction}


def replace(side, authority, number, leaf):
    """One commit: another certificate, one authority more, one less, other ciphers; and a new CRL."""
    certificate, key, _ = leaf
    side.admin.put("turnpike-tls:tls/identity", {"certificate": certificate, "private-key": key})
    side.admin.put(f"turnpike-tls:tls/trusted-ca=extra-{number}",
                   {"name": f"extra-{number}", "certificate": authority.ca.read_text()})
    if number:
        side.admin.delete(f"/restconf/ds/candidate/turnpike-tls:tls/trusted-ca=extra-{number - 1}")
    side.admin.put("turnpike-tls:tls/service/sip", {"preset": "disa" if number % 2 else "recommended"})
    side.admin.commit(f"change {number}")
    if nightly() or number % 3 == 0:
        side.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": authority.crl()})


def trust(lab, authority):
    for side in (lab.edge, lab.core):
        side.admin.put("turnpike-tls:tls/trusted-ca=live",
                       {"name": "live", "certificate": authority.ca.read_text()})
        side.admin.put("turnpike-tls:tls/revocation/sip", {"mode": "on", "use-ocsp": False})
        side.admin.commit("trust the CA of what comes")


def add_accounts(lab):
    registrar = lab.edge.admin.running("turnpike-sip:sip/registrar?with-defaults=explicit")
    registrar = next(iter(registrar.values()))
    registrar["account"] += [{"name": f"reg-{n}", "password": "r-secret"} for n in range(REGISTRATIONS)]
    lab.edge.admin.put("turnpike-sip:sip/registrar", registrar)
    lab.edge.admin.commit("phones that only register")


def start_registrations(lab):
    child = lab.spawn(OUTSIDE, sys.executable, TOP / "tests/e2e/tls_phones.py", ADDRESS["edge-outside"],
                      SIP_TLS, "outside.test", lab.folder / "edge-ca.pem", "edge.lab.test", "r-secret",
                      REGISTRATIONS, stdout=subprocess.PIPE, text=True)
    return child


def end_registrations(lab, child):
    child.terminate()
    out, _ = child.communicate(timeout=60)
    lab.children.remove(child)
    return json.loads(out)


BROWSER = """
import http.client, signal, ssl, sys, time
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = http.client.HTTPSConnection(sys.argv[1], 7443, timeout=20, context=context)
ending = []
signal.signal(signal.SIGTERM, lambda *_: ending.append(1))
connection.connect()
first, asked = connection.sock.getsockname(), 0
while not ending:
    connection.request("GET", "/api/v1/session")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read()
    assert connection.sock and connection.sock.getsockname() == first, "it was another connection"
    asked += 1
    if asked == 1:
        print("ready", flush=True)
    time.sleep(0.25)
print(asked, flush=True)
"""


def start_browser(lab):
    """Asks again and again over one HTTPS connection."""
    child = lab.spawn(OUTSIDE, sys.executable, "-c", BROWSER, ADDRESS["edge-outside"],
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    check(child.stdout.readline().strip() == "ready", "the browser gets no answer")
    return child


def end_browser(lab, child):
    child.terminate()
    out, err = child.communicate(timeout=30)
    lab.children.remove(child)
    check(child.returncode == 0 and int(out) > 3, f"the HTTPS connection was disturbed: {out} {err}")


def start_calls(lab):
    """Half of them each way, over TLS on both sides, until SIGTERM. Many of them send little audio
    each: what is looked at here is not how much the machine can relay."""
    half = CALLS // 2
    return lab.start_calls(
        [lab.phone(OUTSIDE, transport="tls"), lab.phone(INSIDE, transport="tls")],
        [f"outside:inside,count={half},rate=20,seconds=900",
         f"inside:outside,count={half},rate=20,seconds=900"], packet_ms=200 if nightly() else None)


def established(side):
    return side.status()["calls-active"]


def check_handshakes(lab, edge_serial, core_serial):
    """SIP and web on both, and the traversal port, show what was just committed."""
    for where, address, port, wanted in (
            (OUTSIDE, "edge-outside", SIP_TLS, edge_serial), (CORE, "edge-dmz", 7001, edge_serial),
            (OUTSIDE, "edge-outside", 7443, edge_serial), (INSIDE, "core-inside", SIP_TLS, core_serial),
            (INSIDE, "core-inside", 7443, core_serial)):
        seen = shown(lab, where, ADDRESS[address], port)
        check(seen == wanted, f"{address}:{port} shows serial {seen}, committed was {wanted}")


def wish_1_and_13_calls_and_registrations_do_not_notice(lab):
    authority = Authority(lab.folder)
    add_accounts(lab)
    trust(lab, authority)
    leaves = [(authority.leaf("edge.lab.test", ADDRESS["edge-dmz"]),
               authority.leaf("core.lab.test", ADDRESS["core-dmz"])) for _ in range(CHANGES)]
    first = next(iter(serials(lab.edge, "sip")))
    connects = [side.zone(zone)["connects"] for side, zone in ((lab.edge, "core"), (lab.core, "edge"))]
    phones = start_registrations(lab)
    check(phones.stdout.readline().strip() == "ready", "the registering phones did not start")
    browser = start_browser(lab)
    calls = start_calls(lab)
    wait_until(lambda: established(lab.core) >= CALLS, 60, f"{CALLS} calls were not set up")
    start = time.monotonic()
    for number, (edge, core) in enumerate(leaves):
        replace(lab.edge, authority, number, edge)
        replace(lab.core, authority, number, core)
        if number % 5 == 0 or number == CHANGES - 1:
            check_handshakes(lab, edge[2], core[2])
    print(f"  {2 * CHANGES} commits in {time.monotonic() - start:.1f} s under {established(lab.core)} calls")
    check(established(lab.core) >= CALLS, f"only {established(lab.core)} calls are left")
    rows = serials(lab.edge, "sip")
    print("  " + ", ".join(f"{s}: {r['connections']}" for s, r in rows.items()))
    check(rows[first]["connections"] == REGISTRATIONS + 1 and not rows[first]["current"],
          f"the connections with the first certificate are not told: {rows}")
    check(rows[leaves[-1][0][2]]["current"], f"the last certificate is not the one in force: {rows}")
    check(serials(lab.edge, "web")[first]["connections"] == 1, f"web: {serials(lab.edge, 'web')}")
    link = serials(lab.core, "traversal", "client")
    check(sum(r["connections"] for r in link.values()) == 1, f"the link is not counted: {link}")
    check(lab.edge.admin.get("/api/v1/registrations?limit=500")["total"] >= REGISTRATIONS,
          "registrations are missing")
    calls.terminate()
    check_calls(lab.finish_calls(calls), CALLS, "outside", "inside")
    end_browser(lab, browser)
    report = end_registrations(lab, phones)
    check(not report["trouble"] and report["refreshed"] >= 3, f"registrations were disturbed: {report}")
    for (side, zone), before in zip(((lab.edge, "core"), (lab.core, "edge")), connects):
        check(side.zone(zone)["state"] == "up" and side.zone(zone)["connects"] == before,
              f"the link was disturbed: {side.zone(zone)}")
    wait_until(lambda: first not in serials(lab.edge, "sip"), 10,
               "the first serial is shown though its last connection has ended")


def kill_during_a_certificate_commit(lab):
    """Whichever certificate wins, all services and the configuration agree on it."""
    authority = Authority(lab.folder)
    trust(lab, authority)
    calls = lab.start_calls([lab.phone(OUTSIDE), lab.phone(INSIDE)],
                            [f"outside:inside,count=2,seconds=900"])
    wait_until(lambda: established(lab.edge) >= 2, 15, "no calls")
    for turn in range(10 if nightly() else 2):
        for process in ("admin", "sip"):
            commit_and_kill(lab, authority, process)
    calls.terminate()
    report = lab.finish_calls(calls)
    check(report["failed"] == 0, f"calls ended: {report['failures']}")
    for name in ("outside", "inside"):
        check(talk(report, name)["lost"] <= 5, f"audio was lost: {talk(report, name)}")


def commit_and_kill(lab, authority, process):
    certificate, key, serial = authority.leaf("edge.lab.test", ADDRESS["edge-dmz"])
    pid = lab.edge.pid(process)

    def commit():
        with contextlib.suppress(OSError, ApiError, ValueError):
            lab.edge.admin.put("turnpike-tls:tls/identity", {"certificate": certificate, "private-key": key})
            lab.edge.admin.commit("killed meanwhile")
    worker = threading.Thread(target=commit)
    worker.start()
    time.sleep(random.uniform(0.0, 0.12))
    os.kill(pid, signal.SIGKILL)
    worker.join(90)
    lab.edge.wait_admin(15)

    def agreed():
        with contextlib.suppress(OSError, ApiError, AssertionError, subprocess.TimeoutExpired):
            running = lab.edge.admin.running("turnpike-tls:tls/identity?with-defaults=explicit")
            wanted = serial_of(next(iter(running.values()))["certificate"])
            ports = [shown(lab, OUTSIDE, ADDRESS["edge-outside"], port) for port in (SIP_TLS, 7443)]
            return ports == [wanted, wanted] and wanted
        return None
    won = wait_until(agreed, 20, f"after kill -9 of {process}: configuration and services do not agree")
    print(f"  {process} killed: {'the new' if won == serial else 'the old'} certificate is in force")
    with contextlib.suppress(ApiError):
        lab.edge.admin.post("/api/v1/config/discard")
    lab.wait_link(20)


class SmallDisk:
    """One appliance whose state folder is a small disk, mounted where only it and we can see it."""

    ADDRESS = "127.0.7.10"

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="disk-", dir=Lab.runs()))
        os.chmod(self.folder, 0o755)
        state = self.folder / "state"
        state.mkdir()
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c",
                 'mount -t tmpfs -o size=16m,mode=755 tmpfs "$0" && exec "$@"', state,
                 ASAN_BIN / "turnpiked", "--state", state, "--run", self.folder / "run",
                 "--web", f"{self.ADDRESS}:7443"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.disk = pathlib.Path(f"/proc/{self.process.pid}/root{state}")
        self.admin = Admin(str(self.folder / "run" / "admin.sock"))
        try:
            wait_until(self.answers, 30, "the appliance does not answer")
            self.admin.post("/api/v1/setup/complete", {
                "role": "edge", "host-name": "disk.test", "peer": None,
                "networks": [{"name": "lan", "address": self.ADDRESS}]})
        except AssertionError:
            print(self.log.read_text(errors="replace")[-4000:])
            self.process.kill()
            raise
        return self

    def answers(self):
        check(self.process.poll() is None, "turnpiked has ended")
        with contextlib.suppress(OSError, ApiError, ValueError):
            return self.admin.get("/api/v1/session") and self.admin.get("/api/v1/config/status")

    def fill(self, left):
        """All but so many bytes."""
        with open(self.disk / "filler", "ab", buffering=0) as filler:
            with contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(4096))
            filler.truncate(filler.tell() - left)

    def serials(self):
        return [shown(None, None, self.ADDRESS, port) for port in (SIP_TLS, 7443)]

    def __exit__(self, *_):
        self.process.terminate()
        try:
            status = self.process.wait(20)
        finally:
            self.process.kill()
        text = self.log.read_text(errors="replace")
        check(status == 0 and not SANITIZER.search(text), f"turnpiked ended with {status}:\n{text[-4000:]}")
        shutil.rmtree(self.folder, ignore_errors=True)


def try_certificate(one, authority):
    """(words of the refusal or None, serial)."""
    certificate, key, serial = authority.leaf("disk.test", one.ADDRESS)
    try:
        one.admin.put("turnpike-tls:tls/identity", {"certificate": certificate, "private-key": key})
        one.admin.commit("perhaps no room for it")
    except ApiError as fault:
        with contextlib.suppress(ApiError):
            one.admin.post("/api/v1/config/discard")
        return fault.body, serial
    return None, serial


def wish_3_full_disk_refuses_a_certificate_and_serves_on(_lab):
    """At whichever step the room runs out: all of the change is there, or nothing of it."""
    with SmallDisk() as one:
        authority = Authority(one.folder)
        before = one.serials()
        for left in (0, 16384, 28672, 40960, 53248):
            one.fill(left)
            words, serial = try_certificate(one, authority)
            print(f"  {left} bytes left: {words or 'committed'}")
            check(left or words, "committed without room for it")
            check(not words or "full" in words or "space" in words, f"refused without a reason: {words}")
            wanted = before if words else [serial, serial]
            check(one.serials() == wanted, f"half a change: {one.serials()} instead of {wanted}")
            running = one.admin.running("turnpike-tls:tls/identity?with-defaults=explicit")
            check(serial_of(next(iter(running.values()))["certificate"]) == wanted[0],
                  "the configuration shows what is not in force")
            before = wanted
            (one.disk / "filler").unlink()
        words, serial = try_certificate(one, authority)
        check(not words and one.serials() == [serial, serial], f"with room again: {words} {one.serials()}")


def wish_3_full_disk_keeps_the_lists_in_use(_lab):
    """A list for which there is no room is not taken, by download or upload; the one before counts."""
    with SmallDisk() as one:
        issuer = Issuer(one.folder, "First")
        point = Server(one.ADDRESS, 8088)
        point.files["/a.crl"] = ("file", issuer.crl([5, 6], since=-0.9))
        one.admin.put("turnpike-tls:tls/trusted-ca=First", {"name": "First", "certificate": issuer.pem.read_text()})
        one.admin.put("turnpike-tls:tls/revocation/crl/automatic", {
            "enabled": True, "url": [f"http://{one.ADDRESS}:8088/a.crl"], "allow-host": [one.ADDRESS]})
        one.admin.commit("a distribution point")

        def updated():
            seen = one.admin.get("/api/v1/revocation/crls")
            done = seen["sources"] and not seen["updating"] and seen["sources"][0]["state"] != "waiting"
            return done and seen["sources"][0]

        def again():
            one.admin.post("/api/v1/revocation/crls/update")
            return wait_until(updated, 30, "the update does not end")

        first = wait_until(updated, 30, "no update begins")
        check(first["state"] == "ok" and first["entries"] == 2, f"{first}")
        point.files["/a.crl"] = ("file", issuer.crl(range(1, 5001), since=-0.8))
        upload = issuer.crl(range(1, 5000), since=-0.7).decode()
        for left in (0, 131072):  # none, and enough for the audit log only
            one.fill(left)
            try:
                seen = again()
                check(seen["state"] == "failed", f"taken without room: {seen}")
                words = seen["result"]
            except ApiError as fault:  # not even the record of who asked fits
                check(fault.status == 503 and left == 0, f"{fault}")
                words = fault.body
            print(f"  {left} bytes left: {words}")
            check(updated()["entries"] == 2, "the list before is lost")
            try:
                one.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": upload})
                raise AssertionError("an upload is taken without room for it")
            except ApiError as fault:
                check(fault.status >= 400 and fault.body, f"{fault}")
            check(one.admin.get("/api/v1/revocation/crls")["manual"] is None, "half an upload counts")
            (one.disk / "filler").unlink()
        check(again()["entries"] == 5000, "with room again it is not taken")
        one.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": upload})
        point.shutdown()
        point.server_close()


if __name__ == "__main__":
    cases.run([wish_1_and_13_calls_and_registrations_do_not_notice,
               kill_during_a_certificate_commit, wish_3_full_disk_refuses_a_certificate_and_serves_on,
               wish_3_full_disk_keeps_the_lists_in_use],
              Lab(FAST_BIN if nightly() else None))
