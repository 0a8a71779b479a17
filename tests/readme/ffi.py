"""docs/guide/ffi.md: each program by the command line that stands below it, with the build instead of what is installed."""
from stage import DEADLINE_S, ROOT, Page, echo, expect, port_of


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
            command = stage.as_built(block["text"])
            with stage.started("bash", "-c", f"exec {command}") as process:
                if " web." in command:
                    web(stage, process)
                else:
                    echo(port_of(process))
                expect(f"status of {command}", process.wait(DEADLINE_S), 0)
