#!/usr/bin/env python3
"""Revocation lists: downloads in all their forms, uploads, what is kept, what is refused."""
import contextlib
import datetime
import gzip
import http.server
import io
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import zipfile

from admin import ApiError
from appliance import BIN, One
from cases import check, run, wait_until

ADDRESS = ("127.0.2.9", 7443)
SERVER = "127.0.2.10"   # allowed by name in the settings
OTHER = "127.0.2.11"    # another place on loopback, not allowed
HTTP, HTTPS, BAD_HTTPS = 8088, 8443, 8444
SECRET = b"what only this machine may read"


# ----------------------------------------------------------------------------- a small CA

def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"openssl {args}: {done.stderr}")
    return done.stdout


def stamp(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    def __init__(self, folder, name):
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self.key, self.pem = self.folder / "key", self.folder / "pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.key, "-out", self.pem, "-days", 3000, "-subj", f"/CN={name}")
        (self.folder / "conf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.folder}/index\ndefault_md=sha256\n")

    def crl(self, serials=(), since=-1, until=30, der=False):
        """A list of these serial numbers, valid from `since` to `until` days from now."""
        revoked = (datetime.datetime.now(datetime.timezone.utc)).strftime("%y%m%d%H%M%SZ")
        (self.folder / "index").write_text("".join(
            f"R\t400101000000Z\t{revoked},keyCompromise\t{n:08X}\tunknown\t/CN={n}\n" for n in serials))
        openssl("ca", "-config", self.folder / "conf", "-gencrl", "-keyfile", self.key, "-cert", self.pem,
                "-crl_lastupdate", stamp(since), "-crl_nextupdate", stamp(until), "-out", self.folder / "crl")
        if der:
            openssl("crl", "-in", self.folder / "crl", "-outform", "DER", "-out", self.folder / "der")
        return (self.folder / ("der" if der else "crl")).read_bytes()

    def server_certificate(self, address):
        leaf, key, ext = self.folder / "leaf.pem", self.folder / "leaf.key", self.folder / "ext"
        ext.write_text(f"subjectAltName=IP:{address}\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-out", self.folder / "csr", "-subj", "/CN=server")
        openssl("x509", "-req", "-in", self.folder / "csr", "-CA", self.pem, "-CAkey", self.key,
                "-set_serial", "77", "-days", "30", "-extfile", ext, "-out", leaf)
        return leaf, key


# --------------------------------------------------------------- distribution points

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the library's name
        self.server.asked.append(self.path)
        kind, what = self.server.files.get(self.path, ("status", 404))
        if kind == "status":
            self.send_response(what)
            self.end_headers()
        elif kind == "redirect":
            self.send_response(302)
            self.send_header("Location", what)
            self.end_headers()
        elif kind == "file":
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(what)))
            self.end_headers()
            self.wfile.write(what)
        else:
            self.endless(what)

    def endless(self, block):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(block)
        except OSError:
            pass

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, port, certificate=None):
        super().__init__((address, port), Handler)
        self.files = {}
        self.asked = []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


# ------------------------------------------------------------------------ the appliance

