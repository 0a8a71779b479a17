"""What a server made of a stream of requests, read from its answers: the requests that it saw, and how the connection ended."""
import pathlib
import re
import socket
import subprocess
from dataclasses import dataclass

from server_process import HANG_SECONDS

LANES = 100
HEAD = re.compile(rb"HTTP/1\.1 (\d\d\d) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
LENGTH = re.compile(rb"^content-length: (\d+)\r$", re.IGNORECASE | re.MULTILINE)
CODE = re.compile(rb"^X-Code: (.*)\r\nX-Reason: (.*)\r$", re.MULTILINE)
# node's parser says by these that the stream ended inside a request, or behind one that asked for the end: neither is a refusal.
QUIET = ("HPE_INVALID_EOF_STATE", "HPE_CLOSED_CONNECTION")
# Answers without a body, which would say what was asked.
HEAD_ANSWERED = ("HEAD",)
CONNECT_ANSWERED = ("CONNECT",)


@dataclass
class Outcome:
    requests: list  # what was answered with 200: (method, target, version, header fields, body), or the length that HEAD would have had
    refusal: str = None  # ours: the text, with its section; node's: code and reason. None: the connection ended without one

    def __getitem__(self, index):
        """The request of that index, or what came in its place."""
        return self.requests[index] if index < len(self.requests) else self.refusal


def read_request(body):
    head, _, content = body.partition(b"\n\n")
    words, fields = {}, []
    for line in head.split(b"\n"):
        name, _, value = line.partition(b"=")
        if name == b"header":
            fields.append(value)
        else:
            words[name] = value
    return words[b"method"], words[b"target"], words[b"version"], fields, content


def read_refusal(fields):
    """node's."""
    return b" ".join(CODE.search(fields).groups()).decode().strip()


def read_outcome(data, read_silent_refusal):
    """An answer that announces a body and has none is one to HEAD; without a length, one to CONNECT."""
    requests, at = [], 0
    while at < len(data):
        match = HEAD.match(data, at)
        assert match, f"no answer at {at} of {data!r}"
        at = match.end()
        if match[1] == b"100":
            continue
        length = LENGTH.search(match[2])
        size = int(length[1]) if length else 0
        absent = data[at : at + 9] in (b"", b"HTTP/1.1 ")
        body = b"" if absent else data[at : at + size]
        assert absent or len(body) == size, f"the stream ends inside an answer: {data[-300:]!r}"
        at += len(body)
        if match[1] == b"200":
            requests.append(read_request(body) if body else HEAD_ANSWERED if length else CONNECT_ANSWERED)
            continue
        assert at == len(data), f"bytes behind a refusal: {data[at:]!r}"
        refusal = body.decode().removesuffix("\n") or read_silent_refusal(match[2])
        return Outcome(requests, None if refusal.startswith(QUIET) else refusal)
    return Outcome(requests)


class NodeServer:
    """node's, as a process."""

    def __init__(self, path):
        self._path = path
        program = pathlib.Path(__file__).with_name("http_echo.js")
        self._process = subprocess.Popen(["node", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"ready\n", "node does not listen"

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(HANG_SECONDS)
        sock.connect(self._path)
        return sock, read_refusal

    def stop(self):
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(HANG_SECONDS) == 0


def read_to_end(sock):
    parts = []
    try:
        while part := sock.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:  # it closed while something was unread; what it had sent is here
        pass
    return b"".join(parts)


def send(sock, part):
    try:
        sock.sendall(part)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused meanwhile


def end(sock):
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def outcomes_of(connect, streams):
    """Sends each stream over a connection of its own, many at a time, part after part; the end of the stream behind it.

    connect returns a socket, and what tells a refusal without a body from its header fields.
    """
    outcomes = []
    for first in range(0, len(streams), LANES):
        batch = streams[first : first + LANES]
        connections = [connect() for _ in batch]
        for step in range(max(map(len, batch))):
            for (sock, _), parts in zip(connections, batch):
                if step < len(parts):
                    send(sock, parts[step])
        for sock, _ in connections:
            end(sock)
        for sock, read_silent_refusal in connections:
            outcomes.append(read_outcome(read_to_end(sock), read_silent_refusal))
            sock.close()
    return outcomes
