"""The program hub_load (tests/support/hub_load) against a push server whose processes a test replaces and kills, and its verdict."""
import json
import os
import subprocess
from pathlib import Path

from instance import HANG_SECONDS, Result, program
from push_server import PushServer, clean_environment
from push_server import program as wm_serve


class Hub(PushServer):
    """A push server with files of its own, and its commands."""

    def __init__(self, folder, *flags, **settings):
        self.run_dir, self.log_path = folder / "run", folder / "log"
        super().__init__("--run-dir", str(self.run_dir), "--log-file", str(self.log_path), "--http", "off", "--text-ping", "ping=pong", *flags,
                         **settings)

    def command(self, *words):
        return Result(subprocess.run([wm_serve(), "push", "--run-dir", str(self.run_dir), "--name", self.name, *words], check=False,
                                     env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_SECONDS))

    def status(self):
        result = self.command("status", "--json")
        assert result.code == 0, result
        return json.loads(result.out)

    def is_child(self, pid):
        """Whether the process is one of this server, and no other that has got its number."""
        try:
            return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]) == self.process.pid
        except (FileNotFoundError, ProcessLookupError):
            return False

    def log(self):
        return self.log_path.read_text()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.returncode is None:
            self.stop()


class HubLoad:
    """The load on a hub, or on several that are one: those of `lines_at` get the pushes. All its pages are open when this has been made;
    `end` has the verdict."""

    def __init__(self, *hubs, lines_at=(), **flags):
        command = [program("hub_load")]
        for hub in hubs:
            command += ["--pages-at", hub.addresses["websocket"]]
        for hub in lines_at or hubs:
            command += ["--lines-at", hub.addresses["text"]]
        for name, value in flags.items():
            if value is not False:
                command += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "open\n", self.process.communicate(timeout=HANG_SECONDS)

    def _tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def killed(self, pid):
        """To be told just before."""
        self._tell(f"kill {pid}")

    def fault(self, text):
        """From now on, until it has healed; with the flag faults."""
        self._tell(f"fault {text}")

    def healed(self):
        self._tell("healed")

    def verdict(self):
        """What it has counted, violations among it."""
        out, error = self.process.communicate(timeout=4 * HANG_SECONDS)
        assert self.process.returncode in (0, 1), error
        return json.loads(out)

    def end(self):
        """What it has counted. A violation fails the test, with the examples of it."""
        report = self.verdict()
        assert (self.process.returncode, report["examples"]) == (0, {}), json.dumps(report, indent=1)
        print("\n" + json.dumps({name: report[name] for name in ("counts", "failed", "closes", "rates")}))
        return report

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def kill(hub, load, pid):
    """Kills a child of the hub's master."""
    assert hub.is_child(pid)
    load.killed(pid)
    os.kill(pid, 9)
