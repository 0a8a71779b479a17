"""`connections` of the push server: whose page a connection is."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import shared_server, server  # noqa: E402, F401
from push_server import clean_environment, program  # noqa: E402


def connections(server, *flags):
    command = [program(), "push", "connections", "--name", server.name, *flags]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False, env=clean_environment())
    assert (done.returncode, done.stderr) == (0, b""), done
    return done.stdout.decode()


def test_uid__is_a_column_and_a_member(server):
    with server.page(b"uid1"), server.page() as unnamed, server.lines() as lines:
        unnamed.settle()
        lines.ask(b"{}")
        rows = [line.split() for line in connections(server).splitlines()[2:]]
        assert {(row[1], row[-1]) for row in rows} == {("pages", "uid1"), ("pages", "-"), ("inner", "-")}
        records = json.loads(connections(server, "--json"))["connections"]
        assert {(record["worker"], record["uid"]) for record in records} == {("pages", "uid1"), ("pages", None), ("inner", None)}


def test_uid_filter__lists_the_pages_of_that_uid_only(server):
    longest = b"u" * 255
    with server.page(b"two tabs") as first, server.page(b"two tabs") as second, server.page(longest), server.page(b"two"):
        records = json.loads(connections(server, "--json", "--uid", "two tabs"))["connections"]
        assert {record["remote"].rsplit(":")[1] for record in records} == {str(first.port), str(second.port)}
        assert [record["uid"] for record in json.loads(connections(server, "--json", "--uid", "u" * 255))["connections"]] == ["u" * 255]
        assert len(connections(server, "--uid", "u" * 254).splitlines()) == 2
        by_uid = json.loads(connections(server, "--json", "--sort", "uid", "--worker", "pages"))["connections"]
        assert [record["uid"] for record in by_uid] == ["two", "two tabs", "two tabs", "u" * 255]
