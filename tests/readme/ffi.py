"""docs/guide/ffi.md: each program by the command line that stands below it, with the build instead of what is installed."""
import re

from stage import DEADLINE_S, ROOT, Page, connect, echo, expect, port_of

INSTALLED = {"/usr/local/lib/libwm.so": "library", "/usr/local/share/wm": "cdef"}


def ends_well(process, command):
    expect(f"status of {command}", process.wait(DEADLINE_S), 0)


def web(stage, process):
    url, port = f"http://127.0.0.1:{port_of(process)}", port_of(process)
    with Page(port, b"hi", "/?ann") as ann:
        expect("what ann hears", ann.frame(), (1, b"ann: hi"))
        with Page(port, b"", "/?bob") as bob:
            expect("what bob hears", bob.frame(), (1, b"bob: "))
            expect("what ann hears", ann.frame(), (1, b"bob: "))
            expect("/", stage.run("curl", "-s", f"{url}/"), "2 pages\n")
            expect("/x", stage.run("curl", "-sw", "%{http_code}", f"{url}/x"), "there is only /\n404")


def ffi(stage, blocks, _browser):
    (stage.folder / "node_modules").symlink_to(ROOT / "tests/e2e/node_modules")
    for block in blocks:
        if block["file"]:
            (stage.folder / block["file"]).write_text(block["text"])
        elif not block["reason"]:
            command = block["text"].strip()
            for path, name in INSTALLED.items():
                command = command.replace(path, str(getattr(stage, name)))
            # The interpreter that the tests are listed to have.
            command = re.sub(r"^python3 ", "/usr/bin/python3 ", command)
            with stage.started("bash", "-c", f"exec {command}") as process:
                if " web." in command:
                    web(stage, process)
                else:
                    echo(port_of(process))
                ends_well(process, command)
