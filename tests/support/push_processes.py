"""A push server of two processes that share the uids, one of which can be frozen."""
import json
import os
import pathlib
import signal
import subprocess

from instance import eventually
from push_server import HANG_SECONDS, PushServer, clean_environment, program


class TwoProcesses(PushServer):
    """`here` and `there` are uids with a page each, held by one process and the other."""

    def __init__(self, run_dir, *flags):
        super().__init__("--run-dir", str(run_dir), "--count", "2", "--drain", "200ms", *flags)
        self._run_dir = str(run_dir)
        self._pages = {}
        self._frozen = None
        eventually(self.is_joined, "both processes are joined")
        while len(self._uids_of()) < 2:
            assert len(self._pages) < 100, "a process got no page"
            uid = f"u{len(self._pages)}"
            self._pages[uid] = self.page(uid.encode())
        (self.here, *_), (self.there, *_) = self._uids_of().values()

    def report(self, command):
        return json.loads(subprocess.run([program(), "push", command, "--json", "--run-dir", self._run_dir, "--name", self.name], check=True,
                                         env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_SECONDS).stdout)

    def is_joined(self):
        rows = self.report("status")["processes"]
        return len(rows) == 3 and all(row["hub"] and row["hub"]["joined"] == (2 if row.get("service") else 1) for row in rows)

    def _uids_of(self):
        """Process to the uids of its pages."""
        held = {}
        for row in self.report("connections")["connections"]:
            if row["uid"]:
                held.setdefault(row["pid"], []).append(row["uid"])
        return held

    def page_of(self, uid):
        return self._pages[uid]

    def freeze(self):
        """Stops the process that holds `there`; back ends that connect from here on are with the other one."""
        self._frozen = next(pid for pid, uids in self._uids_of().items() if self.there in uids)
        os.kill(self._frozen, signal.SIGSTOP)
        stat = pathlib.Path(f"/proc/{self._frozen}/stat")
        # Until then it may be the one that is woken for a connection.
        eventually(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T", "the process stands still")

    def thaw(self):
        if self._frozen:
            os.kill(self._frozen, signal.SIGCONT)
            self._frozen = None

    def stop(self):
        self.thaw()
        for page in self._pages.values():
            page.close()
        return super().stop()
