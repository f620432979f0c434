#!/usr/bin/env python3
"""Registrations played by hand: challenges, expiry, several contacts, and whose address it is."""
import hashlib
import re

import cases
from appliance import One
from cases import check, wait_until
from sip_peer import Dialog, Peer, sdp

HOST = "127.0.4.70"
DOMAIN = "example.test"
PASSWORDS = {"alice": "wonder land", "bob": "builder"}


class Registrar(One):
    def __enter__(self):
        super().__enter__()
        self.complete("edge", "registrar.test")
        self.admin.put("turnpike-sip:sip/udp", {"enabled": True, "port": 5060})
        self.admin.put("turnpike-sip:sip/registrar", {
            "domain": [DOMAIN], "realm": "realm.test", "expires-min": 60, "expires-max": 600,
            "account": [{"name": name, "password": password} for name, password in PASSWORDS.items()]})
        self.admin.put("turnpike-search:search/rule=local", {
            "name": "local", "priority": 1, "match": "suffix", "pattern": f"@{DOMAIN}", "on-match": "stop",
            "target": "registrations"})
        self.admin.commit("a registrar")
        self.phones = {"alice": Peer("alice", "127.0.4.71", 5070, (HOST, 5060)),
                       "bob": Peer("bob", "127.0.4.72", 5070, (HOST, 5060))}
        return self

    def registrations(self):
        return self.admin.get("/api/v1/registrations")["registrations"]

    def close(self):
        for phone in getattr(self, "phones", {}).values():
            phone.close()
        super().close()


def answer_to(challenge, algorithm, user, password, method, uri, nc=1):
    """The digest answer to one of the challenges of a 401 or 407."""
    for value in challenge.all("WWW-Authenticate") + challenge.all("Proxy-Authenticate"):
        if f"algorithm={algorithm}" in value:
            break
    else:
        raise AssertionError(f"no challenge with {algorithm}: {challenge.text}")
    realm, nonce = (re.search(f'{key}="([^"]*)"', value).group(1) for key in ("realm", "nonce"))

    def h(text):
        return hashlib.new({"MD5": "md5", "SHA-256": "sha256"}[algorithm], text.encode()).hexdigest()

    response = h(f"{h(f'{user}:{realm}:{password}')}:{nonce}:{nc:08x}:cn:auth:{h(f'{method}:{uri}')}")
    return (f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm={algorithm}, '
            f'qop=auth, nc={nc:08x}, cnonce="cn", response="{response}"')


_cseq = iter(range(1, 100000))


def register(phone, user, contact, expires, algorithm="SHA-256", password=None, account=None):
    """Gives the final answer; `expires` None leaves the header out."""
    uri, call_id, authorization = f"sip:{DOMAIN}", f"reg-{phone.user}", []
    phone.contact = contact
    for _ in range(2):
        extra = authorization + ([] if expires is None else [f"Expires: {expires}"])
        phone.request("REGISTER", uri, to=f"<sip:{user}@{DOMAIN}>", from_=f"<sip:{user}@{DOMAIN}>",
                      cseq=next(_cseq), call_id=call_id, extra=extra)
        answer = wait_until(lambda: next((m for m in phone.waiting if m.status >= 200), None) or
                            phone._receive(cases.time.monotonic() + 0.2), 5, "REGISTER was not answered")
        phone.waiting.remove(answer)
        if answer.status != 401 or authorization:
            return answer
        name = account or user
        authorization = ["Authorization: " + answer_to(
            answer, algorithm, name, PASSWORDS[name] if password is None else password, "REGISTER", uri)]
    raise AssertionError("not reached")


def contacts(answer):
    return sorted(re.findall(r"<([^>]+)>", " ".join(answer.all("Contact"))))


def both_algorithms_log_in(bench):
    phone = bench.phones["alice"]
    for algorithm in ("SHA-256", "MD5"):
        answer = register(phone, "alice", "<sip:alice@127.0.4.71:5070>", 120, algorithm)
        check(answer.status == 200 and contacts(answer) == ["sip:alice@127.0.4.71:5070"],
              f"{algorithm}: {answer.text}")
    (row,) = bench.registrations()
    check(row["aor"] == f"sip:alice@{DOMAIN}" and 100 < row["expires-s"] <= 120, f"shown as {row}")


def wrong_ones_are_refused(bench):
    phone = bench.phones["bob"]
    contact = "<sip:bob@127.0.4.72:5070>"
    check(register(phone, "bob", contact, 120, password="guess").status == 403, "a wrong password registered")
    check(register(phone, "nobody", contact, 120, account="bob").status == 403, "somebody else's address")
    check(register(phone, "alice", contact, 120, account="bob").status == 403, "somebody else's address")
    check(len(bench.registrations()) == 1, "a refused registration is shown")


