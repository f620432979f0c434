"""A network lab: edge and core in namespaces of their own with a real firewall between.

    outside 203.0.113.10 -- .1 edge 192.0.2.1 -- .2 core 198.51.100.1 -- .10 inside

The core's side drops, and counts, every flow from the DMZ that the core did not open.
Everything made here carries a name unique to the run and is taken away by pid and name."""
import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from admin import Admin, ApiError
from cases import check, wait_until

TOP = pathlib.Path(__file__).resolve().parents[2]
# TP_BUILD: another build folder, whose programs are then used for everything.
BUILD = pathlib.Path(os.environ["TP_BUILD"]) if "TP_BUILD" in os.environ else None
ASAN_BIN = (BUILD or TOP / "build" / "asan") / "bin"
FAST_BIN = (BUILD or TOP / "build") / "bin"
MARK = "TURNPIKE-TEST-MEDIA"
SANITIZER = re.compile(r"ERROR: (Address|Leak|UndefinedBehavior)Sanitizer|runtime error:|"
                       r"LeakSanitizer has encountered|SUMMARY: \w+Sanitizer")

OUTSIDE, EDGE, CORE, INSIDE = "outside", "edge", "core", "inside"
ADDRESS = {
    OUTSIDE: "203.0.113.10", INSIDE: "198.51.100.10",
    "edge-outside": "203.0.113.1", "edge-dmz": "192.0.2.1",
    "core-dmz": "192.0.2.2", "core-inside": "198.51.100.1",
}
ADDRESS6 = {
    OUTSIDE: "2001:db8:1::10", INSIDE: "2001:db8:3::10",
    "edge-outside": "2001:db8:1::1", "edge-dmz": "2001:db8:2::1",
    "core-dmz": "2001:db8:2::2", "core-inside": "2001:db8:3::1",
}
FIREWALL = """
table inet guard {
	counter blocked { }
	chain input {
		type filter hook input priority 0; policy accept;
		iifname "dmz" ct state established,related accept
		iifname "dmz" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		iifname "dmz" counter name blocked drop
	}
	chain forward { type filter hook forward priority 0; policy drop; }
}
"""


def sh(*args, **kw):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, **kw)
    check(done.returncode == 0, f"{' '.join(map(str, args))}: {done.stderr.strip()}")
    return done.stdout


class Network:
    """The four namespaces and their links."""

    def __init__(self):
        self.prefix = f"tp{os.getpid()}"
        self.made = []

    def ns(self, name):
        return f"{self.prefix}-{name}"

    def open(self):
        for name in (OUTSIDE, EDGE, CORE, INSIDE):
            sh("ip", "netns", "add", self.ns(name))
            self.made.append(name)
            sh("ip", "-n", self.ns(name), "link", "set", "lo", "up")
        self.join(OUTSIDE, "eth0", OUTSIDE, EDGE, "outside", "edge-outside")
        self.join(EDGE, "dmz", "edge-dmz", CORE, "dmz", "core-dmz")
        self.join(CORE, "inside", "core-inside", INSIDE, "eth0", INSIDE)
        sh("ip", "netns", "exec", self.ns(CORE), "nft", "-f", "-", input=FIREWALL)

    def join(self, a, a_if, a_name, b, b_if, b_name):
        sh("ip", "link", "add", a_if, "netns", self.ns(a), "type", "veth",
           "peer", "name", b_if, "netns", self.ns(b))
        for side, interface, name in ((a, a_if, a_name), (b, b_if, b_name)):
            # No link-local address: it would become valid a second or two later, and a browser
            # that is loading a page at that moment gives up with ERR_NETWORK_CHANGED.
            sh("ip", "-n", self.ns(side), "link", "set", interface, "addrgenmode", "none")
            sh("ip", "-n", self.ns(side), "addr", "add", f"{ADDRESS[name]}/24", "dev", interface)
            sh("ip", "-n", self.ns(side), "-6", "addr", "add", f"{ADDRESS6[name]}/64", "dev",
               interface, "nodad")
            sh("ip", "-n", self.ns(side), "link", "set", interface, "up")

    def blocked(self):
        """Packets from the DMZ that the core had not asked for."""
        out = json.loads(sh("ip", "netns", "exec", self.ns(CORE), "nft", "-j", "list", "counter",
                            "inet", "guard", "blocked"))
        return next(o["counter"]["packets"] for o in out["nftables"] if "counter" in o)

    def close(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "del", self.ns(name)], check=False)
        self.made = []


