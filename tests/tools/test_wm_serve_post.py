"""The push server as http clients see it: POST /push, and which pages may use it."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import lines, page, server, shared_server, start  # noqa: E402, F401
from push_lines import BAD_LINES, MAX_PUSH, PUSH  # noqa: E402


def test_post__ok_404_and_400(server, page):
    answer = server.post(PUSH)
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert page.message() == PUSH
    answer = server.post(b'{"uid":"nobody"}')
    assert (answer.status, answer.body) == (404, b"fail\n")
    answer = server.post(b'{"percent":"88%"}')
    assert answer.status == 400
    assert b"uid" in answer.body
    assert page.nothing_came()


@pytest.mark.parametrize("line", [line for line in BAD_LINES.values() if not line.endswith(b"\r")], ids=[k for k, v in BAD_LINES.items() if not v.endswith(b"\r")])
def test_post__what_the_inner_port_refuses_is_400_with_a_reason(server, page, line):
    answer = server.post(line)
    assert answer.status == 400
    assert len(answer.body) > 10
    assert page.nothing_came()


def test_post__line_end_is_no_part_of_the_message(server, page):
    for end in (b"\n", b"\r\n"):
        assert server.post(PUSH + end).status == 200
        assert page.message() == PUSH


def test_post__over_a_mebibyte_is_413(server):
    assert server.post(b'{"uid":"uid1","x":"' + b"y" * MAX_PUSH + b'"}').status == 413


def test_post__other_methods_and_paths(server):
    answer = server.post(b"", method=b"GET")
    assert (answer.status, answer.value(b"allow")) == (405, b"POST, OPTIONS")
    assert server.post(PUSH, path=b"/").status == 405
    assert server.post(b"", method=b"GET", path=b"/nothing").status == 404
    answer = server.post(b"", method=b"GET", path=b"/")
    assert answer.status == 200
    assert b"new WebSocket" in answer.body and b'id="messages"' in answer.body
    assert answer.value(b"content-type").startswith(b"text/html")


def refused_by(server, *fields, host=None):
    return server.post(PUSH, *fields, host=host).status == 403


def test_post__pages_of_other_origins_are_refused(server, page):
    assert refused_by(server, b"Origin: http://evil.example")
    assert refused_by(server, b"Origin: null")
    assert refused_by(server, b"Origin: http://" + server.http_host + b".evil.example")
    assert refused_by(server, b"Origin: http://127.0.0.1:1")
    assert refused_by(server, b"Sec-Fetch-Site: cross-site")
    assert refused_by(server, b"Sec-Fetch-Site: same-site")
    assert refused_by(server, b"Origin: http://" + server.http_host, b"Sec-Fetch-Site: cross-site")
    assert page.nothing_came()


def test_post__names_that_are_not_ours_are_refused(server, page):
    """By rebinding its DNS name to 127.0.0.1 a page becomes same-origin with us; its Host still says where it is from."""
    port = server.http_host.split(b":")[1]
    for host in (b"evil.example", b"evil.example:" + port, b"127.0.0.1.evil.example:" + port, b"localhost.evil.example:" + port, b"127.0.0.2:" + port):
        assert refused_by(server, host=host), host
        assert refused_by(server, b"Origin: http://" + host, b"Sec-Fetch-Site: same-origin", host=host), host
    assert page.nothing_came()


def test_post__the_targets_host_counts_where_it_has_one(server, page):
    port = server.http_host.split(b":")[1]
    own = server.http_host
    for path in (b"http://evil.example/push", b"http://evil.example:" + port + b"/push"):
        assert server.post(PUSH, path=path, host=own).status == 403, path
    assert page.nothing_came()
    assert server.post(PUSH, path=b"http://" + own + b"/push", host=own).status == 200
    assert page.message() == PUSH


def test_post__own_page_and_own_names_are_taken(server, page):
    port = server.http_host.split(b":")[1]
    assert server.post(PUSH, b"Origin: http://" + server.http_host, b"Sec-Fetch-Site: same-origin").status == 200
    assert server.post(PUSH, b"Sec-Fetch-Site: none").status == 200
    assert server.post(PUSH, host=b"localhost:" + port).status == 200
    assert server.post(PUSH, host=b"LOCALHOST:" + port).status == 200
    assert page.messages(4) == [PUSH] * 4


def test_host_flag__names_the_server(start):
    server = start("--host", "push.example")
    with server.page(b"uid1") as page:
        assert server.post(PUSH, host=b"push.example").status == 200
        assert server.post(PUSH, b"Origin: http://push.example", b"Sec-Fetch-Site: same-origin", host=b"push.example").status == 200
        assert page.messages(2) == [PUSH] * 2
        assert server.post(PUSH, host=b"other.example").status == 403
