"""Instances of the test server under a master process: started by a command, asked by commands, ended by their own stop.

Instance holds the command line of one instance; `command("status")` runs one of its commands. Waits are for conditions, never for times;
HANG_SECONDS only turns a hang into a failure.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from push_server import connect

HANG_SECONDS = 60


def program(name="process_server"):
    build = os.environ.get("WM_BUILD")
    assert build, "WM_BUILD names no build directory"
    path = pathlib.Path(build) / "bin" / name
    assert os.access(path, os.X_OK), f"{path} is missing: build the target {name}"
    return str(path)


def clean_environment(**more):
    return {name: value for name, value in os.environ.items() if not name.startswith(("WM_", "LISTEN_", "NOTIFY_"))} | {"LC_ALL": "C"} | more


def without_other_instances(text):
    """An error text without the lists of instances that run on this machine: other tests may have some."""
    return re.sub(r"^(?:seen elsewhere|running instances of .*):\n(?:  .*\n)+", "", text, flags=re.M)


def eventually(condition, what, seconds=HANG_SECONDS):
    """Waits until condition() is true, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


def alive(pid):
    """Whether a process runs; one that has died and is not waited for does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def links_of(pid):
    """What the descriptors of a process lead to. One that is closed meanwhile is left out."""
    links = []
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            links.append(os.readlink(entry.path))
    return links


def answer(sock, line):
    """The answer to one line on a connection to a text port."""
    sock.sendall(line.encode() + b"\n")
    data = b""
    while not data.endswith(b"\n"):
        part = sock.recv(65536)
        assert part, f"end of stream after {data!r}"
        data += part
    return data[:-1].decode()


def ask(address, line):
    """The same on a connection of its own."""
    with connect(address) as sock:
        return answer(sock, line)


def all_serve(status):
    """Whether the document of `status --json` has no process that is still to come."""
    return all(process["status"] in ("idle", "busy") for process in status["processes"])


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    def __repr__(self):
        return f"exit code {self.code}\n{self.out}{self.err}"


class Instance:
    """workers: what --worker takes, for instance "http://127.0.0.1:0,count=2,name=web"."""

    def __init__(self, folder, *workers, name="test", app=(), extra=(), prefix=(), environment=None, run_dir=None, server=None):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.run_dir = pathlib.Path(run_dir or self.folder / "run")
        self.log_path = self.run_dir / f"{name}.log"
        self.pid_path = self.run_dir / f"{name}.pid"
        self.socket_path = self.run_dir / f"{name}.sock"
        self.trace_path = self.folder / "trace"
        self.environment = clean_environment(**(environment or {}))
        self.prefix = list(prefix)
        self.arguments = [str(server or program()), "--app", f"name={name}", "--app", f"run_dir={self.run_dir}", "--trace", str(self.trace_path)]
        for option in app:
            self.arguments += ["--app", option]
        self.arguments += extra
        for worker in workers:
            self.arguments += ["--worker", worker]
        self.process = None

    # ---- commands

    def line(self, *words):
        """The whole command line of a command. What is in front of it (prefix) is in front of those that start."""
        starts = "start" in words or "restart" in words
        return [*(self.prefix if starts else ()), *self.arguments, "--", *words]

    def command(self, *words, **kwargs):
        """Runs one command to its end."""
        return Result(subprocess.run(self.line(*words), env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                                     timeout=HANG_SECONDS, check=False, **kwargs))

    def begin(self, *words, **kwargs):
        """Starts one command, and does not wait; `finish` does."""
        return subprocess.Popen(self.line(*words), env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True, **kwargs)

    def begin_heard(self, begin, *words):
        """Starts one by begin(*words), and waits until the master holds its request, or it has ended."""
        before = set(links_of(self.master))
        process = begin(*words)
        eventually(lambda: process.poll() is not None or any(link.startswith("socket:") for link in set(links_of(self.master)) - before),
                   "the request, at the master")
        return process

    @staticmethod
    def finish(process):
        out, err = process.communicate(timeout=HANG_SECONDS)
        return Result(subprocess.CompletedProcess([], process.returncode, out, err))

    def start(self, *flags, **kwargs):
        """In the background; it serves when this returns."""
        result = self.command("start", "-d", *flags, **kwargs)
        assert result.code == 0, result
        return result

    def start_foreground(self, *flags, **kwargs):
        """As a child of the test; returns when the pid file and all processes are there."""
        self.process = self.begin("start", *flags, **kwargs)
        eventually(lambda: self.process.poll() is not None or self.socket_path.exists(), "the control socket")
        eventually(lambda: self.process.poll() is not None or self.serving(), "all processes")
        assert self.process.poll() is None, self.wait()
        return self.process

    def wait(self):
        """The end of one in the foreground."""
        out, err = self.process.communicate(timeout=HANG_SECONDS)
        return self.process.returncode, out.decode(), err.decode()

    def status(self):
        result = self.command("status", "--json")
        assert result.code == 0, result
        return json.loads(result.out)

    def serving(self):
        """Whether every process of it serves."""
        result = self.command("status", "--json")
        if result.code != 0:
            return False
        return all_serve(json.loads(result.out))

    def stop(self, *flags):
        return self.command("stop", *flags)

    def reload(self, *flags):
        result = self.command("reload", *flags)
        assert result.code == 0, result
        return result

    # ---- what there is

    @property
    def master(self):
        return int(self.pid_path.read_text())

    def children(self, worker=None):
        """Numbers of the processes that serve, by their status."""
        return [process["pid"] for process in self.status()["processes"] if process["pid"] and (worker is None or process["worker"] == worker)]

    def child(self, worker=None):
        """The only process of a worker."""
        (pid,) = self.children(worker)
        return pid

    def successor_of(self, pid, worker=None):
        """Waits until another process serves in its place."""
        def other():
            for process in self.status()["processes"]:
                if worker in (None, process["worker"]) and process["pid"] not in (None, pid) and process["status"] in ("idle", "busy"):
                    return process["pid"]
            return None
        return eventually(other, f"a process in place of {pid}")

    def address(self, worker=None, listener=0):
        """Where a worker listens: the port that 0 has become. One that starts may not know it yet."""
        rows = [row for row in self.status()["processes"] if worker in (None, row["worker"])]
        serving = [row for row in rows if row["status"] in ("idle", "busy")]
        return (serving or rows)[0]["listeners"][listener]["address"]

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ""

    def trace(self, event=None):
        """Lines of the callbacks: (event, pid, detail)."""
        lines = self.trace_path.read_text().splitlines() if self.trace_path.exists() else []
        rows = [(words[0], int(words[1]), words[2]) for words in (line.split(" ", 2) for line in lines)]
        return [row for row in rows if event is None or row[0] == event]

    # ---- the end

    def end(self):
        """Whatever it is in: nothing of it is left behind."""
        try:
            master = self.master
        except (FileNotFoundError, NotADirectoryError, ValueError):
            master = None
        if master and master != 1 and alive(master):  # that number is of a container of its own
            os.kill(master, signal.SIGKILL)
            eventually(lambda: not alive(master), "the end of the master")
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)  # with what a shell in front of it has started
            self.process.communicate(timeout=HANG_SECONDS)
