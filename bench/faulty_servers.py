"""Servers that make one fault: correct but for one message, which a fixed seed chooses. bench/selftest runs wm-load against them."""
import base64
import hashlib
import json
import random
import socket
import ssl
import threading

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, world!"
BROADCAST = b'{"wm":{"cmd":"broadcast"},"data":'
SIZE = 64


def receive(sock):
    try:
        return sock.recv(1 << 18)
    except OSError:
        return b""


def frame(opcode, payload):
    size = len(payload)
    if size < 126:
        return bytes([0x80 | opcode, size]) + payload
    if size < 65536:
        return bytes([0x80 | opcode, 126]) + size.to_bytes(2, "big") + payload
    return bytes([0x80 | opcode, 127]) + size.to_bytes(8, "big") + payload


def take_frame(data):
    """(opcode, payload, rest) of a client's frame, or None."""
    if len(data) < 2:
        return None
    assert data[0] & 0xF0 == 0x80 and data[1] & 0x80
    size = data[1] & 127
    head = 2 + {126: 2, 127: 8}.get(size, 0)
    if head > 2:
        size = int.from_bytes(data[2:head], "big")
    body = head + 4
    if len(data) < body + size or len(data) < body:
        return None
    mask = int.from_bytes((data[head:body] * (size // 4 + 1))[:size], "big")
    return data[0] & 15, (int.from_bytes(data[body : body + size], "big") ^ mask).to_bytes(size, "big"), data[body + size :]


def shake_hands(sock, spoil=False):
    data = b""
    while b"\r\n\r\n" not in data:
        more = receive(sock)
        if not more:
            return
        data += more
    key = data.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    if spoil:
        accept = accept.lower()
    head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: "
    sock.sendall(head + accept + b"\r\n\r\n")


class Spoiler:
    """Spoils one of the messages that pass through it; the seed selects which."""

    def __init__(self, fault, seed, least=2):
        self.fault, self.least = fault, least
        self.left = random.Random(seed).randrange(60, 300)
        self.lock = threading.Lock()
        self.done = False

    def is_due(self):
        """Whether the fault that was asked for never came to be made."""
        return self.fault is not None and not self.done

    def pass_through(self, batch):
        """The batch, spoiled when its turn has come. A smaller one waits: nothing can be put out of order in a batch of one."""
        with self.lock:
            if self.done or self.fault is None or len(batch) < self.least:
                return batch
            if self.left >= len(batch):
                self.left -= len(batch)
                return batch
            self.done = True
            return self.fault(list(batch), min(self.left, len(batch) - self.least))


class Server:
    """Accepts on a free port of loopback; a thread for each connection. With a context: over TLS."""

    def __init__(self, serve, context=None):
        self.context = context
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.serve = serve
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.handle, args=(sock,), daemon=True).start()

    def handle(self, sock):
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            self.serve(sock)
        except OSError:
            pass
        sock.close()

    def close(self):
        self.listener.close()


class DatagramServer:
    """Echoes datagrams; what comes from one peer within a moment is a batch."""

    MOMENT = 0.002

    def __init__(self, fault, seed):
        self.spoiler = Spoiler(fault, seed)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.sock.getsockname()[1]
        self.closing = False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        self.sock.settimeout(self.MOMENT)
        while not self.closing:
            batches = {}
            try:
                while True:
                    data, peer = self.sock.recvfrom(65536)
                    batches.setdefault(peer, []).append(data)
            except TimeoutError:
                pass
            for peer, batch in batches.items():
                for answer in self.spoiler.pass_through(batch):
                    self.sock.sendto(answer, peer)

    def close(self):
        self.closing = True
        self.thread.join()
        self.sock.close()


def write_batch(sock, batch):
    """False when a fault asked for the end of the connection."""
    whole = None not in batch
    sock.sendall(b"".join(batch if whole else batch[: batch.index(None)]))
    return whole


class EchoServer:
    """Answers each message by itself (http: by its fixed answer)."""

    def __init__(self, mode, fault, seed, ending, size=SIZE, least=2):
        self.mode, self.ending, self.size = mode, ending, size
        self.spoiler = Spoiler(fault, seed, least)
        self.ended = threading.Lock()

    def cut(self, data):
        """(answers, rest, closed by a close frame)"""
        answers = []
        if self.mode == "ws":
            while (taken := take_frame(data)) is not None:
                opcode, payload, data = taken
                if opcode == 8:
                    return answers, data, True
                answers.append(frame(opcode, payload))
        elif self.mode in ("echo", "frame"):
            size = self.size + 4 * (self.mode == "frame")
            while len(data) >= size:
                answers.append(data[:size])
                data = data[size:]
        else:
            end = b"\n" if self.mode == "text" else b"\r\n\r\n"
            *whole, data = data.split(end)
            answers = [part + end if self.mode == "text" else HELLO for part in whole]
        return answers, data, False

    def serve(self, sock):
        if self.mode == "ws":
            shake_hands(sock, self.ending == "accept")
        data, last, closed = b"", b"", False
        while not closed and (more := receive(sock)):
            answers, data, closed = self.cut(data + more)
            if answers:
                last = answers[-1]
                if not write_batch(sock, self.spoiler.pass_through(answers)):
                    return
        # Only the first connection that ends does it in the wrong way.
        if self.ending and self.ended.acquire(blocking=False):
            if self.ending == "repeat":
                sock.sendall(last)
            elif self.ending == "garbage":
                sock.sendall(b"\x81\x7dxx")
            elif self.ending == "stay":
                threading.Event().wait(20)
        if closed:
            sock.sendall(frame(8, b"\x03\xe8"))


class PushServer:
    """The push server's two ports. Pushes and answers pass through a spoiler each."""

    def __init__(self, push_fault, answer_fault, seed, least=2):
        self.pushes = Spoiler(push_fault, seed, least)
        self.answers = Spoiler(answer_fault, seed, least)
        self.pages = {}
        self.lock = threading.Lock()

    def serve_page(self, sock):
        shake_hands(sock)
        data, uid = b"", None
        while more := receive(sock):
            data += more
            while (taken := take_frame(data)) is not None:
                opcode, payload, data = taken
                if opcode == 1 and uid is None:
                    uid = payload.decode()
                    with self.lock:
                        self.pages[uid] = sock
                elif opcode == 9:
                    sock.sendall(frame(10, payload))
                elif opcode == 8:
                    sock.sendall(frame(8, payload))
                    return

    def cut(self, text):
        """What a line delivers; a broadcast, one value to each page."""
        line = json.loads(text)
        if "wm" not in line:
            return [{"to": line["uid"], "text": text}]
        value = text[len(BROADCAST) : -1]
        assert line["wm"] == {"cmd": "broadcast"} and json.loads(value)["uid"] == "*"
        return [{"to": uid, "text": value} for uid in self.pages]

    def deliver(self, line):
        with self.lock:
            self.pages[line["to"]].sendall(frame(1, line["text"]))

    def serve_inner(self, sock):
        data = b""
        while more := receive(sock):
            *lines, data = (data + more).split(b"\n")
            batch = [self.cut(text) for text in lines]
            answers = [b"ok\n" if line[0]["to"] in self.pages else b"fail\n" for line in batch]
            # Lines for unknown uids are skipped: spoiling one would have no effect.
            for line in self.pushes.pass_through([one for line in batch for one in line if one["to"] in self.pages]):
                self.deliver(line)
            if not write_batch(sock, self.answers.pass_through(answers)):
                return


# What the spoiled cycle is answered with.
CHURN_ANSWERS = {
    "lose": b"",
    "code": frame(8, b"\x03\xe9"),
    "twice": frame(8, b"\x03\xe8") * 2,
    "push": frame(1, b"x") + frame(8, b"\x03\xe8"),
    "behind": frame(8, b"\x03\xe8") + b"\x81",
    "masked": b"\x88\x82\0\0\0\0\x03\xe8",
    "stay": frame(8, b"\x03\xe8"),
}


class ChurnServer:
    """Answers a page's close; one of the cycles in the wrong way."""

    def __init__(self, fault, seed):
        self.fault = fault
        self.spoiler = Spoiler(lambda batch, i: [None], seed, least=1)

    def serve(self, sock):
        shake_hands(sock)
        data = b""
        while more := receive(sock):
            data += more
            taken = take_frame(data)
            if taken is None:
                continue
            opcode, payload, rest = taken
            assert opcode == 1 and payload.startswith(b"uid")
            taken = take_frame(rest)
            if taken is None:
                continue
            assert taken == (8, b"\x03\xe8", b"")
            spoiled = self.fault is not None and self.spoiler.pass_through([taken]) == [None]
            sock.sendall(CHURN_ANSWERS[self.fault] if spoiled else frame(8, taken[1]))
            if spoiled and self.fault == "stay":
                threading.Event().wait(20)
            return


class HandshakeServer:
    """Answers one request of a TLS connection and ends it with close_notify; one of them in the wrong way."""

    def __init__(self, fault, seed, certificate):
        self.fault = fault
        self.spoiler = Spoiler(lambda batch, i: [None], seed, least=1)
        self.context = self.make_context(certificate)
        self.forgetful = self.make_context(certificate)

    @staticmethod
    def make_context(certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        return context

    def serve(self, plain):
        spoiled = self.fault is not None and self.spoiler.pass_through([plain]) == [None]
        # Tickets are encrypted with a key of the context.
        context = self.forgetful if spoiled and self.fault == "forget" else self.context
        with context.wrap_socket(plain, server_side=True) as sock:
            data = b""
            while b"\r\n\r\n" not in data:
                if not (more := receive(sock)):
                    return
                data += more
            assert b"Connection: close\r\n" in data
            answers = {"flip": HELLO[:-1] + b"?", "status": HELLO.replace(b"200", b"500"), "behind": HELLO + b"x", "lose": b""}
            sock.sendall(answers.get(self.fault, HELLO) if spoiled else HELLO)
            if spoiled and self.fault == "stay":
                threading.Event().wait(20)
            if not (spoiled and self.fault == "cut"):
                sock.unwrap()