class Box(One):
    """An appliance that trusts two CAs, and distribution points beside it."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="crl-"))
        self.first, self.second, self.stranger = (Authority(self.folder, n) for n in ("First", "Second", "Nobody"))
        self.web = Server(SERVER, HTTP)
        self.inner = Server(OTHER, HTTP)
        self.inner.files["/secret"] = ("file", SECRET)
        self.secure = Server(SERVER, HTTPS, self.first.server_certificate(SERVER))
        self.bad = Server(SERVER, BAD_HTTPS, self.stranger.server_certificate(SERVER))
        super().__enter__()
        self.complete("edge", "edge.lab.test")
        self.admin.timeout = 60
        for authority in (self.first, self.second):
            self.admin.put(f"turnpike-tls:tls/trusted-ca={authority.name}",
                           {"name": authority.name, "certificate": authority.pem.read_text()})
        self.admin.commit("trust")
        return self

    def close(self):
        for server in (self.web, self.inner, self.secure, self.bad):
            server.shutdown()
            server.server_close()
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def lists(self):
        return self.admin.get("/api/v1/revocation/crls")

    def settle(self, every=0.1):
        return wait_until(lambda: (lambda seen: None if seen["updating"] or any(
            s["state"] == "waiting" for s in seen["sources"]) else seen)(self.lists()), 40,
            "the update does not end", every)

    def download(self, *urls, **more):
        """What the sources say once they were all tried."""
        self.admin.put("turnpike-tls:tls/revocation/crl/automatic",
                       {"enabled": True, "url": list(urls), "allow-host": [SERVER], **more})
        self.admin.commit("distribution points")
        wait_until(lambda: [s["url"] for s in self.lists()["sources"]] == list(urls), 20, "the settings do not count")
        return self.settle()["sources"]

    def again(self, every=0.1):
        self.admin.post("/api/v1/revocation/crls/update")
        return self.settle(every)["sources"]

    def url(self, path, data=None, kind="file"):
        if data is not None:
            self.web.files[path] = (kind, data)
        return f"http://{SERVER}:{HTTP}{path}"

    def alarms(self, code):
        return {a["subject"]: a["severity"] for a in self.admin.get("/api/v1/alarms")["alarms"]
                if a["code"] == code and not a["cleared-at"]}


def issuers(source):
    return sorted(entry["issuer"] for entry in source["lists"])


def good(source, *names):
    check(source["state"] == "ok" and issuers(source) == [f"CN={n}" for n in names], f"{source}")


def failed(source, words):
    check(source["state"] == "failed" and words in source["result"], f"wanted '{words}': {source}")


# -------------------------------------------------------------------------------- cases

def row_86_lists_are_downloaded_daily_or_at_once(box):
    check(box.lists()["automatic"] is False, "automatic updates are on from the start")
    seen = box.download(box.url("/crl.pem", box.first.crl([1, 2, 3])), **{"update-at": "04:30"})
    good(seen[0], "First")
    check(seen[0]["entries"] == 3 and seen[0]["bytes"] > 100, f"{seen}")
    check(box.lists()["next-at"][11:16] == "04:30", f"{box.lists()}")
    before = seen[0]["at"]
    box.url("/crl.pem", box.first.crl([1, 2, 3, 4], since=-0.5))
    time.sleep(1.1)
    seen = box.again()
    good(seen[0], "First")
    check(seen[0]["entries"] == 4 and seen[0]["at"] > before, f"{seen}")
    try:
        box.admin.put("turnpike-tls:tls/revocation/crl/automatic", {"enabled": True, "url": ["ftp://a/b"]})
        box.admin.commit("not http")
        raise AssertionError("an ftp URL is taken")
    except ApiError as fault:
        check(fault.status in (400, 409, 422), f"{fault}")
        box.admin.post("/api/v1/config/discard")


def row_87_an_https_server_needs_a_certificate_of_a_trusted_ca(box):
    data = ("file", box.first.crl())
    box.secure.files["/a.crl"] = box.bad.files["/a.crl"] = data
    seen = box.download(f"https://{SERVER}:{HTTPS}/a.crl", f"https://{SERVER}:{BAD_HTTPS}/a.crl")
    good(seen[0], "First")
    failed(seen[1], "certificate")
    check(box.bad.asked == [], "the request went to a server that nobody vouches for")


def row_88_all_forms_are_found_by_content(box):
    first, second = box.first.crl(), box.second.crl()
    first_der, second_der = box.first.crl(der=True), box.second.crl(der=True)
    seen = box.download(
        box.url("/der.pem", first_der), box.url("/two.txt", b"hello\n" + first + second),
        box.url("/packed", zipped({"a.bin": first_der, "sub/b.crl": second, "\u00fc.txt": b"read me"})),
        box.url("/several.gz", gzip.compress(first) + gzip.compress(second)),
        box.url("/der.gz", gzip.compress(second_der)))
    for source, names in zip(seen, (["First"], ["First", "Second"], ["First", "Second"], ["First", "Second"],
                                    ["Second"])):
        good(source, *names)
    seen = box.download(box.url("/page.crl", b"<html>no such list</html>"), box.url("/empty.crl", b""),
                        box.url("/cut.der", first_der[:-5]), box.url("/cut.zip", zipped({"a": first_der})[:-30]),
                        box.url("/gone", 404, "status"))
    for source, words in zip(seen, ("no revocation list", "empty", "malformed", "broken", "404")):
        failed(source, words)


def row_88_one_bad_list_of_several_leaves_the_others(box):
    source = box.download(box.url("/mixed.zip", zipped({"a": box.first.crl(), "b": box.stranger.crl()})))[0]
    good(source, "First")
    check("1 of 2" in source["result"] and "Nobody" in source["result"], f"{source}")


def attack_44_zip_bombs_are_not_unpacked(box):
    zeros = b"\0" * (64 << 20)
    seen = box.download(box.url("/bomb.zip", zipped({"crl.pem": zeros})), box.url("/bomb.gz", gzip.compress(zeros)),
                        box.url("/many.zip", zipped({f"{i}.crl": b"x" for i in range(300)})))
    for source, words in zip(seen, ("larger than allowed", "larger than allowed", "more than")):
        failed(source, words)


def attack_47_downloads_do_not_go_inside(box):
    seen = box.download(
        f"http://{OTHER}:{HTTP}/secret", f"http://localhost:{HTTP}/secret", f"http://[::1]:{HTTP}/secret",
        "http://169.254.169.254/latest", f"http://0.0.0.0:{HTTP}/secret", "http://224.0.0.1/a",
        f"http://[::ffff:127.0.2.11]:{HTTP}/secret",
        box.url("/away", f"http://{OTHER}:{HTTP}/secret", "redirect"),
        box.url("/round", f"http://{SERVER}:{HTTP}/round", "redirect"),
        box.url("/file", "file:///etc/passwd", "redirect"))
    for source, words in zip(seen, ["not allowed"] * 8 + ["too often", "Only http"]):
        failed(source, words)
    check(box.inner.asked == [], f"requests went to a forbidden place: {box.inner.asked}")


def attack_47_an_endless_answer_ends(box):
    source = box.download(box.url("/endless", b"x" * (1 << 20), "endless"))[0]
    failed(source, "larger than")


def wish_3_what_was_in_use_stays_in_use_when_an_update_fails(box):
    good(box.download(box.url("/keep.crl", box.first.crl([5], since=-0.2)))[0], "First")
    for data, words in ((b"broken", "no revocation list"), (box.first.crl([], since=-0.9), "older"),
                        (box.stranger.crl(), "not among the trusted CAs"),
                        (box.first.crl([5])[:-60] + b"\n-----END X509 CRL-----\n", "")):
        box.url("/keep.crl", data)
        source = box.again()[0]
        failed(source, words)
        check(issuers(source) == ["CN=First"] and source["entries"] == 1, f"the list in use is gone: {source}")
    subject = box.url("/keep.crl")
    wait_until(lambda: subject in box.alarms(40086), 10, f"no alarm about the download: {box.alarms(40086)}")
    box.url("/keep.crl", box.first.crl([5, 6], since=-0.1))
    good(box.again()[0], "First")
    wait_until(lambda: not box.alarms(40086), 10, "the alarm stays open")


def helper(box, name):
    """Pid of the one at work."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(") ", 1)
        except OSError:
            continue
        if fields[0].endswith(f"({name}") and int(fields[1].split()[1]) == box.process.pid:
            return int(stat.parent.name)
    return None


