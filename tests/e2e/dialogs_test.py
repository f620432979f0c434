#!/usr/bin/env python3
"""Dialogs through one appliance, played by hand: offers and answers, forks, CANCEL, refusals."""
import re
import socket

import cases
from admin import ApiError
from appliance import One
from cases import check, wait_until
from sip_peer import Dialog, Peer, sdp

HOST = "127.0.4.60"
PROXY = (HOST, 5060)
IPS = {"a": "127.0.4.61", "b": "127.0.4.62", "c": "127.0.4.63", "x": "127.0.4.64"}
PORT = 5070
RULES = [("to-b", 10, "b", "b"), ("to-fork-b", 10, "f", "b"), ("to-fork-c", 10, "f", "c"),
         ("to-first-b", 10, "s", "b"), ("to-then-c", 20, "s", "c")]


class Bench(One):
    def __enter__(self):
        super().__enter__()
        self.complete("edge", "bench.test")
        for name in "abc":
            self.admin.put(f"turnpike-zone:zones/zone={name}", {
                "name": name, "type": "neighbor", "transport": "udp", "network": "lan", "monitor": False,
                "peer": [{"address": IPS[name], "port": PORT}]})
        for name, priority, pattern, zone in RULES:
            self.admin.put(f"turnpike-search:search/rule={name}", {
                "name": name, "priority": priority, "match": "prefix", "pattern": pattern,
                "behavior": "leave", "on-match": "continue", "target": "zone", "target-zone": zone})
        self.admin.put("turnpike-sip:sip/udp", {"enabled": True, "port": 5060})
        self.admin.put("turnpike-sip:sip/default-zone", {"authentication": "check"})
        self.admin.commit("peers to play with")
        self.peers = {name: Peer(name, ip, PORT, PROXY) for name, ip in IPS.items()}
        return self

    def __getattr__(self, name):
        return self.__dict__["peers"][name] if name in IPS else super().__getattribute__(name)

    def counters(self):
        return self.admin.get("/api/v1/status")["sip"]

    def idle(self):
        wait_until(lambda: self.counters()["dialogs"] == 0 and self.counters()["media-sessions"] == 0, 5,
                   "dialogs or media sessions are left")

    def close(self):
        for peer in getattr(self, "peers", {}).values():
            peer.close()
        super().close()


def fresh(case):
    """The case without what an earlier one that failed has left on the sockets."""
    def run(bench):
        for peer in bench.peers.values():
            while peer.pending():
                peer.forget()
            peer.forget()
        case(bench)
    run.__name__ = case.__name__
    return run


def offer(peer, port=4000, **more):
    return sdp(peer.ip, port, **more)


def establish(bench, body=None, answer=None):
    a, b = bench.a, bench.b
    invite = a.request("INVITE", f"sip:bob@{HOST}", body=offer(a) if body is None else body)
    seen = b.expect("INVITE")
    b.respond(seen, 200, "OK", body=offer(b, 5000) if answer is None else answer, tag="bt")
    ok = a.expect((200, "INVITE"))
    dialog = Dialog(a, invite, ok)
    dialog.ack()
    b.expect("ACK")
    return dialog, seen, ok


def hang_up(bench, dialog):
    dialog.request("BYE")
    bye = bench.b.expect("BYE")
    bench.b.respond(bye, 200, "OK")
    bench.a.expect((200, "BYE"))
    bench.idle()


def sdp_names_us_on_both_legs(bench):
    dialog, seen, ok = establish(bench, body=offer(bench.a, extra="a=x-turnpike-hop:7\r\na=ice-ufrag:u\r\na=x-kept:1\r\n"))
    for message in (seen, ok):
        check(f"c=IN IP4 {HOST}" in message.body, f"media does not pass through us: {message.body}")
        check(message.media_port() not in (4000, 5000), "a port of the other leg is shown")
    check("x-turnpike-hop" not in seen.body and "ice-ufrag" not in seen.body and "a=x-kept:1" in seen.body,
          f"wrong attributes: {seen.body}")
    check(len(seen.all("Record-Route")) == 2 and int(seen.get("Max-Forwards")) == 15, "not on the route")
    hang_up(bench, dialog)


