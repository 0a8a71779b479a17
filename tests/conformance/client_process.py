"""The client driver as a child process: what it is told, and what it says, line by line."""
import os
import subprocess
import threading

from server_process import HANG_SECONDS


def driver_path():
    build = os.environ.get("WM_BUILD")
    if not build:
        raise RuntimeError("WM_BUILD names no build folder: run with WM_BUILD=DIR, where DIR/bin/client_driver stands")
    return os.path.join(build, "bin", "client_driver")


def sum_of(data):
    """What the driver says of a long message."""
    value = 14695981039346656037
    for octet in data:
        value = (value ^ octet) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return f"{len(data)}:{value:016x}"


class Driver:
    """Ends with its input; whatever it writes to standard error, and every exit code but 0, is a failure."""

    def __init__(self, address, *options, echo=False, pull=False):
        command = [driver_path(), address, *(["--echo"] if echo else []), *(["--pull"] if pull else []), *(option.replace("\r", "\\r").replace("\n", "\\n") for option in options)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = []
        self._taken = 0
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, start):
        """The next line that begins so; those before it are passed over."""
        with self._changed:
            while True:
                while self._taken < len(self.lines):
                    self._taken += 1
                    if self.lines[self._taken - 1].startswith(start):
                        return self.lines[self._taken - 1]
                assert not self._ended, f"ended before '{start}': {self.lines}"
                assert self._changed.wait(HANG_SECONDS), f"no '{start}' in {self.lines}"

    def connect(self):
        self.hear("ready")
        self.tell("connect")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        try:
            code = self.process.wait(HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "hung"
        self._reader.join()
        errors = self.process.stderr.read().decode("utf-8", "replace")
        self.process.stdout.close()
        self.process.stderr.close()
        if kind is None:
            assert (code, errors) == (0, ""), f"{code} {errors}"
