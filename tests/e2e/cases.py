"""Runs test cases one after the other and prints a line for each, as tests/run counts them."""
import os
import sys
import time
import traceback


class Skip(Exception):
    """The case cannot run here; the text says why."""


def check(condition, text):
    """An assertion that says what a user would have noticed."""
    if not condition:
        raise AssertionError(text)


def wait_until(look, seconds, text, every=0.1):
    """The first true answer of look(); an AssertionError with the text after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        check(time.monotonic() < until, f"{text} (waited {seconds} s)")
        time.sleep(every)


def nightly():
    return os.environ.get("TP_NIGHTLY") == "yes"


def _run_one(name, body):
    start = time.monotonic()
    try:
        body()
        word, rest = "ok", ""
    except Skip as why:
        word, rest = "skipped", f" {why}"
    except Exception:  # noqa: BLE001 - each case stands alone
        traceback.print_exc(file=sys.stdout)
        word, rest = "FAILED", ""
    print(f"{word} {name} {time.monotonic() - start:.1f} s{rest}", flush=True)
    return word != "FAILED"


def run(cases, fixture=None, only=sys.argv[1:]):
    """Runs the functions `cases`; with a fixture (a context manager) each gets what it yields.
    Setting the fixture up and taking it down count as cases of their own when they fail."""
    chosen = [c for c in cases if not only or any(word in c.__name__ for word in only)]
    good = True
    if fixture is None:
        for case in chosen:
            good = _run_one(case.__name__, case) and good
        sys.exit(0 if good else 1)
    holder = []
    if not _run_one("set-up", lambda: holder.append(fixture.__enter__())):
        _run_one("take-down", fixture.close)
        sys.exit(1)
    try:
        for case in chosen:
            good = _run_one(case.__name__, lambda: case(holder[0])) and good
    finally:
        good = _run_one("take-down", fixture.close) and good
    sys.exit(0 if good else 1)
