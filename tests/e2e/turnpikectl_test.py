"""turnpikectl as an administrator uses it, against a running appliance."""
import json
import os
import pathlib
import subprocess
import tempfile

from appliance import BIN, One
from cases import check, run, wait_until


def ctl(one, *args, text=None, status=0):
    done = subprocess.run([str(BIN / "turnpikectl"), "--state", str(one.state), *args], input=text,
                          capture_output=True, text=True, timeout=60, check=False)
    check(done.returncode == status,
          f"turnpikectl {' '.join(args)}: status {done.returncode}, wanted {status}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def read(one, *args):
    return json.loads(ctl(one, "--json", *args))


def the_status_shows_processes_and_counters(one):
    text = ctl(one, "status")
    for word in ("turnpike-sip", "turnpike-media", "dialogs", "server-transactions", "port-pairs-used"):
        check(word in text, f"{word} is missing:\n{text}")
    status = read(one, "status")
    check(all(p["ready"] for p in status["processes"]), f"{status['processes']}")
    for command in ("zones", "registrations", "calls", "history", "alarms", "log", "identity"):
        check(ctl(one, command).strip(), f"{command} says nothing")


def a_setting_changes_by_commit(one):
    ctl(one, "set", "sip/tls/port", "5071")
    check(read(one, "show", "sip/tls")["turnpike-sip:tls"]["port"] == 5061, "the candidate is in force already")
    check(read(one, "show", "--candidate", "/turnpike-sip:sip/tls")["turnpike-sip:tls"]["port"] == 5071,
          "the candidate does not hold the change")
    text = ctl(one, "diff")
    check("5061" in text and "5071" in text, text)
    check("valid" in ctl(one, "validate"), "validate")
    check("in force" in ctl(one, "commit", "--comment", "move TLS"), "commit")
    check(read(one, "show", "sip/tls")["turnpike-sip:tls"]["port"] == 5071, "the commit is not in force")
    newest = read(one, "revisions")["revisions"][0]
    check(newest["comment"] == "move TLS" and newest["author"] == "root" and newest["running"], f"{newest}")
    check("move TLS" in ctl(one, "log", "configuration"), "the commit is not in the log")


def wrong_values_are_refused_in_words(one):
    text = ctl(one, "set", "sip/tls/port", "70000", status=1)
    check("1024" in text, text)
    check("no such setting" in ctl(one, "set", "sip/none", "1", status=1), "an unknown setting")
    ctl(one, "set", "zones/zone[name=core]/x", "1", status=2)
    check("no changes" in ctl(one, "commit", status=1).lower(), "an empty commit")
    check("no changes" in ctl(one, "diff"), "a refused value is in the candidate")


def a_trial_is_confirmed_or_undone(one):
    ctl(one, "set", "system/host-name", "one.example.com")
    check("on trial" in ctl(one, "commit", "--confirm-within", "60"), "no trial")
    ctl(one, "confirm")
    ctl(one, "confirm", status=1)
    ctl(one, "set", "system/host-name", "two.example.com")
    ctl(one, "commit", "--confirm-within", "60")
    ctl(one, "undo")
    check(read(one, "status")["host-name"] == "one.example.com", "the undo is not in force")
    check(read(one, "revisions")["revisions"][0]["state"] == "undone", "the revision is not marked")
    ctl(one, "discard")
    ctl(one, "set", "system/host-name", "three.example.com")
    ctl(one, "commit", "--confirm-within", "3")
    wait_until(lambda: read(one, "status")["host-name"] == "one.example.com", 15,
               "an unconfirmed trial is not undone")
    ctl(one, "discard")


def an_earlier_revision_comes_back(one):
    before = read(one, "revisions")["revisions"][-1]["revision"]
    ctl(one, "restore", before)
    check("5061" in ctl(one, "diff"), "restore changes nothing")
    ctl(one, "commit", "--comment", "as at first")
    check(read(one, "show", "sip/tls")["turnpike-sip:tls"]["port"] == 5061, "the old port is not back")


def a_file_is_loaded_and_its_secrets_sealed(one):
    tree = {"turnpike-system:system": {"host-name": "file.example.com", "role": "edge", "network": [
                {"name": "lan", "address": "127.0.6.9"}]},
            "turnpike-zone:zones": {"zone": [{
                "name": "pbx a.b", "type": "neighbor", "transport": "tcp",
                "peer": [{"address": "127.0.6.77", "port": 5060}]}]},
            "turnpike-sip:sip": {"registrar": {"domain": ["x.example"], "realm": "x", "account": [
                {"name": "alice", "password": "in-clear-once"}]}}}
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=one.state) as file:
        json.dump(tree, file)
        file.flush()
        ctl(one, "load", file.name)
    text = ctl(one, "show", "--candidate")
    check("in-clear-once" not in text and "********" in text, "the password can be read")
    check("127.0.6.77" in ctl(one, "show", "--candidate", "zones/zone[name='pbx a.b']"), "the zone")
    ctl(one, "commit", "--comment", "from a file")
    for root, _, names in os.walk(one.state):
        for name in names:
            path = pathlib.Path(root) / name
            if path.is_file():
                check(b"in-clear-once" not in path.read_bytes(), f"the password stands in {path}")
    ctl(one, "delete", "zones/zone[name='pbx a.b']")
    check("no zones" not in ctl(one, "zones"), "the zone is not in force")
    ctl(one, "discard")


def passwords_are_read_from_standard_input(one):
    check("12" in ctl(one, "password", "olga", text="short\n", status=1), "a short password")
    ctl(one, "password", "olga", text="correct horse battery\n")
    ctl(one, "password", "ol/ga", text="correct horse battery\n", status=2)
    ctl(one, "accounts", "add", "uwe", "level=auditor", "change-password=no", text="a long enough phrase 7\n")
    ctl(one, "accounts", "set", "uwe", "disabled=yes")
    text = ctl(one, "accounts")
    check("auditor" in text and "uwe" in text, text)
    check("last account" in ctl(one, "accounts", "set", "olga", "web=no", status=1), "olga was locked out")
    check("yes|no" in ctl(one, "accounts", "set", "uwe", "web=maybe", status=2), "a wrong value")
    ctl(one, "accounts", "delete", "uwe")
    accounts = read(one, "api", "GET", "/api/v1/accounts")["accounts"]
    check([a["name"] for a in accounts] == ["olga"], f"{accounts}")


def wrong_use_is_told(one):
    check("usage" in ctl(one, status=2), "no command")
    check("usage" in ctl(one, "frobnicate", status=2), "an unknown command")
    check("usage" in ctl(one, "set", "one", status=2), "too few arguments")
    done = subprocess.run([str(BIN / "turnpikectl"), "--socket", "/nonexistent", "status"],
                          capture_output=True, text=True, check=False)
    check(done.returncode == 2 and "no answer" in done.stderr, f"{done}")


run([the_status_shows_processes_and_counters, a_setting_changes_by_commit, wrong_values_are_refused_in_words,
     a_trial_is_confirmed_or_undone, an_earlier_revision_comes_back, a_file_is_loaded_and_its_secrets_sealed,
     passwords_are_read_from_standard_input, wrong_use_is_told], One(("127.0.6.8", 7443)))
