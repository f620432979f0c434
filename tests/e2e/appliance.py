"""One turnpiked on a loopback address, in its first run, without a network around it."""
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile

from admin import Admin
from cases import check, wait_until
from web import Browser

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TP_BUILD", TOP / "build" / "asan")) / "bin"


class One:
    """A context manager; the web interface listens on `address`."""

    def __init__(self, address, run=None, through=()):
        self.address = address
        self.run = run  # a folder of its own for the sockets
        self.through = through  # a command that starts turnpiked

    def __enter__(self):
        folder = TOP / "build" / "lab"
        folder.mkdir(parents=True, exist_ok=True)
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="one-", dir=folder))
        os.chmod(self.state, 0o755)
        self.log = self.state / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*self.through, str(BIN / "turnpiked"), "--state", str(self.state), "--web", f"{self.address[0]}:{self.address[1]}",
                 *(["--run", str(self.run)] if self.run else [])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.admin = Admin(str((self.run or self.state / "run") / "admin.sock"))
        try:
            wait_until(self.answers, 60, "the first run does not listen")
        except AssertionError:
            print(self.log.read_text(errors="replace")[-4000:])
            raise
        return self

    def answers(self):
        check(self.process.poll() is None, "turnpiked has ended")
        try:
            return Browser(self.address, timeout=2).visit()
        except (OSError, ssl.SSLError):
            return None

    def first_administrator(self, user, password):
        """Gives the first account its password; the browser that did so is logged in."""
        browser = Browser(self.address)
        browser.visit()
        for step, body in (("unlock", {"secret": self.secret()}), ("password", {"user": user, "password": password})):
            status, _, answer = browser.call("POST", f"/api/v1/setup/{step}", body)
            check(status in (200, 204), f"setup/{step}: {status} {answer}")
        return browser

    def complete(self, role, host_name):
        """Ends the first run, with one network and no other half."""
        self.admin.post("/api/v1/setup/complete", {
            "role": role, "host-name": host_name, "peer": None,
            "networks": [{"name": "lan", "address": self.address[0]}]})
        wait_until(self.answers, 10, "the appliance does not listen after the set-up")

    def set_up(self, role, host_name, password, user="admin"):
        """The whole first run in a browser, which is returned."""
        browser = self.first_administrator(user, password)
        self.complete(role, host_name)
        return browser

    def secret(self):
        return (self.state / "first-login").read_text().strip()

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("turnpiked did not end") from None
        text = self.log.read_text(errors="replace")
        check(status == 0 and "Sanitizer" not in text and "runtime error" not in text,
              f"turnpiked ended with {status}:\n{text[-4000:]}")
        shutil.rmtree(self.state, ignore_errors=True)
