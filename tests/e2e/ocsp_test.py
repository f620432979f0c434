#!/usr/bin/env python3
"""Revocation of SIP TLS peers by OCSP, with real responders good and bad: what each answer does to
a peer, that a held peer's REGISTER has no effect before the verdict, and that others go on."""
import ctypes
import os
import resource
import socket
import ssl
import subprocess
import threading
import time

import cases
from cases import check, wait_until
from lab import ADDRESS, EDGE, OUTSIDE, Lab
from responders import Authority, Responder, Script, stale_answer, wait_listening

LIBC = ctypes.CDLL(None, use_errno=True)
PORT, PHONES = 5062, 5061
GOOD, STALLED, STALE, FOREIGN, SHA1, DEAD, LISTS, INWARD, POINT, LEADING, ENDLESS = range(8101, 8112)
CROWD = 20 # more than fetch helpers run at a time
NAME, OTHER = "peer.lab.test", "other.lab.test"
REGISTER = ("REGISTER sip:outside.test SIP/2.0\r\nVia: SIP/2.0/TLS {ip}:5070;branch=z9hG4bK{n}\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:outside@outside.test>;tag={n}\r\nTo: <sip:outside@outside.test>\r\n"
            "Call-ID: {n}\r\nCSeq: 1 REGISTER\r\nContact: <sip:outside@{ip}:5070;transport=tls>\r\n"
            "Content-Length: 0\r\n\r\n")


class OcspLab(Lab):
    def __enter__(self):
        super().__enter__()
        self.peers, self.in_force = 0, None
        self.authority = a = Authority(self.folder / "pki")
        url = f"http://{ADDRESS[OUTSIDE]}"
        for name, port, status in (("good", GOOD, "V"), ("revoked", GOOD, "R"), ("unknown", GOOD, None),
                                   ("stalled", STALLED, "V"), ("stale", STALE, "V"), ("foreign", FOREIGN, "V"),
                                   ("sha1", SHA1, "V"), ("dead", DEAD, "V"), ("plain", None, None),
                                   ("fresh", GOOD, "V"), ("gone", GOOD, "R")):
            a.leaf(name, NAME, f"{url}:{port}/" if port else None, status)
        for n in range(CROWD):
            a.leaf(f"stalled-{n}", NAME, f"{url}:{STALLED}/{n}", "V")
        a.intermediate("middle")
        a.leaf("below", NAME, None, None, ca="middle")
        for name, host in (("loopback", "127.0.0.1"), ("itself", ADDRESS["edge-dmz"])):
            a.leaf(name, NAME, f"http://{host}:{INWARD}/", "V")
        for name, point in (("named", f"{url}:{POINT}/root.crl"), ("named-revoked", f"{url}:{POINT}/root.crl"),
                            ("named-slow", f"{url}:{STALLED}/slow.crl"), ("named-endless", f"{url}:{ENDLESS}/"),
                            ("named-leading", f"{url}:{LEADING}/"), ("named-nothing", f"{url}:{DEAD}/"),
                            ("named-loopback", f"http://127.0.0.1:{INWARD}/"),
                            ("named-itself", f"http://{ADDRESS['edge-dmz']}:{INWARD}/")):
            a.leaf(name, NAME, None, None, point=point)
        a.leaf("other", OTHER, None, None)
        a.leaf("other-unknown", OTHER, f"{url}:{GOOD}/", None)
        a.leaf("core-revoked", "core.lab.test", f"{url}:{GOOD}/", "R")
        netns = self.network.ns(OUTSIDE)
        self.responders = [
            Responder(a, netns, GOOD), Script(a, netns, STALLED, "stall"),
            Script(a, netns, STALE, "say", stale_answer(a, "stale")),
            Responder(a, netns, FOREIGN, signer="stranger"), Responder(a, netns, SHA1, more=("-rcid", "sha1")),
        ]
        wait_listening(netns, (GOOD, STALLED, STALE, FOREIGN, SHA1))
        admin = self.edge.admin
        admin.put("turnpike-tls:tls/trusted-ca=peers", {"name": "peers", "certificate": a.text("root.pem")})
        admin.put("turnpike-sip:sip/mutual-tls", {"enabled": True, "port": PORT})
        admin.put("turnpike-zone:zones/zone=peer", {
            "name": "peer", "type": "neighbor", "transport": "tls", "monitor": False, "verify-name": NAME,
            "peer": [{"address": ADDRESS[OUTSIDE], "port": 5070}]})
        self.policy()
        return self

    def policy(self, **changes):
        """Puts the switches into force; those not named are as delivered, but that it is on."""
        value = {"mode": "on", "deadline": 2}
        value.update({k.replace("_", "-"): v for k, v in changes.items()})
        if value != self.in_force:
            self.edge.admin.put("turnpike-tls:tls/revocation/sip", value)
            self.edge.admin.commit("revocation")
        self.in_force = value

    def kill_all(self):
        for responder in getattr(self, "responders", []):
            responder.close()
        self.responders = []
        super().kill_all()

    def socket(self):
        """Made inside the namespace outside; it stays there when we come back."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.network.ns(OUTSIDE)}", os.O_RDONLY)
        try:
            check(LIBC.setns(there, 0) == 0, "setns")
            return socket.socket()
        finally:
            LIBC.setns(home, 0)
            os.close(home)
            os.close(there)

    def connect(self, name=None, port=PORT):
        """A TLS connection to the edge with that certificate, its handshake done."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if name:
            context.load_cert_chain(self.authority.folder / f"{name}.pem", self.authority.folder / f"{name}.key")
        plain = self.socket()
        plain.settimeout(15)
        plain.connect((ADDRESS["edge-outside"], port))
        return context.wrap_socket(plain)

    def register(self, peer):
        self.peers += 1
        peer.sendall(REGISTER.format(ip=ADDRESS[OUTSIDE], n=f"ocsp{os.getpid()}x{self.peers}").encode())

    def alarm(self, code, subject=""):
        for alarm in self.edge.admin.get("/api/v1/alarms")["alarms"]:
            if alarm["code"] == code and subject in alarm["subject"] and not alarm["cleared-at"]:
                return alarm
        return None


