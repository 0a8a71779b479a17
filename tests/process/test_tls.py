"""Certificates, keys and ticket keys under a master: read by it alone, handed on, and replaced while processes serve."""
import itertools
import os
import pathlib
import shutil
import signal
import ssl
import threading

import pytest

from certificates import Site, client_context, connect_tls, presented, serves
from instance import answer, eventually, links_of
from ports import free_port

ROOT = os.geteuid() == 0
QUICK = "tls_check_ms=10"
METHODS = ["start_method=fork", "start_method=exec", "pull=1"]


def pid_by_tls(address):
    with connect_tls(address) as sock:
        return int(answer(sock, "pid"))


# ---- the start

@pytest.mark.parametrize("method", METHODS)
def test_processes_serve_tls(make, site, method):
    instance = make(site.worker(count=2), app=[method])
    instance.start()
    assert presented(instance.address()) == site.current.der
    assert pid_by_tls(instance.address()) in instance.children()


@pytest.mark.parametrize("method", ["fork", "exec"])
@pytest.mark.parametrize("what", ["cert", "key"])
def test_start__missing_file_fails_with_its_path_before_any_process(make, site, method, what):
    path = getattr(site, what)
    path.unlink()
    port = free_port()
    instance = make(site.worker(f"text://127.0.0.1:{port}"), app=[f"start_method={method}"])
    result = instance.command("start", "-d")
    assert result.code == 1
    assert f"text://127.0.0.1:{port}: " in result.err and f"{path}: No such file or directory\n" in result.err
    assert result.err.count("\n") == 1
    assert instance.trace() == [] and not instance.pid_path.exists()


def test_start__file_that_may_not_be_read_is_named(make, site, public):
    folder = public.folder("nobody")
    secret = folder / "secret.key"
    shutil.copy(site.current.key, secret)
    shutil.copy(site.current.cert, folder / "cert.pem")
    secret.chmod(0)
    if ROOT:
        shutil.chown(folder / "cert.pem", "nobody")
    who = {"user": "nobody", "group": "nogroup", "extra_groups": []} if ROOT else {}
    instance = make(site.worker(tls_cert=folder / "cert.pem", tls_key=secret), folder=folder, server=public.server, environment=public.environment)
    result = instance.command("start", "-d", **who)
    assert result.code == 1
    assert f"{secret}: Permission denied" in result.err


def test_start__key_of_another_certificate_is_named(make, site):
    other = site.make()
    result = make(site.worker(tls_key=other.key)).command("start", "-d")
    assert result.code == 1
    assert str(other.key) in result.err and str(site.cert) in result.err


def test_restart__with_a_broken_key_leaves_the_running_one(make, site):
    instance = make(site.worker())
    instance.start()
    master = instance.master
    site.key.unlink()
    result = instance.command("restart", "-d")
    assert result.code == 1 and str(site.key) in result.err and "is not stopped" in result.err
    assert instance.master == master and presented(instance.address()) == site.current.der


# ---- the key belongs to the master

@pytest.mark.parametrize("method", METHODS)
def test_key__later_processes_have_it_when_its_file_is_gone(make, site, method):
    """No process can have opened a file that is not there."""
    instance = make(site.worker(), app=[method, QUICK])
    instance.start()
    current, first = site.current.der, instance.child()
    site.key.unlink()
    site.cert.unlink()
    os.kill(first, signal.SIGKILL)
    second = instance.successor_of(first)
    assert presented(instance.address()) == current
    instance.reload()
    assert instance.successor_of(second) and presented(instance.address()) == current


@pytest.mark.parametrize("method", ["fork", "exec"])
def test_key__process_without_rights_to_it_serves(make, site, public, method):
    folder = public.folder()
    options = {"user": "nobody", "group": "nogroup"} if ROOT else {}
    instance = make(site.worker(**options), folder=folder, server=public.server, environment=public.environment, app=[f"start_method={method}", QUICK])
    instance.start()
    child = instance.child()
    if ROOT:
        assert pathlib.Path(f"/proc/{child}").stat().st_uid != 0 and site.key.stat().st_mode & 0o777 == 0o600
    serves(instance, site.renew())
    assert instance.child() == child
    assert not [path for path in links_of(child) if str(site.folder) in path]


def test_key__process_does_not_have_those_of_other_workers(make, site, tmp_path):
    """Not in its memory either, though it was forked by a process that has read them."""
    other = Site(tmp_path / "other")
    instance = make(site.worker(name="one"), other.worker(name="two"))
    instance.start_foreground()
    for worker, own, foreign in (("one", site, other), ("two", other, site)):
        assert presented(instance.address(worker)) == own.current.der
        child = instance.child(worker)
        assert in_memory(child, number_of(own.current))
        assert not in_memory(child, number_of(foreign.current))
        assert not in_memory(child, foreign.current.key.read_bytes().split(b"\n")[1])


