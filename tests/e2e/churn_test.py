#!/usr/bin/env python3
"""Calls set up and torn down by the thousand leave nothing behind."""
import time

import cases
from cases import check, wait_until
from lab import INSIDE, OUTSIDE, Lab, check_calls

CALLS = 10000 if cases.nightly() else 1000
RATE = 40
BACK_TO_ZERO = {"sip": ["server-transactions", "client-transactions", "dialogs", "media-sessions"],
                "media": ["sessions", "kept-sessions", "port-pairs-used"]}


def left_over(side):
    """Counters that are not zero. The core's link to the edge has a pair of ports of its own."""
    status = side.status()
    link = {"media.port-pairs-used": 1} if side.side == "core" else {}
    found = {f"{part}.{name}": int(status[part][name])
             for part, names in BACK_TO_ZERO.items() for name in names}
    return {name: value for name, value in found.items() if value != link.get(name, 0)}


def nothing_is_left_after_many_calls(lab):
    half = CALLS // 2
    report = lab.calls([lab.phone(OUTSIDE), lab.phone(INSIDE)],
                       [f"outside:inside,count={half},rate={RATE / 2},seconds=0.3",
                        f"inside:outside,count={half},rate={RATE / 2},seconds=0.3"],
                       timeout=CALLS / RATE * 3 + 120)
    check_calls(report, 2 * half, "outside", "inside")
    print(f"  {2 * half} calls, setup {report['setup_ms']}")
    # Transactions over UDP stay for 32 s to absorb repeats; dialogs and media end at once.
    for side in (lab.edge, lab.core):
        wait_until(lambda s=side: not [k for k in left_over(s) if "transactions" not in k], 5,
                   f"dialogs or media are left on {side.side}")
    for side in (lab.edge, lab.core):
        try:
            wait_until(lambda s=side: not left_over(s), 45, "left")
        except AssertionError:
            raise AssertionError(f"left on {side.side}: {left_over(side)}") from None
        total = int(side.status()["sip"]["calls-total"])
        check(total >= 2 * half, f"{side.side} counted {total} calls of {2 * half}")


def given_up_calls_leave_nothing(lab):
    """Callers that hang up while it rings."""
    child = lab.start_calls([lab.phone(OUTSIDE), lab.phone(INSIDE, ring_ms=60000)],
                            ["outside:inside,count=5"])
    wait_until(lambda: len(lab.core.admin.get("/api/v1/calls")["calls"]) == 5, 10, "no calls ringing")
    time.sleep(0.2)
    child.terminate()
    lab.finish_calls(child, 60)
    for side in (lab.edge, lab.core):
        wait_until(lambda s=side: not [k for k in left_over(s) if "transactions" not in k], 45,
                   f"given-up calls are left on {side.side}")


if __name__ == "__main__":
    cases.run([nothing_is_left_after_many_calls, given_up_calls_leave_nothing], Lab())
