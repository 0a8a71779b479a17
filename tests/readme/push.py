"""docs/guide/push.md: who a page is, and back ends on a network."""
import json

from stage import PUSHED, Page, expect, until


def written(stage, block):
    (stage.folder / block["file"]).write_text(block["text"])
    return block["file"]


def made_tokens(stage, blocks):
    """By each language for a page of uid1."""
    interpreters = {"php": "php", "python": "/usr/bin/python3"}
    return [stage.run(interpreters[block["language"]], written(stage, block)) for block in blocks]


def who_a_page_is(stage, start, php, python, keys, said):
    stage.shell(start["text"])
    try:
        push = ("wm-push", "-s", "127.0.0.1:5679", "uid1", '{"percent":"88%"}')
        for token in made_tokens(stage, (php, python)):
            with Page(1235, token.encode()) as page:
                until(lambda: stage.run(*push, status=None) == "ok\n", "the uid of the token")
                expect("frame", page.frame(), (1, PUSHED.encode()))
        with Page(1235, b"uid1") as page:
            expect("opcode for a uid alone", page.frame()[0], 8)
    finally:
        stage.run("wm-serve", "push", "stop", "--name", "signed")
    expect("settings", stage.shell(keys["text"]), said["text"])


def tickets(stage, start, php, python, page):
    plain, in_json = stage.shell(start["text"]).splitlines()
    expect("time of a ticket", json.loads(in_json.removeprefix("ok "))["ttl"], 30)
    try:
        push = ("wm-push", "-s", "127.0.0.1:5692", "uid1", '{"percent":"88%"}')
        made = [plain.removeprefix("ok "), json.loads(in_json.removeprefix("ok "))["ticket"], *made_tokens(stage, (php, python))]
        for ticket in made:
            with Page(1237, ticket.encode()) as named:
                until(lambda: stage.run(*push, status=None) == "ok\n", "the uid of the ticket")
                expect("frame", named.frame(), (1, PUSHED.encode()))
        for ticket in (*made, "uid1"):
            with Page(1237, ticket.encode()) as refused:
                expect("opcode for a ticket that was used, and for none", refused.frame()[0], 8)
        stage.run("node", "--check", written(stage, page))
    finally:
        stage.run("wm-serve", "push", "stop", "--name", "ticketed")


def back_ends_on_a_network(stage, start, use, php, python):
    stage.shell(start["text"])
    try:
        push = ("wm-push", "--secret-file", "inner.secret", "-s", "127.0.0.1:5690", "uid1", "{}")
        with Page(1236, b"uid1") as page:
            until(lambda: stage.run(*push, status=None) == "ok\n", "the page's uid")
            expect("answers", stage.shell(use["text"]), "ok\n" * 4)
            expect("answer to PHP", stage.run("php", written(stage, php)), "ok\n")
            expect("answer to Python", stage.run("/usr/bin/python3", written(stage, python)), "ok\n")
            lines = ["{\"uid\":\"uid1\"}", PUSHED, *('{"uid":"uid1","line":"%d"}' % i for i in (1, 2)), PUSHED, PUSHED]
            expect("frames", [page.frame() for _ in lines], [(1, line.encode()) for line in lines])
            expect("frame of Python", page.frame(), (1, b'{"uid": "uid1", "percent": "88%"}'))
    finally:
        stage.run("wm-serve", "push", "stop", "--name", "guarded")
