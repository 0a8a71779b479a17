"""Worker::$globalEvent: streams, sockets, signals and timers of the program in libwm's loop, as Workerman 5 and 3 write them."""
import contextlib
import socket
import ssl
import threading

import pytest

from certificates import make_certificate


@pytest.fixture
def run(program):
    """The program of one scenario, at its end."""
    def begin(scenario):
        loop = program("loop", ports=0, scenario=scenario).start()
        loop.await_trace("end")
        return loop
    return begin


def test_globalEvent__is_null_in_the_master(run):
    assert run("timers").trace("master") == [[None]]


def test_onReadable__is_called_with_the_stream_until_its_end(run):
    loop = run("readable")
    assert loop.trace("read") == [["one", True], ["two", True], ["", True]]
    assert loop.trace("off") == [[True, False]]


def test_onWritable__is_called_until_offWritable_and_not_for_reading(run):
    loop = run("writable")
    assert loop.trace("off") == [[True, False, True]]
    assert loop.trace("end") == [[3]] and loop.trace("read") == []


def test_onReadable__is_called_again_for_what_php_has_buffered(run):
    assert run("buffered").trace("line") == [["one\n"], ["two\n"], ["three\n"]]


def test_onReadable__of_many_streams_tells_them_apart(run):
    assert run("many").trace("end") == [[300]]


def test_pipes_of_a_child_process(run):
    loop = run("pipes")
    assert loop.trace("read") == [["through"], [""]] and loop.trace("end") == [[0]]


def test_sockets_of_the_sockets_extension(run):
    loop = run("sockets")
    assert loop.trace("read") == [["by socket"]] and loop.trace("off") == [[True]]


@contextlib.contextmanager
def tls_server(certificate, data):
    """Sends data, in one record, to one client, and waits for its end: yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)

    def serve():
        client, _ = listener.accept()
        with context.wrap_socket(client, server_side=True) as secure, contextlib.suppress(OSError):
            secure.sendall(data)
            secure.recv(1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
    thread.join()


def test_tls_stream__is_called_for_what_is_decrypted_already(program, tmp_path):
    with tls_server(make_certificate(tmp_path), b"x" * 16000) as port:
        loop = program("loop", ports=0, scenario="tls", tls=port).start()
        assert loop.await_trace("end") == [[16000]]
        loop.end()


def test_stream_that_was_closed__is_not_mixed_up_with_the_next_one(run):
    loop = run("closed")
    assert loop.trace("read") == [["next"]] and loop.trace("off") == [[True]]


def test_what_cannot_be_watched__is_refused_with_the_reason(run):
    memory, closed, number, file, signal = [row[0] for row in run("refused").trace("refused")]
    assert "MEMORY" in memory and "no descriptor" in memory
    assert "open streams" in closed and "closed" in closed
    assert "not int" in number
    assert "cannot be watched: files" in file
    assert "SIGTERM" in signal and "onWorkerStop" in signal


def test_onSignal__is_called_until_offSignal(run):
    loop = run("signals")
    assert loop.trace("signal") == [[True]] and loop.trace("off") == [[True, False]]


def test_timers(run):
    loop = run("timers")
    assert sorted(loop.trace("fired")) == [["delay", [1, 2]], ["repeat", []]]
    assert loop.trace("count") == [[2], [0]]
    assert loop.trace("off") == [[True], [True, False]]


def test_add_and_del__as_in_workerman_3(run):
    loop = run("add")
    assert loop.trace("add") == [[True]] * 3
    assert loop.trace("read") == [["old"]] and loop.trace("off") == [[True]] * 2
    assert loop.trace("signal") == [[True]]
    assert sorted(loop.trace("fired")) == [["once", ["a"]], ["timer", []]]


def test_exception__is_logged_or_goes_to_the_error_handler(run):
    loop = run("exception")
    assert "RuntimeException: of a stream" in loop.output()
    assert loop.trace("handler") == [["of a stream"], ["of a timer"]]


def test_eventLoopClass__is_the_class_of_the_loop(run):
    assert run("select").trace("end") == [["Workerman\\Events\\Select", "Workerman\\Events\\Select", True]]


@pytest.mark.parametrize("scenario,words", [("fiber", "the loop Workerman\\Events\\Fiber is libwm's, which has no coroutines"),
                                            ("foreign", "the loop My\\Loop is not used")])
def test_eventLoopClass__that_libwm_has_not__is_named_in_the_log(run, scenario, words):
    loop = run(scenario)
    assert loop.trace("end") == [["Workerman\\Events\\Event", "Workerman\\Events\\Event", True]]
    assert words in loop.output()