def a_killed_helper_leaves_what_was_in_use(box):
    good(box.download(box.url("/kill.crl", box.first.crl([5, 6])))[0], "First")
    box.url("/kill.crl", b"x" * 1000, "endless")
    box.admin.post("/api/v1/revocation/crls/update")
    os.kill(wait_until(lambda: helper(box, "turnpike-fetch"), 10, "no download runs", every=0.01), 9)
    source = box.settle()["sources"][0]
    failed(source, "ended without an answer")
    check(source["entries"] == 2 and issuers(source) == ["CN=First"], f"{source}")
    box.url("/kill.crl", box.first.crl([5, 6, 7], since=-0.5))
    good(box.again()[0], "First")


def wish_3_a_list_that_is_killed_half_made_leaves_what_was_in_use(box):
    """kill -9 of the helper that builds the index, early and late."""
    good(box.download(box.url("/half.crl", box.first.crl([5, 6])))[0], "First")
    big = box.first.crl(range(1, 30001), since=-0.4)
    box.url("/half.crl", big)
    killed = 0
    for after_ms in (0, 10, 30):
        box.admin.post("/api/v1/revocation/crls/update")
        pid = wait_until(lambda: helper(box, "turnpike-crl") or not box.lists()["updating"], 20, "nothing is built", 0.001)
        if pid is True:
            continue
        time.sleep(after_ms / 1000)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
        source = box.settle()["sources"][0]
        if source["state"] == "ok":
            break  # it was done before
        failed(source, "ended without an answer (signal 9")
        killed += 1
        check(source["entries"] == 2 and issuers(source) == ["CN=First"], f"{source}")
        check(not [p for p in (box.state / "crl").iterdir() if p.name.endswith("fresh")], "half a list stays on disk")
    check(killed, "the helper was never killed in time")
    source = box.again()[0]
    good(source, "First")
    check(source["entries"] == 30000, f"{source}")
    box.url("/half.crl", box.first.crl([5, 6], since=-0.3))
    good(box.again()[0], "First")