def hold_keeps_ports(bench):
    dialog, seen, ok = establish(bench)
    dialog.request("INVITE", body=offer(bench.a, extra="a=sendonly\r\n", version=2))
    again = bench.b.expect("INVITE")
    check("a=sendonly" in again.body and again.media_port() == seen.media_port(), f"no hold: {again.body}")
    bench.b.respond(again, 200, "OK", body=offer(bench.b, 5000, extra="a=recvonly\r\n", version=2))
    held = bench.a.expect((200, "INVITE"))
    check("a=recvonly" in held.body and held.media_port() == ok.media_port(), f"no hold: {held.body}")
    dialog.ack()
    bench.b.expect("ACK")
    # an added video, in the other direction
    b_side = bench.b.request("INVITE", dialog.invite.contact(), to=f"{dialog.invite.get('From')}",
                             call_id=dialog.invite.get("Call-ID"), from_=dialog.ok.get("To").split(";tag=")[0],
                             from_tag="bt", routes=seen.all("Record-Route"),
                             body=offer(bench.b, 5000, version=3) + "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n")
    video = bench.a.expect("INVITE")
    check(video.media_port(1) not in (0, 5004), f"no video offered: {video.body}")
    bench.a.respond(video, 200, "OK", body=offer(bench.a, version=3) + "m=video 4004 RTP/AVP 96\r\n")
    done = bench.b.expect((200, "INVITE"))
    check(done.media_port(1) not in (0, 4004), f"no video answered: {done.body}")
    bench.b.request("ACK", dialog.invite.contact(), to=dialog.invite.get("From"), call_id=dialog.invite.get("Call-ID"),
                    from_=b_side.get("From").split(";tag=")[0], from_tag="bt", routes=seen.all("Record-Route"))
    bench.a.expect("ACK")
    hang_up(bench, dialog)


def old_hold_address_is_told(bench):
    dialog, _, _ = establish(bench)
    dialog.request("INVITE", body=offer(bench.a, version=2).replace(f"c=IN IP4 {bench.a.ip}", "c=IN IP4 0.0.0.0"))
    again = bench.b.expect("INVITE")
    check("a=sendonly" in again.body, f"a hold by address 0.0.0.0 is lost: {again.body}")
    bench.b.respond(again, 488, "Not now")
    bench.a.expect((488, "INVITE"))
    hang_up(bench, dialog)


def offer_in_the_answer(bench):
    a, b = bench.a, bench.b
    invite = a.request("INVITE", f"sip:bob@{HOST}")
    seen = b.expect("INVITE")
    check(not seen.body, "an offer came from nowhere")
    b.respond(seen, 200, "OK", body=offer(b, 5000), tag="bt")
    ok = a.expect((200, "INVITE"))
    check(f"c=IN IP4 {HOST}" in ok.body, f"the late offer is not ours: {ok.body}")
    dialog = Dialog(a, invite, ok)
    dialog.ack(body=offer(a))
    ack = b.expect("ACK")
    check(f"c=IN IP4 {HOST}" in ack.body and ack.media_port() != 4000, f"the answer is not ours: {ack.body}")
    hang_up(bench, dialog)


def repeated_answers_get_their_ack(bench):
    a, b = bench.a, bench.b
    invite = a.request("INVITE", f"sip:bob@{HOST}", body=offer(a))
    seen = b.expect("INVITE")
    b.respond(seen, 180, "Ringing", tag="bt")
    a.expect((180, "INVITE"))
    b.respond(seen, 200, "OK", body=offer(b, 5000), tag="bt")
    first = a.expect((200, "INVITE"))
    b.respond(seen, 200, "OK", body=offer(b, 5000), tag="bt")
    second = a.expect((200, "INVITE"))
    check(first.body == second.body, "a repeated 200 differs")
    dialog = Dialog(a, invite, first)
    dialog.ack()
    b.expect("ACK")
    b.respond(seen, 200, "OK", body=offer(b, 5000), tag="bt")
    b.expect("ACK")
    hang_up(bench, dialog)


