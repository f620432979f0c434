#!/usr/bin/env python3
"""Phones that people use: baresip with SRTP outside, baresip without inside; each must hear the
other's tone. One call in each direction."""
import time

import cases
from baresip import Baresip
from cases import check
from lab import ADDRESS, INSIDE, OUTSIDE, Lab

TONE = {OUTSIDE: 440, INSIDE: 1000}


def account(lab, where, name, mediaenc):
    server = ADDRESS["edge-outside" if where == OUTSIDE else "core-inside"]
    secure = f";mediaenc={mediaenc}" if mediaenc else ""
    return (f"<sip:{name}@{where}.test;transport=tcp>;auth_user={name};"
            f"auth_pass={lab.passwords[name]};outbound=\"sip:{server}:5060;transport=tcp\";"
            f"regint=120;answermode=auto;audio_codecs=PCMU{secure}")


def pair_of_phones(lab, name):
    folder = lab.folder / name
    outside = Baresip(folder / "outside", lab.network.ns(OUTSIDE), ADDRESS[OUTSIDE], 5070,
                      account(lab, OUTSIDE, "outside-srtp", "srtp-mand"), TONE[OUTSIDE])
    inside = Baresip(folder / "inside", lab.network.ns(INSIDE), ADDRESS[INSIDE], 5070,
                     account(lab, INSIDE, "inside-plain", None), TONE[INSIDE])
    return outside, inside


def call_and_listen(lab, name, caller_is_outside):
    outside, inside = pair_of_phones(lab, name)
    caller, called = (outside, inside) if caller_is_outside else (inside, outside)
    address = "sip:inside-plain@inside.test" if caller_is_outside else "sip:outside-srtp@outside.test"
    try:
        called.start()
        called.wait_log("200 OK")
        caller.start()
        caller.wait_log("200 OK")
        caller.type(f"/dial {address}\n")
        caller.wait_log("Call established")
        time.sleep(5)
    finally:
        caller.stop()
        called.stop()
    check("SRTP is Enabled" in outside.log(), f"no SRTP outside: {outside.log()[-800:]}")
    check("SRTP is Enabled" not in inside.log(), "SRTP inside, where none was asked for")
    check(outside.hears(TONE[INSIDE], 2), f"the outside phone does not hear {TONE[INSIDE]} Hz")
    check(inside.hears(TONE[OUTSIDE], 2), f"the inside phone does not hear {TONE[OUTSIDE]} Hz")
    check(not inside.hears(TONE[INSIDE]), "the inside phone hears itself")


def srtp_phone_calls_plain_phone(lab):
    call_and_listen(lab, "outward-in", True)


def plain_phone_calls_srtp_phone(lab):
    call_and_listen(lab, "inward-out", False)


if __name__ == "__main__":
    cases.run([srtp_phone_calls_plain_phone, plain_phone_calls_srtp_phone], Lab())
