#!/usr/bin/env python3
"""TLS versions and cipher suites of each service, over real connections of other programs. The
clients run at OpenSSL's level 0, so that what is refused is refused by the appliance."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile

from admin import ApiError
from appliance import One
from cases import Skip, check, nightly, run, wait_until

HOST = "127.0.3.41"
WEB, SIP, LINK = 7443, 5061, 7001
MUTUAL = 5062
SERVICES = {"web": WEB, "sip": SIP, "traversal": LINK}
LISTENERS = [*SERVICES.items(), ("sip", MUTUAL)]  # those of the scanners
VERSIONS = ["1.0", "1.1", "1.2", "1.3"]
FLAGS = {"1.0": "-tls1", "1.1": "-tls1_1", "1.2": "-tls1_2", "1.3": "-tls1_3"}
SEED = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL"
ALARM = 40020


def handshake(port, version, ciphers="ALL:COMPLEMENTOFALL:@SECLEVEL=0"):
    """(protocol, suite) of a handshake with exactly this version; None when it is refused."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{HOST}:{port}", FLAGS[version], "-cipher", ciphers],
        input="", capture_output=True, text=True, check=False, timeout=20,
        env={"PATH": os.environ["PATH"], "OPENSSL_CONF": "/dev/null"})
    found = re.search(r"^New, (\S+), Cipher is (\S+)", done.stdout, re.M)
    if not found or found.group(2) == "(NONE)":
        return None
    protocol = re.search(r"^\s*Protocol\s*: (\S+)", done.stdout, re.M)
    return (protocol.group(1) if protocol else found.group(1), found.group(2))


def put(one, service, **settings):
    one.admin.put(f"turnpike-tls:tls/service/{service}", {k.replace("_", "-"): v for k, v in settings.items()})


def commit(one, service, **settings):
    put(one, service, **settings)
    if one.admin.get("/api/v1/config/diff")["changes"]:
        one.admin.commit(f"ciphers of {service}")


def refused(one, service, path, words, **settings):
    put(one, service, **settings)
    try:
        one.admin.commit("to be refused")
        raise AssertionError(f"{settings} is taken")
    except ApiError as why:
        check(path in why.body and words in why.body, f"{why}")
    one.admin.post("/api/v1/config/discard")


def accepted(port):
    return [v for v in VERSIONS if handshake(port, v)]


def set_up(one):
    one.complete("edge", "one.example.com")
    one.admin.put("turnpike-zone:zones/zone=core", {
        "name": "core", "type": "traversal-server", "verify-name": "core.example.com", "user": "core",
        "password": "link-secret"})
    one.admin.put("turnpike-sip:sip/mutual-tls", {"enabled": True})
    # A key that the old suites can use, too.
    key, certificate = one.state / "rsa.key", one.state / "rsa.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-keyout", key, "-out",
                    certificate, "-subj", "/CN=one.example.com", "-addext", "subjectAltName=DNS:one.example.com",
                    "-addext", "extendedKeyUsage=serverAuth,clientAuth"], check=True, capture_output=True)
    one.admin.put("turnpike-tls:tls/identity", {"certificate": certificate.read_text(),
                                                "private-key": key.read_text()})
    one.admin.commit("a link, and an RSA key")


def row_112_every_service_begins_with_tls_1_2(one):
    for name, port in SERVICES.items():
        check(accepted(port) == ["1.2", "1.3"], f"{name}: {accepted(port)}")
        protocol, suite = handshake(port, "1.2")
        check(protocol == "TLSv1.2" and suite.startswith("ECDHE-"), f"{name}: {protocol} {suite}")
        check(handshake(port, "1.2", "AES128-SHA") is None, f"{name} takes a suite without forward secrecy")


def row_111_and_121_each_minimum_and_service_alone(one):
    """TLS 1.3, too. Another service keeps what it has."""
    for least in ("1.3", "1.1", "1.0"):
        commit(one, "sip", minimum_version=least, preset="compatible")
        check(accepted(SIP) == VERSIONS[VERSIONS.index(least):], f"from {least}: {accepted(SIP)}")
        check(accepted(WEB) == ["1.2", "1.3"] and accepted(LINK) == ["1.2", "1.3"], "others changed with it")