def early_media_then_the_same_answer(bench):
    a, b = bench.a, bench.b
    invite = a.request("INVITE", f"sip:bob@{HOST}", body=offer(a))
    seen = b.expect("INVITE")
    b.respond(seen, 183, "Progress", body=offer(b, 5000), tag="bt", extra=["Require: 100rel", "RSeq: 1"])
    early = a.expect((183, "INVITE"))
    check(f"c=IN IP4 {HOST}" in early.body, "early media goes past us")
    dialog = Dialog(a, invite, early)
    dialog.request("PRACK", extra=["RAck: 1 1 INVITE"])
    prack = b.expect("PRACK")
    b.respond(prack, 200, "OK")
    a.expect((200, "PRACK"))
    b.respond(seen, 200, "OK", body=offer(b, 5000), tag="bt")
    ok = a.expect((200, "INVITE"))
    check(ok.media_port() == early.media_port(), "the 200 names another port than the 183")
    dialog.request("ACK", cseq=1)
    b.expect("ACK")
    dialog.request("UPDATE", body=offer(a, 4010, version=2))
    update = b.expect("UPDATE")
    b.respond(update, 200, "OK", body=offer(b, 5000, version=2))
    a.expect((200, "UPDATE"))
    dialog.request("INFO", body="Signal=5\r\n", content_type="application/dtmf-relay")
    info = b.expect("INFO")
    check(info.body == "Signal=5\r\n", "INFO lost its body")
    b.respond(info, 200, "OK")
    a.expect((200, "INFO"))
    hang_up(bench, dialog)


def peers_without_routes_are_understood(bench):
    dialog, _, _ = establish(bench)
    dialog.routes = []
    dialog.ok.headers = [(k, f"<sip:{HOST}>" if k == "Contact" else v) for k, v in dialog.ok.headers]
    dialog.request("BYE")
    bye = bench.b.expect("BYE")
    check(bye.first.startswith(f"BYE sip:b@{bench.b.ip}"), f"not sent to the Contact: {bye.first}")
    bench.b.respond(bye, 200, "OK")
    bench.a.expect((200, "BYE"))
    bench.idle()


def parallel_fork_takes_the_first_answer(bench):
    a, b, c = bench.a, bench.b, bench.c
    invite = a.request("INVITE", f"sip:fred@{HOST}", body=offer(a))
    at_b, at_c = b.expect("INVITE"), c.expect("INVITE")
    b.respond(at_b, 180, "Ringing", tag="bt")
    a.expect((180, "INVITE"))
    c.respond(at_c, 200, "OK", body=offer(c, 6000), tag="ct")
    ok = a.expect((200, "INVITE"))
    cancel = b.expect("CANCEL")
    b.respond(cancel, 200, "OK")
    b.respond(at_b, 487, "Cancelled", tag="bt")
    b.expect("ACK")
    dialog = Dialog(a, invite, ok)
    dialog.ack()
    c.expect("ACK")
    dialog.request("BYE")
    c.respond(c.expect("BYE"), 200, "OK")
    a.expect((200, "BYE"))
    bench.idle()


def fork_gives_the_best_refusal(bench):
    a, b, c = bench.a, bench.b, bench.c
    a.request("INVITE", f"sip:fred@{HOST}", body=offer(a))
    at_b, at_c = b.expect("INVITE"), c.expect("INVITE")
    b.respond(at_b, 503, "Overloaded", tag="bt")
    c.respond(at_c, 486, "Busy", tag="ct")
    refused = a.expect((486, "INVITE"))
    check(refused.tag("To") == "ct", "the answer is not the called party's own")
    b.expect("ACK")
    c.expect("ACK")
    bench.idle()


def priorities_are_tried_in_turn(bench):
    a, b, c = bench.a, bench.b, bench.c
    invite = a.request("INVITE", f"sip:sam@{HOST}", body=offer(a))
    at_b = b.expect("INVITE")
    c.expect_nothing("INVITE")
    b.respond(at_b, 404, "Not here", tag="bt")
    at_c = c.expect("INVITE")
    c.respond(at_c, 200, "OK", body=offer(c, 6000), tag="ct")
    dialog = Dialog(a, invite, a.expect((200, "INVITE")))
    dialog.ack()
    c.expect("ACK")
    call = bench.admin.get("/api/v1/calls")["calls"][0]
    steps = " | ".join(bench.admin.get(f"/api/v1/calls/{call['id']}")["steps"])
    check("rule 'to-first-b' (priority 10)" in steps and "answered 404" in steps and "answered with 200" in steps,
          f"the story is not told: {steps}")
    dialog.request("BYE")
    c.respond(c.expect("BYE"), 200, "OK")
    a.expect((200, "BYE"))
    bench.idle()


