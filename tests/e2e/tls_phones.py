#!/usr/bin/env python3
"""Many phones that only register, each over one TLS connection that it never leaves: they refresh
every second, and say at the end (SIGTERM) whose connection or registration was lost.

    tls_phones.py ADDRESS PORT DOMAIN CA-FILE TLS-NAME PASSWORD COUNT"""
import asyncio
import hashlib
import json
import re
import signal
import ssl
import sys

EXPIRES = 120


def digest(challenge, user, password, uri):
    found = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    name = found.get("algorithm", "MD5").replace("-", "").lower()

    def h(text):
        return hashlib.new(name, text.encode()).hexdigest()
    first, second = h(f"{user}:{found['realm']}:{password}"), h(f"REGISTER:{uri}")
    response = h(f"{first}:{found['nonce']}:00000001:0a4f113b:auth:{second}")
    return (f'Digest username="{user}", realm="{found["realm"]}", nonce="{found["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm={found.get("algorithm", "MD5")}, cnonce="0a4f113b", '
            f'qop=auth, nc=00000001')


class Phone:
    def __init__(self, number, settings):
        self.user = f"reg-{number}"
        self.settings = settings
        self.cseq = 0
        self.refreshed = 0
        self.trouble = None

    async def request(self, authorization):
        self.cseq += 1
        domain = self.settings["domain"]
        lines = [f"REGISTER sip:{domain} SIP/2.0",
                 f"Via: SIP/2.0/TLS {self.own};branch=z9hG4bK{self.user}{self.cseq};rport",
                 f"From: <sip:{self.user}@{domain}>;tag={self.user}", f"To: <sip:{self.user}@{domain}>",
                 f"Call-ID: {self.user}@{domain}", f"CSeq: {self.cseq} REGISTER", "Max-Forwards: 70",
                 f"Contact: <sip:{self.user}@{self.own};transport=tls>", f"Expires: {EXPIRES}",
                 "Content-Length: 0"]
        if authorization:
            lines.insert(-1, f"Authorization: {authorization}")
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 15)).decode()
        length = re.search(r"^Content-Length:\s*(\d+)", head, re.M | re.I)
        if length:
            await self.reader.readexactly(int(length.group(1)))
        return int(head.split()[1]), head

    async def register(self):
        status, head = await self.request(None)
        if status == 401:
            challenge = re.findall(r"^WWW-Authenticate:\s*(.*)\r$", head, re.M | re.I)[0]
            status, head = await self.request(digest(challenge, self.user, self.settings["password"],
                                                     f"sip:{self.settings['domain']}"))
        if status != 200:
            raise OSError(f"REGISTER was answered {status}")
        self.refreshed += 1

    async def live(self, ready, ending):
        s = self.settings
        try:
            context = ssl.create_default_context(cafile=s["ca"])
            self.reader, self.writer = await asyncio.open_connection(
                s["address"], s["port"], ssl=context, server_hostname=s["name"])
            self.own = "%s:%d" % self.writer.get_extra_info("sockname")[:2]
            await self.register()
            ready.release()
            while not ending.is_set():
                try:
                    await asyncio.wait_for(ending.wait(), 1)
                except asyncio.TimeoutError:
                    await self.register()
            self.writer.close()
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as fault:
            self.trouble = f"{self.user}: {type(fault).__name__} {fault}"
            ready.release()


async def main():
    address, port, domain, ca, name, password, count = sys.argv[1:]
    settings = {"address": address, "port": int(port), "domain": domain, "ca": ca, "name": name,
                "password": password}
    phones = [Phone(n, settings) for n in range(int(count))]
    ready, ending = asyncio.Semaphore(0), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    tasks = []
    for phone in phones:
        tasks.append(asyncio.create_task(phone.live(ready, ending)))
        await asyncio.sleep(0.005)
    for _ in phones:
        await ready.acquire()
    print("ready", flush=True)
    await ending.wait()
    await asyncio.gather(*tasks)
    print(json.dumps({"phones": len(phones), "refreshed": min(p.refreshed for p in phones),
                      "trouble": [p.trouble for p in phones if p.trouble]}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
