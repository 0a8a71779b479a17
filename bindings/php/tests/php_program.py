"""Programs of programs/ as processes: started in the foreground or in the background, in a directory of their own.

A program tells what happens by trace(), a line of JSON each; `trace("close")` has the lines of one event. Waits are for conditions, never
for times; HANG_SECONDS only turns a hang into a failure.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
for directory in ("tests/support", "tests/conformance"):
    sys.path.insert(0, str(ROOT / directory))

from http_answers import take_answer  # noqa: E402
from instance import HANG_SECONDS, Result, alive, clean_environment, eventually  # noqa: E402
from ports import free_ports  # noqa: E402
import ws_frames  # noqa: E402

AUTOLOAD = os.environ.get("WM_PHP_AUTOLOAD") or str(HERE.parent / "autoload.php")


def library():
    """The library of the build that is tested; without one the binding looks for itself."""
    build = os.environ.get("WM_BUILD")
    return {"WM_LIBRARY": str(pathlib.Path(build) / "lib" / "libwm.so")} if build else {}


def children_of(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def title_of(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ").decode()


def resident(pid):
    """Bytes of memory that a process has now."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no VmRSS")


class Program:
    """One program: a copy of programs/NAME.php in a directory of its own, so that it is an instance of its own."""

    def __init__(self, directory, name, *, ports=3, script=None, cwd=".", relative=False, environment=None, **variables):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.script = self.directory / (script or f"{name}.php")
        shutil.copy(HERE / "programs" / f"{name}.php", self.script)
        self.named = os.path.relpath(self.script, self.directory / cwd) if relative else str(self.script)
        self.cwd = self.directory / cwd
        self.cwd.mkdir(exist_ok=True)
        self.trace_path = self.directory / "trace"
        self.ports = free_ports(ports)
        named = {"WM_TEST_PORT" + (f"_{number}" if number > 1 else ""): str(port) for number, port in enumerate(self.ports, 1)}
        named |= {f"WM_TEST_{name.upper()}": str(value) for name, value in variables.items()}
        # Short, as the path of a socket has a limit; for root it is another one whatever this says.
        self.run_directory = tempfile.mkdtemp(prefix="wm-")
        self.environment = clean_environment(**{
            "XDG_RUNTIME_DIR": self.run_directory,
            "WM_PHP_AUTOLOAD": AUTOLOAD,
            "WM_TEST_PRELUDE": str(HERE / "programs" / "prelude.php"),
            "WM_TEST_TRACE": str(self.trace_path),
        } | library() | named | (environment or {}))
        self.errors_expected = False
        self.process = None
        self.output_path = self.directory / "output"
        self.background_master = None

    # ---- commands

    def line(self, *words):
        return ["php", self.named, *words]

    def command(self, *words):
        """Runs one command to its end."""
        return Result(subprocess.run(self.line(*words), cwd=self.cwd, env=self.environment, stdin=subprocess.DEVNULL,
                                     capture_output=True, timeout=HANG_SECONDS, check=False))

    def start(self, ready=1):
        """In the foreground, its output in a file; returns when `ready` processes have said that they serve, and the master knows it."""
        with self.output_path.open("wb") as output:
            self.process = subprocess.Popen(self.line("start"), cwd=self.cwd, env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        self.wait_ready(ready)
        eventually(lambda: "Start success" in self.output() or self.process.poll() is not None, "a start that has succeeded")
        return self

    def start_background(self, ready=1):
        result = self.command("start", "-d")
        assert result.code == 0, result
        self.wait_ready(ready)
        self.background_master = self.trace("ready")[0][-1]
        return self

    def wait_ready(self, count=1):
        """Programs call ready() in onWorkerStart with the pid of their master as the last detail."""
        def come():
            assert self.process is None or self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.output()}"
            return len(self.trace("ready")) >= count
        eventually(come, "ready processes")

    def wait(self):
        """The exit code of one in the foreground."""
        return self.process.wait(HANG_SECONDS)

    # ---- what there is

    @property
    def master(self):
        return self.process.pid if self.process is not None else self.background_master

    @property
    def port(self):
        return self.ports[0]

    def pids(self):
        """Processes that have said that they serve, in their order."""
        return [row[1] for row in self.rows() if row[0] == "ready"]

    @property
    def pid(self):
        """The process that serves now, of a program with one."""
        return self.pids()[-1]

    def output(self):
        return self.output_path.read_text(errors="replace") if self.output_path.exists() else ""

    def rows(self):
        """Lines of trace(), each whole: [event, pid, details...]."""
        if not self.trace_path.exists():
            return []
        lines = self.trace_path.read_text().split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def trace(self, event):
        """The details of all lines of one event."""
        return [row[2:] for row in self.rows() if row[0] == event]

    def events(self, *names):
        """The order of events."""
        return [row[0] for row in self.rows() if row[0] in names]

    def await_trace(self, event, count=1):
        """Waits until an event has happened that often, and returns its details."""
        def happened():
            rows = self.trace(event)
            return rows if len(rows) >= count else None
        try:
            return eventually(happened, f"{count} x {event}", seconds=20)
        except AssertionError:
            raise AssertionError(f"{event} has not happened {count} times:\n{self.rows()}\n{self.output()}") from None

    def connect(self, port=None):
        return Peer(port or self.port)

    # ---- the end

    def stop(self):
        """By the signal that a terminal sends; it ends with 0."""
        os.kill(self.master, signal.SIGINT)
        if self.process is not None:
            code = self.process.wait(HANG_SECONDS)
        else:
            eventually(lambda: not alive(self.master), "the end of the master")
            code = 0
        return code

    def end(self):
        """Stops what still runs; if it does not stop, nothing of it is left behind all the same."""
        if not self.master or not alive(self.master):
            return self.kill()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.master, signal.SIGINT)
        try:
            eventually(lambda: self.process.poll() is not None if self.process else not alive(self.master), "the end of the master", 20)
        finally:
            self.kill()
        assert self.process is None or self.process.returncode == 0, f"it ended with {self.process.returncode}:\n{self.output()}"

    def kill(self):
        family = {self.master} if self.master and alive(self.master) else set()
        family |= {child for pid in family for child in children_of(pid)}
        family |= {pid for pid in self.pids() if alive(pid) and self.is_mine(pid)}
        for pid in sorted(family, key=lambda pid: pid != self.master):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(HANG_SECONDS)
        for pid in family:
            eventually(lambda pid=pid: not alive(pid), f"the end of {pid}")
        shutil.rmtree(self.run_directory, ignore_errors=True)

    def is_mine(self, pid):
        """A number may belong to another process by now."""
        with contextlib.suppress(OSError):
            return f"WM_TEST_TRACE={self.trace_path}".encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return False

    def check_errors(self):
        if not self.errors_expected:
            assert self.trace("php-error") == [], self.trace("php-error")


