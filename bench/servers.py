"""Starts and stops the servers that wm-load runs against: libwm's, the bare epoll loops that are the ceiling, and others by their command."""
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(REPOSITORY, "tests", "support"))

from ports import free_ports  # noqa: E402

START_SECONDS = 20

# What wm-load calls a mode, and what libwm and bare call its protocol.
LIBWM_PROTOCOL = {"echo": "tcp", "text": "text", "frame": "frame", "udp": "udp", "ws": "websocket", "http": "http", "handshakes": "http"}
BARE_PROTOCOL = {"echo": "echo", "text": "echo", "ws": "wsecho", "http": "http"}
# Modes whose server has pages, and those of these that send lines.
PAGES = ("push", "broadcast", "churn", "idle")
LINES = ("push", "broadcast")


def cores_apart():
    """Whether the server and the generator can have a core each: 0 and 1."""
    return {0, 1} <= os.sched_getaffinity(0)


def pinned(core, command):
    return ["taskset", "-c", str(core), *command] if cores_apart() else list(command)


def is_serving(port, datagrams=False):
    if datagrams:
        return echoes(port)
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def echoes(port):
    """Whether what serves there answers a datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(("127.0.0.1", port))
            probe.send(b"probe")
            return probe.recv(16) == b"probe"
        except OSError:
            return False


class Server:
    """A running server. mode is one of wm-load's; `with` stops it and removes its directory. status is its exit code after that.
    With a certificate wm-load speaks TLS to it."""

    def __init__(self, command, ports, master=False, output=None, directory=None, certificate=None, datagrams=False):
        self.ports, self.status, self.master, self.directory = ports, None, master, directory
        self.load_options = certificate.load_options if certificate else []
        self.process = subprocess.Popen(pinned(0, command), stdout=output or subprocess.DEVNULL, stderr=output)
        deadline = time.monotonic() + START_SECONDS
        for port in ports:
            # A master may listen before its child runs.
            while not is_serving(port, datagrams) or (master and not self.children()):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    sys.exit("does not listen on port %d (status %s): %s" % (port, self.status, " ".join(command)))
                time.sleep(0.001)

    @property
    def pid(self):
        # taskset becomes the server by exec, so this is the server's own number; under a master its one child serves.
        return int(self.children()) if self.master else self.process.pid

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid), encoding="ascii") as children:
            return children.read()

    def address(self, index=0):
        return "127.0.0.1:%d" % self.ports[index]

    def target(self, mode):
        """The address of the server as arguments of wm-load."""
        if mode in LINES:
            return ["--ws", self.address(), "--inner", self.address(1)]
        return ["--ws", self.address()] if mode in PAGES else [self.address()]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.status = self.process.wait()
        if self.directory:
            self.directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_libwm(build, mode, pull=False, master=False, wrapper=(), certificate=None, access_log=None):
    """wrapper is a command that runs the server, such as valgrind's. With a certificate: over TLS. access_log is the format of an access log."""
    if mode in PAGES:
        ports = free_ports(3)
        addresses = ["websocket://127.0.0.1:%d", "text://127.0.0.1:%d", "http://127.0.0.1:%d"]
        listen, inner, http = (text % port for text, port in zip(addresses, ports))
        command = [program(build, "wm-serve"), "push", "--listen", listen, "--inner", inner, "--http", http, "--name", "bench-%d" % ports[0]]
        if certificate:
            command += ["--tls-cert", certificate.chain, "--tls-key", certificate.key]
        return Server([*wrapper, *command], ports, master=True, certificate=certificate)
    ports = free_ports(1)
    command = [program(build, "bench_echo_server"), LIBWM_PROTOCOL[mode], "127.0.0.1:%d" % ports[0]]
    if certificate:
        command += ["--tls", certificate.chain, certificate.key]
    directory = tempfile.TemporaryDirectory()
    if access_log:
        command += ["--access-log", access_log, os.path.join(directory.name, "access.log")]
    if not master:
        return Server([*wrapper, *command, *(["--pull"] if pull else [])], ports, directory=directory, certificate=certificate, datagrams=mode == "udp")
    command += ["--processes", "1", directory.name, "start", "-q"]
    return Server([*wrapper, *command], ports, master=True, directory=directory, certificate=certificate, datagrams=mode == "udp")


def start_files(build, files):
    """examples/c/file_server with the files of this directory: one process under its master. The build needs WM_EXAMPLES=ON."""
    port = free_ports(1)[0]
    command = [program(build, "example_file_server"), files, "http://127.0.0.1:%d" % port, "--name", "bench-%d" % port, "start", "-q"]
    return Server(command, [port], master=True)


def start_bare(build, bare, mode):
    if mode == "udp":
        ports = free_ports(1)
        return Server([program(build, "bench_bare_udp"), str(ports[0])], ports, datagrams=True)
    pages = mode in PAGES
    ports = free_ports(2 if pages else 1)
    return Server([bare, "push" if pages else BARE_PROTOCOL[mode], *map(str, ports)], ports)


def start_other(template, mode):
    """template is a command with {mode}, one of wm-load's, {port}, and {inner} for the port of lines."""
    ports = free_ports(2)
    command = [word.format(mode=mode, port=ports[0], inner=ports[1]) for word in shlex.split(template)]
    return Server(command, ports if mode in PAGES else ports[:1])


def program(build, name):
    path = os.path.join(build, "bin", name)
    if not os.access(path, os.X_OK):
        sys.exit("%s is not there: build it first" % path)
    return path


def build_bare(directory):
    """Compiles the bare servers; None, with a message on standard error, if their source is missing."""
    source = os.environ.get("WM_BARE", os.path.join(REPOSITORY, "..", "shared", "bench", "bare.c"))
    if not os.path.exists(source):
        print("no ceiling: the source of the bare servers is not at %s (set WM_BARE)" % source, file=sys.stderr)
        return None
    path = os.path.join(directory, "bare")
    subprocess.run(["cc", "-O2", "-w", "-o", path, source, "-lcrypto"], check=True)
    return path


def load_command(build, mode, server, arguments):
    return pinned(1, [program(build, "wm-load"), mode, *server.target(mode), *server.load_options, "--server-pid", str(server.pid), *arguments])


def send(build, server, row, count):
    """Sends that many messages of a row of one connection. A wrong answer ends the script."""
    command = [program(build, "wm-load"), row.mode, *server.target(row.mode), *server.load_options, *row.options, "-n", str(count), "--timeout", "60"]
    result = subprocess.run(pinned(1, command), stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        sys.exit("wm-load exits with %d: %s\n%s" % (result.returncode, " ".join(command), result.stdout))
