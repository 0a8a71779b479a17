"""Push servers that are one over machines: each a master with its processes, at one engine, killed, frozen and started again as a whole."""
import contextlib
import os
import pathlib
import re
import signal

from hub_load import Hub
from instance import HANG_SECONDS, alive, eventually
from push_processes import freeze, thaw
from push_server import LineClient, Page
from scale.redis import CLUSTER_NAME

COUNT = 2  # processes of workers of each, if a test does not say
NO_MACHINE = "127.0.0.1"


class Node:
    """A master, on a machine or on this one. It keeps its ports when it starts again; `ports` are its flags of these, if not any."""

    def __init__(self, folder, flags, machine=None, ports=None):
        self.folder, self.machine = pathlib.Path(folder), machine
        self.folder.mkdir(parents=True)
        ip = machine.ip if machine else NO_MACHINE
        self._flags = [*flags, "--insecure-inner"]
        self._ports = ports or ["--listen", f"websocket://{ip}:0", "--inner", f"text://{ip}:0"]
        self.hub = None
        self.start()

    def start(self):
        self.hub = Hub(self.folder, *self._flags, *self._ports, prefix=self.machine.prefix if self.machine else ())
        self.addresses = self.hub.addresses
        self._ports = ["--listen", self.addresses["websocket"].replace("ws://", "websocket://"), "--inner", self.addresses["text"]]

    @property
    def master(self):
        return self.hub.process.pid

    def children(self):
        with contextlib.suppress(FileNotFoundError):
            return [int(pid) for pid in pathlib.Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()]
        return []

    def service(self):
        """The process that joins the others."""
        return next(row["pid"] for row in self.hub.status()["processes"] if row.get("service"))

    def worker(self):
        """A process that has pages."""
        rows = [row for row in self.hub.status()["processes"] if not row.get("service")]
        return max(rows, key=lambda row: row["connections"])["pid"]

    def freeze(self):
        for pid in (self.master, *self.children()):
            freeze(pid)

    def thaw(self):
        for pid in (*self.children(), self.master):
            with contextlib.suppress(ProcessLookupError):
                thaw(pid)

    def kill(self, told=lambda pid: None):
        """Ends all of it at once, as the end of its machine would; told(pid) before each."""
        if self.hub.process.poll() is not None:
            return
        os.kill(self.master, signal.SIGSTOP)  # it must not start a child again
        pids = [*self.children(), self.master]
        for pid in pids:
            told(pid)
            os.kill(pid, signal.SIGKILL)
        self.hub.process.communicate(timeout=HANG_SECONDS)
        eventually(lambda: not any(alive(pid) for pid in pids), "the end of a node")

    def page(self, uid):
        page = Page(self.addresses["websocket"])
        page.register(uid)
        return page

    def lines(self):
        return LineClient(self.addresses["text"])

    def log(self):
        return self.hub.log()


def flags_of(folder, engine):
    """What joins nodes by an engine. The secret that they share is in the folder."""
    if engine is None:
        return []
    secret = pathlib.Path(folder) / "secret"
    secret.write_text("what-the-machines-of-a-test-share\n")
    secret.chmod(0o600)
    return ["--engine", engine.url, "--cluster", CLUSTER_NAME, "--cluster-secret-file", str(secret)]


class Nodes:
    """`count` of them, joined by an engine; without one there is a single node."""

    def __init__(self, folder, engine=None, *, count=3, processes=COUNT, machines=(), flags=()):
        folder = pathlib.Path(folder)
        joined = flags_of(folder, engine)
        self.nodes = []
        try:
            for number in range(count):
                machine = machines[number] if machines else None
                self.nodes.append(Node(folder / f"node{number}", ["--count", str(processes), "--drain", "200ms", *joined, *flags], machine))
            self.await_joined()
        except BaseException:
            self.end()
            raise

    def await_joined(self):
        """Returns when a push from each reaches a page of each, and each knows all others."""
        with contextlib.ExitStack() as stack:
            pages = [stack.enter_context(node.page(f"page of {number}".encode())) for number, node in enumerate(self.nodes)]
            ports = [stack.enter_context(node.lines()) for node in self.nodes]
            for number, port in enumerate(ports):
                for target in range(len(pages)):
                    line = b'{"uid":"page of %d","from":%d}' % (target, number)
                    eventually(lambda: port.ask(line) == b"ok", f"a push from node {number} to node {target}: {self.logs()}")
                nobody = b'{"uid":"nobody","wm":{"reply":"json"}}'
                eventually(lambda: b'"offline"' in port.ask(nobody), f"an exact answer at node {number}: {self.logs()}")

    def ended(self):
        """What the logs say of processes that ended otherwise than they should."""
        lines = [line for node in self.nodes for line in node.log().splitlines()]
        return [line for line in lines if re.search(r" killed by signal | exited with | error: ", line)]

    def logs(self):
        return "\n".join(f"{node.folder.name}:\n{node.log()}" for node in self.nodes)

    def end(self):
        for node in self.nodes:
            node.kill()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()
