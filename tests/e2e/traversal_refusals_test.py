#!/usr/bin/env python3
"""What is wrong with the traversal link is refused, and both halves say why on their Zones page."""
import subprocess

import cases
from cases import check, wait_until
from lab import Lab


def refused(lab, core_words, edge_words):
    """Both sides show the zone as not up, with one of the words in their reason."""
    for side, zone, words in ((lab.core, "edge", core_words), (lab.edge, "core", edge_words)):
        def told(side=side, zone=zone, words=words):
            seen = side.zone(zone)
            return seen["state"] != "up" and any(w in seen["reason"].lower() for w in words)
        try:
            wait_until(told, 20, "reason")
        except AssertionError:
            raise AssertionError(f"{side.side} does not say any of {words}: {side.zone(zone)}") from None
        print(f"  {side.side}: {side.zone(zone)['reason']}")


def zone_entry(side, name):
    answer = side.admin.running(f"turnpike-zone:zones/zone={name}?with-defaults=explicit")
    return next(iter(answer.values()))[0]


def with_zone(lab, side, name, core_words, edge_words, **changes):
    """Commits the zone with the changes, expects the refusal, goes back, expects the link."""
    good = zone_entry(side, name)
    side.admin.put(f"turnpike-zone:zones/zone={name}", {**good, **changes})
    side.admin.commit("make the link wrong")
    try:
        refused(lab, core_words, edge_words)
    finally:
        secret = {"password": "link-secret"} if "password" in changes else {}
        side.admin.put(f"turnpike-zone:zones/zone={name}", {**good, **secret})
        side.admin.commit("make the link right")
    lab.wait_link(60)


def wrong_password(lab):
    words = ["password", "credential"]
    with_zone(lab, lab.core, "edge", words, words, password="not-the-secret")


def wrong_user(lab):
    words = ["password", "credential", "user"]
    with_zone(lab, lab.core, "edge", words, words, user="somebody")


def name_of_the_edge_does_not_match(lab):
    with_zone(lab, lab.core, "edge", ["name"], ["name", "refused", "certificate"],
              **{"verify-name": "other.lab.test"})


def name_of_the_core_does_not_match(lab):
    with_zone(lab, lab.edge, "core", ["name", "refused", "certificate"], ["name"],
              **{"verify-name": "other.lab.test"})


def dial_again(lab):
    """A link that stands goes on whatever becomes of certificates: what counts is the next one."""
    check(lab.core.link_up("edge") and lab.edge.link_up("core"), "the link fell with a change of certificates")
    dial(lab)


def dial(lab):
    for enabled in (False, True):
        lab.core.admin.put("turnpike-zone:zones/zone=edge", {**zone_entry(lab.core, "edge"), "enabled": enabled})
        lab.core.admin.commit("dial again")


def unknown_authority(lab):
    side = lab.core
    trusted = side.admin.get("/api/v1/identity")["trusted"]
    check(len(trusted) == 1, f"one trusted CA expected: {trusted}")
    name = trusted[0]["name"]
    entry = {"name": name, "certificate": (lab.folder / "edge-ca.pem").read_text()}
    words = ["authority", "issuer", "trust", "ca "], ["authority", "trust", "certificate", "ca "]
    side.admin.delete(f"/restconf/ds/candidate/turnpike-tls:tls/trusted-ca={name}")
    side.admin.commit("trust nobody")
    dial_again(lab)
    try:
        refused(lab, *words)
        side.admin.put(f"turnpike-tls:tls/trusted-ca={name}", {**entry, "use": ["sip"]})
        side.admin.commit("trust the edge for SIP, not for the link")
        dial(lab)
        refused(lab, *words)
    finally:
        side.admin.put(f"turnpike-tls:tls/trusted-ca={name}", {**entry, "use": ["traversal"]})
        side.admin.commit("trust the edge again, for the link alone")
    lab.wait_link(60)


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"openssl {args}: {done.stderr}")


def make_expired(folder):
    """A CA and a leaf for the edge that ended yesterday; returns their PEM texts and the key's."""
    key, ca, leaf = folder / "x.key", folder / "xca.pem", folder / "xleaf.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", folder / "xca.key", "-out", ca, "-subj",
            "/CN=Lab CA", "-days", 30)
    openssl("req", *curve, "-keyout", key, "-out", folder / "x.csr", "-subj", "/CN=edge.lab.test")
    (folder / "x.ext").write_text("subjectAltName=DNS:edge.lab.test\n"
                                  "extendedKeyUsage=serverAuth,clientAuth\n")
    openssl("x509", "-req", "-in", folder / "x.csr", "-CA", ca, "-CAkey", folder / "xca.key",
            "-days", "-1", "-extfile", folder / "x.ext", "-out", leaf)
    return ca.read_text(), leaf.read_text(), key.read_text()


def expired_certificate(lab):
    ca, leaf, key = make_expired(lab.folder)
    lab.core.admin.put("turnpike-tls:tls/trusted-ca=lab", {"name": "lab", "certificate": ca})
    lab.core.admin.commit("trust the lab's CA")
    before = lab.edge.admin.running("turnpike-tls:tls/identity?with-defaults=explicit")
    lab.edge.admin.put("turnpike-tls:tls/identity", {"certificate": leaf, "private-key": key})
    lab.edge.admin.commit("an expired certificate")
    dial_again(lab)
    try:
        refused(lab, ["expired"], ["expired", "refused", "certificate"])
    finally:
        revisions = lab.edge.admin.get("/api/v1/config/revisions?limit=2")["revisions"]
        lab.edge.admin.post("/api/v1/config/restore", {"revision": revisions[1]["revision"]})
        lab.edge.admin.commit("the good certificate again")
    check(before, "the edge had no identity")
    lab.wait_link(60)


if __name__ == "__main__":
    cases.run([wrong_password, wrong_user, name_of_the_edge_does_not_match,
               name_of_the_core_does_not_match, unknown_authority, expired_certificate], Lab())
