"""Several workers, reloads of some of them, signals, and listeners that a process opens by itself."""
import os
import signal
import socket
import threading

import pytest

from instance import HANG_SECONDS, alive, answer, ask, connect, eventually
from ports import free_port

ONE = "text://127.0.0.1:0,count=1,name=line"


def is_refused(address):
    try:
        connect(address).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    return False


# ---- several workers

def test_workers__of_different_count_and_name_have_processes_each(make):
    instance = make("text://127.0.0.1:0,count=3,name=line", "http://127.0.0.1:0,count=1,name=web", "none,count=2,name=jobs",
                    "text://127.0.0.1:0,count=0,name=spare")
    result = instance.start()
    processes = instance.status()["processes"]
    assert sorted((process["worker"], process["index"]) for process in processes) == [("jobs", 0), ("jobs", 1), ("line", 0), ("line", 1),
                                                                                     ("line", 2), ("web", 0)]
    assert {process["worker"] for process in processes if process["listeners"][0]["address"] == "none"} == {"jobs"}
    assert " line " in result.out and " jobs " in result.out and " spare " not in result.out
    starts = {pid: detail for _, pid, detail in instance.trace("start")}
    assert {process["pid"]: str(process["index"]) for process in processes} == {pid: detail.split()[0] for pid, detail in starts.items()}
    jobs = instance.children("jobs")
    os.kill(jobs[0], signal.SIGKILL)
    eventually(lambda: jobs[0] not in instance.children("jobs") and len(instance.children("jobs")) == 2, "another job")
    assert jobs[1] in instance.children("jobs")
    assert instance.stop().code == 0


@pytest.mark.parametrize("method", ["fork", "exec"])
def test_name__with_spaces_is_the_same_in_every_process(make, method):
    instance = make("text://127.0.0.1:0,count=1,name=  two words ", app=[f"start_method={method}"])
    instance.start()
    assert [process["worker"] for process in instance.status()["processes"]] == ["  two words "]


def test_address__of_the_longest_unix_path_is_shown_whole(make, public):
    folder = public.folder()
    path = f"{folder}/{'x' * (106 - len(str(folder)))}"
    assert len(path) == 107  # sockaddr_un, less a NUL
    instance = make(f"text+unix://{path},count=1,name=line")
    instance.start()
    assert instance.address() == f"text+unix://{path}" and instance.address() in instance.command("status").out
    assert ask(instance.address(), "pid") == str(instance.child())


def test_callbacks__of_a_worker_come_in_its_own_processes_alone(make):
    instance = make(ONE, "text://127.0.0.1:0,name=other", "none,name=jobs")
    instance.start()
    owner = {process["pid"]: process["listeners"][0]["address"] for process in instance.status()["processes"]}
    assert instance.stop().code == 0
    for event in ("start", "stop"):
        rows = [(pid, detail.split()[-1]) for _, pid, detail in instance.trace(event)]
        assert sorted(rows) == sorted(owner.items()), event


def test_connections__that_come_one_by_one_spread_over_the_processes(make):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    clients, served = [], []
    for _ in range(20):
        clients.append(connect(instance.address()))
        served.append(answer(clients[-1], "pid"))
    for client in clients:
        client.close()
    counts = [served.count(str(pid)) for pid in instance.children("line")]
    assert sum(counts) == 20 and min(counts) >= 5, counts


def test_listen_and_resume__change_nothing_in_a_burst(make):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    host, port = instance.address().removeprefix("text://").split(":")
    clients = []
    for _ in range(60):
        clients.append(socket.socket())
        clients[-1].setblocking(False)
        clients[-1].connect_ex((host, int(port)))
    for client in clients:
        client.settimeout(HANG_SECONDS)
        assert answer(client, "reopen") == "0 0"
        client.close()


def test_callbacks__come_in_the_order_of_a_life(make):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    pids = instance.children()
    instance.reload()
    assert instance.stop().code == 0
    events = [(event, pid) for event, pid, _ in instance.trace()]
    master = events[0][1]
    assert events[0] == ("master_start", master) and events[-1] == ("master_stop", master)
    assert sorted(events[1:3]) == sorted(("start", pid) for pid in pids) and events[3] == ("master_reload", master)
    for pid in pids:
        own = [event for event, who in events if who == pid]
        assert own == ["start", "reload", "stop"]
    assert len([event for event, _ in events if event == "worker_exit"]) == 4


def test_reloadable_0__gets_on_reload_alone(make):
    instance = make(ONE, "text://127.0.0.1:0,count=2,name=stays,reloadable=0")
    instance.start()
    stays, line = instance.children("stays"), instance.child("line")
    with connect(instance.address("stays")) as sock:
        sock.sendall(b"hello\n")
        assert sock.recv(100) == b"hello\n"
        assert instance.reload().out == "test: reloaded, 1 process replaced\n"
        sock.sendall(b"again\n")
        assert sock.recv(100) == b"again\n"
    assert instance.children("stays") == stays and instance.child("line") != line
    eventually(lambda: {pid for _, pid, _ in instance.trace("reload")} == {line, *stays}, "on_reload in all of them")
    assert len(instance.trace("reload")) == 3 and {pid for _, pid, _ in instance.trace("stop")} == {line}


