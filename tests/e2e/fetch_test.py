#!/usr/bin/env python3
"""The download helper by itself, asked as the supervisor asks it: time, methods, redirects."""
import http.server
import os
import pathlib
import socket
import struct
import subprocess
import threading
import time

from cases import check, run

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TP_BUILD", TOP / "build" / "asan")) / "bin"
HOST, PORT = "127.0.2.12", 8089
OK, LIMIT, DENIED, NOT_FOUND, AUTH = 0, 4, 5, 7, 6
FETCH, FETCHED = 110, 111


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the library's name
        self.server.seen.append((self.command, self.path, dict(self.headers), b""))
        if self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(100):
                    self.wfile.write(b"x")
                    time.sleep(0.1)
            except OSError:
                pass
        elif self.path.startswith("/hop"):
            left = int(self.path[4:])
            self.send_response(302 if left else 200)
            self.send_header("Location", f"/hop{left - 1}")
            self.end_headers()
            self.wfile.write(b"" if left else b"arrived")
        elif self.path == "/head":
            self.send_response(200)
            for i in range(5000):
                self.send_header(f"X-{i}", "x" * 200)
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("Content-Type", "text/x-kind")
            self.end_headers()
            self.wfile.write(b"body of " + self.path.encode())

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        self.send_response(307 if self.path == "/elsewhere" else 200)
        if self.path == "/elsewhere":
            self.send_header("Location", "/here")
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass

    def __enter__(self):
        self.seen = []
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def close(self):
        self.shutdown()
        self.server_close()


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def fetch(url, method=0, kind="", accept="", most=1 << 20, ms=5000, redirects=3, private=True, allow=(HOST,),
          body=b""):
    """What the helper answers: err, words, status, content type and body."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # The channel is descriptor 3 of the helper, as turnpiked has it.
    helper = subprocess.Popen(["sh", "-c", f"exec 3<&{its.fileno()}; exec {BIN}/turnpike-fetch"],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[its.fileno()])
    its.close()
    ours.settimeout(20)
    message = text(url) + bytes([method]) + text(kind) + text(accept) + struct.pack(">IIBB", most, ms, redirects,
                                                                                  private)
    message += bytes([len(allow)]) + b"".join(text(h) for h in allow) + struct.pack(">I", len(body)) + body
    ours.send(struct.pack(">HHI", FETCH, 0, 1) + message)
    answer, fds, _, _ = socket.recv_fds(ours, 131072, 3)
    ours.close()
    errors = helper.stderr.read().decode()
    helper.wait(20)
    check("Sanitizer" not in errors and "sandbox" not in errors, errors)
    check(answer[:2] == struct.pack(">H", FETCHED), f"{answer[:20]}")
    err, length = answer[8], struct.unpack(">H", answer[9:11])[0]
    words = answer[11:11 + length].decode()
    rest = answer[11 + length:]
    status, length = struct.unpack(">HH", rest[:4])
    got = b""
    for fd in fds:
        got = os.pread(fd, 1 << 20, 0)
        os.close(fd)
    check(bool(fds) == (err == OK), f"{err} with {len(fds)} files")
    return err, words, status, rest[4:4 + length].decode(), got


def url(path):
    return f"http://{HOST}:{PORT}{path}"


def a_page_comes_with_its_type(server):
    seen = fetch(url("/page"), accept="application/pkix-crl")
    check(seen == (OK, "", 200, "text/x-kind", b"body of /page"), f"{seen}")
    headers = server.seen[-1][2]
    check(headers["Accept"] == "application/pkix-crl" and headers["User-Agent"].startswith("Turnpike/"), f"{headers}")


def a_post_carries_its_body_and_type(server):
    seen = fetch(url("/ocsp"), 1, "application/ocsp-request", "application/ocsp-response", body=b"\0\1question")
    check(seen[0] == OK and seen[4] == b"noitseuq\1\0", f"{seen}")
    command, _, headers, body = server.seen[-1]
    check(command == "POST" and headers["Content-Type"] == "application/ocsp-request" and body == b"\0\1question",
          f"{server.seen[-1]}")


def attack_47_a_slow_answer_ends_in_time(_):
    start = time.monotonic()
    seen = fetch(url("/slow"), ms=700)
    check(seen[0] == LIMIT and "too long" in seen[1], f"{seen}")
    check(time.monotonic() - start < 5, f"it took {time.monotonic() - start:.1f} s")


def attack_47_a_place_that_does_not_answer_ends_in_time(_):
    with socket.socket() as deaf:
        deaf.bind((HOST, 0))
        deaf.listen(1)
        seen = fetch(f"http://{HOST}:{deaf.getsockname()[1]}/", ms=700)
    check(seen[0] == LIMIT, f"{seen}")


def redirects_have_an_end_and_are_for_get_only(server):
    check(fetch(url("/hop3"), redirects=3)[4] == b"arrived", "three redirects were allowed")
    check(fetch(url("/hop4"), redirects=3)[0] == LIMIT, "a fourth redirect was followed")
    check(fetch(url("/elsewhere"), 1, "a/b", body=b"x")[0] == LIMIT, "a POST was redirected")
    check(server.seen[-1][1] == "/elsewhere", "the POST went on")


def attack_47_sizes_are_bounded(_):
    seen = fetch(url("/a-page"), most=5)
    check(seen[0] == LIMIT and "larger" in seen[1], f"{seen}")
    check(fetch(url("/head"))[0] != OK, "a megabyte of headers was read")


def attack_47_private_networks_only_where_they_are_asked_for(_):
    seen = fetch("http://10.255.255.1:9/", private=False, allow=(), ms=500)
    check(seen[0] == DENIED and "private" in seen[1], f"{seen}")
    seen = fetch("http://10.255.255.1:9/", private=True, allow=(), ms=500)
    check(seen[0] != DENIED, f"{seen}")


def attack_47_only_http_and_https(_):
    for bad in ("file:///etc/passwd", "ftp://a/b", "gopher://a", "http://a b/", "http://", "nothing", ""):
        check(fetch(bad)[0] == DENIED, bad)
    check(fetch(f"https://{HOST}:{PORT}/")[0] == AUTH, "https without trusted CAs was tried")


CASES = [a_page_comes_with_its_type, a_post_carries_its_body_and_type, attack_47_a_slow_answer_ends_in_time,
         attack_47_a_place_that_does_not_answer_ends_in_time, redirects_have_an_end_and_are_for_get_only,
         attack_47_sizes_are_bounded, attack_47_private_networks_only_where_they_are_asked_for,
         attack_47_only_http_and_https]

if __name__ == "__main__":
    run(CASES, Server((HOST, PORT), Handler))