class Appliance:
    """One turnpiked with its state folder, in a namespace."""

    def __init__(self, network, side, folder, bin_dir):
        self.network = network
        self.side = side
        self.state = folder / side
        self.log_path = folder / f"{side}.log"
        self.bin_dir = bin_dir
        self.process = None
        self.admin = Admin(str(self.state / "run" / "admin.sock"))

    def start(self, timeout=30):
        self.state.mkdir(mode=0o755, exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.network.ns(self.side), str(self.bin_dir / "turnpiked"),
                 "--state", str(self.state), "--web", "0.0.0.0:7443"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={"PATH": os.environ["PATH"],
                     "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1:exitcode=99:quarantine_size_mb=8",
                     "UBSAN_OPTIONS": "print_stacktrace=1"})
        self.wait_admin(timeout)

    def wait_admin(self, timeout=30):
        def answers():
            check(self.process.poll() is None,
                  f"{self.side} ended with {self.process.poll()}:\n{self.log_tail()}")
            try:
                return self.admin.get("/api/v1/session")
            except (OSError, ApiError, ValueError):
                return None
        try:
            wait_until(answers, timeout, f"{self.side} does not answer")
        except AssertionError:
            print(self.log_tail())
            raise

    def log_tail(self, lines=40):
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def status(self):
        return self.admin.get("/api/v1/status")

    def pid(self, process):
        """Of a process by its name in the status; 0 while it is not running."""
        for p in self.status()["processes"]:
            if p["name"].removeprefix("turnpike-") == process:
                return int(p["pid"])
        raise AssertionError(f"{self.side} knows no process {process}")

    def zone(self, name):
        for zone in self.admin.get("/api/v1/zones")["zones"]:
            if zone["name"] == name:
                return zone
        raise AssertionError(f"{self.side} has no zone {name}")

    def link_up(self, name):
        try:
            zone = self.zone(name)
            return zone["state"] == "up" and zone["hop-up"] and zone
        except (OSError, ApiError):
            return None

    def stop(self):
        """Ends it in order; an AssertionError when it does not end, or not well."""
        if not self.process or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.side} did not end within 20 s of SIGTERM:\n{self.log_tail()}") from None
        check(status == 0, f"{self.side} ended with {status}:\n{self.log_tail()}")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def sanitizer_report(self):
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        found = SANITIZER.search(text)
        return text[max(0, found.start() - 200):found.start() + 4000] if found else None


