"""Sockets that are connected already and become connections of a worker (wm_worker_adopt), in the processes of a master."""
import socket

import pytest

from certificates import client_context, make_certificate
from instance import HANG_SECONDS, answer, ask

LINE = "text://127.0.0.1:0,count=1,name=line"


def adopted(instance, words=""):
    """The other end of a socket that the process adopts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(HANG_SECONDS)
        with socket.create_connection(instance.address().split("://")[1].rsplit(":", 1), HANG_SECONDS) as sock:
            assert answer(sock, f"adopt {server.getsockname()[1]}{words}") == "adopted"
            return server.accept()[0]


@pytest.mark.parametrize("app", [(), ("pull=1",)], ids=["callbacks", "pull"])
def test_adopted_connection__is_listed_with_the_others(make, app):
    instance = make(LINE, app=app)
    instance.start()
    with adopted(instance) as sock:
        assert answer(sock, "pid") == str(instance.child())
        peer = "%s:%d" % sock.getsockname()[:2]
        assert peer in instance.command("connections").out
    assert instance.stop().code == 0


def test_adopted_connection__of_a_worker_over_tls_that_does_not_listen_is_over_tls(make, tmp_path):
    site = make_certificate(tmp_path / "site")
    instance = make(LINE)
    instance.start()
    sock = adopted(instance, f" text://127.0.0.1:0,transport=ssl,tls_cert={site.cert},tls_key={site.key}")
    with client_context().wrap_socket(sock, server_hostname="localhost") as over_tls:
        assert over_tls.getpeercert(binary_form=True) == site.der
        assert answer(over_tls, "pid") == str(instance.child())
    assert instance.stop().code == 0


def test_adopted_connection__of_a_worker_over_tls_that_listens_is_over_tls(make, tmp_path):
    site = make_certificate(tmp_path / "site")
    instance = make(LINE, f"text://127.0.0.1:0,count=1,name=safe,transport=ssl,tls_cert={site.cert},tls_key={site.key}")
    instance.start()
    with socket.create_server(("127.0.0.1", 0)) as server, client_context().wrap_socket(
            socket.create_connection(instance.address("safe").split("://")[1].rsplit(":", 1), HANG_SECONDS)) as first:
        server.settimeout(HANG_SECONDS)
        assert answer(first, f"adopt {server.getsockname()[1]}") == "adopted"
        with client_context().wrap_socket(server.accept()[0]) as sock:
            assert answer(sock, "pid") == answer(first, "pid")


def test_adopt__without_its_certificate_is_refused(make, tmp_path):
    instance = make(LINE)
    instance.start()
    with socket.create_server(("127.0.0.1", 0)) as server:
        refused = ask(instance.address(), f"adopt {server.getsockname()[1]} text://127.0.0.1:0,transport=ssl,tls_cert={tmp_path}/none,tls_key={tmp_path}/none")
    assert f"{tmp_path}/none" in refused
