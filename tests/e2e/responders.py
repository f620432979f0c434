"""A small CA with OCSP responders of every kind, for tests of revocation. The responders are
`openssl ocsp` but for those that must misbehave in ways which it does not offer."""
import http.server
import os
import socket
import subprocess
import sys
import threading
import time

from cases import check, wait_until


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"openssl {args}: {done.stderr}")


class Authority:
    """A root with an OCSP signer, and another root that nobody trusts."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(mode=0o755, exist_ok=True)
        self.index = folder / "index.txt"
        self.serial = 0x1000
        self.serials = {}
        for name in ("root", "foreign"):
            self._request(name)
            openssl("x509", "-req", "-in", folder / f"{name}.csr", "-signkey", folder / f"{name}.key",
                    "-days", 30, "-extfile", self._ext("basicConstraints=critical,CA:TRUE"),
                    "-out", folder / f"{name}.pem")
        self._issue("signer", "root", "extendedKeyUsage=OCSPSigning", None)
        self._issue("stranger", "foreign", "extendedKeyUsage=OCSPSigning", None)

    def _ext(self, *lines):
        path = self.folder / "ext"
        path.write_text("\n".join(lines) + "\n")
        return path

    def _request(self, name):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.folder / f"{name}.key", "-out", self.folder / f"{name}.csr", "-subj", f"/CN={name}")

    def _issue(self, name, ca, *ext):
        self._request(name)
        self.serial += 1
        self.serials[name] = self.serial
        openssl("x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.folder / f"{ca}.pem", "-CAkey",
                self.folder / f"{ca}.key", "-set_serial", self.serial, "-days", 20, "-extfile",
                self._ext(*filter(None, ext)), "-out", self.folder / f"{name}.pem")

    def intermediate(self, name):
        self._issue(name, "root", "basicConstraints=critical,CA:TRUE")

    def leaf(self, name, san, url, status, ca="root", point=None):
        """status: V (good), R (revoked) or None (the responder does not know it). point: where its CRL is."""
        self._issue(name, ca, f"subjectAltName=DNS:{san}", "extendedKeyUsage=serverAuth,clientAuth",
                    "keyUsage=digitalSignature", f"authorityInfoAccess=OCSP;URI:{url}" if url else None,
                    f"crlDistributionPoints=URI:{point}" if point else None)
        if ca != "root":
            (self.folder / f"{name}.pem").write_text(self.text(f"{name}.pem") + self.text(f"{ca}.pem"))
        self.say(name, status)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def say(self, name, status):
        """What responders that are started from now on say of the certificate: V, R or None, as above."""
        lines = self.index.read_text().splitlines(keepends=True) if self.index.exists() else []
        lines = [line for line in lines if not line.endswith(f"/CN={name}\n")]
        if status:
            revoked = time.strftime("%y%m%d%H%M%SZ,keyCompromise", time.gmtime()) if status == "R" else ""
            lines.append(f"{status}\t400101000000Z\t{revoked}\t{self.serials[name]:X}\tunknown\t/CN={name}\n")
        self.index.write_text("".join(lines))

    def crl(self, *names, hours=24, number=None, base=None):
        """The root's list of these leaves, made two days ago and valid for so many hours from now. With
        base, the changes since the list of that number."""
        folder = self.folder
        (folder / "crl.index").write_text("".join(
            f"R\t400101000000Z\t260101000000Z,keyCompromise\t{self.serials[name]:X}\tunknown\t/CN={name}\n"
            for name in names))
        (folder / "crl.conf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/crl.index\ndefault_md=sha256\n"
                                       "[x]\nauthorityKeyIdentifier=keyid\n" +
                                       (f"2.5.29.20=DER:0201{number:02x}\n" if number else "") +
                                       (f"2.5.29.27=critical,DER:0201{base:02x}\n" if base else ""))
        stamps = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 3600 * h)) for h in (-48, hours)]
        openssl("ca", "-config", folder / "crl.conf", "-gencrl", "-crlexts", "x", "-keyfile", folder / "root.key", "-cert",
                folder / "root.pem", "-crl_lastupdate", stamps[0], "-crl_nextupdate", stamps[1], "-out",
                folder / "list.crl")
        return self.text("list.crl")

    def text(self, name):
        return (self.folder / name).read_text()


def inside(netns):
    """What runs a program in a namespace: one that `ip netns` knows by name, or that of a process."""
    return ["nsenter", f"--net=/proc/{netns}/ns/net"] if isinstance(netns, int) else ["ip", "netns", "exec", netns]


class Responder:
    """`openssl ocsp` on a port of a namespace. With no days its answers are not to be kept."""

    def __init__(self, authority, netns, port, signer="signer", more=(), days=1):
        folder = authority.folder
        self.log = open(folder / f"responder-{port}.log", "wb")
        self.process = subprocess.Popen(
            [*inside(netns), "openssl", "ocsp", "-index", authority.index, "-port", str(port),
             "-rsigner", folder / f"{signer}.pem", "-rkey", folder / f"{signer}.key", "-CA", folder / "root.pem",
             *(["-ndays", str(days)] if days else []), "-ignore_err", *more],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Script(Responder):
    """This file run as a program in the namespace: `stall`, `say FILE`, `lead URL` or `endless`."""

    def __init__(self, authority, netns, port, *what):
        self.log = open(authority.folder / f"responder-{port}.log", "wb")
        self.process = subprocess.Popen(
            [*inside(netns), sys.executable, os.path.abspath(__file__), str(port), *map(str, what)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)


def stale_answer(authority, name):
    """What an honest responder said about the certificate some time ago, and does not say any more."""
    folder = authority.folder
    request, answer = folder / "stale.req", folder / "stale.der"
    openssl("ocsp", "-issuer", folder / "root.pem", "-sha256", "-cert", folder / f"{name}.pem", "-no_nonce",
            "-reqout", request)
    done = subprocess.run(
        ["faketime", "-f", "-2d", "openssl", "ocsp", "-index", authority.index, "-reqin", request, "-rsigner",
         folder / "signer.pem", "-rkey", folder / "signer.key", "-CA", folder / "root.pem", "-nmin", "60",
         "-respout", answer], capture_output=True, text=True, check=False)
    check(answer.exists(), f"no old answer: {done.stderr}")
    return answer


def wait_listening(netns, ports):
    def listening():
        out = subprocess.run([*inside(netns), "ss", "-Hltn"], capture_output=True, text=True,
                             check=True).stdout
        return all(f":{port} " in out for port in ports)
    wait_until(listening, 20, f"responders do not listen on {ports}")


def say_what_is_asked(connection):
    print(connection.recv(4096).split(b"\r\n")[0].decode(), flush=True)


def serve(port, what, file=None):
    if what == "stall":
        listener = socket.create_server(("", port), backlog=512)
        kept = []
        while True:
            kept.append(listener.accept()[0])
            threading.Thread(target=say_what_is_asked, args=[kept[-1]], daemon=True).start()
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802 - the library's name
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def lead(self):
            self.send_response(302)
            self.send_header("Location", file)
            self.end_headers()

        def pour(self):
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(65536))
            except OSError:
                pass

        def do_GET(self):  # noqa: N802 - the library's name
            if what in ("lead", "endless"):
                (self.lead if what == "lead" else self.pour)()
                return
            with open(file, "rb") as f:
                body = f.read()
            self.send_response(200)
            self.send_header("Content-Type", "application/ocsp-response")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), *sys.argv[2:])
