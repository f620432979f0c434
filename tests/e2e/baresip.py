"""baresip as a phone: its configuration, a tone in, a recording out."""
import math
import os
import struct
import subprocess
import wave

from cases import wait_until

RATE = 8000
CONFIG = """
poll_method		epoll
sip_listen		{address}:{port}
sip_verify_server	no
call_local_timeout	30
call_max_calls		4
audio_path		/usr/share/baresip
audio_player		aubridge,ear
snd_path		{folder}
audio_source		aufile,{folder}/tone.wav
auplay_srate		{rate}
ausrc_srate		{rate}
auplay_channels		1
ausrc_channels		1
audio_level		no
rtp_timeout		0
rtp_ports		30000-30100
module_path		/usr/lib/baresip/modules
module			stdio.so
module			g711.so
module			aufile.so
module			aubridge.so
module			sndfile.so
module			srtp.so
module_tmp		uuid.so
module_tmp		account.so
module_app		menu.so
"""


def write_tone(path, hertz, seconds=30):
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        step = 2 * math.pi * hertz / RATE
        out.writeframes(b"".join(struct.pack("<h", int(12000 * math.sin(step * i)))
                                 for i in range(RATE * seconds)))


def goertzel(samples, hertz):
    """Share of the samples' energy that is at that frequency: near 1 for a pure tone."""
    energy = sum(s * s for s in samples)
    if not energy:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    s1 = s2 = 0.0
    for sample in samples:
        s1, s2 = sample + coefficient * s1 - s2, s1
    power = s1 * s1 + s2 * s2 - coefficient * s1 * s2
    return 2 * power / (len(samples) * energy)


class Baresip:
    """One baresip in a namespace (or on the host, netns None)."""

    def __init__(self, folder, netns, address, port, account, hertz):
        self.folder = folder
        self.netns = netns
        self.hertz = hertz
        self.process = None
        folder.mkdir(parents=True)
        (folder / "config").write_text(CONFIG.format(address=address, port=port, folder=folder, rate=RATE))
        (folder / "accounts").write_text(account + "\n")
        write_tone(folder / "tone.wav", hertz)
        self.log_path = folder / "log"

    def start(self, *commands, seconds=60):
        args = ["ip", "netns", "exec", self.netns] if self.netns else []
        args += ["baresip", "-f", str(self.folder), "-t", str(seconds)]
        for command in commands:
            args += ["-e", command]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=log, stderr=log,
                                            start_new_session=True, env=dict(os.environ, HOME=str(self.folder)))

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_log(self, text, seconds=15):
        wait_until(lambda: text in self.log(), seconds, f"baresip never said {text!r}: {self.log()[-1500:]}")

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def heard(self):
        """What was decoded (sndfile writes it down), without the silence before the first sound."""
        paths = sorted(self.folder.glob("dump-*-dec.wav"))
        if not paths:
            return []
        data = paths[-1].read_bytes()[44:]
        samples = struct.unpack(f"<{len(data) // 2}h", data[:len(data) // 2 * 2])
        first = next((i for i, s in enumerate(samples) if abs(s) > 1000), len(samples))
        return samples[first:]

    def hears(self, hertz, seconds=1.0):
        """Is there at least that much of the tone, and nothing much beside it?"""
        samples = self.heard()[RATE // 4:]
        blocks = [samples[i:i + RATE // 10] for i in range(0, len(samples) - RATE // 10, RATE // 10)]
        good = [b for b in blocks if goertzel(b, hertz) > 0.9]
        return len(good) / 10 >= seconds and len(good) > 0.8 * len(blocks)
