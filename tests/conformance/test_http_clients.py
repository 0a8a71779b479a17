"""Python's requests as the client of an http worker."""
import pytest
import requests
from server_process import ConformanceServer


@pytest.fixture
def server():
    server = ConformanceServer()
    yield server
    assert server.stop() == (0, "")


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.port('http.tcp4')}"


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def fields_of(answer):
    head = answer.content.partition(b"\n\n")[0]
    return [line.removeprefix(b"header=") for line in head.split(b"\n") if line.startswith(b"header=")]


def body_of(answer):
    return answer.content.partition(b"\n\n")[2]


def test_session_has_one_connection(server, session, url):
    for number in range(10):
        answer = session.get(f"{url}/page", params={"number": number})
        assert answer.status_code == 200 and b"\nquery=number=%d\n" % number in answer.content
        assert session.post(f"{url}/form", data={"a": "b c"}).content.endswith(b"\n\na=b+c")
        assert session.head(f"{url}/").content == b""
        assert session.get(f"{url}/204").status_code == 204
        assert session.get(f"{url}/404").status_code == 404
    assert server.accepted("http.tcp4") == 1


def test_connection_ends_when_either_side_asks(server, session, url):
    assert session.get(f"{url}/", headers={"Connection": "close"}).headers["Connection"] == "close"
    assert session.get(f"{url}/close").headers["Connection"] == "close"
    assert session.get(f"{url}/").status_code == 200
    assert server.accepted("http.tcp4") == 3


def test_upload_by_a_generator_is_chunked(server, session, url):
    parts = [b"x" * 100_000, b"\r\n0\r\n\r\n", bytes(range(256)), b"end"]
    for _ in range(3):
        answer = session.post(f"{url}/up", data=iter(parts))
        assert b"Transfer-Encoding: chunked" in fields_of(answer)
        assert body_of(answer) == b"".join(parts)
    assert server.accepted("http.tcp4") == 1


def test_gzip_that_it_would_take_is_ignored(session, url):
    answer = session.get(f"{url}/")
    assert any(field.startswith(b"Accept-Encoding: gzip") for field in fields_of(answer))
    assert "Content-Encoding" not in answer.headers and int(answer.headers["Content-Length"]) == len(answer.content)


def test_json_files_and_cookies_arrive_as_they_were_sent(session, url):
    session.cookies.set("id", "7")
    answer = session.post(f"{url}/json", json={"percent": "88%"})
    assert {b"Content-Type: application/json", b"Cookie: id=7"} <= set(fields_of(answer)) and body_of(answer) == b'{"percent": "88%"}'
    answer = session.post(f"{url}/files", files={"file": ("a.txt", b"content")})
    assert b'filename="a.txt"\r\n\r\ncontent\r\n--' in body_of(answer)