def row_114_old_versions_raise_an_alarm_for_the_service(one):
    def alarm(raised):
        found = [a for a in one.admin.get("/api/v1/alarms")["alarms"]
                 if a["code"] == ALARM and a["subject"] == "sip" and not a["cleared-at"]]
        return bool(found) == raised
    wait_until(lambda: alarm(True), 15, "no alarm tells of TLS 1.0 for SIP")
    check(not [a for a in one.admin.get("/api/v1/alarms")["alarms"]
               if a["code"] == ALARM and a["subject"] != "sip"], "an alarm about another service")
    commit(one, "sip", minimum_version="1.2", preset="compatible")
    wait_until(lambda: alarm(False), 15, "the alarm stays after TLS 1.0 is gone")


def row_116_the_compatible_lists_serve(one):
    for name, port in SERVICES.items():
        commit(one, name, preset="compatible")
        for suite in ("AES128-GCM-SHA256", "AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA"):
            got = handshake(port, "1.2", f"{suite}:@SECLEVEL=0")
            check(got == ("TLSv1.2", suite), f"{name}: {suite} makes {got}")
        check(handshake(port, "1.2", "AES256-SHA:@SECLEVEL=0") is None, f"{name} takes -AES256+SHA")


def row_118_anonymous_suites_never_come_in(one):
    for name, port in SERVICES.items():
        check(handshake(port, "1.2", "aNULL:@SECLEVEL=0") is None, f"{name} takes a suite without authentication")
    for text, words in ((f"{SEED}:+ADH", "!aNULL"), (f"{SEED}:+ADH:!ADH", "!ADH alone is not enough")):
        refused(one, "sip", "service/sip/inbound/ciphers", words, preset="custom", inbound={"ciphers": text})
    refused(one, "web", "service/web/ciphers", "'aNUL' is not known", preset="custom", ciphers="HIGH:!aNUL")
    refused(one, "traversal", "service/traversal/outbound/ciphers", "leaves no cipher suite", preset="custom",
            outbound={"ciphers": "HIGH:!HIGH"})
    commit(one, "sip", preset="custom", inbound={"ciphers": f"{SEED}:!aNULL"}, outbound={"ciphers": f"{SEED}:+ADH"})
    check(handshake(SIP, "1.2", "aNULL:@SECLEVEL=0") is None, "the outbound list lets anonymous suites in")


def row_120_diffie_hellman_is_2048_or_more(one):
    for least in ("1.0", "1.2"):
        commit(one, "sip", preset="compatible", minimum_version=least)
        done = subprocess.run(["openssl", "s_client", "-connect", f"{HOST}:{SIP}", "-tls1_2", "-cipher",
                               "DHE-RSA-AES128-GCM-SHA256"], input="", capture_output=True, text=True, check=False)
        found = re.search(r"Server Temp Key: DH, (\d+) bits", done.stdout)
        check(found and int(found.group(1)) >= 2048, f"from {least}: {found and found.group(0)}")


def row_29_disa_takes_gcm_only(one):
    for name, port in SERVICES.items():
        commit(one, name, preset="disa")
        check(accepted(port) == ["1.2", "1.3"], f"{name}: {accepted(port)}")
        check("GCM" in handshake(port, "1.2")[1], f"{name}: {handshake(port, '1.2')}")
        check(handshake(port, "1.2", "CHACHA20") is None, f"{name} takes CHACHA20")
    refused(one, "sip", "service/sip/minimum-version", "DISA", preset="disa", minimum_version="1.1")
    for name in SERVICES:
        commit(one, name, preset="recommended")


