"""A directory that answers what it likes: LDAP in clear, as many bytes as a test wants to send."""
import socket
import threading
import time

from ldap_ber import attributes, ber, message, text


def entry(number, dn, **values):
    return message(number, ber(0x64, text(dn), attributes(values)))


def done(number, operation=0x65, code=0, *more):
    return message(number, ber(operation, ber(10, bytes([code])), text(""), text(""), *more))


class Hostile:
    """Lets everybody bind; `answer(number, asked)` yields what a search gets: bytes, or a pause in
    seconds. asked: 0 the search for the user, 1 its name, 2 its groups, and so on."""

    def __init__(self, address):
        self.listener = socket.create_server((address, 3389))
        self.answer = lambda number, asked: [done(number)]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                conversation, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(conversation,), daemon=True).start()

    def talk(self, conversation):
        asked = 0
        with conversation:
            try:
                while request := conversation.recv(65536):
                    # Number and kind of the operation; all our messages begin 30 LEN 02 01 NUMBER.
                    at = 2 if request[1] < 128 else 2 + (request[1] & 127)
                    number, kind = request[at + 2], request[at + 3]
                    if kind == 0x60:
                        conversation.sendall(done(number, 0x61))
                    elif kind == 0x63:
                        for piece in self.answer(number, asked):
                            if isinstance(piece, bytes):
                                conversation.sendall(piece)
                            else:
                                time.sleep(piece)
                        asked += 1
                    else:
                        return
            except OSError:
                return

    def close(self):
        self.listener.close()
