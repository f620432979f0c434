"""The audit log of a running appliance: what verifies, what does not, what stands in no log."""
import base64
import contextlib
import json
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

from admin import ApiError
from appliance import BIN, One
from cases import check, nightly, run, wait_until
from live_change_test import SmallDisk
from web import Browser, tls_context

ADDRESS = ("127.0.27.10", 7443)
PASSWORD = "planted-Administrator-secret-1"


class Kept(One):
    """One that can be stopped and started again on its state."""

    def __enter__(self):
        super().__enter__()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="audit-"))
        self.set_up("edge", "audit.test", PASSWORD)
        return self

    def restart(self, between, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(20)
        between(self.state / "admin" / "turnpike.db")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(BIN / "turnpiked"), "--state", str(self.state), "--web", f"{ADDRESS[0]}:{ADDRESS[1]}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.answers, 30, "it does not come up again")
        wait_until(lambda: self.ready() and self.verified(), 20, "nothing can be verified")

    def ready(self):
        with contextlib.suppress(OSError, ApiError, ValueError):
            return self.admin.get("/api/v1/config/status")["running"]["revision"]
        return None

    def verified(self):
        with contextlib.suppress(OSError, ApiError, ValueError):
            return self.admin.get("/api/v1/audit/verify")
        return None

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        super().close()


def ctl(one, *args):
    done = subprocess.run([str(BIN / "turnpikectl"), "--state", str(one.state), *map(str, args)],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def change(one, number):
    """A change that is acknowledged; its record is known by the number."""
    one.admin.put("turnpike-sip:sip/registrar/realm", f"realm-{number}.test")


def sealed(one):
    found = one.verified()
    return found and found["unsealed"] == 0 and found


def verification_and_exports(one):
    change(one, 1)
    one.admin.commit("a realm")
    wait_until(lambda: sealed(one), 10, "the log is not sealed")
    status, text = ctl(one, "audit", "verify")
    check(status == 0 and "verifies" in text, f"{status} {text}")
    export, key = one.folder / "audit.jsonl", one.folder / "key.pem"
    check(ctl(one, "audit", "export", export)[0] == 0, "no export")
    status, text = ctl(one, "audit", "key")
    key.write_text(text)
    offline = ("audit", "verify", "--file", export, "--key", key)
    status, text = ctl(one, *offline)
    check(status == 0 and "The export verifies" in text and "0 behind" in text, f"{status} {text}")
    lines = export.read_text().splitlines()
    whole = export.read_text()
    for old, new, words in (('"user":"root"', '"user":"nobody"', "not what was written"),
                            ('"counter":1,', '"counter":9,', "not the supervisor's")):
        check(old in whole, f"no {old} in the export")
        export.write_text(whole.replace(old, new, 1))
        status, text = ctl(one, *offline)
        check(status == 1 and words in text, f"{new}: {status} {text}")
    export.write_text("\n".join(lines[:3] + lines[4:]) + "\n")
    status, text = ctl(one, *offline)
    check(status == 1 and "not there" in text, f"a record less: {status} {text}")
    export.write_text(whole)
    other = bytearray(base64.b64decode(key.read_text().splitlines()[1]))
    other[20] ^= 1
    key.write_text(f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(bytes(other)).decode()}\n"
                   "-----END PUBLIC KEY-----\n")
    check(ctl(one, *offline)[0] == 1, "another key verifies")
    export.write_text("no export\n")
    check(ctl(one, *offline)[0] == 2, "anything is taken for an export")


def row_184_logs_are_listed_filtered_and_exported(one):
    get = one.admin.get
    one.admin.put("turnpike-sip:sip/tls/port", 5073)
    one.admin.commit("=cmd|' /C calc'!A0")
    lines = get("/api/v1/log?kind=configuration&filter=5073")["lines"]
    found = [line for line in lines if line["name"] == "config.change"]
    check(len(found) == 1, f"{lines}")
    line = found[0]
    check((line["path"], line["before"], line["after"], line["user"], line["source"]) ==
          ("/turnpike-sip:sip/tls/port", "5061", "5073", "root", "socket"), f"{line}")
    check(get(f"/api/v1/log?kind=configuration&after={line['id']}&filter=5073")["total"] == 0, "live tail")
    check(get("/api/v1/log?kind=event&severity=2")["total"] <= get("/api/v1/log?kind=event")["total"], "severity")
    at = int(time.time() * 1000)
    check(get(f"/api/v1/log?kind=event&from={at + 60000}")["total"] == 0, "time")
    status, headers, text = one.admin.fetch("GET", "/api/v1/log/export?kind=configuration&format=csv&filter=5073")
    check(status == 200 and "attachment" in headers["Content-Disposition"] and
          text.startswith("Number,Time,") and '"5061","5073"' in text, text)
    _, _, text = one.admin.fetch("GET", "/api/v1/log/export?kind=configuration&format=jsonl&filter=5073")
    check([json.loads(row)["after"] for row in text.splitlines() if "config.change" in row] == ["5073"], text)
    check(one.admin.fetch("GET", "/api/v1/log?kind=secret")[0] == 400, "an unknown kind")


def row_184_the_network_log_tells_of_connections(one):
    with socket.create_connection(ADDRESS, 5) as plain:
        plain.sendall(b"no TLS at all\r\n\r\n")
        with contextlib.suppress(OSError):
            plain.recv(100)
    port = one.admin.running("turnpike-sip:sip/tls/port?with-defaults=report-all")["turnpike-sip:port"]
    with socket.create_connection((ADDRESS[0], port), 5) as plain:
        plain.sendall(b"no TLS at all\r\n\r\n")
        with contextlib.suppress(OSError):
            plain.recv(100)
    with socket.create_connection((ADDRESS[0], port), 5) as tcp, tls_context().wrap_socket(tcp):
        pass

    def found():
        lines = one.admin.get("/api/v1/log?kind=network&limit=200")["lines"]
        return {(line["path"], line["name"]) for line in lines} >= {
            ("sip", "connection.failed"), ("sip", "connection.opened"), ("sip", "connection.closed"),
            ("web", "connection.failed"), ("web", "connection.opened"), ("web", "connection.closed")} and lines

    lines = wait_until(found, 10, "connections are not in the network log")
    check(any("TLSv1.3" in line["text"] for line in lines), f"no version: {lines}")
    texts = [line["text"] for line in lines if (line["path"], line["name"]) == ("web", "connection.failed")]
    check(any("wrong version number" in text and "begins with https" in text for text in texts), f"{texts}")
    subprocess.run(["openssl", "s_client", "-connect", f"{ADDRESS[0]}:{ADDRESS[1]}", "-tls1_1", "-cipher",
                    "ALL:@SECLEVEL=0"], input="", capture_output=True, text=True, check=False, timeout=20)
    wait_until(lambda: any("unsupported protocol" in line["text"] and "page Ciphers" in line["text"] for line in
                           one.admin.get("/api/v1/log?kind=network&limit=50")["lines"]), 10, "no reason of TLS")
    one.admin.put("turnpike-log:log/network/enabled", False)
    one.admin.commit("no network log")
    time.sleep(1.5)
    before = one.admin.get("/api/v1/log?kind=network")["total"]
    Browser(ADDRESS).visit()
    time.sleep(1.5)
    check(one.admin.get("/api/v1/log?kind=network")["total"] == before, "connections are recorded though it is off")


def limits_come_from_the_configuration(one):
    one.admin.put("turnpike-log:log/network/enabled", True)
    one.admin.put("turnpike-log:log/audit/size", 1)
    one.admin.commit("small logs")
    state = one.admin.get("/api/v1/log/state")
    check(state["audit"]["most-bytes"] == 1 << 20 and state["warn-percent"] == 75, f"{state}")


def each_acknowledged_change_has_its_record_over_kill_9(one):
    rounds = 40 if nightly() else 2
    acknowledged = []
    ending = threading.Event()

    def change_on():
        number = 100
        while not ending.is_set():
            number += 1
            with contextlib.suppress(OSError, ApiError, ValueError):
                change(one, number)
                acknowledged.append(number)

    changer = threading.Thread(target=change_on)
    changer.start()
    try:
        for _ in range(rounds):
            time.sleep(random.uniform(0.1, 0.6))
            processes = wait_until(lambda: one.ready() and one.admin.get("/api/v1/status")["processes"], 20, "no status")
            pid = next(p["pid"] for p in processes if p["name"] == "turnpike-admin")
            before = len(acknowledged)
            subprocess.run(["kill", "-9", str(pid)], check=False)
            wait_until(lambda b=before: len(acknowledged) > b, 20, "admin does not come back")
    finally:
        ending.set()
        changer.join()
    found = wait_until(lambda: sealed(one), 15, "the tail is not sealed after the start")
    check(found["verified"], f"{found['findings']}")
    requests = one.admin.get("/api/v1/log?kind=configuration&filter=registrar/realm&limit=1")["total"]
    check(requests >= len(acknowledged), f"{len(acknowledged)} changes, {requests} records")
    one.admin.post("/api/v1/config/discard")


def kill_9_of_all_leaves_a_log_that_verifies(one):
    change(one, 2)
    one.restart(lambda _db: None, signal.SIGKILL)
    check(one.verified()["verified"], f"{one.verified()}")
    check(one.admin.get("/api/v1/log?kind=configuration&filter=request")["total"] > 0, "records are gone")
    one.admin.post("/api/v1/config/discard")


def tampering_with_the_database_is_found(one):
    wait_until(lambda: sealed(one), 10, "the log is not sealed")

    def edit(db):
        with contextlib.closing(sqlite3.connect(db)) as connection, connection:
            connection.execute("UPDATE audit SET user = 'somebody' WHERE sequence = 4")

    one.restart(edit)
    status, text = ctl(one, "audit", "verify")
    check(status == 1 and "Record 4 is not what was written" in text, f"{status} {text}")
    alarms = one.admin.get("/api/v1/alarms")["alarms"]
    check(any(a["code"] == 15012 and not a["cleared-at"] for a in alarms), f"no alarm: {alarms}")


def an_older_database_is_found(one):
    wait_until(lambda: sealed(one), 10, "the log is not sealed")
    copy = one.folder / "older.db"
    one.restart(lambda db: shutil.copy(db, copy))
    wait_until(lambda: sealed(one), 10, "the log is not sealed")
    change(one, 3)
    wait_until(lambda: sealed(one), 10, "the log is not sealed")
    last = one.verified()["last"]
    one.restart(lambda db: shutil.copy(copy, db))
    found = one.verified()
    texts = [f["text"] for f in found["findings"]]
    check(not found["verified"] and any("not there" in text for text in texts), f"{found}")
    # The numbers of what is lost are never used again.
    found = wait_until(lambda: (one.verified() or {}).get("last", 0) > last and one.verified(), 10, "no record more")
    check(any(f["fault"] == "missing" for f in found["findings"]), f"{found}")


# ------------------------------------------------------------------ secrets

def plant(one, secrets):
    """Every API that takes a secret is given one, also where it is refused."""
    visitor = Browser(ADDRESS)
    for user, word in (("admin", secrets["wrong-password"]), (secrets["password-as-user"], "x")):
        visitor.log_in(user, word)
    status, _, body = visitor.log_in("admin", PASSWORD)
    check(status == 200, f"{status} {body}")
    secrets["cookie"] = visitor.cookie.split("=", 1)[1]
    secrets["csrf"] = visitor.csrf
    for path, body in (
            ("/api/v1/setup/unlock", {"secret": secrets["first-login"]}),
            ("/api/v1/identities/sip-server/upload", {"pem": secrets["pem"], "key": secrets["pem"],
                                                      "passphrase": secrets["passphrase"]}),
            ("/api/v1/identities/sip-server/upload", {"pkcs12": base64.b64encode(b"no file").decode(),
                                                      "passphrase": secrets["passphrase"]}),
            ("/api/v1/setup/complete", {"peer": {"password": secrets["peer-password"]}})):
        visitor.call("POST", path, body)
    status, _, body = visitor.call("POST", "/api/v1/tokens", {"name": "planted", "scope": "read", "expires-in-days": 1})
    check(status == 201, f"{status} {body}")
    secrets["token"] = body["token"]
    Browser(ADDRESS).call("GET", "/api/v1/status", headers={"Authorization": f"Bearer {body['token']}"})
    Browser(ADDRESS).call("GET", "/api/v1/status", headers={"Authorization": f"Bearer {secrets['bad-token']}"})
    visitor.call("PUT", "/api/v1/accounts/admin/password",
                 {"current": secrets["wrong-password"], "password": secrets["new-password"]})
    one.admin.put("turnpike-sip:sip/registrar/account=phone", {"name": "phone", "password": secrets["sip-password"]})
    for path, body in (
            ("turnpike-zone:zones/zone=far", {"turnpike-zone:zone": [
                {"name": "far", "type": "traversal-server", "user": "u", "password": secrets["zone-password"],
                 "verify-name": "far.test", "listen-port": 7010}]}),
            ("turnpike-access:access/ldap/bind-password", {"turnpike-access:bind-password": secrets["bind-password"]}),
            ("turnpike-tls:tls/acme/external-account", {"turnpike-tls:external-account": {
                "key-id": "planted", "hmac": secrets["eab-key"]}})):
        status, _, body = visitor.call("PUT", f"/restconf/ds/candidate/{path}", body)
        check(status in (201, 204), f"{path}: {status} {body}")
    one.admin.commit("with passwords")
    visitor.call("PUT", "/restconf/ds/candidate/turnpike-tls:tls/identity", {"turnpike-tls:identity": {
        "certificate": "none", "private-key": secrets["pem"]}})
    with contextlib.suppress(ApiError):
        one.admin.commit("with a key")
    visitor.call("POST", "/api/v1/login/test", {"user": "u", "password": secrets["wrong-password"], "source": "ldap"})


# What the API tells of all that was planted.
ANSWERS = [
    *(f"/restconf/ds/{store}/{node}" for store in ("running", "candidate") for node in (
        "turnpike-system:system", "turnpike-tls:tls", "turnpike-sip:sip", "turnpike-zone:zones", "turnpike-access:access")),
    "/api/v1/session", "/api/v1/sessions", "/api/v1/accounts", "/api/v1/logins?limit=200", "/api/v1/identities",
    "/api/v1/identities/sip-server", "/api/v1/certificates", "/api/v1/trust", "/api/v1/status", "/api/v1/zones",
    "/api/v1/registrations", "/api/v1/alarms", "/api/v1/config/diff", "/api/v1/config/diff?from=1&to=3",
    "/api/v1/config/revisions", "/api/v1/acme", "/api/v1/certificate-login", "/api/v1/audit/export",
]


def forms(secret):
    """As it may come out of careless code."""
    data = secret if isinstance(secret, bytes) else secret.encode()
    yield data
    yield data.hex().encode()
    yield base64.b64encode(data).rstrip(b"=")[:-1]


def row_188_and_189_no_secret_stands_in_any_log(one):
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                         capture_output=True, text=True, check=True).stdout
    secrets = {name: f"planted-{name}-7c1b" for name in (
        "wrong-password", "password-as-user", "first-login", "passphrase", "new-password", "sip-password",
        "zone-password", "peer-password", "bind-password", "eab-key", "bad-token")}
    secrets["pem"] = key
    plant(one, secrets)
    # Who types a password where the user name goes is an event with that name: known, and told in docs/audit.md.
    del secrets["password-as-user"]
    secrets["pem"] = key.splitlines()[2]
    secrets["administrator"] = PASSWORD
    secrets["root key"] = (one.state / "root.key").read_bytes()
    wait_until(lambda: sealed(one), 10, "the log is not sealed")
    export = one.folder / "all.jsonl"
    check(ctl(one, "audit", "export", export)[0] == 0, "no export")
    texts = {"log of all processes": one.log.read_bytes(), "audit export": export.read_bytes()}
    for kind in ("event", "configuration", "network"):
        texts[kind] = one.admin.fetch("GET", f"/api/v1/log/export?kind={kind}&format=jsonl")[2].encode()
    for path in ANSWERS:
        status, _, text = one.admin.fetch("GET", path)
        check(status == 200, f"{path}: {status} {text}")
        texts[path] = text.encode()
    for file in one.state.rglob("*"):
        if file.is_file() and file.name != "root.key":
            texts[str(file.relative_to(one.state))] = file.read_bytes()
    check("planted-wrong-password-7c1b" not in str(texts["event"]) and b"login.failed" in texts["event"],
          "failed logins are not in the log")
    for name, secret in secrets.items():
        for form in forms(secret):
            for where, text in texts.items():
                check(form not in text, f"{name} stands in {where}")


