"""A directory for the tests: slapd with users, groups in groups, and certificates of a small PKI."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import textwrap

from cases import Skip, check, wait_until
from ldap_ber import attributes, ber, message, text

SUFFIX = "dc=pike,dc=test"
SERVICE = ("cn=turnpike," + SUFFIX, "the service password")
ROOT = ("cn=root," + SUFFIX, "the root password")
PASSWORD = "correct horse battery"
SCHEMA = pathlib.Path("/etc/ldap/schema")
MODULES = "/usr/lib/ldap"
# uid: cn, mail. The second holds what means something in filters and in names; the last one has to
# change the password first.
PEOPLE = {"writer": ("Writer", "w@pike.test"), "reader": ("Reader, (*)\\+", "r@pike.test"),
          "nobody": ("In no group", "n@pike.test"), "twin-a": ("Twin", "twin@pike.test"),
          "twin-b": ("Twin", "twin@pike.test"), "stale": ("Stale", "s@pike.test")}
# Group: members. inner is in middle, middle in outer; ring-a and ring-b hold each other.
GROUPS = {"inner": ["uid=writer,ou=people"], "middle": ["cn=inner,ou=groups"], "outer": ["cn=middle,ou=groups"],
          "readers": ["uid=reader,ou=people", "uid=stale,ou=people"], "ring-a": ["cn=ring-b,ou=groups", "uid=reader,ou=people"],
          "ring-b": ["cn=ring-a,ou=groups"]}


def openssl(folder, *args):
    made = subprocess.run(["openssl", *args], cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise AssertionError(f"openssl {args}: {made.stderr}")


class Pki:
    """root -> issuer -> servers; a revocation list of each of the two."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "ca.cnf").write_text(textwrap.dedent("""\
            [ca]
            default_md = sha256
            default_crl_days = 30
            default_days = 300
            policy = any
            unique_subject = no
            rand_serial = yes
            new_certs_dir = .
            [any]
            commonName = supplied
            [authority]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid
            """))
        for name in ("root", "issuer"):
            (folder / f"{name}.index").write_text("")
            self.key(name, f"/CN=Directory {name}")
        openssl(folder, "x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-days", "3000", "-extfile",
                "ca.cnf", "-extensions", "authority", "-out", "root.pem")
        self.sign("root", "issuer", "authority", "ca.cnf")
        for name in ("root", "issuer"):
            self.crl(name)

    def key(self, name, subject):
        openssl(self.folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")

    def sign(self, by, name, section, extensions):
        openssl(self.folder, "ca", "-batch", "-notext", "-config", "ca.cnf", "-name", "ca", "-cert", f"{by}.pem",
                "-keyfile", f"{by}.key", "-in", f"{name}.csr", "-out", f"{name}.pem", "-extfile", extensions,
                "-extensions", section, *self.database(by))

    def database(self, by):
        with open(self.folder / "ca.cnf", encoding="utf-8") as common:
            text = common.read().replace("[ca]\n", f"[ca]\ndatabase = {by}.index\n", 1)
        (self.folder / f"{by}.cnf").write_text(text)
        return ["-config", f"{by}.cnf"]

    def server(self, name, address):
        (self.folder / "server.cnf").write_text(
            f"[server]\nsubjectAltName = IP:{address}\nextendedKeyUsage = serverAuth, clientAuth\n"
            "authorityKeyIdentifier = keyid\n")
        self.key(name, f"/CN={name}.pike.test")
        self.sign("issuer", name, "server", "server.cnf")

    def card(self, name, subject):
        (self.folder / "card.cnf").write_text(
            "[card]\nextendedKeyUsage = clientAuth\nkeyUsage = critical, digitalSignature\n"
            "authorityKeyIdentifier = keyid\n")
        self.key(name, subject)
        self.sign("issuer", name, "card", "card.cnf")

    def revoke(self, name):
        openssl(self.folder, "ca", *self.database("issuer"), "-name", "ca", "-cert", "issuer.pem", "-keyfile",
                "issuer.key", "-revoke", f"{name}.pem")
        self.crl("issuer")

    def crl(self, by):
        openssl(self.folder, "ca", *self.database(by), "-name", "ca", "-cert", f"{by}.pem", "-keyfile",
                f"{by}.key", "-gencrl", "-out", f"{by}.crl")

    def text(self, *names):
        return "".join((self.folder / name).read_text() for name in names)


def ldif():
    lines = [f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: pike\ndc: pike\n"]
    lines += [f"dn: ou={ou},{SUFFIX}\nobjectClass: organizationalUnit\nou: {ou}\n" for ou in ("people", "groups", "other")]
    lines.append(f"dn: {SERVICE[0]}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
                 f"cn: turnpike\nuserPassword: {SERVICE[1]}\n")
    lines.append(f"dn: cn=policy,{SUFFIX}\nobjectClass: device\nobjectClass: pwdPolicy\ncn: policy\n"
                 "pwdAttribute: userPassword\npwdMustChange: TRUE\n")
    for uid, (cn, mail) in PEOPLE.items():
        lines.append(f"dn: uid={uid},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {cn}\n"
                     f"sn: {uid}\nmail: {mail}\nuserPassword: {PASSWORD}\n"
                     + ("pwdReset: TRUE\n" if uid == "stale" else ""))
    # Of the same name as one that gives a level, and elsewhere.
    lines.append(f"dn: cn=outer,ou=other,{SUFFIX}\nobjectClass: groupOfNames\ncn: outer\n"
                 f"member: uid=nobody,ou=people,{SUFFIX}\n")
    return "\n".join(lines)


class Slapd:
    """One slapd; each of its addresses listens for LDAP at 3389 and for LDAPS at 6636."""

    def __init__(self, pki, name, addresses, access=(), client="client.pike.test"):
        if not shutil.which("slapd"):
            raise Skip("slapd is not installed")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tp-slapd-", dir="/tmp"))
        (self.folder / "db").mkdir()
        (self.folder / "chain.pem").write_text(pki.text("issuer.pem", "root.pem"))
        (self.folder / "slapd.conf").write_text("".join(f"{line}\n" for line in (
            *(f"include {SCHEMA}/{schema}.schema" for schema in ("core", "cosine", "inetorgperson")),
            f"modulepath {MODULES}", "moduleload back_mdb", "moduleload memberof", "moduleload ppolicy",
            f"TLSCACertificateFile {self.folder}/chain.pem", f"TLSCertificateFile {pki.folder}/{name}.pem",
            f"TLSCertificateKeyFile {pki.folder}/{name}.key", "TLSVerifyClient try",
            f"authz-regexp \"^cn={client}$\" \"{SERVICE[0]}\"",
            "database mdb", f"suffix {SUFFIX}", f"directory {self.folder}/db", "maxsize 8388608",
            f"rootdn {ROOT[0]}", f"rootpw \"{ROOT[1]}\"",
            *access,
            # The service alone reads; anybody may try a password.
            f"access to * by dn.exact=\"{SERVICE[0]}\" read by self read by anonymous auth by * none", "overlay memberof",
            "overlay ppolicy", f"ppolicy_default cn=policy,{SUFFIX}")))
        (self.folder / "users.ldif").write_text(ldif())
        subprocess.run(["slapadd", "-f", "slapd.conf", "-l", "users.ldif"], cwd=self.folder, check=True,
                       capture_output=True)
        urls = " ".join(f"ldap://{a}:3389 ldaps://{a}:6636" for a in addresses)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["slapd", "-d", "0", "-f", str(self.folder / "slapd.conf"), "-h", urls],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: all(self.listens(a) for a in addresses), 10, "slapd does not listen")
        self.add_groups(addresses[0])

    @staticmethod
    def add_groups(address):
        """While it runs, so that its overlay writes memberOf into the entries of the members."""
        requests = [ber(0x60, ber(2, b"\3"), text(ROOT[0]), text(ROOT[1], 0x80))]
        for name, members in GROUPS.items():
            requests.append(ber(0x68, text(f"cn={name},ou=groups,{SUFFIX}"), attributes({
                "objectClass": ["groupOfNames"], "cn": [name], "member": [f"{member},{SUFFIX}" for member in members]})))
        with socket.create_connection((address, 3389), 5) as conversation:
            for number, request in enumerate(requests, 1):
                conversation.sendall(message(number, request))
                answer = conversation.recv(4096)
                # 30 LEN 02 01 NUMBER KIND LEN 0a 01 RESULT
                check(answer[9:10] == b"\0", f"slapd refuses {request}: {answer}")

    @staticmethod
    def listens(address):
        with contextlib.suppress(OSError), socket.create_connection((address, 6636), 1):
            return True
        return False

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