def turnpikectl_shows_and_changes_lists(box):
    def ctl(*args):
        return subprocess.run([str(BIN / "turnpikectl"), "--state", str(box.state), "crls", *args],
                              capture_output=True, text=True, check=False)

    box.download(box.url("/ctl.crl", box.first.crl([1])))
    path = box.folder / "upload.pem"
    path.write_bytes(box.second.crl([1, 2]))
    done = ctl("upload", str(path))
    check(done.returncode == 0 and "1 list in use" in done.stdout, f"{done}")
    wait_until(lambda: "CN=Second" in ctl().stdout, 5, f"{ctl()}")
    check("/ctl.crl" in ctl().stdout and "CN=First" in ctl().stdout, f"{ctl()}")
    check(ctl("remove").returncode == 0 and ctl("update").returncode == 0, "remove or update is refused")
    path.write_text("nothing")
    check(ctl("upload", str(path)).returncode == 1, "a file without a list is taken")
    box.settle()
    check(box.lists()["manual"] is None, "the upload was not removed")


def row_89_one_uploaded_file_in_pem_form(box):
    def upload(data):
        return box.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": data.decode("latin-1")})

    def refused(data, words):
        try:
            upload(data)
        except ApiError as fault:
            check(fault.status == 400 and words in fault.body, f"{fault}")
            return
        raise AssertionError(f"was not refused ({words})")

    check(box.lists()["manual"] is None, "there is an upload already")
    check("1 list" in upload(box.first.crl([1]))["result"], "no result in words")
    check(issuers(box.lists()["manual"]) == ["CN=First"], f"{box.lists()}")
    refused(b"0\x82\x01\x02 DER is no text", "PEM")
    refused(b"hello", "PEM")
    refused(box.stranger.crl(), "trusted")
    check(issuers(box.lists()["manual"]) == ["CN=First"], "a refused file took the place of the good one")
    upload(box.second.crl([1, 2]) + box.first.crl())
    check(issuers(box.lists()["manual"]) == ["CN=First", "CN=Second"], f"{box.lists()}")
    upload(box.second.crl([1, 2]))
    check(issuers(box.lists()["manual"]) == ["CN=Second"], "the earlier file was not replaced")
    box.admin.delete("/api/v1/revocation/crls/manual")
    wait_until(lambda: box.lists()["manual"] is None, 5, "the upload was not removed")


