#!/usr/bin/env python3
"""Calls through the pair behind a real firewall: many at a time, every transport, SRTP."""
import cases
from cases import check
from lab import FAST_BIN, INSIDE, OUTSIDE, Lab, check_calls, talk

AT_A_TIME = 300 if cases.nightly() else 50
SECONDS = 30 if cases.nightly() else 10
SUITES = ["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80",
          "AEAD_AES_128_GCM", "AEAD_AES_256_GCM"]


def hop_encrypted(hop, packets):
    """The rule of packaging/lib/calls.sh: at least a datagram a packet, none with its content."""
    return hop["datagrams"] >= packets > 0 and hop["marked"] == 0 and hop["missed"] == 0


def many_calls_lose_nothing(lab):
    hop = lab.watch_hop()
    half = AT_A_TIME // 2
    report = lab.calls([lab.phone(OUTSIDE), lab.phone(INSIDE)],
                       [f"outside:inside,count={half},rate=10,seconds={SECONDS}",
                        f"inside:outside,count={half},rate=10,seconds={SECONDS}"])
    seen = lab.hop_seen(hop)
    check_calls(report, 2 * half, "outside", "inside")
    packets = talk(report, "outside")["received"] + talk(report, "inside")["received"]
    check(hop_encrypted(seen, packets), f"{packets} packets, but the hop showed {seen}")
    print(f"  {2 * half} calls at a time for {SECONDS} s, {packets} packets, setup {report['setup_ms']}")


def inside_gets_nothing_unasked(lab):
    check(lab.network.blocked() == 0,
          f"{lab.network.blocked()} packets came to the core that it had not asked for")


def every_transport_reaches_the_other_side(lab):
    for transport in ("udp", "tcp", "tls"):
        report = lab.calls([lab.phone(OUTSIDE, transport=transport), lab.phone(INSIDE)],
                           ["outside:inside,count=2,seconds=1", "inside:outside,count=2,seconds=1"])
        check_calls(report, 4, "outside", "inside")


def ipv6_phone_talks_with_ipv4_phone(lab):
    for transport in ("udp", "tls"):
        report = lab.calls([lab.phone(OUTSIDE, transport=transport, v6=True), lab.phone(INSIDE)],
                           ["outside:inside,count=2,seconds=1", "inside:outside,count=2,seconds=1"])
        check_calls(report, 4, "outside", "inside")


def sha256_and_md5_log_in(lab):
    for digest in ("MD5", "SHA-256"):
        report = lab.calls([lab.phone(OUTSIDE, digest=digest), lab.phone(INSIDE, digest=digest)],
                           ["outside:inside,seconds=1"])
        check_calls(report, 1, "outside", "inside")


def wrong_password_cannot_register(lab):
    report = lab.calls([lab.phone(OUTSIDE, password="wrong")], [], timeout=60)
    phone = report["phones"][0]
    check(not phone["registered"] and "refused" in phone["trouble"], f"a wrong password was taken: {phone}")


def srtp_outside_plain_inside(lab):
    for suite in SUITES:
        report = lab.calls(
            [lab.phone(OUTSIDE, "outside-srtp", transport="tls", srtp=suite),
             lab.phone(INSIDE, "inside-plain")],
            ["outside-srtp:inside-plain,seconds=1", "inside-plain:outside-srtp,seconds=1"])
        check(not report["failures"], f"{suite}: {report['failures']}")
        check_calls(report, 2, "outside-srtp", "inside-plain")


def busy_and_unknown_are_told(lab):
    report = lab.calls([lab.phone(OUTSIDE), lab.phone(INSIDE, answer=486)], ["outside:inside"])
    check(report["failed"] == 1 and "486" in report["failures"][0], f"not busy: {report['failures']}")
    report = lab.calls([lab.phone(OUTSIDE)], ["outside:nobody,uri=sip:nobody@inside.test"])
    check(report["failed"] == 1 and "404" in report["failures"][0], f"not 404: {report['failures']}")


def live_call_and_history_are_shown(lab):
    child = lab.start_calls([lab.phone(OUTSIDE), lab.phone(INSIDE)], ["outside:inside,seconds=4"])
    live = cases.wait_until(
        lambda: [c for c in lab.core.admin.get("/api/v1/calls")["calls"] if c["state"] == "established"],
        10, "the call is not shown as live on the core")
    call_id = live[0]["id"]
    cases.wait_until(
        lambda: all(int(s["rx-packets"]) > 20 for s in
                    lab.core.admin.get(f"/api/v1/calls/{call_id}")["streams"]),
        4, "the live call's counters do not count")
    check_calls(lab.finish_calls(child), 1, "outside", "inside")
    for side in (lab.edge, lab.core):
        ended = cases.wait_until(
            lambda s=side: s.admin.get("/api/v1/history?limit=1")["calls"], 5, "no history")[0]
        detail = side.admin.get(f"/api/v1/history/{ended['id']}")
        check(detail["steps"], f"{side.side} does not say why the call went where it went")


if __name__ == "__main__":
    cases.run([many_calls_lose_nothing, inside_gets_nothing_unasked,
               every_transport_reaches_the_other_side,
               ipv6_phone_talks_with_ipv4_phone, sha256_and_md5_log_in,
               wrong_password_cannot_register, srtp_outside_plain_inside, busy_and_unknown_are_told,
               live_call_and_history_are_shown],
              Lab(FAST_BIN if cases.nightly() else None))
