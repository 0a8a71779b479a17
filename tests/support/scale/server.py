"""One process of an engine, with a directory of its own: started, frozen, killed, started again. It ends with SIGKILL, by its number."""
import contextlib
import pathlib
import signal
import subprocess

from instance import HANG_SECONDS, alive, clean_environment, eventually
from push_processes import freeze, thaw


class Server:
    """`answers()` says whether it serves; nothing is awaited by time."""

    def __init__(self, directory, command, answers):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.command = [str(word) for word in command]
        self._answers = answers
        self.process = None

    def begin(self):
        """Starts it, and does not wait."""
        assert self.process is None or self.process.returncode is not None, "it runs"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.directory, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def start(self):
        """Starts it; it answers when this returns."""
        self.begin()
        eventually(self.serves, f"an answer of {self.command}")

    def serves(self):
        assert self.process.poll() is None, f"{self.command} ended with {self.process.returncode}: {self.log()}"
        return self._answers()

    @property
    def pid(self):
        return self.process.pid

    @property
    def log_path(self):
        return self.directory / "log"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def kill(self):
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            self.process.wait(HANG_SECONDS)

    close = kill

    def freeze(self):
        freeze(self.pid)

    def thaw(self):
        with contextlib.suppress(ProcessLookupError):
            thaw(self.pid)

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def runs(self):
        return self.process is not None and alive(self.pid)