def row_115_a_change_serves_the_next_and_leaves_the_rest(one):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    before = one.log.read_text().count("is ready")
    with context.wrap_socket(socket.create_connection((HOST, SIP), timeout=5)) as old:
        options(old, 1)
        commit(one, "sip", minimum_version="1.3")
        check(accepted(SIP) == ["1.3"], f"the next handshake: {accepted(SIP)}")
        check(options(old, 2), "a connection in progress is gone")
    check(one.log.read_text().count("is ready") == before, "a process was started again")
    commit(one, "sip", minimum_version="1.2")


def options(connection, cseq):
    ip, port = connection.getsockname()
    connection.sendall((
        f"OPTIONS sip:one.example.com SIP/2.0\r\nVia: SIP/2.0/TLS {ip}:{port};branch=z9hG4bK{port}{cseq}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag={port}\r\nTo: <sip:one.example.com>\r\n"
        f"Call-ID: {port}@{ip}\r\nCSeq: {cseq} OPTIONS\r\nContent-Length: 0\r\n\r\n").encode())
    return connection.recv(8192).startswith(b"SIP/2.0 ")


def row_112_web_can_lock_out_so_it_is_tried_first(one):
    put(one, "web", minimum_version="1.3")
    changes = one.admin.get("/api/v1/config/diff")["changes"]
    check(changes and all(c["lockout"] for c in changes), f"{changes}")
    one.admin.commit("TLS 1.3 for the web", confirm_within_s=60)
    check(accepted(WEB) == ["1.3"], f"on trial: {accepted(WEB)}")
    one.admin.post("/api/v1/config/undo")
    wait_until(lambda: accepted(WEB) == ["1.2", "1.3"], 10, "the undo does not bring TLS 1.2 back")


def the_api_tells_what_lists_come_to(one):
    services = {s["name"]: s for s in one.admin.get("/api/v1/tls/services")["services"]}
    check(list(services) == [*SERVICES, "ldap"], f"{list(services)}")
    for name, port in SERVICES.items():
        running = services[name]["running"]
        listed = [s["name"] for s in running["sides"][0]["suites"]]
        for version in ("1.2", "1.3"):
            check(handshake(port, version)[1] in listed, f"{name}: {version} has a suite that is not listed")
        check([p["preset"] for p in services[name]["presets"]] == ["compatible", "recommended", "disa"], f"{name}")
    weak = [s for s in services["sip"]["presets"][0]["sides"][1]["suites"] if s["weak"]]
    check(any(s["name"].startswith("ADH-") for s in weak), "anonymous suites are not marked")
    bad = one.admin.post("/api/v1/tls/preview", {"service": "sip", "preset": "custom", "minimum-version": "1.0",
                                                 "inbound": {"ciphers": "HIGH"}, "outbound": {"ciphers": "HIGH"}})
    inbound, outbound = bad["sides"]
    check(inbound["refused"]["setting"] == "inbound/ciphers" and not outbound["refused"], f"{bad}")
    check("40020" in bad["warning"], f"{bad['warning']}")
    for body in ({"service": "smtp"}, {"service": "sip", "preset": "best"}, {"service": "sip", "minimum-version": "2"}):
        try:
            one.admin.post("/api/v1/tls/preview", body)
            raise AssertionError(f"{body} is answered")
        except ApiError as why:
            check(why.status == 400, f"{why}")


