"""docs/guide/serve.md: wm-serve pipe and echo, with TLS between two pipes."""
from stage import expect


def serve(stage, blocks, _browser):
    begin, said, tls, tls_said, stop = blocks
    try:
        # The workers of one server start side by side: their lines have no order.
        expect("answers", sorted(stage.shell(begin["text"]).splitlines()), sorted(said["text"].splitlines()))
        expect("answer over TLS", stage.shell(tls["text"]), tls_said["text"])
    finally:
        expect("what stop says", stage.shell(stop["text"]), "out: stopped\nin: stopped\nwm-serve-pipe: stopped\nwm-serve-echo: stopped\n")
