"""WebServer and Autoloader.php of Workerman 3: files, scripts, and classes beside the directory Workerman."""
import pathlib

import pytest

from php_program import AUTOLOAD, request

FILES = {
    "Beside/Greeter.php": "<?php namespace Beside; class Greeter { static function hello() { return 'beside'; } }",
    "Applications/Web/start_web.php": "<?php return new Workerman\\WebServer(address('tcp'));",
    "Applications/Web/Root/One.php": "<?php namespace Root; class One { static function hello() { return 'of the worker'; } }",
    "Applications/Chat/Events.php": "<?php namespace Chat; class Events { static function hello() { return 'below the root'; } }",
    "Web/index.php": "<?php echo 'index of ', basename(getcwd()), ' ', $_GET['q'] ?? '';",
    "Web/page.html": "<p>page</p>",
    "Web/a file.css": "p {}",
    "Web/sub/index.html": "sub",
    "Web/end.php": "<?php use Workerman\\Protocols\\Http; Http::header('X-One: 1'); ob_start(); echo 'before '; Http::end('the end'); echo 'never';",
    "Web/fails.php": "<?php echo 'part'; throw new RuntimeException('on purpose');",
    "Web/post.php": "<?php echo json_encode([$_POST, $connection->getRemoteIp()]);",
    "Web/.env": "secret",
    "Web/.git/config": "secret",
    "Web/sub/.hidden/page.html": "secret",
    "Web/sub/.well-known/page.html": "secret",
    "Web/.well-known/security.txt": "public",
    "Web/.well-known/.secret": "secret",
    "Web/db.inc": "secret",
    "Web/view.phtml": "secret",
    "Web/old.php5": "secret",
    "Web/index.php~": "secret",
    "Web/index.php.bak": "secret",
    "Web/.index.php.swp": "secret",
    "Web/coverage.php.html": "report",
    "WebSecret/key.txt": "secret",
    "Other/index.html": "other site",
    "Other/lost.txt": "nothing here",
}


@pytest.fixture(scope="module")
def web(shared_program, tmp_path_factory):
    directory = tmp_path_factory.mktemp("layout")
    for name, text in FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (directory / "Web/link.txt").symlink_to(directory / "WebSecret/key.txt")
    (directory / "Workerman").symlink_to(pathlib.Path(AUTOLOAD).parent / "src/Workerman")
    environment = {"WM_PHP_AUTOLOAD": str(directory / "Workerman/Autoloader.php")}
    return shared_program("layout", ports=1, directory=directory, environment=environment).start()


def get(server, target, *headers, method="GET", body=""):
    with server.connect() as peer:
        peer.send(request(method, target, *headers, body=body))
        return peer.read_answer(method)


def test_autoloader__finds_classes_beside_workerman_and_below_the_root_path(web):
    assert web.trace("classes") == [["beside", "below the root", False]]
    assert web.trace("worker") == [["of the worker"]]
    assert web.trace("ready")[0][0] == "WebServer"


@pytest.mark.parametrize("target, body", [("/", "index of Web "), ("/?q=1", "index of Web 1"), ("/sub/", "sub"), ("/none", "index of Web "),
                                          ("/none.php", "index of Web "), ("http://localhost/?q=2", "index of Web 2")])
def test_index__of_a_directory_or_of_the_root(web, target, body):
    assert get(web, target).body.decode() == body


def test_script__writes_the_answer(web):
    answer = get(web, "/end.php")
    assert answer.body == b"before the end" and answer.values(b"x-one") == [b"1"]
    answer = get(web, "/post.php", "Content-Type: application/x-www-form-urlencoded", method="POST", body="a=1")
    assert answer.body == b'[{"a":"1"},"127.0.0.1"]'


def test_script__that_throws_is_500_and_shows_nothing(web):
    answer = get(web, "/fails.php")
    assert answer.status == 500 and b"purpose" not in answer.body and b"part" not in answer.body
    assert get(web, "/?q=after").body == b"index of Web after"


@pytest.mark.parametrize("target", ["/../WebSecret/none", "/%2e%2e/none", "/sub/..", "/sub/../index.php", "/%2e%2e"])
def test_path__with_dots_does_not_tell_what_is_elsewhere(web, target):
    assert get(web, target).status == 404


@pytest.mark.parametrize("target", ["/none.html", "/../WebSecret/key.txt", "/%2e%2e/WebSecret/key.txt", "/link.txt", "/../Web",
                                    "/sub/../../WebSecret/key.txt"])
def test_what_is_not_below_the_root__is_404_or_the_index(web, target):
    answer = get(web, target)
    assert b"secret" not in answer.body
    assert answer.status == 404 or answer.body == b"index of Web "


@pytest.mark.differs
@pytest.mark.parametrize("name", [name for name, text in FILES.items() if name.startswith("Web/") and text == "secret"])
def test_dot_file_or_source__is_as_one_that_is_not_there(web, name):
    for target in (name[3:], name[3:].replace(".", "%2e"), "/" + name[3:], name[3:] + "?x"):
        answer = get(web, target)
        assert answer.status == 404 and b"secret" not in answer.body


def test_well_known__is_served(web):
    assert get(web, "/.well-known/security.txt").body == b"public"
    assert get(web, "/coverage.php.html").body == b"report"


def test_zero_byte__is_400(web):
    assert get(web, "/a%00.html").status == 400


def test_host__chooses_the_site(web):
    with web.connect() as peer:
        peer.send(b"GET /none.html HTTP/1.1\r\nHost: Other:1\r\n\r\n")
        answer = peer.read_answer()
    assert answer.status == 404 and answer.body == b"nothing here" and answer.values(b"x-site") == [b"other"]


def test_root__that_is_not_there_costs_its_own_site_alone(web):
    with web.connect() as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: gone\r\n\r\n")
        assert peer.read_answer().status == 404
    assert "404 for gone" in web.output() and "/Gone" in web.output()


def test_file__has_the_type_of_its_name(web):
    answer = get(web, "/page.html")
    assert answer.body == b"<p>page</p>" and answer.values(b"content-type")[0].startswith(b"text/html")
    answer = get(web, "/a%20file.css")
    assert answer.body == b"p {}" and answer.values(b"content-type")[0].startswith(b"text/css")
    assert get(web, "/page.html", method="HEAD").status == 200
