"""An instance of `wm-serve pipe` or `wm-serve echo` as a child process, by the words that a user types.

Its first lines say where it listens; HANG_SECONDS only turns a hang into a failure.
"""
import itertools
import os
import re
import subprocess

from instance import HANG_SECONDS
from push_server import clean_environment, connect, program

_numbers = itertools.count()


class ServeInstance:
    def __init__(self, run_dir, sub, *words):
        self.tool = [program(), sub]
        self.instance = ["--run-dir", str(run_dir), "--name", f"{sub}-{os.getpid()}-{next(_numbers)}"]
        self.process = subprocess.Popen([*self.tool, *words, *self.instance], env=clean_environment(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addresses = []
        lines = 3 if sub == "pipe" else sum("://" in word for word in words)
        for _ in range(lines):
            line = self.process.stdout.readline()
            assert line, f"wm-serve {sub} ended: {self.process.communicate(timeout=HANG_SECONDS)[1]}"
            self.addresses += re.findall(r"[a-z+]+://\S+", line)

    @property
    def address(self):
        """Where it listens, the first of them."""
        return self.addresses[0]

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1].rstrip("/"))

    def connect(self):
        return connect(self.address)

    def command(self, *words):
        """Runs a command of the instance to its end."""
        return subprocess.run([*self.tool, *words, *self.instance], env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=HANG_SECONDS, check=False)

    def stop(self):
        """Ends it by its command; returns what it wrote to standard error."""
        if self.process.poll() is None:
            self.command("stop")
        _, error = self.process.communicate(timeout=HANG_SECONDS)
        assert self.process.returncode == 0, error
        return error
