#!/usr/bin/env python3
"""The secure traversal test of a core: what it says of a good edge, and of each thing that can be
wrong. It disturbs nothing: the link that stands goes on through all of it."""
import contextlib
import subprocess
import sys
import threading

import cases
from admin import ApiError
from cases import check
from lab import ADDRESS, EDGE, TOP, Lab, tool

FAKE_PORT = 7777
STEPS = ["resolve", "connect", "tls", "edge-chain", "edge-name", "revocation", "own-name",
         "acceptance", "clock"]


def ask(lab, **changes):
    question = {"address": ADDRESS["edge-dmz"], "port": 7001, "verify-name": "core.lab.test",
                "edge-name": "edge.lab.test", **changes}
    answer = lab.core.admin.post("/api/v1/traversal-test", question)
    check([s["step"] for s in answer["steps"]] == STEPS, f"other steps than promised: {answer}")
    return answer, {s["step"]: s for s in answer["steps"]}


def expect(lab, step, result, words, *, remedy="", **changes):
    """The step has this result with one of the words; every failed or doubtful step has a remedy."""
    answer, steps = ask(lab, **changes)
    seen = steps[step]
    print(f"  {step}: {seen['result']}: {seen['text']} -- {seen['remedy']}")
    check(seen["result"] == result, f"{step} is not '{result}': {answer}")
    check(words in seen["text"], f"{step} does not say '{words}': {seen}")
    check(remedy in seen["remedy"], f"no word of '{remedy}' in: {seen}")
    for other in answer["steps"]:
        check(other["result"] in ("ok", "not-reached") or other["remedy"], f"no remedy: {other}")
    check((answer["result"] == "fail") == any(s["result"] == "fail" for s in answer["steps"]),
          f"the verdict does not fit: {answer}")
    return steps


@contextlib.contextmanager
def changed(lab, side, path, value):
    """The setting with another value (None: deleted), and put back."""
    before = side.admin.running(f"{path}?with-defaults=explicit")
    entry = next(iter(before.values()))
    entry = entry[0] if isinstance(entry, list) else entry
    if value is None:
        side.admin.delete(f"/restconf/ds/candidate/{path}")
    else:
        side.admin.put(path, {**entry, **value})
    side.admin.commit("make it wrong")
    try:
        yield
    finally:
        side.admin.put(path, entry)
        side.admin.commit("make it right")


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"openssl {args}: {done.stderr}")


def certificate(lab, name, days, more=""):
    """A CA and a leaf for edge.lab.test; returns the files."""
    ca, ca_key, key, leaf, request, extensions = (
        lab.folder / f"{name}{end}" for end in
        ("-ca.pem", "-ca.key", ".key", ".pem", ".csr", ".ext"))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-subj", f"/CN={name} CA",
            "-days", 30)
    openssl("req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=edge.lab.test")
    extensions.write_text("subjectAltName=DNS:edge.lab.test\nextendedKeyUsage=serverAuth,clientAuth\n"
                          "basicConstraints=CA:false\nkeyUsage=digitalSignature\n"
                          "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" + more)
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-days", days,
            "-extfile", extensions, "-out", leaf)
    return ca, leaf, key


@contextlib.contextmanager
def fake_edge(lab, *args):
    child = lab.spawn(EDGE, sys.executable, TOP / "tests/e2e/fake_edge.py", ADDRESS["edge-dmz"],
                      FAKE_PORT, *args, stdout=subprocess.PIPE, text=True)
    check(child.stdout.readline().strip() == "ready", "the fake edge did not start")
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        lab.children.remove(child)


def row_11_a_good_edge_passes_every_step(lab):
    connects = lab.core.zone("edge")["connects"], lab.edge.zone("core")["connects"]
    answer, steps = ask(lab)
    print("  " + "\n  ".join(f"{s['step']}: {s['result']}: {s['text']}" for s in answer["steps"]))
    check(answer["result"] == "ok", f"not all is well: {answer}")
    check(all(steps[s]["result"] == "ok" for s in STEPS if s != "revocation"), f"{answer}")
    check("TLSv1.3" in steps["tls"]["text"], f"no TLS version: {steps['tls']}")
    for side, zone, before in ((lab.core, "edge", connects[0]), (lab.edge, "core", connects[1])):
        check(side.zone(zone)["state"] == "up" and side.zone(zone)["connects"] == before,
              f"the test disturbed the link: {side.zone(zone)}")


