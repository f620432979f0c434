#!/usr/bin/env python3
"""Garbage on every port: memory stays, other connections stay, the log says so within bounds."""
import ctypes
import os
import random
import socket
import time

import cases
from cases import check
from lab import ADDRESS, INSIDE, OUTSIDE, Lab, check_calls, rss_kb

LIBC = ctypes.CDLL(None, use_errno=True)
GROWTH_KB = 48 * 1024  # sanitizer bookkeeping and quarantine included
LOG_LINES = 3000
RANDOM = random.Random(20261121)


def socket_in(lab, where, family, kind):
    """A socket made inside a namespace; it stays there when we come back."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{lab.network.ns(where)}", os.O_RDONLY)
    try:
        check(LIBC.setns(there, 0) == 0, "setns")
        made = socket.socket(family, kind)
        made.settimeout(5)
        return made
    finally:
        LIBC.setns(home, 0)
        os.close(home)
        os.close(there)


def datagrams(lab, port, payloads):
    with socket_in(lab, OUTSIDE, socket.AF_INET, socket.SOCK_DGRAM) as s:
        for n, payload in enumerate(payloads):
            s.sendto(payload[:60000], (ADDRESS["edge-outside"], port))
            if n % 20 == 0:
                time.sleep(0.002)


def stream(lab, port, payload, wait=0.2):
    """Sends on a fresh connection and waits a little for the server to close it."""
    with socket_in(lab, OUTSIDE, socket.AF_INET, socket.SOCK_STREAM) as s:
        try:
            s.connect((ADDRESS["edge-outside"], port))
            s.sendall(payload)
            s.settimeout(wait)
            while s.recv(65536):
                pass
        except OSError:
            pass


def noise(size):
    return RANDOM.randbytes(size)


def request(method="INVITE", headers="", body="", length=None, version="SIP/2.0"):
    length = len(body) if length is None else length
    return (f"{method} sip:inside@inside.test {version}\r\n"
            f"Via: SIP/2.0/UDP {ADDRESS[OUTSIDE]}:9;branch=z9hG4bK{RANDOM.random()}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:g@outside.test>;tag=g\r\nTo: <sip:inside@inside.test>\r\n"
            f"Call-ID: g{RANDOM.random()}\r\nCSeq: 1 {method}\r\nContact: <sip:g@{ADDRESS[OUTSIDE]}:9>\r\n"
            f"{headers}Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}").encode()


def sdp(lines=1):
    return ("v=0\r\no=- 1 1 IN IP4 203.0.113.10\r\ns=-\r\nc=IN IP4 203.0.113.10\r\nt=0 0\r\n" +
            "m=audio 9000 RTP/AVP 0\r\n" * lines)


def sip_messages():
    """Wrong in every way that people have thought of so far."""
    good = request(body=sdp())
    return [
        good[:len(good) // 2],
        request(body=sdp(10000)),
        request(headers="X-Long: " + "a" * 65536 + "\r\n"),
        request(headers="X: y\r\n" * 3000),
        request(body=sdp(), length=999999),
        request(body=sdp(), length=3),
        request(body=sdp(), length=-1),
        request(body=sdp(), length="12junk"),
        request(headers="Content-Length: 4\r\n", body=sdp()),
        request(version="SIP/9.0"),
        request(method="\x00\x01"),
        request(headers="Via: \r\nVia: ,,,;;;\r\n"),
        request(headers="Route: <sip:" + "x" * 5000 + ">\r\n"),
        b"\r\n" * 5000,
        b"INVITE sip:" + b"a" * 60000,
        good.replace(b"\r\n", b"\n"),
        good.replace(b"CSeq: 1", b"CSeq: 99999999999999999999"),
        request(body="m=audio" * 3000),
        request(body="m=application 5 UDP/BFCP ("),
    ] + [bytes(b ^ (RANDOM.random() < 0.01) * RANDOM.randrange(256) for b in good) for _ in range(60)]


def pids(side):
    return {p["name"]: int(p["pid"]) for p in side.status()["processes"] if int(p["pid"])}


def under_garbage(lab, throw, says=None):
    """Throws it twice: once to warm up caches, once to see that memory does not grow, while a
    call goes on that must not notice."""
    first = lab.edge.log_path.stat().st_size
    throw(lab)
    before = {n: rss_kb(p) for n, p in pids(lab.edge).items()}
    pids_before = pids(lab.edge)
    child = lab.start_calls([lab.phone(OUTSIDE, transport="tls"), lab.phone(INSIDE)],
                            ["outside:inside,count=2,seconds=4", "inside:outside,count=2,seconds=4"])
    time.sleep(1)
    seen = lab.edge.log_path.stat().st_size
    throw(lab)
    check_calls(lab.finish_calls(child), 4, "outside", "inside")
    check(pids(lab.edge) == pids_before, f"a process ended: {lab.edge.log_tail()}")
    for name, pid in pids_before.items():
        grown = rss_kb(pid) - before[name]
        check(grown < GROWTH_KB, f"{name} grew by {grown} KB")
    log = lab.edge.log_path.read_bytes()
    lines = log[seen:].count(b"\n")
    check(lines < LOG_LINES, f"{lines} log lines for one round of garbage")
    # The second round may fall into the first one's window of the rate limit.
    said = log[first:].decode(errors="replace")
    check(not says or f" {says} " in said, f"no line {says} in the log:\n{said[-2000:]}")


def sip_over_udp(lab):
    under_garbage(lab, lambda lab: datagrams(
        lab, 5060, sip_messages() + [noise(RANDOM.randrange(1, 1400)) for _ in range(1000)] + [b""]), "sip.parse")


def sip_over_tcp(lab):
    def throw(lab):
        for message in sip_messages():
            stream(lab, 5060, message, 0.05)
        for size in (1, 100, 5000, 100000):
            stream(lab, 5060, noise(size), 0.05)
    under_garbage(lab, throw, "sip.garbage")


def tls_ports(lab):
    hello = bytes.fromhex("16030100c8010000c40303") + noise(600)
    def throw(lab):
        for port in (5061, 7443):
            for payload in (noise(5000), hello[:11], hello[:60], hello, b"\x16\x03\x01\xff\xff" + noise(70000),
                            b"GET / HTTP/1.0\r\n\r\n", request(body=sdp()), b""):
                for _ in range(3):
                    stream(lab, port, payload, 0.05)
    under_garbage(lab, throw)


def traversal_port_from_the_dmz(lab):
    def throw(lab):
        for payload in (noise(5000), b"\x16\x03\x01\x02\x00\x01\x00" + noise(700), request(), b"\x00" * 100000):
            for _ in range(5):
                with socket_in(lab, "core", socket.AF_INET, socket.SOCK_STREAM) as s:
                    try:
                        s.connect((ADDRESS["edge-dmz"], 7001))
                        s.sendall(payload)
                        s.settimeout(0.1)
                        s.recv(1000)
                    except OSError:
                        pass
    under_garbage(lab, throw)
    check(lab.core.link_up("edge"), "the link did not survive garbage beside it")


def hop_and_media_ports(lab):
    def throw(lab):
        with socket_in(lab, "core", socket.AF_INET, socket.SOCK_DGRAM) as s:
            for n in range(2000):
                head = bytes([1, RANDOM.randrange(4), 0, 0]) + noise(4)
                s.sendto((head if n % 2 else b"") + noise(RANDOM.randrange(0, 1400)),
                         (ADDRESS["edge-dmz"], 36000 + n % 2))
                if n % 20 == 0:
                    time.sleep(0.002)
        for port in range(36002, 36042):
            datagrams(lab, port, [b"\x80\x00" + noise(170), b"\x80\xc8" + noise(30), noise(20)])
    under_garbage(lab, throw)


def many_idle_connections(lab):
    """Connections that say nothing must not keep phones out."""
    idle = []
    try:
        for port in (5060, 5061):
            for _ in range(100):
                s = socket_in(lab, OUTSIDE, socket.AF_INET, socket.SOCK_STREAM)
                idle.append(s)
                try:
                    s.connect((ADDRESS["edge-outside"], port))
                except OSError:
                    pass
        report = lab.calls([lab.phone(OUTSIDE), lab.phone(INSIDE)], ["outside:inside,seconds=1"])
        check_calls(report, 1, "outside", "inside")
    finally:
        for s in idle:
            s.close()


if __name__ == "__main__":
    cases.run([sip_over_udp, sip_over_tcp, tls_ports, traversal_port_from_the_dmz, hop_and_media_ports,
               many_idle_connections], Lab())
