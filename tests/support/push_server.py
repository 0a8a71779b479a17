"""The push server as a child process, and what talks to it: pages, back ends on the inner port, clients of POST /push.

Everything is made of blocking sockets. HANG_SECONDS only turns a hang into a failure.
"""
import itertools
import os
import pathlib
import resource
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))

from http_answers import take_answer  # noqa: E402
from ws_frames import CLOSE, PING, PONG, TEXT, close, ping, pong, request, take_frame, text  # noqa: E402

HANG_SECONDS = 30


def program():
    path = os.environ.get("WM_SERVE")
    assert path and os.access(path, os.X_OK), "WM_SERVE must be the path of the wm-serve to test"
    return os.path.abspath(path)


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("WM_")} | {"LC_ALL": "C"}


def connect(address, from_ip=""):
    """A socket to SCHEME://HOST:PORT or SCHEME+unix:///PATH."""
    if "unix://" in address:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(HANG_SECONDS)
        sock.connect(address.split("://", 1)[1])
        return sock
    url = urlsplit(address)
    sock = socket.create_connection((url.hostname, url.port), HANG_SECONDS, (from_ip, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


_numbers = itertools.count()


class PushServer:
    """`wm-serve push` on free ports, as an instance of its own name; its first lines say where it listens. `prefix` is in front of its command."""

    def __init__(self, *flags, descriptors=None, prefix=()):
        self.name = f"test-{os.getpid()}-{next(_numbers)}"
        defaults = {"--name": self.name, "--listen": "websocket://127.0.0.1:0", "--inner": "text://127.0.0.1:0", "--http": "http://127.0.0.1:0"}
        command = [*prefix, program(), "push", *flags]
        for flag, address in defaults.items():
            if flag not in flags:
                command += [flag, address]
        self.process = subprocess.Popen(
            command,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=descriptors and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))),
        )
        self.first_lines = []
        self.addresses = {}
        expected = 1 + sum(_value(flags, flag) != "off" for flag in ("--inner", "--http"))
        while len(self.addresses) < expected:
            line = self.process.stdout.readline().decode()
            if not line:
                code, text_of_error = self.wait()
                raise AssertionError(f"wm-serve ended with {code}: {text_of_error}")
            self.first_lines.append(line)
            for word in line.split():
                if "://" in word:
                    scheme = word.split("://")[0].lower().removesuffix("+unix")
                    self.addresses.setdefault({"ws": "websocket"}.get(scheme, scheme), word.rstrip("/"))

    @property
    def serving_pid(self):
        """The process that serves: the one child of the master that was started."""
        return int(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text())

    @property
    def http_host(self):
        return self.addresses["http"].split("://")[1].encode()

    def page(self, uid=None):
        """An open page; with a uid it has been registered when this returns."""
        page = Page(self.addresses["websocket"])
        if uid is not None:
            page.register(uid)
        return page

    def lines(self):
        return LineClient(self.addresses["text"])

    def post(self, body, *fields, host=None, method=b"POST", path=b"/push"):
        """The answer to a request on the http port, which is the only one of its connection."""
        lines = [method + b" " + path + b" HTTP/1.1", b"Host: " + (host or self.http_host), b"Connection: close", *fields]
        if method == b"POST":
            lines.append(b"Content-Length: %d" % len(body))
        with connect(self.addresses["http"]) as sock:
            sock.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            data = read_to_end(sock)
        answer, rest = take_answer(data, method)
        assert rest == b""
        return answer

    def wait(self):
        """Its exit code and what it wrote to standard error."""
        _, error = self.process.communicate(timeout=HANG_SECONDS)
        return self.process.returncode, error.decode()

    def stop(self):
        """Ends it as a user does, and returns as wait()."""
        self.process.terminate()
        return self.wait()


def _value(flags, flag):
    return flags[flags.index(flag) + 1] if flag in flags else ""


def read_to_end(sock):
    data = b""
    while part := sock.recv(1 << 16):
        data += part
    return data


class Page:
    """A web page's socket."""

    def __init__(self, address, *fields, target=b"/", from_ip="", sock=None):
        self.sock = sock or connect(address, from_ip)
        self._data = b""
        self.sock.sendall(request(target, extra=fields))
        while b"\r\n\r\n" not in self._data:
            part = self.sock.recv(65536)
            assert part, f"end of stream in the handshake: {self._data!r}"
            self._data += part
        self.head, _, self._data = self._data.partition(b"\r\n\r\n")

    @property
    def status(self):
        return int(self.head.split(b" ")[1])

    @property
    def port(self):
        return self.sock.getsockname()[1]

    def register(self, uid):
        self.sock.sendall(text(uid))
        self.settle()

    def settle(self):
        """Returns when the server has read all that this page has sent; nothing but the pong may come meanwhile."""
        self.sock.sendall(ping(b"settle"))
        frame = self._frame()
        assert (frame.opcode, frame.payload) == (PONG, b"settle"), frame

    def send(self, data):
        self.sock.sendall(data)

    def _frame(self):
        while True:
            taken = take_frame(self._data)
            if taken is not None:
                self._data = taken[1]
                return taken[0]
            part = self.sock.recv(1 << 18)
            if not part:
                return None
            self._data += part

    def frame(self):
        """The next frame; None at the end of the stream. Pings are answered, as browsers do."""
        while True:
            frame = self._frame()
            if frame is None or frame.opcode != PING:
                return frame
            self.sock.sendall(pong(frame.payload))

    def raw_frame(self):
        """The next frame of any kind, unanswered."""
        return self._frame()

    def message(self):
        """The next text message."""
        frame = self.frame()
        assert frame is not None and frame.opcode == TEXT, frame
        return frame.payload

    def messages(self, count):
        return [self.message() for _ in range(count)]

    def close_code(self):
        """Reads to the close frame, which must be next, answers it, and sees the end of the stream behind it."""
        frame = self.frame()
        assert frame is not None and frame.opcode == CLOSE, frame
        self.sock.sendall(close(frame.code))
        assert self._frame() is None
        return frame.code

    def nothing_came(self):
        """Whether no message waits. The answer to a ping proves it: the server writes in order."""
        self.sock.sendall(ping(b"anything?"))
        frame = self._frame()
        return frame is not None and (frame.opcode, frame.payload) == (PONG, b"anything?")

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class LineClient:
    """A back end on the inner port."""

    def __init__(self, address):
        self.sock = connect(address)
        self._data = b""

    def ask(self, line):
        """The answer to one line."""
        self.sock.sendall(line + b"\n")
        return self.answer()

    def answer(self):
        while b"\n" not in self._data:
            part = self.sock.recv(1 << 16)
            assert part, f"end of stream after {self._data!r}"
            self._data += part
        answer, _, self._data = self._data.partition(b"\n")
        return answer

    def ask_all(self, data, count):
        """Sends lines in one go while reading, and returns so many answers."""
        sender = threading.Thread(target=self.sock.sendall, args=(data,))
        sender.start()
        answers = [self.answer() for _ in range(count)]
        sender.join()
        return answers

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class MessageReader:
    """Reads a page's messages beside the test, so that the page is no slow reader."""

    def __init__(self, page, count):
        self._messages = []
        self._thread = threading.Thread(target=lambda: self._messages.extend(page.messages(count)))
        self._thread.start()

    def result(self):
        self._thread.join()
        return self._messages
