#!/usr/bin/env python3
"""Something on a traversal port that is no edge of ours: speaks TLS with a given certificate and
answers each OPTIONS with 401 and a Date of its own, or says nothing at all.

    fake_edge.py ADDRESS PORT silent
    fake_edge.py ADDRESS PORT CERTIFICATE KEY [GREATEST-TLS-VERSION] [SECONDS-AHEAD]"""
import email.utils
import socket
import ssl
import sys
import time
import warnings


def answer(request, ahead):
    lines = request.decode().split("\r\n")
    kept = [line for line in lines[1:]
            if line.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq", "v", "f", "t", "i")]
    date = email.utils.formatdate(time.time() + ahead, usegmt=True)
    return "\r\n".join(["SIP/2.0 401 Unauthorized", *kept, f"Date: {date}",
                        'WWW-Authenticate: Digest realm="x", nonce="y"', "Content-Length: 0",
                        "", ""]).encode()


def serve(listener, context, ahead):
    while True:
        plain, _ = listener.accept()
        try:
            with context.wrap_socket(plain, server_side=True) as tls:
                tls.settimeout(10)
                tls.sendall(answer(tls.recv(65536), ahead))
                tls.recv(1)
        except OSError as fault:
            print(fault, flush=True)


def main():
    warnings.simplefilter("ignore", DeprecationWarning)
    listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
    print("ready", flush=True)
    if sys.argv[3] == "silent":
        while True:
            time.sleep(60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    if len(sys.argv) > 5 and sys.argv[5]:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.maximum_version = ssl.TLSVersion[sys.argv[5]]
    serve(listener, context, int(sys.argv[6]) if len(sys.argv) > 6 else 0)


if __name__ == "__main__":
    main()