class Lab:
    """The network with a configured pair on it; a context manager."""

    def __init__(self, bin_dir=None, configure=True):
        self.bin_dir = bin_dir or ASAN_BIN
        self.configure = configure
        self.network = Network()
        self.folder = None
        self.edge = self.core = None
        self.children = []
        self.passwords = {"outside": "o-secret-1", "inside": "i-secret-1",
                          "outside-2": "o-secret-3", "inside-2": "i-secret-3",
                          "outside-srtp": "o-secret-2", "inside-plain": "i-secret-2"}

    def __enter__(self):
        atexit.register(self.kill_all)
        signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(1)))
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lab-", dir=self.runs()))
        os.chmod(self.folder, 0o755)
        self.network.open()
        self.edge = Appliance(self.network, EDGE, self.folder, self.bin_dir)
        self.core = Appliance(self.network, CORE, self.folder, self.bin_dir)
        self.edge.start()
        self.core.start()
        if self.configure:
            self.set_up()
            self.wait_link()
        return self

    @staticmethod
    def runs():
        folder = (BUILD or TOP / "build") / "lab"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # ---- configuration

    def set_up(self):
        """The steps of the wizard, then registrars, accounts and rules."""
        self.set_up_side(self.edge, ["outside", "dmz"], "outside", None)
        identity = self.edge.admin.get("/api/v1/identity")
        self.set_up_side(self.core, ["dmz", "inside"], "inside", {
            "name": "edge", "address": ADDRESS["edge-dmz"], "port": 7001,
            "verify-name": "edge.lab.test", "user": "core", "password": "link-secret",
            "peer-ca": identity["ca"]})
        (self.folder / "edge-ca.pem").write_text(identity["ca"])
        core_ca = self.core.admin.get("/api/v1/identity")["ca"]
        (self.folder / "core-ca.pem").write_text(core_ca)
        self.edge.admin.put("turnpike-tls:tls/trusted-ca=core-ca",
                            {"name": "core-ca", "certificate": core_ca})
        self.edge.admin.put("turnpike-zone:zones/zone=core", {
            "name": "core", "type": "traversal-server", "listen-port": 7001, "network": "dmz",
            "verify-name": "core.lab.test", "user": "core", "password": "link-secret"})
        self.add_phones(self.edge, "outside.test", "inside.test", "core", {
            "outside": "auto", "outside-2": "auto", "outside-srtp": "force-encrypted"})
        self.add_phones(self.core, "inside.test", "outside.test", "edge", {
            "inside": "auto", "inside-2": "auto", "inside-plain": "force-unencrypted"})
        self.edge.admin.commit("lab")
        self.core.admin.commit("lab")

    @staticmethod
    def set_up_side(side, networks, with_v6, peer):
        side.admin.post("/api/v1/setup/complete", {
            "role": side.side, "host-name": f"{side.side}.lab.test", "peer": peer,
            "networks": [{"name": n, "address": ADDRESS[f"{side.side}-{n}"]} for n in networks] +
                        [{"name": f"{with_v6}6", "address": ADDRESS6[f"{side.side}-{with_v6}"]}]})

    def add_phones(self, side, domain, far_domain, far_zone, accounts):
        for transport in ("udp", "tcp"):
            side.admin.put(f"turnpike-sip:sip/{transport}", {"enabled": True, "port": 5060})
        side.admin.put("turnpike-sip:sip/calls-max", 1000)
        side.admin.put("turnpike-sip:sip/registrar", {
            "domain": [domain], "realm": domain,
            "account": [{"name": name, "password": self.passwords[name], "media-encryption": mode}
                        for name, mode in accounts.items()]})
        side.admin.put("turnpike-search:search/rule=far", {
            "name": "far", "priority": 10, "match": "suffix", "pattern": "@" + far_domain,
            "on-match": "stop", "target": "zone", "target-zone": far_zone})
        side.admin.put("turnpike-search:search/rule=local", {
            "name": "local", "priority": 20, "match": "suffix", "pattern": "@" + domain,
            "on-match": "stop", "target": "registrations"})

    def wait_link(self, seconds=20):
        try:
            wait_until(lambda: self.edge.link_up("core") and self.core.link_up("edge"), seconds,
                       "the traversal link did not come up")
        except AssertionError:
            for side, zone in ((self.edge, "core"), (self.core, "edge")):
                print(side.side, side.zone(zone))
                print(side.log_tail())
            raise

    # ---- phones

    def phone(self, where, account=None, transport="udp", v6=False, **more):
        """The text of a --phone of tp-phone: standing `outside` or `inside`, registered there."""
        side = "edge-outside" if where == OUTSIDE else "core-inside"
        account = account or where
        port = 5061 if transport == "tls" else 5060
        address = ADDRESS6 if v6 else ADDRESS
        server = f"[{address[side]}]:{port}" if v6 else f"{address[side]}:{port}"
        keys = {"name": account, "user": account, "password": self.passwords.get(account, ""),
                "domain": f"{where}.test", "netns": self.network.ns(where), "bind": address[where],
                "server": server, "transport": transport}
        if transport == "tls":
            keys["ca"] = str(self.folder / ("edge-ca.pem" if where == OUTSIDE else "core-ca.pem"))
            keys["tls-name"] = "edge.lab.test" if where == OUTSIDE else "core.lab.test"
        keys.update({k.replace("_", "-"): str(v) for k, v in more.items()})
        return ",".join(f"{k}={v}" for k, v in keys.items())

    def start_calls(self, phones, calls, stay=None, packet_ms=None):
        args = [str(tool("tp-phone"))] + (["--trace"] if os.environ.get("TP_TRACE") else [])
        for phone in phones:
            args += ["--phone", phone]
        for call in calls:
            args += ["--call", call]
        if stay is not None:
            args += ["--stay", str(stay)]
        if packet_ms is not None:
            args += ["--packet-ms", str(packet_ms)]
        child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.children.append(child)
        return child

    def finish_calls(self, child, timeout=300):
        out, err = child.communicate(timeout=timeout)
        self.children.remove(child)
        check(out.strip(), f"tp-phone said nothing (status {child.returncode}): {err}")
        report = json.loads(out)
        if os.environ.get("TP_TRACE"):
            print(err)
        else:
            report["stderr"] = err
        return report

    def calls(self, phones, calls, stay=None, timeout=300):
        return self.finish_calls(self.start_calls(phones, calls, stay), timeout)

    def watch_hop(self):
        child = subprocess.Popen(
            ["ip", "netns", "exec", self.network.ns(EDGE), str(tool("tp-hopwatch")), "--interface",
             "dmz", "--port", "36000", "--port", "36001", "--mark", MARK],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        time.sleep(0.3)
        return child

    def hop_seen(self, child):
        child.terminate()
        out, _ = child.communicate(timeout=10)
        self.children.remove(child)
        return json.loads(out)

    def spawn(self, where, *args, **kw):
        """A program in a namespace, ended with the lab."""
        child = subprocess.Popen(["ip", "netns", "exec", self.network.ns(where), *map(str, args)],
                                 stdin=subprocess.DEVNULL, start_new_session=True, **kw)
        self.children.append(child)
        return child

    # ---- the end

    def kill_all(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        self.children = []
        for side in (self.edge, self.core):
            if side:
                side.kill()
        self.network.close()

    def close(self):
        """Takes everything down; an AssertionError when an appliance did not end well or a
        sanitizer had something to say."""
        faults = []
        for side in (self.edge, self.core):
            try:
                if side:
                    side.stop()
            except AssertionError as fault:
                faults.append(str(fault))
        self.kill_all()
        for side in (self.edge, self.core):
            report = side and side.sanitizer_report()
            if report:
                faults.append(f"{side.side}: {report}")
        if self.folder and not faults:
            shutil.rmtree(self.folder, ignore_errors=True)
        check(not faults, "\n".join(faults))

    def __exit__(self, *_):
        self.close()


def tool(name):
    """Test programs run from the release build where there is one: they must not be the limit."""
    fast = FAST_BIN / name
    return fast if fast.exists() else ASAN_BIN / name


def talk(report, name):
    """The media that phone `name` sent, as counted where it arrived."""
    return next(m for m in report["media"] if m["from"] == name)


def check_calls(report, calls, *names, may_lose=0):
    """All calls answered, every packet heard by the right phone, and nothing else."""
    check(report["calls"] == calls and report["failed"] == 0,
          f"{report['failed']} of {report['calls']} calls failed: {report['failures']} {report.get('stderr')}")
    for name in names:
        media = talk(report, name)
        check(media["received"] > 0, f"nothing of {name} was heard")
        check(media["lost"] <= may_lose, f"{media['lost']} of {media['sent']} packets of {name} were lost")
        check(media["corrupt"] == 0 and media["foreign"] == 0, f"wrong audio from {name}: {media}")
        check(media["silent_legs"] == 0, f"one-way audio at {name}: {media}")


def rss_kb(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))