def row_90_an_ending_list_raises_alarms(box):
    def becomes(data, code, severity):
        box.url("/end.crl", data)
        box.again()
        wait_until(lambda: box.alarms(code).get("CN=First") == severity, 10, f"{code}: {box.alarms(code)}")

    box.download(box.url("/end.crl", box.first.crl(since=-40, until=30)))
    check(not box.alarms(40089) and not box.alarms(40090), "alarms about a good list")
    becomes(box.first.crl(since=-39, until=6), 40089, "information")
    becomes(box.first.crl(since=-38, until=2), 40089, "warning")
    becomes(box.first.crl(since=-37, until=0.5), 40089, "critical")
    becomes(box.first.crl(since=-36, until=-0.5), 40090, "critical")
    check(box.lists()["sources"][0]["lists"][0]["state"] == "expired", f"{box.lists()}")
    box.url("/end.crl", box.first.crl(since=-1))
    box.again()
    wait_until(lambda: not box.alarms(40089) and not box.alarms(40090), 10, "the alarms stay open")


def lists_are_there_after_a_restart_without_network(box):
    good(box.download(box.url("/stay.crl", box.first.crl([7, 8, 9])))[0], "First")
    box.admin.call("PUT", "/api/v1/revocation/crls/manual", {"pem": box.second.crl([1]).decode()})
    for pid in [p["pid"] for p in box.admin.get("/api/v1/status")["processes"] if p["name"] != "turnpike-media"]:
        os.kill(int(pid), 9)

    def back():
        try:
            return box.lists()
        except (OSError, ApiError, ValueError):
            return None
    seen = wait_until(lambda: (lambda s: s if s and s["sources"] and s["manual"] else None)(back()), 30,
                      "the lists are gone after a restart")
    check(seen["sources"][0]["entries"] == 3 and issuers(seen["manual"]) == ["CN=Second"], f"{seen}")
    kept = sorted(p.name for p in (box.state / "crl").iterdir())
    check("00.index" in kept and not [n for n in kept if n.endswith("fresh")], f"{kept}")
    box.admin.delete("/api/v1/revocation/crls/manual")


def row_86_turned_off_the_lists_are_let_go(box):
    box.admin.put("turnpike-tls:tls/revocation/crl/automatic", {"enabled": False})
    box.admin.commit("off")
    wait_until(lambda: not box.lists()["sources"] and not list((box.state / "crl").iterdir()), 20,
               "the lists stay though updates are off")
    try:
        box.admin.post("/api/v1/revocation/crls/update")
        raise AssertionError("an update starts though updates are off")
    except ApiError as fault:
        check(fault.status == 409, f"{fault}")


CASES = [row_86_lists_are_downloaded_daily_or_at_once,
         row_87_an_https_server_needs_a_certificate_of_a_trusted_ca, row_88_all_forms_are_found_by_content,
         row_88_one_bad_list_of_several_leaves_the_others, attack_44_zip_bombs_are_not_unpacked,
         attack_47_downloads_do_not_go_inside, attack_47_an_endless_answer_ends,
         wish_3_what_was_in_use_stays_in_use_when_an_update_fails,
         a_killed_helper_leaves_what_was_in_use, wish_3_a_list_that_is_killed_half_made_leaves_what_was_in_use,
         turnpikectl_shows_and_changes_lists, row_89_one_uploaded_file_in_pem_form,
         row_90_an_ending_list_raises_alarms, lists_are_there_after_a_restart_without_network,
         row_86_turned_off_the_lists_are_let_go]

if __name__ == "__main__":
    run(CASES, Box(ADDRESS))
