"""A SIP peer over UDP that a test plays line by line: what it sends and what it sees is raw text."""
import itertools
import re
import select
import socket
import time

from cases import check

_count = itertools.count(1)
SDP = ("v=0\r\no=- 1 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n"
       "m=audio {port} {profile} 0\r\n{extra}")


def sdp(ip, port, profile="RTP/AVP", extra="", version=1):
    return SDP.format(ip=ip, port=port, profile=profile, extra=extra, version=version)


class Message:
    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        self.text = text

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None

    @property
    def method(self):
        return self.get("CSeq").split()[1]

    @property
    def status(self):
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0

    def tag(self, name):
        found = re.search(r";tag=([^;>]+)", self.get(name))
        return found.group(1) if found else None

    def media_port(self, line=0):
        return int(re.findall(r"^m=\S+ (\d+)", self.body, re.M)[line])

    def contact(self):
        return re.search(r"<([^>]+)>", self.get("Contact")).group(1)


class Peer:
    """user at ip:port; `proxy` is the appliance."""

    def __init__(self, user, ip, port, proxy):
        self.user, self.ip, self.port, self.proxy = user, ip, port, proxy
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ip, port))
        self.waiting = []
        self.contact = f"<sip:{user}@{ip}:{port}>"

    def close(self):
        self.socket.close()

    def send(self, text, to=None):
        self.socket.sendto(text.encode(), to or self.proxy)

    def _receive(self, until):
        self.socket.settimeout(max(until - time.monotonic(), 0.01))
        try:
            data = self.socket.recv(65536).decode()
        except (TimeoutError, socket.timeout):
            return
        if data.strip():
            self.waiting.append(Message(data))

    def expect(self, what, seconds=5):
        """The first waiting message that is the request `what` or, for a number, a response with
        that status, perhaps as (status, method)."""
        status, method = what if isinstance(what, tuple) else (what, None)
        until = time.monotonic() + seconds
        while True:
            for message in self.waiting:
                hit = message.first.startswith(what + " ") if isinstance(what, str) else \
                    message.status == status and method in (None, message.method)
                if hit:
                    self.waiting.remove(message)
                    if message.status >= 300 and message.method == "INVITE":
                        self._acknowledge(message)
                    return message
            check(time.monotonic() < until,
                  f"{self.user} did not get {what}, only {[m.first for m in self.waiting]}")
            self._receive(until)

    def _acknowledge(self, refused):
        """The ACK of a refusal belongs to the INVITE's transaction: its branch."""
        lines = [f"ACK sip:{self.proxy[0]} SIP/2.0", f"Via: {refused.get('Via').split(';rport')[0]}",
                 "Max-Forwards: 70", f"CSeq: {refused.get('CSeq').split()[0]} ACK"]
        lines += [f"{name}: {refused.get(name)}" for name in ("From", "To", "Call-ID")]
        self.send("\r\n".join(lines + ["Content-Length: 0", "", ""]))

    def pending(self):
        return bool(select.select([self.socket], [], [], 0.05)[0])

    def forget(self):
        """What an earlier case left."""
        self._receive(0)
        self.waiting.clear()

    def expect_nothing(self, what, seconds=0.7):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._receive(until)
        check(not [m for m in self.waiting if m.first.startswith(what + " ")], f"{self.user} got {what}")

    def request(self, method, uri, to=None, call_id=None, cseq=1, from_tag=None, body="", extra=(), routes=(),
                from_=None, forwards=70, content_type="application/sdp"):
        """Sends a request; gives the text's Message."""
        n = next(_count)
        lines = [f"{method} {uri} SIP/2.0",
                 f"Via: SIP/2.0/UDP {self.ip}:{self.port};branch=z9hG4bKt{n};rport",
                 f"Max-Forwards: {forwards}",
                 f"From: {from_ or f'<sip:{self.user}@{self.ip}>'};tag={from_tag or f't{n}'}",
                 f"To: {to or f'<{uri}>'}", f"Call-ID: {call_id or f'c{n}-{time.time()}'}",
                 f"CSeq: {cseq} {method}", f"Contact: {self.contact}"]
        lines += [f"Route: {route}" for route in routes] + list(extra)
        if body:
            lines.append(f"Content-Type: {content_type}")
        text = "\r\n".join(lines + [f"Content-Length: {len(body)}", "", body])
        self.send(text)
        return Message(text)

    def respond(self, request, status, phrase="x", body="", tag=None, extra=(), contact=True):
        lines = [f"SIP/2.0 {status} {phrase}"]
        for name in ("Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
            for value in request.all(name):
                if name == "To" and tag and ";tag=" not in value:
                    value += f";tag={tag}"
                lines.append(f"{name}: {value}")
        if contact:
            lines.append(f"Contact: {self.contact}")
        lines += list(extra)
        if body:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join(lines + [f"Content-Length: {len(body)}", "", body])
        self.send(text)
        return Message(text)


class Dialog:
    """The caller's view of a call, from its INVITE and a 2xx."""

    def __init__(self, peer, invite, ok):
        self.peer, self.invite, self.ok = peer, invite, ok
        self.cseq = int(invite.get("CSeq").split()[0])
        self.routes = list(reversed(ok.all("Record-Route")))

    def request(self, method, cseq=None, **more):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        return self.peer.request(method, self.ok.contact(), to=self.ok.get("To"), cseq=cseq,
                                 call_id=self.invite.get("Call-ID"), from_tag=self.invite.tag("From"),
                                 routes=self.routes, **more)

    def ack(self, **more):
        return self.request("ACK", cseq=self.cseq, **more)