def row_122_the_preview_tells_who_would_be_shut_out(one):
    def affected(service, **settings):
        body = {k.replace("_", "-"): v for k, v in settings.items()}
        return one.admin.post("/api/v1/tls/preview", {"service": service, **body})["peers"]

    check(handshake(SIP, "1.3") and handshake(SIP, "1.2") and handshake(LINK, "1.2"), "no handshake to look at")
    wait_until(lambda: any(p["protocol"] == "TLSv1.3" for p in affected("sip", minimum_version="1.3", preset="custom",
               ciphersuites="TLS_AES_128_CCM_SHA256")["affected"]), 15, "a handshake is not remembered")
    def old_ones():
        found = {p["protocol"]: p for p in affected("sip", minimum_version="1.3")["affected"]}
        return {"TLSv1", "TLSv1.1", "TLSv1.2"} <= set(found) and found
    old = wait_until(old_ones, 15, "old handshakes are not remembered")
    check("TLSv1.3" not in old, f"{old}")
    check(old["TLSv1"]["why"] == "version" and old["TLSv1"]["side"] == "inbound", f"{old['TLSv1']}")
    check(old["TLSv1"]["peer"].startswith("127.") and old["TLSv1"]["last-seen-at"], f"{old['TLSv1']}")
    disa = affected("sip", preset="disa")["affected"]
    check(any(p["why"] == "suite" and p["cipher"] == "AES128-SHA" for p in disa), f"{disa}")
    check(not any("AES128-GCM" in p["cipher"] and p["cipher"].startswith("ECDHE") for p in disa), f"{disa}")
    lax = affected("sip", preset="compatible", minimum_version="1.0")
    check(lax["seen"] and not lax["affected"], f"{lax}")
    wait_until(lambda: affected("traversal", minimum_version="1.3")["affected"], 15, "the link's peers are not known")
    check(affected("web", minimum_version="1.3") is None, "browsers are not reported, and are told of")


def scanner(name):
    program = shutil.which(name)
    if not program:
        raise Skip(f"{name} is not installed")
    return program


def row_111_sslscan_finds_nothing_weak_on_any_port(one):
    program = scanner("sslscan")
    for name, port in LISTENERS:
        out = subprocess.run([program, "--no-colour", "--show-ciphers", f"{HOST}:{port}"], capture_output=True,
                             text=True, check=False, timeout=120).stdout
        for version in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"):
            check(re.search(rf"{version}\s+disabled", out), f"{name}: {version}\n{out}")
        suites = re.findall(r"^(?:Preferred|Accepted)\s+TLSv1\.\d\s+\d+ bits\s+(\S+)", out, re.M)
        listed = {s["name"]: s for service in one.admin.get("/api/v1/tls/services")["services"]
                  if service["name"] == name for s in service["running"]["sides"][0]["suites"]}
        check(suites and set(suites) <= set(listed) and not any(listed[s]["weak"] for s in suites), f"{name}: {suites}")
        check("Session renegotiation not supported" in out, f"{name}: renegotiation\n{out}")
        check(not re.search(r"^\S+ vulnerable to heartbleed", out, re.M), f"{name}\n{out}")


def nightly_testssl_finds_nothing_weak(one):
    if not nightly():
        raise Skip("nightly only")
    program = scanner("testssl")
    for name, port in LISTENERS:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.json")
            subprocess.run([program, "--quiet", "--color", "0", "--warnings", "batch", "--protocols", "--std", "--fs",
                            "--vulnerable", "--jsonfile", path, f"{HOST}:{port}"], capture_output=True, text=True,
                           check=False, timeout=600)
            with open(path, encoding="utf-8") as found:
                lines = re.findall(r'"id"\s*:\s*"([^"]+)".*?"severity"\s*:\s*"([^"]+)".*?"finding"\s*:\s*"([^"]*)"',
                                   found.read(), re.S)
        check(len(lines) > 20, f"{name}: testssl says nothing: {lines}")
        # The certificate of this test is its own authority's; the page behind it is not scanned.
        bad = [(i, s, f) for i, s, f in lines if s in ("MEDIUM", "HIGH", "CRITICAL") and i not in ("BREACH",)]
        check(not bad, f"{name}: {bad}")


run([set_up, row_112_every_service_begins_with_tls_1_2, row_111_and_121_each_minimum_and_service_alone,
     row_114_old_versions_raise_an_alarm_for_the_service, row_116_the_compatible_lists_serve,
     row_118_anonymous_suites_never_come_in, row_120_diffie_hellman_is_2048_or_more, row_29_disa_takes_gcm_only,
     row_115_a_change_serves_the_next_and_leaves_the_rest, row_112_web_can_lock_out_so_it_is_tried_first,
     the_api_tells_what_lists_come_to, row_122_the_preview_tells_who_would_be_shut_out,
     row_111_sslscan_finds_nothing_weak_on_any_port, nightly_testssl_finds_nothing_weak],
    One((HOST, 7443)))