def expiry_has_bounds(bench):
    phone = bench.phones["bob"]
    brief = register(phone, "bob", "<sip:bob@127.0.4.72:5070>", 30)
    check(brief.status == 423 and brief.get("Min-Expires") == "60", f"30 s were granted: {brief.text}")
    long = register(phone, "bob", "<sip:bob@127.0.4.72:5070>", 7200)
    check(long.status == 200 and "expires=600" in long.get("Contact"), f"more than the most: {long.text}")


def several_contacts_and_all_gone(bench):
    phone = bench.phones["bob"]
    two = register(phone, "bob", "<sip:bob@127.0.4.72:5070>;expires=100, <sip:bob@127.0.4.72:5099>;expires=90", None)
    check(len(contacts(two)) == 2, f"two contacts: {two.text}")
    one = register(phone, "bob", "<sip:bob@127.0.4.72:5099>;expires=0", None)
    check(contacts(one) == ["sip:bob@127.0.4.72:5070"], f"one contact: {one.text}")
    check(register(phone, "bob", "*", 120).status == 400, "Contact: * without Expires: 0")
    none = register(phone, "bob", "*", 0)
    check(none.status == 200 and not none.all("Contact"), f"no contact: {none.text}")
    many = ", ".join(f"<sip:bob@127.0.4.72:{6000 + i}>" for i in range(11))
    check(register(phone, "bob", many, 120).status == 403, "eleven contacts for one user")
    check(len(bench.registrations()) == 1, "bob is still shown")


def registered_phones_call_each_other(bench):
    alice, bob = bench.phones["alice"], bench.phones["bob"]
    register(alice, "alice", "<sip:alice@127.0.4.71:5070>", 300)
    register(bob, "bob", "<sip:bob@127.0.4.72:5070>", 300)
    invite = alice.request("INVITE", f"sip:bob@{DOMAIN}", from_=f"<sip:alice@{DOMAIN}>", body=sdp(alice.ip, 4000))
    seen = bob.expect("INVITE")
    check(seen.first.startswith("INVITE sip:bob@127.0.4.72:5070"), f"not to the contact: {seen.first}")
    bob.respond(seen, 200, "OK", body=sdp(bob.ip, 5000), tag="bt")
    dialog = Dialog(alice, invite, alice.expect((200, "INVITE")))
    dialog.ack()
    bob.expect("ACK")
    dialog.request("BYE")
    bob.respond(bob.expect("BYE"), 200, "OK")
    alice.expect((200, "BYE"))


def spoofed_callers_are_asked(bench):
    """From in our own domain, from an address that nobody registered (and nobody else's name)."""
    stranger = Peer("alice", "127.0.4.73", 5070, (HOST, 5060))
    try:
        for name, status in (("alice", 403), ("bob", 100)):
            uri = f"sip:bob@{DOMAIN}"
            stranger.request("INVITE", uri, from_=f"<sip:{name}@{DOMAIN}>", body=sdp(stranger.ip, 4000))
            challenge = stranger.expect((407, "INVITE"))
            proof = answer_to(challenge, "SHA-256", "bob", PASSWORDS["bob"], "INVITE", uri)
            stranger.request("INVITE", uri, from_=f"<sip:{name}@{DOMAIN}>", cseq=2, body=sdp(stranger.ip, 4000),
                             extra=[f"Proxy-Authorization: {proof}"])
            stranger.expect((status, "INVITE"))
        seen = bench.phones["bob"].expect("INVITE")
        check(not seen.all("Proxy-Authorization"), "our credentials are passed on")
        bench.phones["bob"].respond(seen, 486, "Busy", tag="bt")
        stranger.expect((486, "INVITE"))
    finally:
        stranger.close()


def lost_account_loses_its_phone(bench):
    bench.admin.delete("/restconf/ds/candidate/turnpike-sip:sip/registrar/account=bob")
    bench.admin.commit("without bob")
    check([row["aor"] for row in bench.registrations()] == [f"sip:alice@{DOMAIN}"], "bob is still registered")


if __name__ == "__main__":
    cases.run([both_algorithms_log_in, wrong_ones_are_refused, expiry_has_bounds, several_contacts_and_all_gone,
               registered_phones_call_each_other, spoofed_callers_are_asked, lost_account_loses_its_phone],
              Registrar((HOST, 7443)))
