#!/usr/bin/env python3
"""An administrator sets up a fresh pair in Chromium: wizard on both, the zone, then a live call."""
import json
import os
import subprocess

import cases
from cases import check, wait_until
from lab import ADDRESS, CORE, EDGE, INSIDE, OUTSIDE, TOP, Lab, check_calls, sh

USER, PASSWORD, LINK_PASSWORD = "admin", "a Long phrase 2026", "link-secret-from-browser"
WHERE = {EDGE: (OUTSIDE, "edge-outside"), CORE: (INSIDE, "core-inside")}
NODE = TOP / "build" / "node" / "bin" / "node"


def browse(lab, side, action, **options):
    """Runs one action of browser.mjs in the namespace from which `side` is administered."""
    where, address = WHERE[side]
    options = {"url": f"https://{ADDRESS[address]}:7443", "user": USER, "password": PASSWORD, **options}
    done = subprocess.run(
        ["ip", "netns", "exec", lab.network.ns(where), str(NODE if NODE.exists() else "node"),
         str(TOP / "tests" / "e2e" / "browser.mjs"), action, json.dumps(options)],
        capture_output=True, text=True, timeout=180, check=False,
        env=dict(os.environ, HOME=str(lab.folder)))
    check(done.returncode == 0, f"{side}: {done.stdout}\n{done.stderr}")


def secret(appliance):
    return (appliance.state / "first-login").read_text().strip()


def wizard_sets_up_the_edge(lab):
    browse(lab, EDGE, "wizard", secret=secret(lab.edge), role="edge", hostName="edge.lab.test",
           networks=[{"name": "outside", "address": ADDRESS["edge-outside"]},
                     {"name": "dmz", "address": ADDRESS["edge-dmz"]}])
    (lab.folder / "edge-ca.pem").write_text(lab.edge.admin.get("/api/v1/identity")["ca"])


def wizard_sets_up_the_core_with_the_link(lab):
    browse(lab, CORE, "wizard", secret=secret(lab.core), role="core", hostName="core.lab.test",
           networks=[{"name": "dmz", "address": ADDRESS["core-dmz"]},
                     {"name": "inside", "address": ADDRESS["core-inside"]}],
           peer={"ca": (lab.folder / "edge-ca.pem").read_text(), "address": ADDRESS["edge-dmz"],
                 "port": 7001, "verifyName": "edge.lab.test", "user": "core",
                 "password": LINK_PASSWORD, "name": "edge"})
    (lab.folder / "core-ca.pem").write_text(lab.core.admin.get("/api/v1/identity")["ca"])


def zone_is_made_on_the_edge(lab):
    browse(lab, EDGE, "zone", ca=(lab.folder / "core-ca.pem").read_text(),
           zone="core", type="traversal-server", verifyName="core.lab.test", linkUser="core",
           linkPassword=LINK_PASSWORD, network="dmz")
    lab.wait_link(30)
    browse(lab, CORE, "linkIsUp", zone="edge")


def live_call_is_watched(lab):
    lab.add_phones(lab.edge, "outside.test", "inside.test", "core", {"outside": "auto"})
    lab.add_phones(lab.core, "inside.test", "outside.test", "edge", {"inside": "auto"})
    lab.edge.admin.commit("phones")
    lab.core.admin.commit("phones")
    child = lab.start_calls([lab.phone(OUTSIDE), lab.phone(INSIDE)], ["outside:inside,seconds=60"])
    wait_until(lambda: lab.core.admin.get("/api/v1/calls")["calls"], 15, "no live call")
    browse(lab, CORE, "watchCall")
    child.terminate()
    check_calls(lab.finish_calls(child), 1, "outside", "inside")


def issue(lab, request):
    """What a certificate authority of this test makes of a request."""
    folder = lab.folder / "issuer"
    folder.mkdir()
    (folder / "csr.pem").write_text(request)

    def run(*args):
        return sh("openssl", *args, cwd=folder)

    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
        "-out", "ca.pem", "-days", "400", "-subj", "/CN=Issuer of the browser test",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    (folder / "ext").write_text("basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                                "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\n"
                                "authorityKeyIdentifier=keyid\n")
    names = [w for w in run("req", "-in", "csr.pem", "-noout", "-text").replace(",", " ").split()
             if w.startswith("DNS:")]
    with open(folder / "ext", "a", encoding="ascii") as ext:
        ext.write(f"subjectAltName={','.join(names)}\n")
    run("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "200",
        "-extfile", "ext", "-out", "leaf.pem")
    return (folder / "leaf.pem").read_text() + (folder / "ca.pem").read_text(), names


def row_52_a_certificate_is_requested_uploaded_and_served(lab):
    browse(lab, EDGE, "request", domain="portal.lab.test")
    pending = next(i for i in lab.edge.admin.get("/api/v1/identities")["identities"] if i["id"] == "web-server")
    pem, names = issue(lab, pending["request"]["pem"])
    check("DNS:portal.lab.test" in names, f"the typed domain is not in the request: {names}")
    browse(lab, EDGE, "upload", pem=pem, issuer="Issuer of the browser test")
    where, address = WHERE[EDGE]
    shown = sh("ip", "netns", "exec", lab.network.ns(where), "openssl", "s_client", "-connect",
               f"{ADDRESS[address]}:7443", "-showcerts", input="")
    check("Issuer of the browser test" in shown, f"another certificate is served: {shown[:600]}")


def every_page_is_accessible(lab):
    browse(lab, EDGE, "everyPage")


if __name__ == "__main__":
    cases.run([wizard_sets_up_the_edge, wizard_sets_up_the_core_with_the_link,
               zone_is_made_on_the_edge, live_call_is_watched,
               row_52_a_certificate_is_requested_uploaded_and_served, every_page_is_accessible],
              Lab(configure=False))
