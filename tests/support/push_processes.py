"""Push servers of several processes that share the uids: which process has a connection, and processes that are frozen."""
import json
import os
import pathlib
import signal
import subprocess

from instance import eventually
from push_server import HANG_SECONDS, PushServer, clean_environment, program


def freeze(pid):
    """Stops a process until thaw()."""
    os.kill(pid, signal.SIGSTOP)
    stat = pathlib.Path(f"/proc/{pid}/stat")
    # Until then it may be the one that is woken for a connection.
    eventually(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T", "the process stands still")


def thaw(pid):
    os.kill(pid, signal.SIGCONT)


class Reported(PushServer):
    """A server that tells of its processes."""

    def __init__(self, run_dir, *flags):
        self._run_dir = str(run_dir)
        super().__init__("--run-dir", self._run_dir, *flags)

    def report(self, command):
        return json.loads(subprocess.run([program(), "push", command, "--json", "--run-dir", self._run_dir, "--name", self.name], check=True,
                                         env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_SECONDS).stdout)

    def pid_of(self, client):
        """The process that a page or a back end is connected to."""
        host, port = client.sock.getsockname()
        here = f"{host}:{port}"
        return eventually(lambda: next((row["pid"] for row in self.report("connections")["connections"] if row["remote"] == here), 0), here)


class Processes(Reported):
    """`count` processes that have joined."""

    def __init__(self, run_dir, count, *flags):
        super().__init__(run_dir, "--count", str(count), "--drain", "200ms", *flags)
        self._count = count
        eventually(self.is_joined, "all processes are joined")

    def is_joined(self):
        rows = self.report("status")["processes"]
        return len(rows) == self._count + 1 and all(
            row["hub"] and row["hub"]["joined"] == (self._count if row.get("service") else 1) for row in rows)

    def hub_pid(self):
        return next(row["pid"] for row in self.report("status")["processes"] if row.get("service"))

    def one_of_each(self, connect):
        """Process to a client of it, as connect() makes them."""
        clients = {}
        for _ in range(100):
            client = connect()
            if clients.setdefault(self.pid_of(client), client) is not client:
                client.close()
            if len(clients) == self._count:
                return clients
        raise AssertionError(f"of {self._count} processes only {len(clients)} got a connection")


class TwoProcesses(Processes):
    """`here` and `there` are uids with a page each, held by one process and the other."""

    def __init__(self, run_dir, *flags):
        super().__init__(run_dir, 2, *flags)
        self._pages = {}
        self._frozen = None
        while len(self._uids_of()) < 2:
            assert len(self._pages) < 100, "a process got no page"
            uid = f"u{len(self._pages)}"
            self._pages[uid] = self.page(uid.encode())
        (self.here, *_), (self.there, *_) = self._uids_of().values()

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
        freeze(self._frozen)

    def thaw(self):
        if self._frozen:
            thaw(self._frozen)
            self._frozen = None

    def stop(self):
        self.thaw()
        for page in self._pages.values():
            page.close()
        return super().stop()
