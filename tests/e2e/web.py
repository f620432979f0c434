"""A browser's side of the HTTP API: TLS, cookie and token, and raw bytes for attacks."""
import http.client
import json
import socket
import ssl


def tls_context():
    """Takes any certificate: the tests look at the server, not at its name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Browser:
    """One visitor, coming from `source`, who keeps the cookie and sends the token."""

    def __init__(self, address, source="127.0.0.1", timeout=15):
        self.address = address
        self.source = source
        self.timeout = timeout
        self.cookie = None
        self.device = None  # the cookie by which the browser is known after its first login
        self.csrf = ""
        self.headers = {}

    def context(self):
        return tls_context()

    def call(self, method, path, body=None, headers=None):
        """(status, headers, JSON or text). body: an object, or bytes as they are."""
        host, port = self.address
        connection = http.client.HTTPSConnection(host, port, timeout=self.timeout,
                                                 context=self.context(),
                                                 source_address=(self.source, 0))
        sent = {"X-CSRF-Token": self.csrf} if method not in ("GET", "OPTIONS") else {}
        if self.cookie or self.device:
            sent["Cookie"] = "; ".join(c for c in (self.cookie, self.device) if c)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        try:
            connection.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
            answer = connection.getresponse()
            data = answer.read().decode(errors="replace")
        finally:
            connection.close()
        self.headers = dict(answer.getheaders())
        for cookie in reversed(answer.headers.get_all("Set-Cookie", [])):
            self.headers["Set-Cookie"] = cookie
            if cookie.startswith("__Host-turnpike-device="):
                self.device = cookie.split(";")[0]
            else:
                self.cookie = cookie.split(";")[0]
        try:
            data = json.loads(data)
        except ValueError:
            pass
        if isinstance(data, dict) and data.get("csrf"):
            self.csrf = data["csrf"]
        return answer.status, self.headers, data

    def status(self, *args, **kw):
        return self.call(*args, **kw)[0]

    def visit(self):
        """What the page does first."""
        return self.call("GET", "/api/v1/session")[2]

    def log_in(self, user, password):
        self.visit()
        return self.call("POST", "/api/v1/session", {"user": user, "password": password})


def connect(address, source="127.0.0.1", timeout=15):
    return socket.create_connection(address, timeout, source_address=(source, 0))


def raw(address, data, source="127.0.0.1", timeout=15):
    """Everything the server sends back to these bytes until it closes or is quiet."""
    with tls_context().wrap_socket(connect(address, source, timeout)) as tls:
        tls.settimeout(3)
        answer = b""
        try:
            tls.sendall(data)
            while True:
                got = tls.recv(65536)
                if not got:
                    break
                answer += got
        except (TimeoutError, OSError):
            pass
        return answer


def statuses(answer):
    """Of all responses in what came back."""
    return [int(part[:3]) for part in answer.decode(errors="replace").split("HTTP/1.1 ")[1:]]
