"""Forms with files, trailers, and bodies that are too large."""
import base64
import hashlib
import json
import os
import subprocess

import pytest

from php_program import HANG_SECONDS, eventually, request, resident

LARGE = os.urandom(1 << 16) * 128
LIMIT = 12 << 20


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("uploads").start()


def part(disposition, content=b"", kind=None):
    lines = [f"Content-Disposition: form-data; {disposition}", *([f"Content-Type: {kind}"] if kind else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def form(*parts, boundary="edge"):
    return b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), one) for one in parts) + b"--%b--\r\n" % boundary.encode()


def post(server, target, body, kind="multipart/form-data; boundary=edge"):
    with server.connect() as peer:
        peer.send(request("POST", target, f"Content-Type: {kind}", body=body))
        return json.loads(peer.read_answer().body)


def curl(server, target, *flags):
    done = subprocess.run(["curl", "-sS", *flags, f"http://127.0.0.1:{server.port}{target}"], capture_output=True, timeout=HANG_SECONDS, check=True)
    return json.loads(done.stdout)


def nothing_left(server):
    with server.connect() as peer:
        peer.send(request("GET", "/left"))
        return json.loads(peer.read_answer().body) == []


# ---- files

def test_file__has_the_shape_of_php(server):
    told = post(server, "/form", form(part('name="a"; filename="HttpServer.php"', b"<?php\r\n", "text/x-php"), part('name="b"', b"2")))
    file = told["files"]["a"]
    assert file.pop("tmp_name").startswith(str(server.directory / "uploads" / "workerman.upload."))
    assert file == {"name": "HttpServer.php", "full_path": "HttpServer.php", "size": 7, "error": 0, "type": "text/x-php",
                    "md5": hashlib.md5(b"<?php\r\n").hexdigest()}
    assert (told["post"], told["left"]) == ({"b": "2"}, 1)


def test_file__goes_with_its_request(server):
    post(server, "/form", form(part('name="a"; filename="a"', b"x")))
    assert nothing_left(server)


def test_file__by_name_and_one_that_there_is_not(server):
    file, none = post(server, "/one", form(part('name="a"; filename="a.txt"', b"x")))
    assert (file["name"], none) == ("a.txt", None)
    assert post(server, "/one", b"", "text/plain") == [None, None]


def test_file__that_the_program_moves_stays(server):
    post(server, "/keep", form(part('name="a"; filename="a"', b"content")))
    assert (server.directory / "kept").read_bytes() == b"content"
    assert (server.directory / "kept").stat().st_mode & 0o777 == 0o600
    assert nothing_left(server)


def test_file__is_there_for_an_answer_that_comes_later(server):
    assert post(server, "/later", form(part('name="a"; filename="a"', b"x")))["a"]["md5"] == hashlib.md5(b"x").hexdigest()
    assert nothing_left(server)


def test_file__survives_the_end_of_a_fork(server):
    assert post(server, "/fork", form(part('name="a"; filename="a"', b"x")))["a"]["md5"] == hashlib.md5(b"x").hexdigest()
    assert nothing_left(server)


def test_names__nest_as_those_of_fields(server):
    names = ["a[]", "a[]", "b[x][y]", "c.d"]
    told = post(server, "/form", form(*(part(f'name="{name}"; filename="{number}"', b"x") for number, name in enumerate(names)),
                                      *(part(f'name="{name}"', b"v%d" % number) for number, name in enumerate(names))))
    files = told["files"]
    assert [file["name"] for file in files["a"]] == ["0", "1"]
    assert (files["b"]["x"]["y"]["name"], files["c_d"]["name"]) == ("2", "3")
    assert told["post"] == {"a": ["v0", "v1"], "b": {"x": {"y": "v2"}}, "c_d": "v3"}


@pytest.mark.parametrize("sent, name", [("../../etc/passwd", "passwd"), ("C:\\\\dir\\\\a.txt", "a.txt"), ("dir/", ""), ("日本.txt", "日本.txt"),
                                        ('a\\"b', 'a"b'), ("a%22b", 'a"b'), ("..", "..")])
def test_name__has_no_directories(server, sent, name):
    told = post(server, "/form", form(part(f'name="a"; filename="{sent}"', b"x")))
    assert told["files"]["a"]["name"] == name


def test_file__that_was_not_chosen(server):
    told = post(server, "/form", form(part('name="a"; filename=""', b"", "application/octet-stream")))
    assert (told["files"]["a"]["error"], told["files"]["a"]["size"], told["files"]["a"]["tmp_name"]) == (4, 0, "")
    assert post(server, "/form", form(part('name="a"; filename="empty"')))["files"]["a"]["error"] == 0


def test_file__that_has_no_directory_to_go_to(server):
    file = post(server, "/no-directory", form(part('name="a"; filename="a"', b"x")))
    assert (file["error"], file["tmp_name"]) == (6, "")