def row_11_turnpikectl_shows_it_and_tells_by_its_status(lab):
    def ctl(*args):
        return subprocess.run([tool("turnpikectl"), "--state", lab.core.state, "traversal-test", *args],
                              capture_output=True, text=True, check=False)
    good = ctl(ADDRESS["edge-dmz"], "7001", "core.lab.test", "edge.lab.test")
    check(good.returncode == 0 and "acceptance" in good.stdout, f"{good}")
    bad = ctl(ADDRESS["edge-dmz"], "7001", "core.lab.test", "other.lab.test")
    check(bad.returncode == 1 and "other.lab.test" in bad.stdout, f"{bad}")


def row_11_wrong_name_of_the_edge(lab):
    steps = expect(lab, "edge-name", "fail", "other.lab.test", remedy="verify name",
                   **{"edge-name": "other.lab.test"})
    check(steps["edge-chain"]["result"] == "ok", f"the chain is blamed for the name: {steps}")


def row_11_our_certificate_lacks_the_verify_name(lab):
    expect(lab, "own-name", "fail", "other.lab.test", remedy="verify name",
           **{"verify-name": "other.lab.test"})


def row_11_the_edge_wants_another_name_of_us(lab):
    with changed(lab, lab.edge, "turnpike-zone:zones/zone=core", {"verify-name": "other.lab.test"}):
        expect(lab, "acceptance", "fail", "name does not match", remedy="verify name")
    lab.wait_link(60)


def row_11_unknown_authority_of_the_edge(lab):
    name = lab.core.admin.get("/api/v1/identity")["trusted"][0]["name"]
    with changed(lab, lab.core, f"turnpike-tls:tls/trusted-ca={name}", None):
        steps = expect(lab, "edge-chain", "fail", "issuer unknown", remedy="trusted CAs of this core")
        check(steps["edge-name"]["result"] == "not-reached", f"{steps}")
        check(lab.core.zone("edge")["state"] == "up", "the link that stood fell with the authority")
    lab.wait_link(60)


def row_11_unknown_authority_of_the_core(lab):
    with changed(lab, lab.edge, "turnpike-tls:tls/trusted-ca=core-ca", None):
        expect(lab, "acceptance", "fail", "issuer unknown", remedy="trusted CAs of the edge")
    lab.wait_link(60)


def row_11_expired_certificate_of_the_edge(lab):
    ca, leaf, key = certificate(lab, "expired", -1)
    lab.core.admin.put("turnpike-tls:tls/trusted-ca=fake", {"name": "fake", "certificate": ca.read_text()})
    lab.core.admin.commit("trust the fake edge's CA")
    with fake_edge(lab, leaf, key):
        expect(lab, "edge-chain", "fail", "expired on", remedy="valid now", port=FAKE_PORT)


@contextlib.contextmanager
def revocation(lab, **switches):
    lab.core.admin.put("turnpike-tls:tls/revocation/sip", {
        "mode": "on", "use-ocsp": False, "use-crls": False, "fallback": "treat-as-revoked", **switches})
    lab.core.admin.commit("check for revocation")
    try:
        yield
    finally:
        lab.core.admin.put("turnpike-tls:tls/revocation/sip", {"mode": "off"})
        lab.core.admin.commit("no check for revocation")


