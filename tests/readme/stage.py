"""What the documents are tried on: their blocks, a place to run them with the build as if it were installed, a browser."""
import contextlib
import http.server
import os
import pathlib
import queue
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from own_machine import own_machine  # noqa: E402
SERVE = "wm-serve push start -d\n"
PUSHED = '{"uid":"uid1","percent":"88%"}'
DEADLINE_S = 60  # for each wait: far above what anything here takes
BLOCK = re.compile(r"(?:<!-- run: no, (?P<reason>[^>]+) -->\n)?(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<language>\S*)\n(?P<text>.*?)^```$",
                   re.MULTILINE | re.DOTALL)


def fail(text):
    raise AssertionError(text)


def expect(what, got, wanted):
    if got != wanted:
        fail(f"{what}: {got!r}, expected {wanted!r}")


def blocks_of(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    expect(f"fences of {name}", len(re.findall(r"^ *```", text, re.MULTILINE)), 2 * len(blocks))
    return blocks


COMMENTS = {"c": r" */\*.*?\*/", "js": r" +//.*", "php": r" +//.*", "sh": r" +#.*"}
LINK = re.compile(r"\]\(([^)]+)\)")


def parts_of(block):
    """A block without its comments, and the lines that have one."""
    lines = block["text"].splitlines()
    bare = [re.sub(COMMENTS[block["language"]], "", line) for line in lines]
    return block["reason"], block["file"], block["language"], bare, [line != left for line, left in zip(lines, bare)]


def expect_twin(name, twin):
    """The Chinese page of an English one: the same code and links, in the same order."""
    expect(f"blocks of {twin}", [parts_of(block) for block in blocks_of(twin)], [parts_of(block) for block in blocks_of(name)])
    links = LINK.findall((ROOT / twin).read_text(encoding="utf-8"))
    wanted = LINK.findall((ROOT / name).read_text(encoding="utf-8"))
    other = {link: link.removesuffix(".md") + ".zh-TW.md" for link in wanted if link.endswith("README.md")}
    other |= {f"#{anchor}": f"#{twins}" for anchor, twins in zip(headings_of(ROOT / name), headings_of(ROOT / twin))}
    translated = [other[link] if link.startswith("#") or link in other and ((ROOT / twin).parent / other[link]).is_file() else link for link in wanted]
    expect(f"links of {twin}", links, [pathlib.PurePath(name).name if link == pathlib.PurePath(twin).name else link for link in translated])


def headings_of(path):
    """What its headings are called in links, as GitHub makes it, in their order."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def anchors_of(path):
    return set(headings_of(path))


def expect_links(name):
    """Each leads to a file of the repository and to a heading of it, or to another site."""
    for link in LINK.findall((ROOT / name).read_text(encoding="utf-8")):
        if not re.match(r"https?://", link):
            file, _, anchor = link.partition("#")
            path = (ROOT / name).parent / file if file else ROOT / name
            if not path.exists() or anchor and anchor not in anchors_of(path):
                fail(f"{name}: the link {link} leads nowhere")


class Stage:
    """A folder to work in, with the build as if it were installed: its tools, and its library for pkg-config."""

    def __init__(self, build, folder, run_dir):
        self.build = build
        self.folder = folder
        self.run_dir = run_dir
        self.library = next(build.rglob("libwm.so"))
        self.cdef = ROOT / "bindings/cdef"
        (folder / "libwm.pc").write_text(f"Name: libwm\nDescription: the build\nVersion: 0\nCflags: -I{ROOT}/include\n"
                                         f"Libs: -L{self.library.parent} -lwm\n")
        self.environment = dict(os.environ, PATH=f"{build}/bin:{os.environ['PATH']}", PKG_CONFIG_PATH=str(folder),
                                LD_LIBRARY_PATH=f"{self.library.parent}:{os.environ.get('LD_LIBRARY_PATH', '')}", no_proxy="127.0.0.1")
        self.environment.pop("WM_PUSH_SERVER", None)

    def run(self, *command, status=0):
        """What it prints on standard output. Its exit status may be any if None is wanted."""
        done = subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=DEADLINE_S)
        if status is not None and done.returncode != status:
            fail(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def as_built(self, command):
        """A command line with the build instead of what is installed, and the interpreter that script/packages lists."""
        command = command.strip().replace("/usr/local/lib/libwm.so", str(self.library)).replace("/usr/local/share/wm", str(self.cdef))
        return re.sub(r"^python3 ", "/usr/bin/python3 ", command)

    def shell(self, text):
        return self.run("bash", "-euc", text)

    @contextlib.contextmanager
    def started(self, *command, stdin=subprocess.DEVNULL):
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=stdin, stdout=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()

    def compiled(self, block, name, *flags):
        """A C block as a program. The parameters that callbacks do not use are no fault of a document."""
        (self.folder / f"{name}.c").write_text(block["text"])
        self.shell(f"cc -std=gnu99 -Wall -Wextra -Wno-unused-parameter -Werror {name}.c -o {name} {' '.join(flags)} "
                   "$(pkg-config --cflags --libs libwm) -pthread")
        return self.folder / name


def connect(port):
    """To a server that is starting: its port is its sign of life."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def line_of(sock):
    return sock.makefile("rb").readline()


def echo(port):
    with connect(port) as sock:
        sock.sendall(b"hello\n")
        expect("echo", line_of(sock), b"hello\n")


def port_of(process):
    return int(process.stdout.readline().strip().rsplit(":", 1)[1])


class Browser:
    """Chromium with a page of one block. What the page alerts comes here."""

    def __init__(self, script):
        self.alerts = queue.Queue()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Type", "text/html;charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(("<!doctype html><script>let sent = Promise.resolve();"
                             "const alert = text => { sent = sent.then(() => fetch('/', {method: 'POST', body: text})); };\n"
                             + script + "</script>").encode())

            def do_POST(self):
                outer.alerts.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.answer(b"")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-proxy-server", f"--user-data-dir={self.folder.name}",
             "--remote-debugging-port=0", f"http://127.0.0.1:{self.server.server_port}/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def expect(self, *texts):
        for text in texts:
            expect("what the page alerted", self.alerts.get(timeout=DEADLINE_S), text)

    def close(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()


def wait_for_page(browser):
    """Until the page has said its uid: a push before is answered fail."""
    line, deadline = '{"uid":"uid1","ready":true}', time.monotonic() + DEADLINE_S
    with connect(5678) as sock:
        answers = sock.makefile("rb")
        while True:
            sock.sendall(line.encode() + b"\n")
            if answers.readline() == b"ok\n":
                break
            if time.monotonic() > deadline:
                fail("the page has not said its uid")
            time.sleep(0.05)
    browser.expect(line)


def apart(run):
    """In a process with ports and a run_dir of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            with own_machine(shared=False):
                run()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    expect("status of a part that runs apart", os.waitpid(pid, 0)[1], 0)


def until(condition, what):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            fail(f"waited in vain for {what}")
        time.sleep(0.02)


class Page:
    """A websocket whose first message is a uid, or a token, on a socket that `wrap` may put TLS over."""

    def __init__(self, port, uid, target="/", fields="", wrap=lambda sock: sock):
        self.sock = wrap(connect(port))
        self.sock.sendall(f"GET {target} HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n".encode())
        self.received = self.sock.makefile("rb")
        self.status = int(self.received.readline().split()[1])
        while self.received.readline().strip():
            pass
        if self.status == 101:
            self.send(uid)

    def send(self, text):
        size = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0x80 | 126]) + len(text).to_bytes(2, "big")
        self.sock.sendall(b"\x81" + size + bytes(4) + text)

    def frame(self):
        """The opcode and the payload of one below 64 KiB; nothing at the end of the connection."""
        head = self.received.read(2)
        if not head:
            return ()
        size = head[1] if head[1] < 126 else int.from_bytes(self.received.read(2), "big")
        return head[0] & 15, self.received.read(size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.received.close()
        self.sock.close()