def hears(peer, seconds):
    """What comes: "answer", "closed", or "nothing" in that time."""
    peer.settimeout(seconds)
    try:
        return "answer" if peer.recv(4096).startswith(b"SIP/2.0 ") else "closed"
    except (TimeoutError, socket.timeout):
        return "nothing"
    except (ssl.SSLError, OSError):
        return "closed"


def fate(lab, name, seconds=8):
    """What becomes of a peer with that certificate that registers."""
    try:
        with lab.connect(name) as peer:
            lab.register(peer)
            return hears(peer, seconds)
    except (ssl.SSLError, ConnectionError):
        return "closed"


def expect(lab, **fates):
    for name, wanted in fates.items():
        seen = fate(lab, name.replace("_", "-"))
        check(seen == wanted, f"a peer with the certificate {name}: {seen}, expected {wanted}\n{lab.edge.log_tail(15)}")


def row_91_good_revoked_and_unknown(lab):
    lab.policy()
    expect(lab, good="answer", revoked="closed", unknown="answer", plain="answer")


def row_92_a_responder_that_answers_sha1_only(lab):
    lab.policy()
    expect(lab, sha1="closed")
    alarm = wait_until(lambda: lab.alarm(40092, f":{SHA1}/"), 5, "no alarm names the responder")
    check("SHA-1" in alarm["text"], f"the alarm does not say why: {alarm}")


def row_95_the_fallback_decides_what_is_unknown(lab):
    lab.policy(fallback="treat-as-revoked")
    pid = lab.edge.pid("sip")
    expect(lab, unknown="closed", plain="closed", good="answer")
    lab.policy(fallback="treat-as-not-revoked")
    expect(lab, unknown="answer", plain="answer", revoked="closed")
    check(lab.edge.pid("sip") == pid, "a setting took a restart")
    wait_until(lambda: lab.alarm(40095), 5, "no alarm says that the fallback decides")


def row_96_a_dead_responder_is_ignored_only_where_the_fallback_says_so(lab):
    lab.policy(fallback="treat-as-revoked")
    expect(lab, dead="closed", good="answer")
    lab.policy() # as delivered: peers are still let in
    expect(lab, dead="answer", good="answer")
    wait_until(lambda: lab.alarm(40091, f":{DEAD}/"), 5, "no alarm names the dead responder")
    lab.responders.append(Responder(lab.authority, lab.network.ns(OUTSIDE), DEAD))
    wait_listening(lab.network.ns(OUTSIDE), [DEAD])
    expect(lab, dead="answer")
    wait_until(lambda: not lab.alarm(40091, f":{DEAD}/"), 5, "the alarm stays though the responder answers again")
    lab.responders.pop().close()


