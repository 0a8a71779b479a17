"""docs/guide/http.md: the notes of an API, a page of events, a site of all that one port serves, and a page that uploads files."""
import urllib.request

from stage import DEADLINE_S, Page, connect, expect, until

NOTES, PROGRESS, UPLOADS, LINES = "http://127.0.0.1:2023/notes", "http://127.0.0.1:2024", "http://127.0.0.1:2025", 60
SITE = "http://127.0.0.1:2026"


def status_of(stage, *curl):
    return int(stage.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *curl))


def api(stage, program, start, ask, said):
    expect("lines of the program", len(program["text"].splitlines()) <= LINES, True)
    (stage.folder / program["file"]).write_text(program["text"])
    stage.shell(start["text"])
    try:
        connect(2023).close()
        expect("answers", stage.shell(ask["text"]).replace("\r", ""), said["text"])
        for form in ("text=", "text=%00", "other=x", "text=" + "x" * 1000):
            expect(form[:20], status_of(stage, "-d", form, NOTES), 400)
        expect("longest note", status_of(stage, "-d", "text=" + "x" * 999, NOTES), 201)
        expect("that note", stage.run("curl", "-s", f"{NOTES}/0"), "x" * 999)
        expect("HEAD", status_of(stage, "-I", f"{NOTES}/0"), 200)
        expect("PUT", status_of(stage, "-X", "PUT", f"{NOTES}/0"), 405)
        for name in ("1", "00x", "100", "-1", "", "0/1"):
            expect(name, status_of(stage, f"{NOTES}/{name}"), 404)
        for _ in range(99):
            urllib.request.urlopen(NOTES, b"text=%C3%BC", DEADLINE_S).close()
        expect("one too many", status_of(stage, "-d", "text=x", NOTES), 507)
        expect("the last", stage.run("curl", "-s", f"{NOTES}/99"), "ü")
        expect("DELETE", status_of(stage, "-X", "DELETE", f"{NOTES}/99"), 204)
        expect("in its place", status_of(stage, "-d", "text=x", NOTES), 201)
    finally:
        stage.run("./api", "stop")


def progress(stage, program, start):
    """One stream of events to its end, which comes within the five seconds of a job."""
    (stage.folder / program["file"]).write_text(program["text"])
    stage.shell(start["text"])
    try:
        expect("page", "new EventSource('/events')" in stage.run("curl", "-s", PROGRESS + "/"), True)
        with urllib.request.urlopen(f"{PROGRESS}/events", None, DEADLINE_S) as answer:
            expect("type", answer.headers["Content-Type"], "text/event-stream")
            *percents, done, behind = answer.read().decode().split("\n\n")
        first = int(percents[0].rsplit(" ", 1)[1])
        expect("events", percents, [f"id: {n}\nevent: percent\ndata: {n}" for n in range(first, 100)])
        expect("the last", (done, behind), ("event: done\ndata: it is done", ""))
    finally:
        stage.run("./progress", "stop")


def site(stage, program, start, ask, said):
    (stage.folder / program["file"]).write_text(program["text"])
    stage.shell(start["text"])
    try:
        connect(2026).close()
        expect("answers", stage.shell(ask["text"]), said["text"])
        with Page(2026, b"hi", "/socket") as page:
            expect("what the page is told", page.frame(), (1, b"hi"))
        for wanted, *curl in ((400, "/hello"), (400, f"/hello?name={'x' * 51}"), (200, f"/hello?name={'x' * 50}"),
                              (200, "/hello?name=a", "-b", "visits=x"), (404, "/"), (404, "/nowhere"), (426, "/socket"),
                              (404, "/../site.c", "--path-as-is")):
            expect(curl, status_of(stage, SITE + curl[0], *curl[1:]), wanted)
        stage.run("curl", "-s", "-r", "0-98", "-o", "part", f"{SITE}/numbers.txt")
        stage.run("curl", "-s", "-C", "-", "-o", "part", f"{SITE}/numbers.txt")
        expect("a download that goes on", (stage.folder / "part").read_text(), (stage.folder / "public/numbers.txt").read_text())
    finally:
        stage.run("./site", "stop")
    lines = (stage.folder / "access.log").read_text()
    for line in ('"GET /socket HTTP/1.1" 101 0', '"POST /hello HTTP/1.1" 405', '"GET /numbers.txt HTTP/1.1" 206 4 '):
        expect(line, line in lines, True)


def uploads(stage, program, start, ask, said):
    (stage.folder / program["file"]).write_text(program["text"])
    stage.shell(start["text"])
    files = stage.folder / "files"
    try:
        expect("page", "new FormData(event.target)" in stage.run("curl", "-s", UPLOADS + "/"), True)
        expect("answers", stage.shell(ask["text"]), said["text"])
        expect("files", sorted(file.name for file in files.iterdir()), ["001-.._b", "001-a.txt"])
        (stage.folder / "most").write_bytes(bytes(10 << 20))
        rows = [(201, ["-F", "file=@most"]), (413, ["-F", "file=@most"] * 3), (413, ["-F", "file=@a.txt", "-F", "file=@large"]),
                (413, ["-F", "file=@a.txt"] * 21), (400, ["-F", "title=x"]),
                (400, ["-H", "Content-Type: multipart/form-data", "-d", "x"]), (415, ["-d", "x"]), (400, ["-F", "file=;filename="])]
        for status, form in rows:
            expect(form[-1], status_of(stage, *form, UPLOADS + "/files"), status)
        expect("another path", status_of(stage, "-F", "file=@a.txt", UPLOADS + "/other"), 404)
        until(lambda: sorted(file.name for file in files.iterdir()) == ["001-.._b", "001-a.txt", "001-most"], "the files of whole forms alone")
    finally:
        stage.run("./uploads", "stop")


def http_guide(stage, blocks, _browser):
    api(stage, *blocks[:4])
    progress(stage, *blocks[4:6])
    site(stage, *blocks[6:10])
    uploads(stage, *blocks[10:14])