def test_curl__uploads_what_it_has(server, tmp_path):
    (tmp_path / "large.bin").write_bytes(LARGE)
    told = curl(server, "/form", "-F", f"a=@{tmp_path}/large.bin", "-F", "b[]=<-;type=text/plain", "-F", "b[]=two")
    assert (told["files"]["a"]["size"], told["files"]["a"]["md5"]) == (len(LARGE), hashlib.md5(LARGE).hexdigest())
    assert told["post"]["b"][1] == "two"


# ---- forms that are refused

@pytest.mark.differs
@pytest.mark.parametrize("body", [
    form(part('name="a"; filename="a"', b"x"))[:-8],
    form(part('name="a"; filename="a"', b"x"), b"X: y\r\n\r\n"),
    form(part('name="a"; filename="a"', b"x")).replace(b"\r\n", b"\n"),
    form(part('name="a"; filename="a"', b"x")).replace(b"--edge\r\n", b"--edge!\r\n"),
    b"", b"--edge", b"garbage",
], ids=["cut", "without a name", "LF alone", "boundary", "empty", "only a boundary", "garbage"])
def test_form__that_breaks_the_rules_has_nothing(server, body):
    assert post(server, "/form", body) == {"post": [], "files": [], "left": 0}


def test_form__of_more_parts_than_there_may_be(server):
    assert post(server, "/few", form(*[part('name="a[]"', b"x")] * 2)) == [{"a": ["x", "x"]}, []]
    assert post(server, "/few", form(*[part('name="a[]"', b"x")] * 3)) == [[], []]
    assert post(server, "/form", form(*[part('name="a[]"; filename="f"', b"x")] * 1025)) == {"post": [], "files": [], "left": 0}


def test_boundary__that_says_json_is_none(server):
    told = post(server, "/form", form(part('name="a"', b"1"), boundary="json"), "multipart/form-data; boundary=json")
    assert told["post"] == {"a": "1"}


def test_uploads__that_unserialize_has_made_remove_nothing(evaluate, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("x")
    name = "Libwm\\Http\\Uploads"
    made = f'O:{len(name)}:"{name}":1:{{s:{len(name) + 7}:"\0{name}\0paths";a:1:{{i:0;s:{len(str(victim))}:"{victim}";}}}}'
    assert evaluate(f"""$made = unserialize(base64_decode('{base64.b64encode(made.encode()).decode()}'));
        $class = $made::class; unset($made); return [$class, is_file('{victim}')];""") == [name, True]


# ---- trailers

def test_trailers__are_found_by_any_case(server):
    with server.connect() as peer:
        peer.send(request("POST", "/trailers", "Transfer-Encoding: chunked", "Trailer: X-Sum")
                  + b"3\r\nabc\r\n0\r\nX-Sum: \t7 \r\nx-other: o\r\nContent-Length: 9\r\n\r\n" + request("POST", "/trailers", body=b"x"))
        assert json.loads(peer.read_answer().body) == [{"x-sum": "7", "x-other": "o"}, "7", "default", "abc", None, "3"]
        assert json.loads(peer.read_answer().body) == [[], "none", "default", "x", None, "1"]


def test_trailers__are_set_once(evaluate):
    assert evaluate("""$request = new Request("GET / HTTP/1.1\\r\\n\\r\\n");
        $before = $request->trailer();
        $request->setChunkTrailers(['a' => '1']);
        $request->setChunkTrailers(['a' => '2']);
        return [$before, $request->trailer('A'), $request->trailer()];""") == [[], "1", {"a": "1"}]


# ---- large bodies

def test_body__up_to_the_limit_is_whole(server):
    assert post(server, "/", b"x" * LIMIT, "application/octet-stream") == LIMIT


def test_body__over_the_limit_is_413_before_it_comes(server):
    with server.connect() as peer:
        peer.send(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LIMIT + 1}\r\n\r\n")
        answer = peer.read_answer()
    assert answer.status == 413 and b"max_message" in answer.body


def test_body__over_the_limit_in_chunks_is_413(server):
    with server.connect() as peer:
        peer.send(request("POST", "/", "Transfer-Encoding: chunked") + b"%x\r\n" % (LIMIT + 1))
        assert peer.read_answer().status == 413


# ---- memory

def test_memory__is_flat_over_uploads_and_sessions(server):
    body = form(part('name="a"; filename="a"', b"x" * 10_000), part('name="b"', b"2"))
    whole = b"".join(request("POST", f"/session?n={number}", "Content-Type: multipart/form-data; boundary=edge", body=body) for number in range(20))

    def run(rounds):
        with server.connect() as peer:
            for _ in range(rounds):
                peer.send(whole)
                for _ in range(20):
                    assert peer.read_answer().body == b"1"
            peer.send(request("GET", "/memory"))
            return json.loads(peer.read_answer().body)[0], resident(server.pid)
    run(20)
    used, size = run(5)
    used_then, size_then = run(100)
    assert used_then - used < 64 << 10
    assert size_then - size < 2 << 20
    eventually(lambda: nothing_left(server), "the end of all files")
