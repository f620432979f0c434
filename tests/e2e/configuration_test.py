"""What becomes of a change when processes end at a bad moment or the database is lost."""
import os
import re
import signal
import subprocess

from admin import ApiError
from appliance import One
from cases import check, run, wait_until

PORT = "turnpike-sip:sip/tls/port"


def port(one):
    return one.admin.running(PORT)["turnpike-sip:port"]


def status(one):
    return one.admin.get("/api/v1/config/status")


def answers(one):
    try:
        return status(one)
    except (OSError, ApiError):
        return None


def kill_admin(one):
    """Ends turnpike-admin as a crash would, and waits for the next one."""
    found = re.findall(r"turnpike-admin is ready \(pid (\d+)\)", one.log.read_text())
    os.kill(int(found[-1]), signal.SIGKILL)
    wait_until(lambda: len(re.findall("turnpike-admin is ready", one.log.read_text())) > len(found), 30,
               "turnpike-admin does not come back")
    wait_until(lambda: answers(one), 30, "turnpike-admin does not answer again")


def restart(one, meanwhile=lambda: None):
    """Ends turnpiked as a power cut would, and starts it again."""
    one.process.kill()
    one.process.wait()
    meanwhile()
    with open(one.log, "ab") as log:
        one.process = subprocess.Popen(one.process.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
    wait_until(lambda: answers(one), 30, "turnpiked does not come back")


def set_up(one):
    one.complete("edge", "one.example.com")
    check(port(one) == 5061, "the default port")


def changes_survive_a_crash_of_admin(one):
    one.admin.put(PORT, 5071)
    kill_admin(one)
    after = status(one)
    check(after["changes"] == 1 and after["holder"] == "root", f"the pending change is lost: {after}")
    check(port(one) == 5061, "a pending change is in force")
    one.admin.commit("kept over a crash")
    check(port(one) == 5071, "the commit is not in force")


def a_trial_survives_a_crash_of_admin(one):
    one.admin.put(PORT, 5072)
    number = one.admin.commit("on trial", confirm_within_s=120)["revision"]
    kill_admin(one)
    trial = status(one)["trial"]
    check(trial and trial["revision"] == number and 60 < trial["left-s"] <= 120, f"trial {trial}")
    try:
        one.admin.put(PORT, 5073)
        one.admin.commit("beside a trial")
        raise AssertionError("a second commit goes through during a trial")
    except ApiError as refused:
        check(refused.status == 409, f"{refused}")
    one.admin.post("/api/v1/config/discard")
    one.admin.post("/api/v1/config/confirm")
    check(port(one) == 5072 and status(one)["trial"] is None, "the confirmed revision is not in force")


def a_restart_inside_a_trial_is_an_undo(one):
    before = status(one)["running"]["revision"]
    one.admin.put(PORT, 5074)
    number = one.admin.commit("never confirmed", confirm_within_s=600)["revision"]
    check(port(one) == 5074, "the trial is not in force")
    restart(one)
    check(port(one) == 5072, "an unconfirmed revision outlived the restart")
    check(status(one)["running"]["revision"] == before, f"{status(one)}")
    newest = one.admin.get("/api/v1/config/revisions")["revisions"][0]
    check(newest["revision"] == number and newest["state"] == "undone", f"{newest}")


def row_113_settings_outlive_an_upgrade(one):
    """Another version finds the configuration as this one left it, and nothing is tightened by itself."""
    service = "turnpike-tls:tls/service/sip"
    kept = {"minimum-version": "1.0", "preset": "custom", "inbound": {"ciphers": "ECDHE-ECDSA-AES128-SHA:ECDHE+AESGCM:!aNULL"}}
    one.admin.put(service, kept)
    one.admin.commit("as an old neighbour wants it")

    def state():
        sip = [s for s in one.admin.get("/api/v1/tls/services")["services"] if s["name"] == "sip"][0]["running"]
        done = subprocess.run(["openssl", "s_client", "-connect", f"{one.address[0]}:{port(one)}", "-tls1", "-cipher",
                               "ALL:@SECLEVEL=0"], input="", capture_output=True, text=True, check=False)
        return one.admin.running(service), sip, re.search(r"^New, (.*)", done.stdout, re.M).group(1)
    before = state()
    check(before[1]["minimum-version"] == "1.0" and "AES128-SHA" in before[2], f"{before[0]} {before[2]}")
    stale = [p for p in (one.state / "config").iterdir() if p.suffix in (".sip", ".admin", ".media")]
    check(len(stale) >= 3, f"{stale}")

    def upgrade():
        for path in stale:
            head = path.read_bytes()
            path.write_bytes(head[:4] + bytes([head[4] ^ 0xff]) + head[5:21] + b"\xff" * 50)
    restart(one, upgrade)
    check("are made again" in one.log.read_text(), "the files of the other version were taken")
    wait_until(lambda: state() == before, 15, "another policy is in force")


def a_lost_database_does_not_lose_what_is_in_force(one):
    before = status(one)["running"]["revision"]
    for path in (one.state / "admin").iterdir():
        path.unlink()
    kill_admin(one)
    wait_until(lambda: status(one)["running"]["revision"] == before, 10, "the running revision is not known")
    check(port(one) == 5072, "another configuration is shown than is in force")
    one.admin.put(PORT, 5075)
    after = one.admin.commit("after the loss")["revision"]
    check(int(after) > int(before), f"revision {after} follows {before}")
    check(port(one) == 5075, "commits do not go on")


run([set_up, changes_survive_a_crash_of_admin, a_trial_survives_a_crash_of_admin,
     a_restart_inside_a_trial_is_an_undo, row_113_settings_outlive_an_upgrade, a_lost_database_does_not_lose_what_is_in_force],
    One(("127.0.5.9", 7443)))
