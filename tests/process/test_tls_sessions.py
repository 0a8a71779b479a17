"""Sessions that resume in every process, and what an operator sees of certificates."""
import os
import re
import signal
import ssl

import pytest

from certificates import Site, client_context, connect_tls, presented, s_client, serves
from instance import alive, eventually

QUICK = "tls_check_ms=10"


@pytest.mark.parametrize("method, version", [("fork", "-tls1_3"), ("exec", "-tls1_2")])
def test_session__resumes_in_every_process_and_over_a_reload(make, site, tmp_path, method, version):
    instance = make(site.worker(count=4, reuse_port=1), app=[f"start_method={method}"])
    instance.start()
    address, session, children = instance.address(), tmp_path / "session", instance.children()
    agreed, _ = s_client(address, version, "-sess_out", session)
    assert agreed.startswith("New, ")

    def resumed_by_all(pids):
        seen = set()
        while seen != pids:
            agreed, pid = s_client(address, version, "-sess_in", session)
            assert agreed.startswith("Reused, "), agreed
            seen.add(pid)

    resumed_by_all(set(children))
    instance.reload()
    resumed_by_all(set(instance.children()))
    assert not set(instance.children()) & set(children)


def test_session__of_a_master_that_was_killed_is_a_new_one(make, site, tmp_path):
    instance = make(site.worker(), app=[QUICK])
    instance.start()
    session, child = tmp_path / "session", instance.child()
    s_client(instance.address(), "-tls1_2", "-sess_out", session)
    os.kill(instance.master, signal.SIGKILL)
    eventually(lambda: not alive(child), "the end of the process")
    made = site.renew()
    instance.start()
    assert presented(instance.address()) == made.der
    assert s_client(instance.address(), "-tls1_2", "-sess_in", session)[0].startswith("New, ")


def test_session__resumes_with_a_new_certificate(make, site):
    instance = make(site.worker(), app=[QUICK])
    instance.start()
    address, context = instance.address(), client_context(ssl.TLSVersion.TLSv1_2)
    with connect_tls(address, context) as sock:
        session = sock.session
    serves(instance, site.renew())
    with connect_tls(address, context, session=session) as sock:
        assert sock.session_reused


def test_ticket_keys__change_and_those_before_are_taken_for_a_while(make, site):
    instance = make(site.worker(count=2, reuse_port=1), app=["tls_ticket_ms=500"])
    instance.start()
    address, context = instance.address(), client_context(ssl.TLSVersion.TLSv1_2)

    def session_of():
        with connect_tls(address, context) as sock:
            return sock.session

    def resumes(session):
        with connect_tls(address, context, session=session) as sock:
            return sock.session_reused

    first = session_of()
    eventually(lambda: not resumes(first), "the end of the keys of the first session")
    eventually(lambda: resumes(session_of()), "a session of the keys of now")


# ---- what an operator sees

def test_status__has_the_end_of_each_certificate(make, site, tmp_path):
    other = Site(tmp_path / "other")
    other.renew(days=3)
    instance = make(site.worker(name="one"), other.worker(name="two"), "text://127.0.0.1:0,name=plain", app=[QUICK])
    instance.start()
    rows = {row["worker"]: row for row in instance.status()["certificates"]}
    assert set(rows) == {"one", "two"}
    end = ssl.cert_time_to_seconds(ssl._ssl._test_decode_cert(str(other.cert))["notAfter"])
    assert rows["two"] == {"worker": "two", "path": str(other.cert), "end_unix": end, "error": None}
    text = instance.command("status").out
    assert re.search(rf"{other.cert} .* \[[23] days left\]", text) and re.search(rf"{site.cert} .* \[36[45] days left\]", text)
    log = eventually(lambda: [line for line in instance.log().splitlines() if f"certificate {other.cert} ends at " in line], "a warning")
    assert len(log) == 1 and "WARN" in log[0].upper()
    assert f"certificate {site.cert} ends" not in instance.log()
    site.key.unlink()
    eventually(lambda: {row["worker"]: row for row in instance.status()["certificates"]}["one"]["error"], "the error")
    assert f"[the new one is not in use: key {site.key}" in instance.command("status").out


def test_status__of_workers_without_tls_has_no_certificates(make):
    instance = make("text://127.0.0.1:0,name=plain")
    instance.start()
    assert instance.status()["certificates"] == []
    assert "certificate" not in instance.command("status").out
