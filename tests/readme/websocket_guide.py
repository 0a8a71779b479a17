"""docs/guide/websocket.md: its program, asked by a page that offers a subprotocol."""
from stage import Page, expect


def websocket_guide(stage, blocks, _browser):
    (program,) = blocks
    with stage.started(stage.compiled(program, "rows")):
        with Page(2022, b"rows, please", fields="Sec-WebSocket-Protocol: other, rows.v1\r\n") as page:
            frames = [page.frame() for _ in range(7)]
    rows = [(1, b""), (0, b"row 1\n"), (0, b"row 2\n"), (0, b"row 3\n"), (0, b""), (1, b"news")]
    expect("frames of the page", frames, [(9, b"still there?"), *rows])
