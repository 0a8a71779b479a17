"""Protocols set by property, unix sockets, defaults, constants, and workers without callbacks."""
import json
import socket

import pytest

from php_program import HANG_SECONDS, Peer, request


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("protocols", ports=4).start(ready=6)


def peer_of(family, address):
    peer = Peer.__new__(Peer)
    peer.data = b""
    peer.sock = socket.socket(family)
    peer.sock.settimeout(HANG_SECONDS)
    peer.sock.connect(address)
    return peer


def unix_peer(server, name):
    return peer_of(socket.AF_UNIX, str(server.directory / name))


def test_protocol__text_on_a_tcp_address(server):
    with server.connect() as peer:
        assert json.loads(peer.ask("hello"))[0] == "hello"


def test_protocol__http_on_a_unix_socket(server):
    with unix_peer(server, "http.sock") as peer:
        peer.send(request("GET", "/path"))
        assert json.loads(peer.read_answer().body) == ["/path", ""]


@pytest.mark.differs
def test_peer__of_a_unix_socket_has_port_0(server):
    with unix_peer(server, "http.sock") as peer:
        peer.send(request("GET", "/port"))
        assert peer.read_answer().body == b"0"


def test_protocol__none_on_a_unix_socket(server):
    with unix_peer(server, "raw.sock") as peer:
        peer.send("bytes")
        assert peer.read_exactly(9) == b"raw bytes"


def test_addresses__of_ipv6_are_in_brackets(server):
    with peer_of(socket.AF_INET6, ("::1", server.ports[2])) as peer:
        port = peer.sock.getsockname()[1]
        assert json.loads(peer.ask("addresses")) == ["[::1]", port, f"[::1]:{port}", "[::1]", f"[::1]:{server.ports[2]}", False, True]


def test_address__by_a_host_name(server):
    with server.connect(server.ports[3]) as peer:
        assert peer.ask("hello") == "named hello"


def test_defaults__of_all_connections(server):
    with server.connect() as peer:
        assert json.loads(peer.ask("hello"))[1:3] == [1000, 2000]
        peer.send("x" * 2000)
        assert peer.read_to_end() == b""


def test_json__of_a_connection(server):
    with server.connect() as peer:
        told = json.loads(peer.ask("json"))
    assert {"id", "status", "transport", "getRemoteIp", "remotePort", "getRemoteAddress", "getLocalIp", "getLocalPort", "getLocalAddress",
            "isIpV4", "isIpV6"} == set(told)
    assert (told["status"], told["transport"], told["getRemoteIp"], told["getLocalPort"]) == (2, "tcp", "127.0.0.1", server.port)


def test_callbacks__that_are_not_set_are_not_missed(server):
    with server.connect(server.ports[1]) as peer:
        peer.send("one\ntwo\n")
    server.await_trace("mute-close")


def test_worker__properties_have_the_defaults_that_programs_expect(evaluate):
    assert evaluate("""$w = new Workerman\\Worker();
        return [$w->id, $w->name, $w->count, $w->user, $w->group, $w->reloadable, $w->reusePort, $w->transport, $w->protocol, $w->connections,
            $w->stopping, $w->onWorkerStart];""") == [0, "none", 1, "", "", True, False, "tcp", None, [], False, None]


def test_worker__statics_have_the_defaults_that_programs_expect(evaluate):
    assert evaluate("""return [Workerman\\Worker::$daemonize, Workerman\\Worker::$stdoutFile, Workerman\\Worker::$stopTimeout,
        Workerman\\Worker::$onMasterReload, Workerman\\Worker::$onMasterStop];""") == [False, "/dev/null", 2, None, None]


def test_connection__constants(evaluate):
    assert evaluate("""use Workerman\\Connection\\TcpConnection as T; use Workerman\\Connection\\ConnectionInterface as I;
        return [T::STATUS_INITIAL, T::STATUS_CONNECTING, T::STATUS_ESTABLISHED, T::STATUS_ENDING, T::STATUS_CLOSING, T::STATUS_CLOSED,
            I::CONNECT_FAIL, I::SEND_FAIL, T::$defaultMaxSendBufferSize, T::$defaultMaxPackageSize, is_subclass_of(T::class, I::class)];""") == [
                0, 1, 2, 4, 8, 16, 1, 2, 1048576, 10485760, True]


def test_timer__outside_of_a_process_is_refused_or_kept(evaluate):
    """It must not end the program in any other way."""
    assert evaluate("""try { return is_int(Workerman\\Timer::add(1, fn () => 1)); } catch (Throwable $error) { return true; }""") is True