# ---- signals

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_master__stops_on_signals(make, number):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    master, pids = instance.master, instance.children()
    os.kill(master, number)
    eventually(lambda: not any(map(alive, [master, *pids])), "the end of all")
    assert not instance.pid_path.exists() and not instance.socket_path.exists()
    assert len(instance.trace("stop")) == 2 and ("gracefully" in instance.log()) == (number == signal.SIGQUIT)
    assert [detail.split()[1] for _, _, detail in instance.trace("worker_exit")] == ["0", "0"]


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_master__reloads_on_signals(make, number):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    pids = instance.children()
    os.kill(instance.master, number)
    eventually(lambda: "test: reloaded, 2 processes replaced" in instance.log(), "the reload")
    assert not set(pids) & set(instance.children()) and len(instance.children()) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1])
def test_child__that_gets_a_signal_to_end_is_replaced(make, number):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    first, second = instance.children()
    os.kill(first, number)
    eventually(lambda: not alive(first) and len(instance.children()) == 2, "another")
    assert second in instance.children() and first not in instance.children()
    assert [pid for _, pid, _ in instance.trace("stop")] == [first]
    assert (number == signal.SIGUSR1) == bool(instance.trace("reload"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_child__leaves_signals_of_the_terminal_to_the_master(make, number):
    instance = make(ONE)
    instance.start()
    pid = instance.child()
    os.kill(pid, number)
    assert ask(instance.address(), "pid") == str(pid) and instance.child() == pid


# ---- listeners of a process's own

def test_runtime_listener__is_closed_when_the_successor_does_not_adopt_it(make):
    instance = make(ONE)
    instance.start()
    address = ask(instance.address(), "listen text://127.0.0.1:0")
    pid = instance.child()
    assert address.startswith("text://127.0.0.1:") and ask(address, "pid") == str(pid)
    rows = instance.status()["processes"][0]["listeners"]
    assert [row["address"] for row in rows] == [instance.address(), address] and address in instance.command("status").out
    os.kill(pid, signal.SIGKILL)
    instance.successor_of(pid)
    eventually(lambda: is_refused(address), "the port to be closed")
    assert ask(instance.address(), "hello") == "hello"


@pytest.mark.parametrize("app", [[], ["start_method=exec"], ["pull=1"]], ids=["fork", "exec", "pull"])
@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_inner_listener__survives_crashes_and_reloads(make, tmp_path, kind, app):
    inner = f"text://127.0.0.1:{free_port()}" if kind == "tcp" else f"text+unix://{tmp_path}/inner"
    instance = make(ONE, app=app, extra=["--inner", inner, "--slow-start", "150"])
    instance.start()
    for _ in range(2):
        pid = instance.child()
        assert ask(inner, "pid") == str(pid)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda gone=pid: not alive(gone), "its end")
        answer = ask(inner, "pid")  # in the gap: it waits, and is not refused
        assert int(answer) == instance.child() != pid
        pid = instance.child()
        instance.reload()
        assert ask(inner, "pid") == str(instance.child()) != str(pid)
    assert len(instance.trace("inner")) == 5 and instance.trace("inner_failed") == []
    assert instance.stop().code == 0
    assert is_refused(inner)


def test_inner_listener__refuses_no_client_during_reloads(make):
    inner = f"text://127.0.0.1:{free_port()}"
    instance = make(ONE, extra=["--inner", inner])
    instance.start()
    wrong, ends, answers = [], threading.Event(), set()

    def knock():
        while not ends.is_set():
            try:
                answers.add(ask(inner, "pid"))
            except (OSError, AssertionError) as error:
                wrong.append(repr(error))

    thread = threading.Thread(target=knock)
    thread.start()
    for _ in range(3):
        instance.reload()
    last = str(instance.child())
    eventually(lambda: last in answers or wrong, "an answer of the last")
    ends.set()
    thread.join()
    assert wrong == []


def test_inner_listener__that_one_of_several_has_is_a_failed_row_in_the_others(make):
    inner = f"text://127.0.0.1:{free_port()}"
    instance = make("text://127.0.0.1:0,count=4,name=line", extra=["--inner", inner])
    result = instance.start()
    assert len(instance.trace("inner")) == 1 and len(instance.trace("inner_failed")) == 3
    assert result.err.count(f"Address already in use: {inner}") == 3 and instance.log().count(f"Address already in use: {inner}") == 3
    states = sorted(process["listeners"][1]["state"] for process in instance.status()["processes"])
    assert states == 3 * ["listen failed"] + ["listening"]
    assert instance.command("status").out.count("[listen failed]") == 3
    assert int(ask(inner, "pid")) in instance.children() and ask(instance.address(), "hello") == "hello"


def test_unlisten__closes_it_at_the_master_too(make):
    instance = make(ONE)
    instance.start()
    address = ask(instance.address(), "listen text://127.0.0.1:0")
    assert ask(instance.address(), f"unlisten {address}") == "closed"
    eventually(lambda: is_refused(address), "the port to be closed")
    with socket.create_server(("127.0.0.1", int(address.rsplit(":", 1)[1]))):
        pass  # it is free
    assert ask(instance.address(), "hello") == "hello"


# ---- unix sockets

def test_unix_listener__stale_file_is_replaced_and_a_live_one_never(make, tmp_path):
    address = f"text+unix://{tmp_path}/line"
    instance = make(f"{address},count=1,name=line")
    instance.start()
    other = make(f"{address},count=1,name=line", name="other")
    result = other.command("start", "-d")
    assert result.code == 1 and "Address already in use" in result.err and f"{tmp_path}/line" in result.err
    assert ask(address, "pid") == str(instance.child())
    pid, master = instance.child(), instance.master
    os.kill(master, signal.SIGKILL)
    eventually(lambda: not alive(pid), "its end")
    assert (tmp_path / "line").is_socket()
    instance.start()
    assert ask(address, "pid") == str(instance.child())
    assert instance.stop().code == 0 and not (tmp_path / "line").exists()


def test_unix_listener__file_that_is_no_socket_stays(make, tmp_path):
    (tmp_path / "line").write_text("precious")
    result = make(f"text+unix://{tmp_path}/line,count=1,name=line").command("start", "-d")
    assert result.code == 1 and "Address already in use" in result.err
    assert (tmp_path / "line").read_text() == "precious"


def test_unix_listener__survives_crash_and_reload(make, tmp_path):
    address = f"text+unix://{tmp_path}/line"
    instance = make(f"{address},count=2,name=line")
    instance.start()
    inode = (tmp_path / "line").stat().st_ino
    pids = instance.children()
    os.kill(pids[0], signal.SIGKILL)
    eventually(lambda: len(set(instance.children()) - {pids[0]}) == 2, "another")
    instance.reload()
    assert (tmp_path / "line").stat().st_ino == inode and int(ask(address, "pid")) in instance.children()


# ---- closed and opened again

def refused(address):
    """Whether no process listens there."""
    try:
        connect(address).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    return False


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_runtime_listener__can_be_closed_and_opened_again_at_once(make, public, kind):
    instance = make(ONE)
    instance.start()
    address = f"text://127.0.0.1:{free_port()}" if kind == "tcp" else f"text+unix://{public.folder()}/line"
    with connect(instance.address()) as sock:
        assert answer(sock, f"listen {address}") == address
        for _ in range(20):
            assert answer(sock, f"relisten {address}") == "open"
            assert ask(address, "pid") == str(instance.child())
    instance.reload()
    assert ask(instance.address(), "pid") == str(instance.child())
    eventually(lambda: refused(address), "the end of a listener that nobody has asked for again")


@pytest.mark.parametrize("how", ["", ",reuse_port=1", "unix"])
@pytest.mark.parametrize("count", [1, 2])
def test_configured_listener__can_be_closed_and_opened_again(make, public, how, count):
    where = f"text+unix://{public.folder()}/line" if how == "unix" else f"text://127.0.0.1:{free_port()}"
    instance = make(f"{where},count={count},name=line{how if how != 'unix' else ''}", "text://127.0.0.1:0,count=0,name=spare", extra=["--inner", "text://127.0.0.1:0"])
    instance.start()
    inner = instance.address("line", 1)
    address = instance.address("line")
    with connect(inner) as sock:
        for _ in range(5):
            assert answer(sock, f"relisten {address}") == "open"
            assert int(ask(address, "pid")) in instance.children()
        assert answer(sock, f"unlisten {address}") == "closed"
        if count == 1 and how != "unix":
            assert refused(address)
        assert answer(sock, f"relisten {address}") == "open"
        assert answer(sock, f"unlisten {address}") == "closed"
    instance.reload()  # its successor has it again
    assert int(ask(address, "pid")) in instance.children()


@pytest.mark.parametrize("method", ["fork", "exec"])
def test_configured_listener__that_on_start_has_closed_can_be_opened_later(make, method):
    address = f"text://127.0.0.1:{free_port()}"
    instance = make(f"{address},count=1,name=line", app=[f"start_method={method}"], extra=["--inner", "text://127.0.0.1:0", "--closed", "1"])
    instance.start()
    inner = next(row["address"] for row in instance.status()["processes"][0]["listeners"] if row["state"] == "listening")
    assert refused(address)
    with connect(inner) as sock:
        assert answer(sock, f"relisten {address}") == "open"
    assert ask(address, "pid") == str(instance.child())


def test_configured_worker__that_frees_itself_is_not_called_in_a_reload(make):
    instance = make(ONE, extra=["--inner", "text://127.0.0.1:0"])
    instance.start()
    inner = instance.address(listener=1)
    with connect(inner) as sock:
        assert answer(sock, "free") == "freed" and answer(sock, "hello") == "hello"
    instance.reload()
    assert "killed" not in instance.log() and instance.trace("reload") == []
    assert ask(instance.address(), "pid") == str(instance.child())