def wish_9_each_zone_has_its_own_fallback(lab):
    admin = lab.edge.admin
    lab.policy(deadline=3)
    admin.put("turnpike-zone:zones/zone=other", {
        "name": "other", "type": "neighbor", "transport": "tls", "monitor": False, "verify-name": OTHER,
        "peer": [{"address": ADDRESS[OUTSIDE], "port": 5071}], "revocation-unknown": "treat-as-revoked"})
    admin.commit("a zone that is stricter")
    expect(lab, other="closed", other_unknown="closed", plain="answer", unknown="answer")
    wait_until(lambda: "the fallback treats it as revoked" in lab.edge.log_path.read_text(errors="replace"), 5,
               "the log does not say why")
    admin.put("turnpike-zone:zones/zone=other/revocation-unknown", "treat-as-not-revoked")
    lab.policy(fallback="treat-as-revoked")
    expect(lab, other="answer", other_unknown="answer", plain="closed", unknown="closed", revoked="closed")
    admin.delete("/restconf/ds/candidate/turnpike-zone:zones/zone=other")
    admin.commit("one zone only")


def attack_48_answers_that_are_not_to_be_trusted(lab):
    lab.policy(fallback="treat-as-revoked")
    expect(lab, foreign="closed", stale="closed")
    lab.policy()
    expect(lab, foreign="answer", stale="answer")


def row_94_switches_of_the_sources(lab):
    lab.policy(use_ocsp=False)
    expect(lab, revoked="answer", sha1="answer")
    lab.policy(mode="off")
    expect(lab, revoked="answer")
    lab.policy()
    expect(lab, revoked="closed")


