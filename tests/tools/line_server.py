"""A server of the inner line protocol that a test controls, and that records every received byte."""

import os
import queue
import socket
import threading
import time

OK = b"ok\n"
FAIL = b"fail\n"
NOTIFY_END = b'{"wm":{"cmd":"notify_end"}}'
EXPLAIN = b'{"wm":{"cmd":"explain"}}'


class LineServer:
    """Listens on a free port (or on what it is given) and serves connections until stop().

    `answer(line, number)` gives the bytes to send back for the line, which has no LF, or one of the actions below, or a list of these.
    `number` counts the lines of all connections. Requests for notify_end and explain are answered by themselves, and not recorded.
    """

    CLOSE = object()  # close the connection
    RESET = object()  # close it so that the peer sees a reset
    HALF_CLOSE = object()  # send no more, go on reading
    REFUSE = object()  # accept no more connections
    NOTHING = b""
    END = [b"end\n", HALF_CLOSE]  # as a server that reloads

    def __init__(self, answer=lambda line, number: OK, family=socket.AF_INET, address=("127.0.0.1", 0), says_end=True, explains=True):
        self.answer = answer
        self.answer_to_notify_end = OK if says_end else FAIL
        self.answer_to_explain = OK if explains else FAIL
        self.delay = 0.0  # seconds before each action
        self.requests = 0  # for notify_end
        self.number = 0
        self.lines = queue.Queue()
        self.bytes = bytearray()
        self.connections = 0
        self.gate = threading.Event()  # while it is not set, nothing is read
        self.gate.set()
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(address)
        self._listener.listen(16)
        self._peers = []
        self._threads = []
        self._start(self._accept)

    @property
    def address(self):
        name = self._listener.getsockname()
        if isinstance(name, tuple):
            return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
        return "unix:" + (os.fsdecode(name) if name[:1] not in ("\0", b"\0") else "@" + os.fsdecode(name[1:]))

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def take(self, count=1):
        """The next lines, waited for."""
        return [self.lines.get(timeout=20) for _ in range(count)]

    def all_lines(self):
        """What came until now, as the bytes say."""
        assert not self.bytes or self.bytes.endswith(b"\n"), self.bytes[-100:]
        return bytes(self.bytes).split(b"\n")[:-1]

    def stop(self):
        self.gate.set()
        for open_socket in [self._listener, *self._peers]:
            try:
                open_socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already
            open_socket.close()
        for thread in self._threads:
            thread.join(timeout=20)
            assert not thread.is_alive()

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._peers.append(peer)
            self._start(self._serve, peer)

    def _serve(self, peer):
        rest = b""
        try:
            while True:
                self.gate.wait()
                data = peer.recv(65536)
                if not data:
                    return
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if not self._take(peer, line):
                        return
        except OSError:
            return

    def _take(self, peer, line):
        if line == NOTIFY_END:
            self.requests += 1
            return self._act(peer, self.answer_to_notify_end)
        if line == EXPLAIN:
            return self._act(peer, self.answer_to_explain)
        self.bytes += line + b"\n"
        self.lines.put(line)
        self.number += 1
        actions = self.answer(line, self.number - 1)
        return all([self._act(peer, action) for action in (actions if isinstance(actions, list) else [actions])])

    def _act(self, peer, action):
        time.sleep(self.delay)
        if action is self.REFUSE:
            self._listener.shutdown(socket.SHUT_RDWR)
        elif action is self.HALF_CLOSE:
            peer.shutdown(socket.SHUT_WR)
        elif action is self.CLOSE:
            peer.shutdown(socket.SHUT_RDWR)
            return False
        elif action is self.RESET:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.close()
            return False
        elif action:
            peer.sendall(action)
        return True
