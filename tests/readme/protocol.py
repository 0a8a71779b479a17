"""docs/guide/protocol.md: each program, and what the command below it prints."""
from stage import connect, expect


def protocol(stage, blocks, _browser):
    declared, ask_declared, callbacks, ask_callbacks, login, ask_login = blocks
    for name, program, port, ask, said in (("bar", declared, 2019, ask_declared, "hello|wor|ld|"),
                                           ("digits", callbacks, 2020, ask_callbacks, "0005hello0003you"),
                                           ("login", login, 2021, ask_login, "hello\n")):
        with stage.started(stage.compiled(program, name)):
            connect(port).close()
            expect(f"what {name} says", stage.shell(ask["text"]), said)
