"""docs/guide/websocket.md: its program, asked by a page that offers a subprotocol, by one without a token, and by one that compresses."""
from stage import Page, expect


def websocket_guide(stage, blocks, _browser):
    program, compressing = blocks
    with stage.started(stage.compiled(program, "rows")):
        with Page(2022, b"rows, please", "/?token=1", fields="Sec-WebSocket-Protocol: other, rows.v1\r\n") as page:
            frames = [page.frame() for _ in range(7)]
        with Page(2022, b"") as page:
            expect("status without a token", page.status, 401)
        agreed = stage.shell(compressing["text"].replace("python3", "/usr/bin/python3"))
        expect("what is agreed on", agreed.startswith("[PerMessageDeflate("), True)
    rows = [(1, b""), (0, b"row 1\n"), (0, b"row 2\n"), (0, b"row 3\n"), (0, b""), (1, b"news")]
    expect("frames of the page", frames, [(9, b"still there?"), *rows])
