"""docs/guide/ffi.md: each program by the command line that stands below it, with the build instead of what is installed."""
import hashlib
import select
import signal
import subprocess
import time

from stage import DEADLINE_S, ROOT, Page, connect, echo, expect, line_of, port_of


def web(stage, process):
    url, port = f"http://127.0.0.1:{port_of(process)}", port_of(process)
    with Page(port, b"hi", "/?ann") as ann:
        expect("what ann hears", ann.frame(), (1, b"ann: hi"))
        with Page(port, b"", "/?bob") as bob:
            expect("what bob hears", bob.frame(), (1, b"bob: "))
            expect("what ann hears", ann.frame(), (1, b"bob: "))
            expect("/", stage.run("curl", "-s", f"{url}/"), "2 pages\n")
            expect("/x", stage.run("curl", "-sw", "%{http_code}", f"{url}/x"), "there is only /\n404")


def upload(stage, process):
    """Files of some pieces and of none."""
    contents = {"empty": b"", "one": b"hello\n", "large": bytes(range(256)) * 4096}
    for name, data in contents.items():
        (stage.folder / name).write_bytes(data)
    expect("answer", stage.run("curl", "-s", *(word for name in contents for word in ("-F", f"{name}=@{name}")), f"http://127.0.0.1:{port_of(process)}/"),
           "".join(f"{name} {hashlib.sha256(data).hexdigest()}\n" for name, data in contents.items()))


def watch_input(stage, command):
    """Its standard input reaches a client; the end of that, and SIGTERM, end it."""
    for ends_by_signal in (False, True):
        with stage.started("bash", "-c", f"exec {command}", stdin=subprocess.PIPE) as process, connect(port_of(process)) as sock:
            deadline = time.monotonic() + DEADLINE_S
            while not select.select([sock], [], [], 0.05)[0] and time.monotonic() < deadline:  # a line before the accept reaches nobody
                process.stdin.write("hello\n")
                process.stdin.flush()
            expect("line", line_of(sock), b"hello\n")
            if ends_by_signal:
                process.send_signal(signal.SIGTERM)
            else:
                process.stdin.close()
            expect(f"status of {command}", process.wait(DEADLINE_S), 0)


def ffi(stage, blocks, _browser):
    (stage.folder / "node_modules").symlink_to(ROOT / "tests/e2e/node_modules")
    for block in blocks:
        if block["file"]:
            (stage.folder / block["file"]).write_text(block["text"])
        elif not block["reason"]:
            command = stage.as_built(block["text"])
            if " watch." in command:
                watch_input(stage, command)
                continue
            with stage.started("bash", "-c", f"exec {command}") as process:
                if " web." in command:
                    web(stage, process)
                elif " upload." in command:
                    upload(stage, process)
                else:
                    echo(port_of(process))
                expect(f"status of {command}", process.wait(DEADLINE_S), 0)