def number_of(made):
    """The private key as OpenSSL has it in memory: 32 bytes, the lowest first. In the file the highest comes first (RFC 5915 §3)."""
    der = ssl.PEM_cert_to_DER_cert(made.key.read_text().replace("PRIVATE KEY", "CERTIFICATE"))
    at = der.index(b"\x04\x20") + 2
    return der[at:at + 32][::-1]


def in_memory(pid, needle):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, mode = line.split()[:2]
            begin, end = (int(number, 16) for number in place.split("-"))
            if mode.startswith("rw") and "[v" not in line and end - begin < 1 << 30:  # what is larger is a sanitizer's shadow memory
                memory.seek(begin)
                try:
                    if needle in memory.read(end - begin):
                        return True
                except OSError:
                    continue  # not backed by memory
    return False


# ---- live replacement

@pytest.mark.parametrize("method", METHODS)
def test_renewal__is_served_by_the_same_processes(make, site, method):
    instance = make(site.worker(count=2), app=[method, QUICK])
    instance.start()
    children = instance.children()
    with connect_tls(instance.address()) as old:
        assert int(answer(old, "pid")) in children
        serves(instance, site.renew())
        assert int(answer(old, "pid")) in children  # what is connected stays
    assert instance.children() == children
    assert f"loaded certificate {site.cert}, valid until 20" in instance.log()


def switches(pid):
    """How often its loop was taken off a processor."""
    return [line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if "ctxt_switches" in line]


