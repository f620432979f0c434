#!/usr/bin/env python3
"""A leak in any of the processes would be reported: programs with a leak planted in them run as a
pair and end, and each must have told of it, from inside its sandbox."""
import re
import shutil

import cases
from cases import check
from lab import ASAN_BIN, Lab

PROCESSES = ["turnpiked", "admin", "sip", "media"]
PLANTED = 7777


def every_planted_leak_is_reported():
    leaky = ASAN_BIN.parent / "leaky"
    for program in ASAN_BIN.glob("turnpike-*"):
        if program.name.removeprefix("turnpike-") not in PROCESSES:
            shutil.copy2(program, leaky / program.name)
    lab = Lab(leaky)
    try:
        lab.__enter__()
        pids = {"turnpiked": lab.edge.process.pid,
                **{name: lab.edge.pid(name) for name in PROCESSES[1:]}}
        try:
            lab.edge.stop()
        except AssertionError:
            pass  # its exit status tells of the leak
        log = lab.edge.log_path.read_text(errors="replace")
    finally:
        lab.kill_all()
    for name, pid in pids.items():
        report = re.search(rf"=={pid}==ERROR: LeakSanitizer.*?(?=SUMMARY)", log, re.S)
        check(report, f"{name} (pid {pid}) ended without a leak report:\n{log[-3000:]}")
        check(f"of {PLANTED} byte" in report.group(0), f"{name} reports another leak: {report.group(0)}")
    shutil.rmtree(lab.folder, ignore_errors=True)


if __name__ == "__main__":
    cases.run([every_planted_leak_is_reported])
