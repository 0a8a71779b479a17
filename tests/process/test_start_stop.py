"""Start and stop in the background and in the foreground, as who types the commands sees them."""
import os
import signal
import stat

from instance import alive, ask, eventually

LINE = "text://127.0.0.1:0,count=2,name=line"


def test_start_d__returns_when_all_serve_and_stop_leaves_nothing(make):
    instance = make(LINE)
    result = instance.start()
    assert "Start success." in result.out and result.err == ""
    pids = instance.children()
    assert len(pids) == 2
    assert int(ask(instance.address(), "pid")) in pids
    assert stat.S_IMODE(os.stat(instance.pid_path).st_mode) == 0o644
    assert stat.S_IMODE(os.stat(instance.socket_path).st_mode) == 0o600
    master = instance.master
    result = instance.stop()
    assert (result.code, result.out, result.err) == (0, "test: stopped\n", "")
    assert not instance.pid_path.exists() and not instance.socket_path.exists()
    eventually(lambda: not any(map(alive, [*pids, master])), "the end of all")


def test_foreground__ctrl_c_stops_at_once(make):
    instance = make(LINE)
    process = instance.start_foreground()
    pids = instance.children()
    process.send_signal(signal.SIGINT)
    code, out, err = instance.wait()
    assert code == 0
    assert "Press Ctrl+C to stop. Start success." in out
    assert not any(map(alive, pids))