def attack_48_a_stalled_responder_holds_one_peer_only(lab):
    wanted, threads = 200, 4
    lab.policy(deadline=8)
    done = []

    def others():
        for n in range(wanted // threads):
            with lab.connect("plain") if n % 2 else lab.connect(port=PHONES):
                done.append(time.monotonic())

    with lab.connect("stalled") as held:
        start = time.monotonic()
        lab.register(held)
        workers = [threading.Thread(target=others) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        took = time.monotonic() - start
        print(f"  {len(done)} handshakes in {took:.1f} s beside the held peer")
        check(len(done) == wanted and took < 7.5, f"{len(done)} of {wanted} handshakes in {took:.1f} s")
        check(hears(held, 0.2) == "nothing", "the held peer was heard before its verdict")
        check(hears(held, 9) == "answer", "the held peer was not let go at the deadline")
        check(time.monotonic() - start >= 7.5, "the held peer was let go before the deadline")
    check(lab.alarm(40095), "no alarm about the fallback")
    lab.policy(fallback="treat-as-revoked", deadline=1)
    expect(lab, stalled="closed")


def attack_48_a_stalled_responder_keeps_no_other_from_being_asked(lab):
    """More certificates wait for it than questions are asked at a time; the answers of others come."""
    lab.policy(fallback="treat-as-revoked", deadline=4)
    held = [lab.connect(f"stalled-{n}") for n in range(CROWD)]
    try:
        start = time.monotonic()
        expect(lab, fresh="answer", gone="closed") # nobody has asked about these yet
        took = time.monotonic() - start
        check(took < 3, f"two answers of a good responder took {took:.1f} s")
        check(all(hears(peer, 0.01) == "nothing" for peer in held), "a held peer was heard")
        # Those that were asked are told of; those whose turn never came are nobody's fault.
        blamed = lambda: {n for n in range(CROWD) if lab.alarm(40091, f":{STALLED}/{n}")}
        wait_until(blamed, 15, "no alarm about the stalled responder")
        time.sleep(max(0.0, start + 13.5 - time.monotonic()))
        asked = (lab.authority.folder / f"responder-{STALLED}.log").read_text()
        wrong = {n for n in blamed() if f"POST /{n} " not in asked}
        check(not wrong and len(blamed()) < CROWD, f"blamed without having been asked: {wrong}, in all {blamed()}")
    finally:
        for peer in held:
            peer.close()


def attack_48_silent_connections_do_not_push_out_a_held_peer(lab):
    """They come from more addresses than it takes to fill all places for those who said nothing."""
    lab.policy(deadline=6)
    netns = lab.network.ns(OUTSIDE)
    sources = [f"203.0.113.{n}" for n in range(60, 66)]
    subprocess.run(["bash", "-c", "".join(
        f"ip -n {netns} addr add {s}/32 dev $(ip -n {netns} -o route get {ADDRESS['edge-outside']} | "
        f"grep -o 'dev [^ ]*' | cut -d' ' -f2);" for s in sources)], check=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    crowd = []
    try:
        with lab.connect(f"stalled-{CROWD - 1}") as held:
            lab.register(held)
            for n in range(1300):
                silent = lab.socket()
                crowd.append(silent)
                silent.bind((sources[n % len(sources)], 0))
                silent.settimeout(5)
                silent.connect((ADDRESS["edge-outside"], PHONES))
            check(hears(held, 0.1) == "nothing", "the held peer was put out, or heard before its verdict")
            check(hears(held, 9) == "answer", "the held peer was not let in at the deadline")
    finally:
        for silent in crowd:
            silent.close()


def attack_47_a_responder_on_the_appliance_itself_is_not_asked(lab):
    netns = lab.network.ns(EDGE)
    (lab.folder / "pki" / "inward").write_text("inward")
    inward = Script(lab.authority, netns, INWARD, "say", lab.folder / "pki" / "inward")
    lab.responders.append(inward)
    wait_listening(netns, [INWARD])
    lab.policy(fallback="treat-as-revoked")
    expect(lab, loopback="closed", itself="closed")
    asked = (lab.authority.folder / f"responder-{INWARD}.log").read_text()
    check("POST" not in asked, f"it was asked: {asked}")


def row_82_lists_count_for_the_cas_of_the_chain(lab):
    lab.policy(use_ocsp=False)
    expect(lab, below="answer")
    manual_list(lab, lab.authority.crl("middle"))
    try:
        expect(lab, below="closed", plain="answer")
        wait_until(lambda: "CA certificate CN=middle: revoked" in lab.edge.log_path.read_text(errors="replace"), 5,
                   "the log does not name the CA that is revoked")
    finally:
        manual_list(lab, None)


def asked(lab, port):
    return (lab.authority.folder / f"responder-{port}.log").read_text().count("GET ")


def row_94_lists_from_where_certificates_say(lab):
    a = lab.authority
    (a.folder / "point.crl").write_text(a.crl("named-revoked"))
    lab.responders.append(Script(a, lab.network.ns(OUTSIDE), POINT, "say", a.folder / "point.crl"))
    wait_listening(lab.network.ns(OUTSIDE), [POINT])
    lab.policy(use_ocsp=False, fallback="treat-as-revoked")
    expect(lab, named="closed")
    check(not asked(lab, POINT), "it is asked though downloads are not allowed")
    lab.policy(use_ocsp=False, fallback="treat-as-revoked", allow_cdp_downloads=True)
    expect(lab, named="answer", named_revoked="closed")
    # The list is there now: it counts for every certificate of that CA, and is not fetched again.
    expect(lab, named="answer", plain="answer")
    check(asked(lab, POINT) == 1, f"the list was downloaded {asked(lab, POINT)} times")
    told = lab.edge.admin.post("/api/v1/revocation/test", {"pem": a.text("named-revoked.pem")})
    check(told["verdict"] == "refuse" and told["rule"] == 1, f"{told}")
    lab.policy(use_ocsp=False, fallback="treat-as-revoked")
    expect(lab, named="closed", plain="closed") # what was downloaded counts no more


def attack_47_distribution_points_that_lead_astray(lab):
    """Each comes to the fallback in time, and nothing inside is asked."""
    outside, inside = lab.network.ns(OUTSIDE), lab.network.ns(EDGE)
    (lab.folder / "pki" / "inward").write_text("inward")
    scripts = [Script(lab.authority, outside, LEADING, "lead", f"http://127.0.0.1:{INWARD}/"),
               Script(lab.authority, outside, ENDLESS, "endless"),
               Script(lab.authority, inside, INWARD, "say", lab.folder / "pki" / "inward")]
    wait_listening(outside, [LEADING, ENDLESS])
    wait_listening(inside, [INWARD])
    lab.policy(use_ocsp=False, fallback="treat-as-revoked", allow_cdp_downloads=True)
    try:
        start = time.monotonic()
        expect(lab, named_slow="closed", named_endless="closed", named_leading="closed", named_nothing="closed",
               named_loopback="closed", named_itself="closed")
        took = time.monotonic() - start
        check(took < 6, f"six of them took {took:.1f} s, with a deadline of 2 s")
        check(not asked(lab, INWARD), "something inside was asked")
        start = time.monotonic()
        expect(lab, named_nothing="closed") # not asked again at once
        check(time.monotonic() - start < 1, "a point that has just failed holds the next peer too")
        lab.policy(use_ocsp=False, allow_cdp_downloads=True)
        expect(lab, named_leading="answer")
    finally:
        for script in scripts:
            script.close()
    lab.policy()


def manual_list(lab, pem):
    if pem:
        lab.edge.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": pem})
    else:
        lab.edge.admin.delete("/api/v1/revocation/crls/manual")


def automatic_list(lab, pem):
    """Puts the text where the edge looks, and has it look."""
    admin = lab.edge.admin
    (lab.folder / "pki" / "published.crl").write_text(pem)

    def done():
        seen = admin.get("/api/v1/revocation/crls")
        return not seen["updating"] and seen["sources"]

    wait_until(done, 15, "the edge does not look at its distribution point")
    admin.post("/api/v1/revocation/crls/update")
    sources = wait_until(done, 15, "the download does not end")
    check(sources[0]["state"] == "ok", f"the download failed: {sources}")


def row_94_manual_lists_for_sip(lab):
    a = lab.authority
    lab.policy(use_ocsp=False, fallback="treat-as-revoked")
    expect(lab, plain="closed")
    manual_list(lab, a.crl("revoked"))
    try:
        expect(lab, plain="answer", revoked="closed", stalled="answer")
        lab.policy(use_ocsp=True, use_crls=True)
        manual_list(lab, a.crl("good"))
        expect(lab, good="closed", revoked="closed", dead="answer") # either source may refuse
        lab.policy(use_crls=False)
        expect(lab, good="answer")
    finally:
        manual_list(lab, None)


def row_83_a_delta_counts_with_its_base(lab):
    a = lab.authority
    lab.policy(use_ocsp=False, fallback="treat-as-revoked")

    def states():
        return [(x["delta"], x["state"]) for x in lab.edge.admin.get("/api/v1/revocation/crls")["manual"]["lists"]]

    manual_list(lab, a.crl(number=5) + a.crl("plain", number=7, base=5))
    try:
        expect(lab, plain="closed", good="answer")
        check((True, "ends-soon") in states() or (True, "current") in states(), f"{states()}")
        manual_list(lab, a.crl(number=5) + a.crl("plain", number=7, base=5, hours=-1))
        expect(lab, plain="answer", good="answer") # the base alone
        check((True, "delta-ended") in states(), f"{states()}")
    finally:
        manual_list(lab, None)


def row_90_an_expired_list_revokes_all(lab):
    lab.policy(use_ocsp=False)
    manual_list(lab, lab.authority.crl(hours=-1))
    try:
        expect(lab, plain="closed", good="closed")
        lab.policy(use_ocsp=False, last_known_good=24) # for automatic lists only
        expect(lab, plain="closed")
    finally:
        manual_list(lab, None)
    expect(lab, plain="answer")


def row_83_automatic_and_manual_lists_are_both_used_for_sip(lab):
    a = lab.authority
    (a.folder / "published.crl").write_text(a.crl("unknown"))
    lab.responders.append(Script(a, lab.network.ns(OUTSIDE), LISTS, "say", a.folder / "published.crl"))
    wait_listening(lab.network.ns(OUTSIDE), [LISTS])
    lab.policy(use_ocsp=False, fallback="treat-as-revoked")
    lab.edge.admin.put("turnpike-tls:tls/revocation/crl/automatic", {
        "enabled": True, "url": [f"http://{ADDRESS[OUTSIDE]}:{LISTS}/lists/root.crl"]})
    lab.edge.admin.commit("automatic lists")
    automatic_list(lab, a.crl("unknown"))
    expect(lab, plain="answer", unknown="closed")
    manual_list(lab, a.crl("plain"))
    expect(lab, plain="closed", unknown="closed", dead="answer")
    manual_list(lab, None)
    expect(lab, plain="answer")


def wish_9_last_known_good(lab):
    """Goes on from the case before."""
    lab.policy(use_ocsp=False)
    automatic_list(lab, lab.authority.crl("unknown", hours=-1))
    try:
        expect(lab, plain="closed")
        lab.policy(use_ocsp=False, last_known_good=2)
        expect(lab, plain="answer", unknown="closed")
        wait_until(lambda: lab.alarm(40096), 5, "no alarm about the list that has run out")
        lab.policy(use_ocsp=False, last_known_good=0)
        expect(lab, plain="closed")
    finally:
        lab.edge.admin.put("turnpike-tls:tls/revocation/crl/automatic", {"enabled": False})
        lab.edge.admin.commit("no automatic lists")
    wait_until(lambda: fate(lab, "plain") == "answer", 10, "the lists count though they are switched off")


def row_81_what_would_happen_now(lab):
    lab.policy()

    def ask(name):
        return lab.edge.admin.post("/api/v1/revocation/test", {"pem": lab.authority.text(f"{name}.pem")})

    good, revoked, dead = ask("good"), ask("revoked"), ask("dead")
    check(good["verdict"] == "accept" and good["rule"] == 4, f"good: {good}")
    sources = {s["source"]: s for s in good["certificates"][0]["sources"]}
    check(sources["ocsp"]["answer"] == "good" and f":{GOOD}/" in sources["ocsp"]["responder"], f"good: {good}")
    check("none" in sources["manual-crl"]["answer"], f"good: {good}")
    check(revoked["verdict"] == "refuse" and revoked["rule"] == 1 and "revoked" in revoked["reason"],
          f"revoked: {revoked}")
    check(dead["verdict"] == "accept" and dead["rule"] == 5 and "fallback" in dead["reason"], f"dead: {dead}")
    foreign = lab.edge.admin.post("/api/v1/revocation/test", {"pem": lab.authority.text("stranger.pem")})
    check(foreign["verdict"] == "refuse" and not foreign["trusted"], f"stranger: {foreign}")


def row_91_the_traversal_link_is_held_too(lab):
    lab.policy()
    core = lab.core.admin
    entry = core.running("turnpike-zone:zones/zone=edge?with-defaults=explicit")["turnpike-zone:zone"][0]
    core.put("turnpike-tls:tls/identities/identity=traversal-client", {
        "id": "traversal-client", "certificate": lab.authority.text("core-revoked.pem"),
        "private-key": lab.authority.text("core-revoked.key")})
    for enabled in (False, True): # a link that stands goes on; what counts is the next one
        core.put("turnpike-zone:zones/zone=edge", {**entry, "enabled": enabled})
        core.commit("dial again")
    wait_until(lambda: "revoked" in lab.edge.zone("core")["reason"], 15,
               f"the edge does not say that the core's certificate is revoked: {lab.edge.zone('core')}")
    check(lab.edge.zone("core")["state"] != "up", "the link is up with a revoked certificate")
    core.delete("/restconf/ds/candidate/turnpike-tls:tls/identities/identity=traversal-client")
    core.commit("the good certificate again")
    lab.wait_link(40)


if __name__ == "__main__":
    # row_82 reads the log, which stops telling of refusals when there are many: it comes first.
    cases.run([row_82_lists_count_for_the_cas_of_the_chain, row_91_good_revoked_and_unknown,
               row_92_a_responder_that_answers_sha1_only,
               row_95_the_fallback_decides_what_is_unknown,
               row_96_a_dead_responder_is_ignored_only_where_the_fallback_says_so,
               wish_9_each_zone_has_its_own_fallback, attack_48_answers_that_are_not_to_be_trusted,
               row_94_switches_of_the_sources, row_94_manual_lists_for_sip,
               row_83_a_delta_counts_with_its_base, row_90_an_expired_list_revokes_all,
               attack_47_a_responder_on_the_appliance_itself_is_not_asked,
               row_94_lists_from_where_certificates_say, attack_47_distribution_points_that_lead_astray,
               row_83_automatic_and_manual_lists_are_both_used_for_sip, wish_9_last_known_good,
               attack_48_a_stalled_responder_keeps_no_other_from_being_asked,
               attack_48_silent_connections_do_not_push_out_a_held_peer,
               attack_48_a_stalled_responder_holds_one_peer_only, row_81_what_would_happen_now,
               row_91_the_traversal_link_is_held_too], OcspLab())