def cancel_reaches_the_called(bench):
    a, b = bench.a, bench.b
    invite = a.request("INVITE", f"sip:bob@{HOST}", body=offer(a))
    seen = b.expect("INVITE")
    b.respond(seen, 180, "Ringing", tag="bt")
    a.expect((180, "INVITE"))
    a.send(re.sub(r"CSeq: 1 INVITE", "CSeq: 1 CANCEL", invite.text.split("\r\n\r\n")[0])
           .replace("INVITE sip:", "CANCEL sip:", 1).replace("Content-Type: application/sdp\r\n", "")
           .replace(f"Content-Length: {len(invite.body)}", "Content-Length: 0") + "\r\n\r\n")
    a.expect((200, "CANCEL"))
    a.expect((487, "INVITE"))
    b.respond(b.expect("CANCEL"), 200, "OK")
    # the answer crosses the CANCEL: we hang up for the caller
    b.respond(seen, 200, "OK", body=offer(b, 5000), tag="bt")
    b.expect("ACK")
    b.respond(b.expect("BYE"), 200, "OK")
    bench.idle()


def policy_of_a_leg_is_kept(bench):
    a, b = bench.a, bench.b
    bench.admin.put("turnpike-zone:zones/zone=b/media-encryption", "force-encrypted")
    bench.admin.commit("encrypt towards b")
    a.request("INVITE", f"sip:bob@{HOST}", body=offer(a))
    seen = b.expect("INVITE")
    check("RTP/SAVP" in seen.body and seen.body.count("a=crypto:") == 5, f"not offered encrypted: {seen.body}")
    b.respond(seen, 200, "OK", body=offer(b, 5000), tag="bt")
    b.expect("ACK")
    b.respond(b.expect("BYE"), 200, "OK")
    refused = a.expect((488, "INVITE"))
    check("zone 'b' requires encrypted media" in refused.get("Warning"), f"no reason: {refused.text}")
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
    invite = a.request("INVITE", f"sip:bob@{HOST}", body=offer(a))
    seen = b.expect("INVITE")
    tag = re.search(r"a=crypto:(\d+) AES_CM_128_HMAC_SHA1_80", seen.body).group(1)
    b.respond(seen, 200, "OK", tag="bt", body=offer(
        b, 5000, profile="RTP/SAVP", extra=f"a=crypto:{tag} AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n"))
    ok = a.expect((200, "INVITE"))
    check("RTP/AVP" in ok.body and "crypto" not in ok.body, f"keys on the plain leg: {ok.body}")
    dialog = Dialog(a, invite, ok)
    dialog.ack()
    b.expect("ACK")
    hang_up(bench, dialog)
    bench.admin.put("turnpike-zone:zones/zone=b/media-encryption", "auto")
    bench.admin.commit("as it was")


def hostile_bodies_are_refused(bench):
    a, b = bench.a, bench.b
    many = offer(a) + "m=audio 4002 RTP/AVP 0\r\n" * 16
    a.request("INVITE", f"sip:bob@{HOST}", body=many)
    refused = a.expect((488, "INVITE"))
    check("more than 16 media streams" in refused.get("Warning"), f"no reason: {refused.text}")
    a.request("INVITE", f"sip:bob@{HOST}", body="v=0\r\nm=audio\r\n")
    a.expect((400, "INVITE"))
    a.request("INVITE", f"sip:bob@{HOST}", body=offer(a, profile="RTP/SAVP"))
    a.expect((488, "INVITE"))
    a.request("INVITE", f"sip:bob@{HOST}", body="--x\r\n\r\n", content_type="multipart/mixed;boundary=x")
    a.expect((415, "INVITE"))
    b.expect_nothing("INVITE")
    dialog, seen, ok = establish(bench, body=offer(a) + "m=application 5 UDP/BFCP (\r\n",
                                 answer=offer(b, 5000) + "m=application 0 UDP/BFCP (\r\n")
    check("m=application 0 UDP/BFCP (" in seen.body, f"BFCP is not refused: {seen.body}")
    hang_up(bench, dialog)


