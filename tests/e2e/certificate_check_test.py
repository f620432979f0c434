#!/usr/bin/env python3
"""`turnpikectl certificate check` without any daemon: its exit codes, its words and its JSON."""
import json
import pathlib
import subprocess
import tempfile
import time

import appliance
from cases import check, run

TOP = pathlib.Path(__file__).resolve().parents[2]
AT = 1893456000  # 2030-01-01T00:00:00Z
PROGRAM = appliance.BIN / "turnpikectl"


class Pki:
    """The folder of certs/make-test-pki, P-256 only, and the command over it."""

    def __init__(self):
        self.folder = None
        self.temporary = None

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="tp-check-")
        subprocess.run([TOP / "certs" / "make-test-pki", self.temporary.name, "--at", str(AT), "--only", "ec"],
                       check=True)
        self.folder = pathlib.Path(self.temporary.name) / "ec"
        return self

    def close(self):
        self.temporary.cleanup()

    def ask(self, chain, *options, purpose="server", trust="root.pem", at="2030-01-01T00:00:00Z", crl=None):
        command = [PROGRAM, "certificate", "check", "--purpose", purpose, *options]
        if trust:
            command += ["--trust", self.folder / trust]
        if crl:
            command += ["--crl", self.folder / crl]
        if at:
            command += ["--at", at]
        done = subprocess.run([*command, self.folder / chain], capture_output=True, text=True, timeout=30,
                              check=False, stdin=subprocess.DEVNULL)
        check("Sanitizer" not in done.stderr, done.stderr)
        return done

    def expect(self, status, words, *args, **more):
        done = self.ask(*args, **more)
        where = done.stderr if status == 2 else done.stdout
        check(done.returncode == status, f"{args} {more}: {done.returncode} instead of {status}: "
              f"{done.stdout} {done.stderr}")
        check(words in where, f"{args} {more}: no {words!r} in {where!r}")
        return done


def accepts_and_refuses(pki):
    pki.expect(0, "accepted", "server.pem")
    pki.expect(0, "accepted", "client.pem", purpose="client")
    pki.expect(0, "accepted", "cac.pem", "--name", "DOE.JOHN.Q.1234567890", purpose="web-login")
    pki.expect(0, "accepted", "server.pem", "--name", "server.pki.test", purpose="any")
    pki.expect(1, "expired on 2029-12-31", "server-expired.pem")
    pki.expect(1, "not for this purpose", "server.pem", purpose="client")
    pki.expect(1, "name does not match", "server.pem", "--name", "elsewhere.pki.test")
    pki.expect(1, "in the CN only", "server-cn-only.pem")
    pki.expect(0, "accepted", "server-cn-only.pem", purpose="any")
    pki.expect(1, "issuer unknown", "server.pem", trust=None)


def time_is_that_of_the_question(pki):
    pki.expect(0, "accepted", "server-expired.pem", at="2029-12-31T01:00:00.25+01:00")
    pki.expect(1, "expired on 2029-12-31", "server-expired.pem", at="2029-12-31T00:00:01Z")
    pki.expect(1, "not valid before", "server.pem", at="2029-12-30T23:59:59Z")
    year = time.gmtime().tm_year
    check(year < 2029, "the test's PKI begins in 2029")
    pki.expect(1, "not valid before", "server.pem", at=None)
    for text in ("yesterday", "2030-01-01T00:00:00", "2030-01-01T00:00:00+1:00", "2030-01-01T00:00:00Z "):
        pki.expect(2, "--at", "server.pem", at=text)


def row_57_an_expired_ca_or_list_refuses(pki):
    pki.expect(0, "accepted", "server.pem", crl="crls.pem")
    pki.expect(1, "revoked", "server-revoked.pem", crl="crls.pem")
    pki.expect(1, "no valid CRL", "server.pem", crl="crls-incomplete.pem")
    pki.expect(1, "CRL expired", "server.pem", crl="crls-expired.pem")
    pki.expect(1, "CA certificate expired", "bad-ca-expired.pem", purpose="any")
    pki.expect(1, "CA certificate expired", "bad-root-expired.pem", trust="root-expired.pem")
    pki.expect(1, "revoked", "server-revoked-by-delta.pem", purpose="any", crl="crls-delta.pem")
    pki.expect(1, "revoked", "server-indirect-revoked.pem", purpose="any", crl="crls-indirect.pem")
    pki.expect(0, "accepted", "server-indirect-good.pem", purpose="any", crl="crls-indirect.pem")


def policies_are_options(pki):
    explicit = ("--require-explicit-policy", "--policy-oid", "2.999.1.9", "--policy-oid", "2.999.1.1")
    pki.expect(0, "accepted", "server-policy-mapped.pem", *explicit, purpose="any")
    pki.expect(1, "policy", "server-policy-mapped.pem", *explicit, "--inhibit-policy-mapping", purpose="any")
    pki.expect(1, "policy", "server.pem", "--require-explicit-policy", "--inhibit-any-policy", purpose="any")
    pki.expect(2, "--policy-oid", "server.pem", "--policy-oid", "words")


def json_holds_the_path_or_the_reason(pki):
    done = pki.expect(0, "{", "server-policy.pem", "--json")
    answer = json.loads(done.stdout)
    check(answer["accepted"] is True and answer["reason"] == "", done.stdout)
    check([p.rsplit("=", 1)[1] for p in answer["path"]] == ["server.pki.test", "Test ca2", "Test ca1",
                                                            "Test root"], done.stdout)
    check(answer["policies"] == ["2.999.1.1"], done.stdout)
    done = pki.expect(1, "{", "bad-ca-expired.pem", "--json")
    answer = json.loads(done.stdout)
    check(answer["accepted"] is False and answer["depth"] == 1, done.stdout)
    check("CN=Test ca-expired" in answer["subject"] and "expired" in answer["reason"], done.stdout)


def what_cannot_be_read_is_another_matter(pki):
    (pki.folder / "junk.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    (pki.folder / "empty.pem").write_text("")
    pki.expect(2, "does not parse", "junk.pem")
    pki.expect(2, "no certificate", "empty.pem")
    pki.expect(2, "No such file", "missing.pem")
    pki.expect(2, "does not parse", "server.pem", trust="junk.pem")
    pki.expect(2, "does not parse", "server.pem", crl="junk.pem")
    pki.expect(2, "--purpose", "server.pem", purpose="coffee")
    pki.expect(2, "--what", "server.pem", "--what", "else")
    pki.expect(2, "--name", "server.pem", "--name", "")


def every_path_is_tried(pki):
    pki.expect(0, "accepted", "server-disorder.pem")
    pki.expect(0, "accepted", "server-two-paths.pem", trust="trust-all.pem")
    pki.expect(0, "accepted", "server.pem", trust="ca2.pem")
    crowd = (pki.folder / "server.pem").read_text() + (pki.folder / "ca2-namesake.pem").read_text() * 150
    (pki.folder / "crowd.pem").write_text(crowd)
    start = time.monotonic()
    pki.expect(1, "issuer unknown", "crowd.pem", trust="other-root.pem")
    check(time.monotonic() - start < 10, "a crowd of candidates took too long")


if __name__ == "__main__":
    run([accepts_and_refuses, time_is_that_of_the_question, row_57_an_expired_ca_or_list_refuses,
         policies_are_options, json_holds_the_path_or_the_reason, what_cannot_be_read_is_another_matter,
         every_path_is_tried], Pki())
