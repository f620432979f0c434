#!/usr/bin/env python3
"""The system's openssl.cnf has no say in the appliance: one without algorithms stops nothing."""
import pathlib
import subprocess
import tempfile

from appliance import One
from cases import check, run
from web import Browser

ADDRESS = ("127.0.31.2", 7443)
PASSWORD = "a local secret phrase"
# With the null provider alone there is no digest, no cipher, no key.
NOTHING = """openssl_conf = init
[init]
providers = these
[these]
null = nothing
[nothing]
activate = 1
"""


class Appliance(One):
    """Its whole process tree sees the file in the place of the system's."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".cnf")
        self.file.write(NOTHING)
        self.file.flush()
        place = pathlib.Path("/etc/ssl/openssl.cnf").resolve()
        self.before = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                       'mount --bind "$0" "$1"; shift; exec "$@"', self.file.name, str(place)]
        super().__init__(ADDRESS, through=self.before)


def the_file_would_stop_a_program_that_reads_it(one):
    done = subprocess.run([*one.before, "openssl", "dgst", "-sha256", "/dev/null"], capture_output=True, check=False)
    check(done.returncode != 0, "the file stops nothing, so this test shows nothing")


def the_appliance_starts_and_lets_in(one):
    one.set_up("core", "core.conf.test", PASSWORD)
    check(Browser(one.address).log_in("admin", PASSWORD)[0] == 200, "nobody logs in")
    processes = one.admin.get("/api/v1/status")["processes"]
    check(all(p["ready"] and p["restarts"] == 0 for p in processes), f"{processes}")


run([the_file_would_stop_a_program_that_reads_it, the_appliance_starts_and_lets_in], Appliance())
