#!/usr/bin/env python3
"""A PBX inside (Kamailio) as a neighbor zone, with SIPp behind it: calls both ways."""
import subprocess

import cases
from cases import check, wait_until
from lab import ADDRESS, INSIDE, OUTSIDE, TOP, Lab, sh, talk

PBX = "198.51.100.20"
SIPP_PORT, SIPP_MEDIA = 5062, 31000
KAMAILIO = """
debug=1
log_stderror=yes
children=2
disable_tcp=yes
auto_aliases=no
listen=udp:%(pbx)s:5060
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {
	if (!mf_process_maxfwd_header("10")) {
		sl_send_reply("483", "Too Many Hops");
		exit;
	}
	if (is_method("OPTIONS") && !has_totag()) {
		sl_send_reply("200", "OK");
		exit;
	}
	if (has_totag()) {
		if (loose_route() || (is_method("ACK") && t_check_trans())) {
			t_relay();
		} else if (!is_method("ACK")) {
			sl_send_reply("404", "Not Here");
		}
		exit;
	}
	if (is_method("CANCEL")) {
		if (t_check_trans()) t_relay();
		exit;
	}
	record_route();
	if ($si == "%(core)s") {
		$du = "sip:%(pbx)s:%(sipp)d";
	} else {
		$rd = "outside.test";
		$rp = $null;
		$du = "sip:%(core)s:5060";
	}
	t_relay();
}
"""


class PbxLab(Lab):
    """The lab with Kamailio inside and the core's neighbor zone towards it."""

    def __enter__(self):
        super().__enter__()
        sh("ip", "-n", self.network.ns(INSIDE), "addr", "add", f"{PBX}/24", "dev", "eth0")
        config = self.folder / "kamailio.cfg"
        config.write_text(KAMAILIO % {"pbx": PBX, "core": ADDRESS["core-inside"], "sipp": SIPP_PORT})
        with open(self.folder / "kamailio.log", "wb") as log:
            self.kamailio = self.spawn(INSIDE, "kamailio", "-DD", "-E", "-f", config, "-m", "64", "-M", "8",
                                       "-Y", self.folder, "-w", self.folder, stdout=log, stderr=log)
        self.core.admin.put("turnpike-zone:zones/zone=pbx", {
            "name": "pbx", "type": "neighbor", "transport": "udp", "network": "inside",
            "peer": [{"address": PBX, "port": 5060}], "monitor": True})
        self.core.admin.put("turnpike-search:search/rule=pbx", {
            "name": "pbx", "priority": 5, "match": "prefix", "pattern": "1", "on-match": "stop",
            "target": "zone", "target-zone": "pbx"})
        self.core.admin.commit("a PBX")
        return self

    def close(self):
        if getattr(self, "kamailio", None) and self.kamailio.poll() is None:
            self.kamailio.terminate()
            self.kamailio.wait(10)
        super().close()


def sipp(lab, *args):
    return lab.spawn(INSIDE, "sipp", f"{PBX}:5060", "-i", PBX, "-p", SIPP_PORT, "-mi", PBX, "-mp", SIPP_MEDIA,
                     "-nostdin", *args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     cwd=lab.folder)


def pbx_is_seen_as_up(lab):
    wait_until(lambda: lab.core.zone("pbx")["state"] == "up", 15, "the PBX's zone does not come up")


def outside_phone_calls_the_pbx(lab):
    server = sipp(lab, "-sf", TOP / "tests/e2e/sipp/uas.xml", "-rtp_echo", "-m", "10")
    report = lab.calls([lab.phone(OUTSIDE)],
                       ["outside:pbx,uri=sip:1001@inside.test,count=10,rate=10,seconds=2"])
    server.terminate()
    server.wait(10)
    check(report["failed"] == 0, f"calls to the PBX failed: {report['failures']}")
    media = talk(report, "outside")  # SIPp sends back what it hears
    check(media["received"] > 0.95 * media["sent"] and media["corrupt"] == 0, f"no echo: {media}")


def pbx_calls_outside_phone(lab):
    phone = lab.start_calls([lab.phone(OUTSIDE)], [], stay=60)
    wait_until(lambda: lab.edge.admin.get("/api/v1/registrations")["total"] >= 1, 10, "not registered")
    caller = sipp(lab, "-sf", TOP / "tests/e2e/sipp/uac.xml", "-s", "outside", "-m", "5", "-r", "5", "-d", "500", "-timeout", "30")
    status = caller.wait(60)
    phone.terminate()
    report = lab.finish_calls(phone)
    check(status == 0, f"SIPp's calls failed (status {status}); phone: {report}")
    check(talk(report, "outside")["legs"] == 5, f"the phone saw {report}")


def pbx_that_is_gone_is_told(lab):
    if not cases.nightly():
        raise cases.Skip("OPTIONS go out once a minute: only with --nightly")
    lab.kamailio.terminate()
    lab.kamailio.wait(10)
    wait_until(lambda: lab.core.zone("pbx")["state"] != "up" and lab.core.zone("pbx")["reason"], 90,
               "the zone of a PBX that is gone still shows as up")
    report = lab.calls([lab.phone(OUTSIDE)], ["outside:pbx,uri=sip:1001@inside.test,seconds=1"])
    check(report["failed"] == 1, "a call to a PBX that is gone was answered")


if __name__ == "__main__":
    cases.run([pbx_is_seen_as_up, outside_phone_calls_the_pbx, pbx_calls_outside_phone,
               pbx_that_is_gone_is_told], PbxLab())
