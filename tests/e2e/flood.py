"""Bad logins and slow connections from many addresses of 127.0.0.0/8, by tp-flood."""
import json
import subprocess

from lab import tool


class Flood:
    """visitor: who has visited, for its cookie and token; without them no password is looked at."""

    def __init__(self, address, seconds, per_second, slow, visitor=None):
        self.seconds = seconds
        self.process = subprocess.Popen(
            [tool("tp-flood"), address[0], str(address[1]), str(seconds), str(per_second), str(slow),
             visitor.cookie if visitor else "none=1", visitor.csrf if visitor else "none"],
            stdout=subprocess.PIPE, text=True)

    def goes_on(self):
        return self.process.poll() is None

    def end(self):
        """What came of the guesses, when it is over."""
        return json.loads(self.process.communicate(timeout=self.seconds + 20)[0])
