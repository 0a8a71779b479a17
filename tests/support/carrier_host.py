"""The program carrier_host: one carrier over an engine, its events and its answers, line by line."""
import os
import queue
import subprocess
import threading

from instance import HANG_SECONDS, clean_environment, eventually, program
from sanitized import memory_limit


def hash_of(message):
    """As the program says of a long message: FNV-1a of 32 bits."""
    value = 2166136261
    for byte in message:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return f"{value:08x}"


class Carrier:
    """One of a node. Lines that were not asked for are looked at in their order; the log has its own."""

    def __init__(self, url, node="a1", cluster="default", ca="", user="", password="", name="carrier_host"):
        self.node = node
        environment = clean_environment(ENGINE_USER=user, ENGINE_PASSWORD=password)
        self.process = subprocess.Popen([program(name), url, node, cluster, str(ca)], env=environment, text=True, encoding="latin-1",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=1)
        self.log = []
        self.events = queue.Queue()
        self._answers = queue.Queue()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._read_out, self._read_log)]
        for thread in self._threads:
            thread.start()

    def _read_out(self):
        for line in self.process.stdout:
            line = line.rstrip("\n")
            asked = line.split(" ")[0] in ("sent", "not", "facts", "fired")
            (self._answers if asked else self.events).put(line)
        self.events.put("ended")

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def _say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _ask(self, line):
        self._say(line)
        return self._answers.get(timeout=HANG_SECONDS)

    def await_event(self, *wanted, skip=()):
        """The next event, which must be one of those that are wanted."""
        while True:
            event = self.events.get(timeout=HANG_SECONDS)
            if event.split(" ")[0] not in skip:
                assert not wanted or event in wanted, f"{event!r}, not {wanted}: {self.facts()} {self.log}"
                return event

    def await_up(self):
        """Until it is up, however often it goes down before."""
        while self.await_event(skip=("got",)) != "up":
            pass

    def send(self, to, text):
        """Whether the carrier took it. `to`: a node, or "0" for all."""
        return self._ask(f"send {to} {text}") == "sent"

    def fill(self, to, size):
        return self._ask(f"fill {to} {size}") == "sent"

    def reset(self, why="because"):
        self._say(f"reset {why}")

    def close(self):
        self._say("close")

    def open(self):
        self._say("open")

    def fault(self, skip):
        """Has an allocation fail, after so many others; of fault_carrier_host. Whether the one before has."""
        return self._ask(f"fault {skip}") == "fired"

    def facts(self):
        engine, address, connects, error = self._ask("facts")[len("facts "):].split("|", 3)
        return {"engine": engine, "address": address, "connects": int(connects), "error": error}

    def await_error(self, text):
        """Until the carrier says that about why it is down; or has said it in the log, as it may be up again by the time it is asked."""
        def said():
            facts = self.facts()
            return (text in facts["error"] or any(text in line for line in self.warnings())) and facts
        return eventually(said, f"'{text}'")

    def warnings(self):
        return [line for line in self.log if " warning: engine " in line]

    def rss(self):
        """Bytes of memory of its own."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) << 10

    def takes_less(self, limit, before=0):
        """Whether it takes less memory of its own than that, beside what it took before."""
        return self.rss() - before < memory_limit(self.process.args[0], limit)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self):
        """Stops it; it has to end by itself, and well."""
        if self.process.poll() is None:
            self._say("stop")
        code = self._reap()
        assert code == 0, f"carrier_host ended with {code}: {self.log}"

    def kill(self):
        self.process.kill()
        self._reap()

    def _reap(self):
        code = self.process.wait(HANG_SECONDS)
        for thread in self._threads:
            thread.join(HANG_SECONDS)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        if kind is None:
            self.end()
        else:
            self.kill()


def exchange_all(carriers):
    """Each sends to itself, to each other and to all, and gets just that."""
    for sender in carriers:
        for other in carriers:
            text = f"{sender.node} to {other.node}"
            assert sender.send(other.node, text)
            other.await_event(f"got {text}")
        assert sender.send("0", f"{sender.node} to all")
        for other in carriers:
            other.await_event(f"got {sender.node} to all")
