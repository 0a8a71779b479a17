"""docs/guide/tls.md: the certificate, the server, and what its clients get."""
from stage import connect, expect


def tls(stage, blocks, _browser):
    certificate, server, ask, said = blocks
    stage.shell(certificate["text"])
    with stage.started(stage.compiled(server, "tls-server")):
        connect(2443).close()
        connect(2444).close()
        expect("what the clients get", stage.shell(ask["text"]), said["text"])