def test_renewal__does_not_wake_processes_of_other_workers(make, site):
    instance = make("text://127.0.0.1:0,name=plain", site.worker(), app=[QUICK])
    instance.start()
    plain = instance.child("plain")
    eventually(lambda: pathlib.Path(f"/proc/{plain}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S", "the sleep of the process")
    before = switches(plain)
    for _ in range(3):
        serves(instance, site.renew(), "line")
    assert switches(plain) == before


def replace_by_link(site, made):
    site.link(made)


def replace_by_rename(site, made):
    for path, source in ((site.cert, made.cert), (site.key, made.key)):
        shutil.copy(source, fresh := path.with_suffix(".tmp"))
        fresh.rename(path)


def replace_by_hard_link(site, made):
    for path, source in ((site.cert, made.cert), (site.key, made.key)):
        os.link(source, fresh := path.with_suffix(".tmp"))
        fresh.rename(path)


def replace_in_place(site, made):
    for path, source in ((site.cert, made.cert), (site.key, made.key)):
        path.unlink()
        shutil.copy(source, path)
        path.write_bytes(source.read_bytes())


def replace_the_directory(site, made):
    fresh = site.folder / "fresh"
    fresh.mkdir()
    shutil.copy(made.cert, fresh / "cert.pem")
    shutil.copy(made.key, fresh / "key.pem")
    site.live.rename(site.folder / "stale")
    fresh.rename(site.live)


@pytest.mark.parametrize("replace", [replace_by_link, replace_by_rename, replace_by_hard_link, replace_in_place, replace_the_directory])
def test_renewal__is_seen_however_the_files_are_replaced(make, site, replace):
    instance = make(site.worker(), app=[QUICK])
    instance.start()
    made = site.make()
    replace(site, made)
    serves(instance, made)


def test_renewal__50_under_load_fail_no_handshake(make, site):
    instance = make(site.worker(count=2), app=[QUICK])
    instance.start()
    address, children = instance.address(), instance.children()
    known = [site.current, *(site.make() for _ in range(4))]
    by_der = {made.der for made in known}
    end, errors, handshakes = threading.Event(), [], itertools.count()

    def load():
        context = client_context()
        while not end.is_set():
            try:
                with connect_tls(address, context) as sock:
                    assert sock.getpeercert(binary_form=True) in by_der
                    assert int(answer(sock, "pid")) in children
                next(handshakes)
            except (OSError, AssertionError) as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(50):
        serves(instance, site.link(known[number % len(known)]) if number % len(known) else site.link(known[0]))
    end.set()
    for thread in threads:
        thread.join()
    assert errors == [] and next(handshakes) > 50
    assert instance.children() == children


def put(path, content):
    fresh = path.with_suffix(".tmp")
    fresh.write_bytes(content)
    fresh.rename(path)


def empty(path, _):
    put(path, b"")


def half_written(path, whole):
    put(path, whole[:len(whole) // 2])


def not_pem(path, _):
    put(path, b"hello\n")


def missing(path, _):
    path.unlink()


def a_directory(path, _):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("what", ["cert", "key"])
@pytest.mark.parametrize("breaks", [empty, half_written, not_pem, missing, a_directory])
def test_broken_file__is_refused_once_with_its_path_and_the_old_served(make, site, tmp_path, breaks, what):
    clock = Site(tmp_path / "clock")  # whose renewals prove that the files were looked at
    instance = make(site.worker(), clock.worker(name="clock"), app=[QUICK])
    instance.start()
    path, whole = getattr(site, what), getattr(site.current, what).read_bytes()
    breaks(path, whole)

    def refused():
        return [line for line in instance.log().splitlines() if "worker line: " in line and "the certificates from before stay in use" in line]

    eventually(refused, "a line of the log")
    for _ in range(3):
        serves(instance, clock.renew(), "clock")
    assert presented(instance.address("line")) == site.current.der
    (line,) = refused()
    assert str(path) in line
    if path.is_dir():
        path.rmdir()
    again = site.make()
    replace_by_rename(site, again)
    serves(instance, again, "line")


def test_broken_file__key_of_another_certificate_is_refused(make, site):
    instance = make(site.worker(), app=[QUICK])
    instance.start()
    old = site.current.der
    shutil.copy(site.make().key, fresh := site.key.with_suffix(".tmp"))
    fresh.rename(site.key)
    line = eventually(lambda: [line for line in instance.log().splitlines() if "stay in use" in line], "a line of the log")[0]
    assert str(site.key) in line
    assert presented(instance.address()) == old


def test_reload__reads_the_files_and_says_what_it_cannot_use(make, site):
    instance = make(site.worker(), app=["tls_check_ms=3600000"])
    instance.start()
    made = site.renew()
    assert "certificates" not in instance.reload().out
    assert presented(instance.address()) == made.der
    site.key.unlink()
    result = instance.reload()
    assert "1 process replaced; certificates stay as they were: " in result.out and str(site.key) in result.out
    assert presented(instance.address()) == made.der  # of the new process


def test_reload__one_file_of_several_workers_is_named_once(make, site):
    instance = make(site.worker(name="one"), site.worker(name="two"), app=["tls_check_ms=3600000"])
    instance.start()
    site.key.unlink()
    assert instance.reload().out.count(str(site.key)) == 1


def test_reload__process_that_stays_gets_the_new_certificate(make, site):
    instance = make(site.worker(reloadable=0), app=["tls_check_ms=3600000"])
    instance.start()
    child, made = instance.child(), site.renew()
    instance.reload()
    serves(instance, made)
    assert instance.child() == child


@pytest.mark.parametrize("method", METHODS)
def test_process_that_comes_later__has_the_current_certificate(make, site, method):
    instance = make(site.worker(), app=[method, QUICK])
    instance.start()
    serves(instance, made := site.renew())
    child = instance.child()
    os.kill(child, signal.SIGKILL)
    instance.successor_of(child)
    assert presented(instance.address()) == made.der


@pytest.mark.parametrize("before, now, wanted", [("plain", "site", "has TLS now"), ("site", "other", "has other certificate files than")])
def test_program_that_names_other_files__needs_a_restart(make, site, tmp_path, before, now, wanted):
    spec, port = tmp_path / "spec", free_port()
    address = f"text://127.0.0.1:{port}"
    specs = {"plain": f"{address},name=line", "site": site.worker(address), "other": Site(tmp_path / "other").worker(address)}
    spec.write_text(specs[before])
    instance = make(f"@{spec}", app=["start_method=exec"])
    instance.start()
    child = instance.child()
    spec.write_text(specs[now])
    result = instance.command("reload")
    assert result.code == 1 and wanted in result.err and "that takes a restart" in result.err
    assert instance.child() == child


# ---- workers that no master reads for

def test_worker_of_on_start__reads_its_files_itself(make, site):
    instance = make("text://127.0.0.1:0,name=first", extra=["--inner", site.worker(name="inner")], app=[QUICK])
    instance.start()
    address = instance.address(listener=1)
    assert presented(address) == site.current.der
    made = site.renew()
    eventually(lambda: presented(address) == made.der, "the new certificate")


@pytest.mark.parametrize("how", ["run", "poll"])
def test_without_a_master__the_process_reads_and_replaces(make, site, how):
    port = free_port()
    address = f"text://127.0.0.1:{port}"
    instance = make(site.worker(address), extra=["--alone", how], app=[QUICK])
    process = instance.process = instance.begin("start")
    eventually(lambda: instance.trace("start"), "the start")
    assert presented(address) == site.current.der
    with connect_tls(address) as old:
        made = site.renew()
        eventually(lambda: presented(address) == made.der, "the new certificate")
        assert int(answer(old, "pid")) == process.pid
        site.key.unlink()
        assert "stay in use" in read_until(process.stderr, "No such file")
        assert presented(address) == made.der


def read_until(stream, text):
    for line in stream:
        if text in line.decode():
            return line.decode()
    raise AssertionError(f"the end came before {text}")