def row_189_no_process_leaves_its_memory_behind(one):
    """None may dump core, nor be read by others of its user: its files in /proc are root's then."""
    def family(pid):
        yield pid
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))

    check(Browser(ADDRESS).log_in("admin", PASSWORD)[0] == 200, "no login")  # a helper hashes
    seen = {}
    for pid in family(one.process.pid):
        with contextlib.suppress(OSError):
            proc = pathlib.Path(f"/proc/{pid}")
            status = dict(line.split(":\t", 1) for line in (proc / "status").read_text().splitlines())
            limits = (proc / "limits").read_text()
            seen[status["Name"]] = (status["Uid"].split()[0], (proc / "environ").stat().st_uid,
                                    [line.split()[4:6] for line in limits.splitlines() if "core file" in line][0])
    check({"turnpike-admin", "turnpike-sip", "turnpike-media", "turnpike-hash"} <= set(seen), f"{seen}")
    for name, (user, owner, core) in seen.items():
        if name == "turnpiked":
            continue
        check(core == ["0", "0"], f"{name} may dump core: {core}")
        check(user == "0" or owner == 0, f"{name} is dumpable")


# ---------------------------------------------------------------- full disk

def a_full_disk_refuses_changes_with_an_alarm(_one):
    with SmallDisk() as one:
        def failing():
            return [a for a in one.admin.get("/api/v1/alarms")["alarms"]
                    if a["code"] == 15010 and not a["cleared-at"]]

        one.admin.put("turnpike-sip:sip/registrar/realm", "before.test")
        check(not failing(), "an alarm before anything failed")
        one.fill(0)
        words = None
        for _ in range(200):  # until what SQLite has in hand is used up
            try:
                one.admin.put("turnpike-sip:sip/registrar/realm", "full.test")
            except ApiError as fault:
                words = fault.body
                break
        check(words and "Nothing was changed" in words and "audit log" in words, f"not refused: {words}")
        check(failing(), "no alarm at once")
        check(one.admin.get("/api/v1/log/state")["failing"], "the state does not say so")
        check(one.admin.get("/api/v1/status")["sip"], "calls do not go on")
        (one.disk / "filler").unlink()
        wait_until(lambda: not failing(), 10, "the alarm stays")
        one.admin.put("turnpike-sip:sip/registrar/realm", "after.test")
        check(one.admin.get("/api/v1/log?kind=event&filter=audit.resumed")["total"] == 1, "no record of it")
        found = one.admin.get("/api/v1/audit/verify")
        check(found["verified"], f"{found}")


if __name__ == "__main__":
    run([verification_and_exports, row_184_logs_are_listed_filtered_and_exported,
         row_184_the_network_log_tells_of_connections, limits_come_from_the_configuration,
         row_188_and_189_no_secret_stands_in_any_log, row_189_no_process_leaves_its_memory_behind,
         each_acknowledged_change_has_its_record_over_kill_9,
         *([kill_9_of_all_leaves_a_log_that_verifies, a_full_disk_refuses_changes_with_an_alarm,
            an_older_database_is_found] if nightly() else []),
         tampering_with_the_database_is_found], Kept(ADDRESS))