class Peer:
    """A client of blocking sockets."""

    def __init__(self, port, receive_buffer=None):
        self.sock = socket.socket()
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(HANG_SECONDS)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    @property
    def local(self):
        return "%s:%d" % self.sock.getsockname()

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def more(self):
        part = self.sock.recv(1 << 16)
        assert part, f"end of stream after {self.data[:500]!r}"
        self.data += part

    def read_exactly(self, size):
        whole = bytearray(self.data)
        while len(whole) < size:
            part = self.sock.recv(1 << 16)
            assert part, f"end of stream after {len(whole)} of {size} bytes, {bytes(whole[:500])!r}"
            whole += part
        self.data = bytes(whole[size:])
        return bytes(whole[:size])

    def read_line(self):
        """Without its end."""
        while b"\n" not in self.data:
            self.more()
        taken, _, self.data = self.data.partition(b"\n")
        return taken.decode()

    def ask(self, line):
        """The answer of a text port."""
        self.send(line + "\n")
        return self.read_line()

    def read_to_end(self):
        """The rest; a reset ends it too."""
        whole = bytearray(self.data)
        self.data = b""
        with contextlib.suppress(ConnectionResetError):
            while part := self.sock.recv(1 << 16):
                whole += part
        return bytes(whole)

    def read_answer(self, method="GET"):
        """The next HTTP response, read strictly."""
        while (taken := take_answer(self.data, method.encode())) is None:
            self.more()
        self.data = taken[1]
        return taken[0]

    def shake_hands(self, target="/", *headers):
        """Opens a websocket; returns the head of the answer."""
        self.send(ws_frames.request(target.encode(), extra=[header.encode() for header in headers]))
        return self.read_head()

    def read_head(self):
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        return head.decode()

    def read_frame(self):
        while (taken := ws_frames.take_frame(self.data)) is None:
            self.more()
        self.data = taken[1]
        return taken[0].seen()

    def say(self, text):
        """A text message of a websocket."""
        self.send(ws_frames.text(text))


def kill_client(program, data, event):
    """A client process that sends data and is killed once an event has happened."""
    child = os.fork()
    if child == 0:
        try:
            peer = Peer(program.port)
            peer.send(data)
            signal.pause()
        finally:
            os._exit(1)
    program.await_trace(event)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def request(method, target, *headers, body=b"", version="1.1"):
    """A request of HTTP with what it must have."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {target} HTTP/{version}", "Host: localhost:8080", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
