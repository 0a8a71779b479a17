"""What programs of Workerman 4 use that version 5 has no more."""
import pytest

LINES = """<?php
namespace Protocols;
class Lines
{
    public static function input($buffer) { return (int) strpos($buffer . "\\n", "\\n") < strlen($buffer) ? strpos($buffer, "\\n") + 1 : 0; }
    public static function decode($buffer) { return explode(' ', trim($buffer)); }
    public static function encode($words) { return implode(' ', $words) . "\\n"; }
}
"""


@pytest.fixture
def server(program):
    made = program("as_of_4", ports=1)
    (made.directory / "Protocols").mkdir()
    (made.directory / "Protocols" / "Lines.php").write_text(LINES)
    (made.directory / "Chat").mkdir()
    (made.directory / "Chat" / "Room.php").write_text("<?php\nnamespace Chat;\nclass Room { public const NAME = 'lobby'; }\n")
    return made.start()


def test_names_of_version_4__are_there(server):
    with server.connect() as peer:
        assert peer.ask("constants") == "1 2 linux ESTABLISHED"
        assert peer.ask("timer") == "false"
        assert peer.ask("request") == '[null,[],"/"]'
        assert peer.ask("title").startswith("of its own: worker process  lines")


def test_classes__are_found_beside_the_file_that_makes_the_worker(server):
    with server.connect() as peer:
        assert peer.ask("classes") == "lobby false"


def test_onWorkerExit__of_a_worker_is_called(server):
    with server.connect() as peer:
        peer.send("exit\n")
        assert server.await_trace("exit")[0][:2] == ["lines", 3 << 8]
