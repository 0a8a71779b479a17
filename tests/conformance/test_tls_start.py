"""Files and options with which a server over TLS does not start: each is named."""
import pytest
from server_process import ConformanceServer
from tls_server import ask, files, refuses_to_start, server_options, stop_and_read_log  # noqa: F401


def test_missing_file_is_named(files):
    text = refuses_to_start(files, f"tls_cert={files.cert('server')}", f"tls_key={files.path('no.key')}")
    assert f"key {files.path('no.key')}: No such file or directory" in text
    assert "there is no certificate: set tls_cert and tls_key" in refuses_to_start(files)


def test_key_of_another_certificate_is_named(files):
    text = refuses_to_start(files, f"tls_cert={files.cert('server')}", f"tls_key={files.key('other')}")
    assert f"key {files.key('other')} does not belong to certificate {files.cert('server')}" in text


def test_passphrase_opens_a_key(files, tmp_path):
    files.encrypt_key("server", "secret")
    key = files.key("server-encrypted")
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("secret\n")
    wrong.write_text("Secret\n")
    options = [f"tls_cert={files.cert('server')}", f"tls_key={key}"]
    assert f"key {key}: it is encrypted, and tls_passphrase_file is not set, or its first line is empty" in refuses_to_start(files, *options)
    (blank := tmp_path / "blank").write_text("\nsecret\n")
    assert "or its first line is empty" in refuses_to_start(files, *options, f"tls_passphrase_file={blank}")
    assert f"key {key}: the passphrase is wrong" in refuses_to_start(files, *options, f"tls_passphrase_file={wrong}")
    server = ConformanceServer("--tls", *options, f"tls_passphrase_file={right}")
    assert "TLSv1.3;" in ask(server)
    assert stop_and_read_log(server) == ""


@pytest.mark.parametrize("cut", [0, 1, 100, -30, -2])
def test_half_written_file_is_named(files, tmp_path, cut):
    for role, whole in [("certificate", files.cert("server")), ("key", files.key("server"))]:
        half = tmp_path / role
        with open(whole, "rb") as source:
            half.write_bytes(source.read()[:cut])
        cert = half if role == "certificate" else files.cert("server")
        key = half if role == "key" else files.key("server")
        assert f"{role} {half}: " in refuses_to_start(files, f"tls_cert={cert}", f"tls_key={key}")


@pytest.mark.parametrize(
    "option, text",
    [
        ("tls_ciphers=NONSENSE", "tls_ciphers 'NONSENSE'"),
        ("tls_alpn=a,,b", "tls_alpn 'a,,b'"),
        ("tls_verify=1", "tls_ca does not say whose"),
        ("tls_ca=/nonexistent/ca.pem", "CA /nonexistent/ca.pem: No such file or directory"),
        ("transport=tcp", "is over TLS"),
    ],
)
def test_impossible_option_is_told(files, option, text):
    assert text in refuses_to_start(files, *server_options(files, option)[1:])
