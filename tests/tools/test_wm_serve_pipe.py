"""wm-serve pipe: connections that are passed on, with the programs that people use at both ends."""
import hashlib
import pathlib
import random
import socket
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from instance import HANG_SECONDS, eventually  # noqa: E402
from ports import free_port  # noqa: E402
from serve_fixtures import background, listening, run, serve  # noqa: E402, F401

MIB = 1 << 20


def listener():
    """A server of our own, for what no program does."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(HANG_SECONDS)
    return server, f"tcp://127.0.0.1:{server.getsockname()[1]}"


def accept(server):
    sock, _ = server.accept()
    sock.settimeout(HANG_SECONDS)
    return sock


def take(sock, size):
    data = b""
    while len(data) < size and (part := sock.recv(size - len(data))):
        data += part
    return data


# ---- programs

def test_curl_gets_its_answer_through_the_pipe(serve):
    echo = serve("echo", "http://127.0.0.1:0")
    pipe = serve("pipe", "tcp://127.0.0.1:0", f"tcp://127.0.0.1:{echo.port}")
    done = run("curl", "-sS", "--data-binary", "@-", f"http://127.0.0.1:{pipe.port}/", given=b"x" * 3 * MIB)
    assert (done.returncode, done.stdout) == (0, b"x" * 3 * MIB)
    done = run("curl", "-sS", f"http://127.0.0.1:{pipe.port}/one", f"http://127.0.0.1:{pipe.port}/two")
    assert (done.returncode, done.stdout) == (0, b"GET /one\nGET /two\n")


def test_redis_cli_talks_to_redis_over_a_unix_socket(serve, background, tmp_path):
    path = tmp_path / "redis.sock"
    background("redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", stdout=subprocess.DEVNULL)
    eventually(path.exists, "the socket of redis")
    pipe = serve("pipe", "tcp://127.0.0.1:0", f"unix://{path}")
    value = "v" * MIB
    commands = f"SET key {value}\nSTRLEN key\nGET key\n".encode()
    done = run("redis-cli", "-p", str(pipe.port), given=commands)
    assert done.stdout.decode().split() == ["OK", str(MIB), value], done.stderr


def test_socat_copies_a_file_to_a_unix_socket_whole(serve, background, tmp_path):
    port, out, path = free_port(), tmp_path / "out", tmp_path / "pipe.sock"
    data = random.Random(1).randbytes(20 * MIB)
    background("socat", "-u", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", f"CREATE:{out}")
    eventually(lambda: listening(port), "socat")
    serve("pipe", f"unix://{path}", f"tcp://127.0.0.1:{port}")
    done = run("socat", "-u", "-", f"UNIX-CONNECT:{path}", given=data)
    assert done.returncode == 0, done.stderr
    eventually(lambda: out.exists() and out.stat().st_size == len(data), "all bytes")
    assert hashlib.sha256(out.read_bytes()).digest() == hashlib.sha256(data).digest()


def test_the_end_of_one_side_reaches_the_other_which_still_answers(serve):
    """`nc -N` ends its side behind the request; sha256sum answers when it has seen the end."""
    port = free_port()
    data = random.Random(2).randbytes(5 * MIB)
    command = ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", "SYSTEM:sha256sum"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            eventually(lambda: listening(port), "socat")
            pipe = serve("pipe", "tcp://127.0.0.1:0", f"tcp://127.0.0.1:{port}")
            done = run("nc", "-N", "127.0.0.1", str(pipe.port), given=data)
        finally:
            server.kill()
    assert done.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


# ---- behind a proxy

def test_proxy_protocol__clients_are_counted_and_their_header_is_not_passed_on(serve):
    server, address = listener()
    pipe = serve("pipe", "tcp://127.0.0.1:0", address, "--trusted-proxy", "127.0.0.1", "--proxy-protocol", "--max-per-ip", "1")
    passed = []
    with server, pipe.connect() as first, pipe.connect() as second, pipe.connect() as other, pipe.connect() as direct:
        for sock, ip in ((first, "203.0.113.7"), (second, "203.0.113.7"), (other, "203.0.113.8")):
            sock.sendall(f"PROXY TCP4 {ip} 10.0.0.1 50001 443\r\n".encode())
            if sock is second:  # one too many of its address
                assert sock.recv(1) == b""
                continue
            sock.sendall(ip.encode())
            passed.append(accept(server))
            assert take(passed[-1], len(ip)) == ip.encode()
            passed[-1].sendall(b"answer")
            assert take(sock, 6) == b"answer"
        direct.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            direct.recv(1)
    for sock in passed:
        sock.close()
    assert "connection from 127.0.0.1 refused: the PROXY header" in pipe.stop()


# ---- the other side fails

def test_to_is_absent_and_comes_back(serve):
    port = free_port()
    pipe = serve("pipe", "tcp://127.0.0.1:0", f"tcp://127.0.0.1:{port}")
    for _ in range(20):
        with pytest.raises(ConnectionResetError), pipe.connect() as sock:
            sock.recv(1)
    echo = serve("echo", f"tcp://127.0.0.1:{port}")
    with pipe.connect() as sock:
        sock.sendall(b"there")
        assert sock.recv(5) == b"there"
    echo.stop()
    error = pipe.stop()
    lines = [line for line in error.splitlines() if "Connection refused" in line]
    assert len(lines) in (1, 2) and f"cannot connect to tcp://127.0.0.1:{port}" in lines[0], error


def test_to_accepts_and_is_silent__the_client_waits_and_the_idle_timeout_ends_both(serve):
    server, address = listener()
    pipe = serve("pipe", "tcp://127.0.0.1:0", address, "--idle-timeout", "1s")
    with server, pipe.connect() as client:
        client.sendall(b"question")
        with accept(server) as sock:
            assert sock.recv(100) == b"question"
            assert client.recv(1) == b""
            assert sock.recv(1) == b""


def test_to_is_lost_in_mid_stream__the_client_sees_a_reset(serve):
    server, address = listener()
    pipe = serve("pipe", "tcp://127.0.0.1:0", address)
    with server, pipe.connect() as client:
        sock = accept(server)
        sock.sendall(b"half of an")
        assert client.recv(100) == b"half of an"
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        with pytest.raises(ConnectionResetError):
            client.recv(100)


def test_a_program_killed_in_mid_stream_ends_its_connections_alone(serve, background):
    port = free_port()
    victim = background("socat", "-u", "OPEN:/dev/zero", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr")
    pipe = serve("pipe", "tcp://127.0.0.1:0", f"tcp://127.0.0.1:{port}")

    def begun():
        sock = pipe.connect()
        try:
            return sock if sock.recv(1) else None
        except ConnectionResetError:
            return None

    client = eventually(begun, "the first byte")
    victim.kill()
    with client, pytest.raises(ConnectionResetError):
        while client.recv(MIB):
            pass
        raise ConnectionResetError  # the kernel of a process that is killed sends an end where it has read all
    assert pipe.process.poll() is None


def test_a_slow_reader_holds_no_more_memory_than_a_queue(serve):
    server, address = listener()
    pipe = serve("pipe", "tcp://127.0.0.1:0", address)
    with server, pipe.connect() as client:
        client.settimeout(1)
        with accept(server) as sock:
            sent = 0
            try:
                while sent < 256 * MIB:
                    sent += client.send(b"x" * MIB)
            except TimeoutError:
                pass
            assert sent < 64 * MIB
            client.settimeout(HANG_SECONDS)
            got = 0
            threading.Thread(target=lambda: client.shutdown(socket.SHUT_WR)).start()
            while part := sock.recv(MIB):
                got += len(part)
            assert got == sent


# ---- many, reload, stop

def test_500_connections_at_once(serve):
    echo = serve("echo", "tcp://127.0.0.1:0")
    pipe = serve("pipe", "tcp://127.0.0.1:0", f"tcp://127.0.0.1:{echo.port}")
    socks = [pipe.connect() for _ in range(500)]
    for number, sock in enumerate(socks):
        sock.sendall(b"%04d" % number)
    for number, sock in enumerate(socks):
        assert take(sock, 4) == b"%04d" % number
        sock.close()
    eventually(lambda: '"connections":0' in pipe.command("status", "--json").stdout.replace(" ", ""), "all connections to end")


def test_max_connections_turns_away_what_is_more(serve):
    echo = serve("echo", "tcp://127.0.0.1:0")
    pipe = serve("pipe", "tcp://127.0.0.1:0", f"tcp://127.0.0.1:{echo.port}", "--max-connections", "2")
    first, second = pipe.connect(), pipe.connect()
    for sock in (first, second):
        sock.sendall(b"in")
        assert sock.recv(2) == b"in"
    with pipe.connect() as third:
        try:
            assert third.recv(1) == b""
        except ConnectionResetError:
            pass
    first.close()
    second.close()


def test_reload_while_bytes_flow__the_connection_goes_on_and_new_ones_have_a_new_process(serve):
    server, address = listener()
    pipe = serve("pipe", "tcp://127.0.0.1:0", address)
    with server, pipe.connect() as old:
        with accept(server) as old_end:
            old.sendall(b"before")
            assert take(old_end, 6) == b"before"
            results = []
            reload = threading.Thread(target=lambda: results.append(pipe.command("reload")))
            reload.start()

            def served_by_another():
                sock = pipe.connect()
                sock.close()
                accept(server).close()
                return pipe.command("status", "--json").stdout.count('"pid"') >= 1

            eventually(served_by_another, "a connection during the reload")
            for _ in range(50):
                old.sendall(b"x" * 100000)
                assert len(take(old_end, 100000)) == 100000
                old_end.sendall(b"ack")
                assert take(old, 3) == b"ack"
            old.shutdown(socket.SHUT_WR)
            assert old_end.recv(1) == b""
            old_end.close()
            reload.join(HANG_SECONDS)
            assert results and results[0].returncode == 0, results


def test_reload_ends_a_connection_that_outlasts_the_drain(serve):
    server, address = listener()
    pipe = serve("pipe", "tcp://127.0.0.1:0", address, "--drain", "200ms")
    with server, pipe.connect() as client, accept(server) as sock:
        assert pipe.command("reload").returncode == 0
        assert client.recv(1) == b""
        assert sock.recv(1) == b""


def test_stop_ends_both_sides(serve):
    server, address = listener()
    pipe = serve("pipe", "tcp://127.0.0.1:0", address)
    with server, pipe.connect() as client, accept(server) as sock:
        client.sendall(b"last")
        assert sock.recv(4) == b"last"
        assert pipe.stop() == ""
        assert client.recv(1) == b""
        assert sock.recv(1) == b""


def test_settings_come_from_a_file_and_from_variables(serve, tmp_path, monkeypatch):
    echo = serve("echo", "tcp://127.0.0.1:0")
    config = tmp_path / "pipe.toml"
    config.write_text(f'from = "tcp://127.0.0.1:0"\nto = "tcp://127.0.0.1:{echo.port}"\n', encoding="utf-8")
    pipe = serve("pipe", "--config", str(config))
    with pipe.connect() as sock:
        sock.sendall(b"by file")
        assert sock.recv(7) == b"by file"
    done = pipe.command("check", "--config", str(config))
    assert f"{config}:2" in done.stdout, done.stderr