def row_11_revocation_as_far_as_the_link_checks_it(lab):
    """By lists in memory at once; by a responder with the connection held meanwhile."""
    with revocation(lab, **{"use-crls": True}):
        steps = expect(lab, "revocation", "fail", "We refuse", remedy="Revocation page")
        check(steps["edge-chain"]["result"] == "ok", f"the chain is blamed for the lists: {steps}")
    with revocation(lab, **{"use-crls": True, "fallback": "treat-as-not-revoked"}):
        expect(lab, "revocation", "ok", "Nothing that was asked")
    nobody = f"authorityInfoAccess=OCSP;URI:http://{ADDRESS['edge-dmz']}:7999/\n"
    ca, leaf, key = certificate(lab, "held", 30, nobody)
    lab.core.admin.put("turnpike-tls:tls/trusted-ca=fake", {"name": "fake", "certificate": ca.read_text()})
    with fake_edge(lab, leaf, key), revocation(lab, **{"use-ocsp": True}):
        steps = expect(lab, "revocation", "fail", "We refuse", remedy="responders", port=FAKE_PORT)
        check(steps["tls"]["result"] == "ok" and steps["edge-name"]["result"] == "ok", f"{steps}")


def row_11_clock_of_the_edge_is_off(lab):
    ca, leaf, key = certificate(lab, "clock", 30)
    lab.core.admin.put("turnpike-tls:tls/trusted-ca=fake", {"name": "fake", "certificate": ca.read_text()})
    lab.core.admin.commit("trust the fake edge's CA")
    with fake_edge(lab, leaf, key, "", 600):
        expect(lab, "clock", "warn", "ahead of ours", remedy="NTP", port=FAKE_PORT)


def row_11_no_tls_version_in_common(lab):
    _, leaf, key = certificate(lab, "old", 30)
    with fake_edge(lab, leaf, key, "TLSv1_1"):
        steps = expect(lab, "tls", "fail", "handshake failed", remedy="lowest TLS version", port=FAKE_PORT)
        check(steps["connect"]["result"] == "ok", f"{steps}")


def row_11_nothing_listens(lab):
    steps = expect(lab, "connect", "fail", "refused", remedy="port", port=7999)
    check(steps["tls"]["result"] == "not-reached" and steps["resolve"]["result"] == "ok", f"{steps}")


def row_11_the_name_has_no_address(lab):
    steps = expect(lab, "resolve", "fail", "", remedy="name servers", address="no-such-edge.invalid")
    check(steps["connect"]["result"] == "not-reached", f"{steps}")


def refused(status, call):
    try:
        call()
    except ApiError as fault:
        check(fault.status == status, f"refused with {fault.status}: {fault.body}")
        return
    check(False, f"not refused with {status}")


def row_11_one_at_a_time_and_only_from_a_core(lab):
    refused(409, lambda: lab.edge.admin.post("/api/v1/traversal-test", {"address": "192.0.2.9"}))
    refused(400, lambda: lab.core.admin.post("/api/v1/traversal-test", {"address": ""}))
    refused(400, lambda: lab.core.admin.post("/api/v1/traversal-test", {"address": "a", "port": 0}))
    seen = []
    with fake_edge(lab, "silent") as fake:
        first = threading.Thread(target=lambda: seen.append(ask(lab, port=FAKE_PORT)))
        first.start()
        cases.wait_until(lambda: connected(lab), 5, "no connection to the silent edge")
        refused(409, lambda: ask(lab))
        check(not seen, "the first ended before its time")
        fake.kill()
        first.join(20)
    check(seen and seen[0][1]["tls"]["result"] == "fail", f"silence is not told: {seen}")
    check(ask(lab)[0]["result"] == "ok", "the next test does not work")


def connected(lab):
    out = subprocess.run(["ip", "netns", "exec", lab.network.ns(EDGE), "ss", "-Htn", "state", "established",
                          f"sport = :{FAKE_PORT}"], capture_output=True, text=True, check=True)
    return out.stdout.strip()


if __name__ == "__main__":
    cases.run([row_11_a_good_edge_passes_every_step, row_11_turnpikectl_shows_it_and_tells_by_its_status,
               row_11_wrong_name_of_the_edge, row_11_our_certificate_lacks_the_verify_name,
               row_11_the_edge_wants_another_name_of_us, row_11_unknown_authority_of_the_edge,
               row_11_unknown_authority_of_the_core, row_11_expired_certificate_of_the_edge,
               row_11_revocation_as_far_as_the_link_checks_it, row_11_clock_of_the_edge_is_off,
               row_11_no_tls_version_in_common, row_11_nothing_listens, row_11_the_name_has_no_address,
               row_11_one_at_a_time_and_only_from_a_core], Lab())
