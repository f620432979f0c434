"""Chromium as people with smart cards have it: an NSS database of their own with the card in it, a
managed policy that picks the certificate, and a screen where the PIN of the card is typed."""
import json
import os
import pathlib
import subprocess

from cases import check

TOP = pathlib.Path(__file__).resolve().parents[2]
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "271828"
POLICY = """mount -t tmpfs none /etc/chromium && mkdir -p /etc/chromium/policies/managed &&
printf %s "$POLICY" > /etc/chromium/policies/managed/cards.json && exec "$@\""""


def done(*args, **more):
    result = subprocess.run(list(map(str, args)), capture_output=True, text=True, check=False, **more)
    check(result.returncode == 0, f"{args}: {result.stdout}{result.stderr}")
    return result.stdout


class Person:
    """A home folder with an NSS database; the certificate is in it, or, with a PIN, on a token of SoftHSM
    that the database knows as a module."""

    def __init__(self, folder, certificate=None, key=None, pin=None):
        self.folder = folder
        self.pin = pin
        self.database = f"sql:{folder}/.pki/nssdb"
        self.softhsm = folder / "softhsm.conf"
        self.environment = {**os.environ, "SOFTHSM2_CONF": str(self.softhsm)}
        (folder / ".pki" / "nssdb").mkdir(parents=True)
        done("certutil", "-d", self.database, "-N", "--empty-password")
        if pin:
            self._make_token()
        if certificate:
            self._take(certificate, key)

    def _make_token(self):
        (self.folder / "token").mkdir()
        (self.folder / "pin").write_text(self.pin)
        self.softhsm.write_text(f"directories.tokendir = {self.folder}/token\nobjectstore.backend = file\n")
        done("softhsm2-util", "--init-token", "--free", "--label", "card", "--pin", self.pin, "--so-pin", "12345678",
             env=self.environment)
        done("modutil", "-dbdir", self.database, "-add", "card", "-libfile", SOFTHSM, "-force", env=self.environment)

    def _take(self, certificate, key):
        bundle = self.folder / "card.p12"
        done("openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key, "-out", bundle, "-passout", "pass:x",
             "-name", "card")
        done("pk12util", "-d", self.database, "-i", bundle, "-W", "x",
             *(["-h", "card", "-k", self.folder / "pin"] if self.pin else ["-K", ""]), env=self.environment)
        bundle.unlink()

    def visit(self, url, step, **facts):
        return {"home": str(self.folder), "softhsm": str(self.softhsm), "pin": self.pin, "url": url, "step": step,
                **facts}


class Screen:
    """One that nobody sees."""

    def __enter__(self):
        reader, writer = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten",
                                         "tcp"], pass_fds=[writer], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as number:
            self.name = f":{number.readline().strip()}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def browse(*visits):
    """Makes them at the same time; what stood on the last page of each."""
    node = TOP / "build" / "node" / "bin" / "node"
    policy = {"AutoSelectCertificateForUrls": [json.dumps({"pattern": v["url"], "filter": {}}) for v in visits]}
    with Screen() as screen:
        answer = done("unshare", "--mount", "--propagation", "private", "sh", "-c", POLICY, "sh",
                      node if node.exists() else "node", TOP / "tests" / "e2e" / "card.mjs", input=json.dumps(visits),
                      timeout=120, env={**os.environ, "DISPLAY": screen.name, "POLICY": json.dumps(policy)})
    return json.loads(answer)
