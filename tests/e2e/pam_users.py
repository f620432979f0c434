"""Users of PAM for the tests: a private /etc with people and groups of ours, on which the real
modules work; the machine's own files are not touched."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

PASSWORD = "correct horse battery"
SERVICE = pathlib.Path("/etc/pam.d/turnpike")
UNIX = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"


def private_etc(users, groups, changed=None, ends=None, numbers=None):
    """users: {name: its groups}. changed, ends: {name: day} of the password and of the account;
    numbers: {name: uid} of some.
    Everything runs anew in a mount namespace; the answer is a folder to remove in the end."""
    if os.environ.get("TP_PRIVATE_ETC") != "yes":
        os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv],
                   {**os.environ, "TP_PRIVATE_ETC": "yes"})
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tp-etc-", dir="/tmp"))
    made = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True)
    texts = {name: pathlib.Path("/etc", name).read_text() for name in ("passwd", "shadow", "group")}
    today = int(time.time() / 86400)
    for number, user in enumerate(users):
        texts["passwd"] += f"{user}:x:{(numbers or {}).get(user, 64200 + number)}:64200:{user}:/nonexistent:/usr/sbin/nologin\n"
        texts["shadow"] += (f"{user}:{made.stdout.strip()}:{(changed or {}).get(user, today - 1)}:0:99999:7::"
                            f"{(ends or {}).get(user, '')}:\n")
    texts["group"] += "tp-all:x:64200:\n"
    for number, name in enumerate(groups):
        members = ",".join(user for user, of in users.items() if name in of)
        texts["group"] += f"{name}:x:{64300 + number}:{members}\n"
    for name, text in texts.items():
        (folder / name).write_text(text)
        shutil.chown(folder / name, "root", "shadow" if name == "shadow" else "root")
        os.chmod(folder / name, 0o640 if name == "shadow" else 0o644)
        subprocess.run(["mount", "--bind", folder / name, f"/etc/{name}"], check=True)
    shutil.copytree("/etc/pam.d", folder / "pam.d")
    subprocess.run(["mount", "--bind", folder / "pam.d", "/etc/pam.d"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    return folder