def strangers_are_asked_who_they_are(bench):
    x, b = bench.x, bench.b
    for method in ("MESSAGE", "SUBSCRIBE", "INVITE"):
        x.request(method, f"sip:bob@{HOST}", body="hello", content_type="text/plain", extra=["Event: presence"])
        challenge = x.expect((407, method))
        check("SHA-256" in challenge.all("Proxy-Authenticate")[0] and "MD5" in challenge.all("Proxy-Authenticate")[1],
              f"no choice of algorithms: {challenge.text}")
        b.expect_nothing(method, 0.3)
    bench.a.request("MESSAGE", f"sip:bob@{HOST}", body="hello", content_type="text/plain")
    b.respond(b.expect("MESSAGE"), 200, "OK")
    bench.a.expect((200, "MESSAGE"))


def limits_of_a_proxy(bench):
    a = bench.a
    a.request("INVITE", f"sip:bob@{HOST}", forwards=0, body=offer(a))
    a.expect((483, "INVITE"))
    a.request("INVITE", f"sip:bob@{HOST}", extra=["Proxy-Require: time-machine"], body=offer(a))
    check(a.expect((420, "INVITE")).get("Unsupported") == "time-machine", "420 does not say what")
    a.request("INVITE", f"sip:nobody@{HOST}", body=offer(a))
    a.expect((404, "INVITE"))
    a.request("BYE", f"sip:bob@{HOST}", to=f"<sip:bob@{HOST}>;tag=unknown")
    a.expect((481, "BYE"))
    a.request("OPTIONS", f"sip:{HOST}")
    check("INVITE" in a.expect((200, "OPTIONS")).get("Allow"), "OPTIONS is not answered")
    bench.idle()


def an_administrator_ends_a_call(bench):
    establish(bench)
    call = wait_until(lambda: bench.admin.get("/api/v1/calls")["calls"], 5, "the call is not shown")[0]
    bench.admin.delete(f"/api/v1/calls/{call['id']}")
    for peer in (bench.a, bench.b):
        bye = peer.expect("BYE")
        check("administrator" in (bye.get("Reason") or ""), f"no reason: {bye.text}")
        peer.respond(bye, 200, "OK")
    bench.idle()


def a_port_in_use_is_named(bench):
    taken = socket.create_server((HOST, 5099))
    try:
        bench.admin.put("turnpike-sip:sip/tcp", {"enabled": True, "port": 5099})
        try:
            bench.admin.commit("a port that is taken")
            raise AssertionError("a port in use was committed")
        except ApiError as error:
            check("sip/tcp/port" in error.body and "5099" in error.body and HOST in error.body,
                  f"not said which and why: {error.body}")
    finally:
        taken.close()
    bench.admin.commit("the port is free")
    with socket.create_connection((HOST, 5099), 2):
        pass
    hang_up(bench, establish(bench)[0])


def a_disabled_zone_is_passed_over(bench):
    bench.admin.put("turnpike-zone:zones/zone=b/enabled", False)
    bench.admin.commit("without b")
    state = next(z for z in bench.admin.get("/api/v1/zones")["zones"] if z["name"] == "b")
    check(state["state"] == "disabled", f"shown as {state}")
    a, c = bench.a, bench.c
    invite = a.request("INVITE", f"sip:sam@{HOST}", body=offer(a))
    c.respond(c.expect("INVITE"), 603, "Decline", tag="ct")
    a.expect((603, "INVITE"))
    story = wait_until(lambda: next((call for call in bench.admin.get("/api/v1/history")["calls"]
                                     if call["call-id"] == invite.get("Call-ID")), None), 5, "no history")
    steps = " ".join(bench.admin.get(f"/api/v1/history/{story['id']}")["steps"])
    check("zone 'b' is disabled" in steps, f"the story is not told: {steps}")
    bench.admin.put("turnpike-zone:zones/zone=b/enabled", True)
    bench.admin.commit("with b")
    bench.idle()


if __name__ == "__main__":
    cases.run([fresh(case) for case in (
               sdp_names_us_on_both_legs, hold_keeps_ports, old_hold_address_is_told, offer_in_the_answer,
               repeated_answers_get_their_ack, early_media_then_the_same_answer,
               peers_without_routes_are_understood, parallel_fork_takes_the_first_answer,
               fork_gives_the_best_refusal, priorities_are_tried_in_turn, cancel_reaches_the_called,
               policy_of_a_leg_is_kept, hostile_bodies_are_refused, strangers_are_asked_who_they_are,
               limits_of_a_proxy, an_administrator_ends_a_call, a_port_in_use_is_named,
               a_disabled_zone_is_passed_over)], Bench((HOST, 7443)))
