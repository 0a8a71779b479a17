"""docs/guide/operate.md: the installed unit's command lines, with the flags of the guide, behind the proxies of the guide."""
import contextlib
import os
import re
import shutil
import signal
import ssl
import subprocess

from stage import DEADLINE_S, PUSHED, Page, apart, connect, expect, until

SBIN = os.environ["PATH"] + ":/usr/sbin:/sbin"


def program(name):
    """Its path. Debian's packages of the proxies start them at their ports, so script/packages does not install them."""
    path = shutil.which(name, path=SBIN)
    if not path:
        print(f"     not run: {name} (it is not installed)")
    return path


class Site:
    """The guide's files, with the places of this machine in them, and a certificate."""

    def __init__(self, stage, files):
        self.stage = stage
        self.folder = stage.folder / "operate"
        (self.folder / "wm-serve-push").mkdir(parents=True)
        self.files = files
        stage.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=example.com",
                  "-addext", "subjectAltName=DNS:example.com", "-keyout", f"{self.folder}/example.com.key", "-out", f"{self.folder}/example.com.pem")

    def text(self, name):
        text = self.files[name]
        for place in ("/etc/ssl/certs", "/etc/ssl/private", "/var/log"):
            text = text.replace(place, str(self.folder))
        return text

    @contextlib.contextmanager
    def started(self, *command):
        with open(self.folder / "said", "w+", encoding="utf-8") as said:
            process = subprocess.Popen([str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                       env=dict(self.stage.environment, HOME=str(self.folder)))
            try:
                yield process
            except BaseException:
                print((self.folder / "said").read_text())
                raise
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(DEADLINE_S)

    def nginx(self, path):
        (self.folder / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {self.folder}/nginx.pid; error_log stderr; events {{}}\n"
            "http { access_log off; " + "".join(f"{kind}_temp_path {self.folder}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            + self.text("/etc/nginx/sites-enabled/push") + "}\n")
        return self.started(path, "-p", self.folder, "-e", "stderr", "-c", self.folder / "nginx.conf")

    def caddy(self, path):
        (self.folder / "Caddyfile").write_text(
            "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
            + self.text("/etc/caddy/Caddyfile").replace("{\n", f"{{\n\ttls {self.folder}/example.com.pem {self.folder}/example.com.key\n", 1))
        return self.started(path, "run", "--adapter", "caddyfile", "--config", self.folder / "Caddyfile")

    def page(self, origin="https://example.com", port=443, path="/push"):
        """What a browser does that shows a page of that origin."""
        context = ssl.create_default_context(cafile=self.folder / "example.com.pem")
        return Page(port, b"uid1", path, f"Origin: {origin}\r\n", lambda sock: context.wrap_socket(sock, server_hostname="example.com"))


def through_proxy(site, name, reload):
    path = program(name)
    if not path:
        return
    with getattr(site, name)(path):
        with site.page() as page:
            until(lambda: site.stage.run("wm-push", "--server", "127.0.0.1:5678", "uid1", '{"percent":"88%"}', status=None) == "ok\n", "the page's uid")
            expect("frame", page.frame(), (1, PUSHED.encode()))
            with site.stage.started(*reload) as process:
                expect("close", page.frame(), (8, b"\x03\xf4"))  # 1012
                page.close()
                expect("status of the reload", process.wait(DEADLINE_S), 0)
        with site.page("https://evil.example") as page:
            expect("status", page.status, 403)


def rotated(site):
    path = program("logrotate")
    if not path:
        return
    log = site.folder / "wm-serve-push/push.log"
    until(log.read_text, "the line of the log that says that it serves")
    before = log.read_text()
    (site.folder / "logrotate.conf").write_text(site.text("/etc/logrotate.d/wm-serve-push"))
    (site.folder / "logrotate.conf").chmod(0o600)
    site.stage.run(path, "--force", "--state", site.folder / "logrotate.state", site.folder / "logrotate.conf")
    expect("the rotated log", site.stage.run("zcat", f"{log}.1.gz"), before)
    expect("the log", log.read_text(), "")


def with_tls(site):
    """A page of https, with the server's own certificate."""
    start, push = site.text("tls.sh").replace("\\\n", "").splitlines()
    site.stage.shell(start)
    try:
        with site.page(port=1234, path="/") as page:
            until(lambda: site.stage.run("bash", "-c", push, status=None) == "ok\n", "the page's uid")
            expect("frame", page.frame(), (1, PUSHED.encode()))
    finally:
        site.stage.run("wm-serve", "push", "stop")


def as_installed(stage, blocks):
    site = Site(stage, {block["file"]: block["text"] for block in blocks if block["file"]})
    with_tls(site)
    flags = re.search(r"WM_SERVE_PUSH_FLAGS=(.*)", site.text("/etc/default/wm-serve-push"))[1].split()
    unit = dict(line.split("=", 1) for line in (stage.build / "systemd/wm-serve-push.service").read_text().splitlines() if re.match(r"\w+=", line))

    def command(key):
        words = unit[key].replace("${RUNTIME_DIRECTORY}", f"{site.folder}/run").split()
        return ["wm-serve", *words[1:words.index("$WM_SERVE_PUSH_FLAGS")], *flags]

    with site.started(*command("ExecStart")) as process:
        connect(1234).close()
        for proxy in ("nginx", "caddy"):
            through_proxy(site, proxy, command("ExecReload"))
        rotated(site)
    expect("status after SIGTERM", process.returncode, 0)
    log = (site.folder / "wm-serve-push/push.log").read_text()
    if "stop" not in log:
        raise AssertionError(f"the log does not go on after it was rotated: {log!r}")


def operate(stage, blocks, _browser):
    apart(lambda: as_installed(stage, blocks))
