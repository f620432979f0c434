"""The HTTP API over an appliance's administration socket, as root."""
import http.client
import json
import socket


class ApiError(Exception):
    def __init__(self, method, path, status, body):
        super().__init__(f"{method} {path}: {status} {body}")
        self.status = status
        self.body = body


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Admin:
    def __init__(self, path, timeout=30):
        self.path = path
        self.timeout = timeout

    def fetch(self, method, path, body=None):
        """Status, headers and text, whatever they are."""
        connection = _UnixConnection(self.path, self.timeout)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            text = json.dumps(body) if body is not None else None
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        except http.client.HTTPException as error:
            # Killed in the middle of its answer: to the asker the same as a broken connection.
            raise ConnectionError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()

    def call(self, method, path, body=None):
        status, _, data = self.fetch(method, path, body)
        if status >= 300:
            raise ApiError(method, path, status, data)
        return json.loads(data) if data else None

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body=None):
        return self.call("POST", path, {} if body is None else body)

    def delete(self, path):
        return self.call("DELETE", path)

    def put(self, path, value):
        """put("turnpike-zone:zones/zone=core", {...}): one node of the candidate, with the
        wrapping that RESTCONF wants."""
        module = path.split(":")[0]
        name = path.split("/")[-1].split(":")[-1]
        is_entry = "=" in name
        name = name.split("=")[0]
        body = {f"{module}:{name}": [value] if is_entry else value}
        return self.call("PUT", f"/restconf/ds/candidate/{path}", body)

    def running(self, path):
        return self.get(f"/restconf/ds/running/{path}")

    def commit(self, comment, confirm_within_s=0):
        return self.post("/api/v1/config/commit",
                         {"comment": comment, "confirm-within-s": confirm_within_s})
