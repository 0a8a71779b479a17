"""docs/guide/machines.md: two machines in networks of their own, behind the guide's haproxy, at the guide's Redis, which then fails."""
import contextlib
import os
import shutil
import signal
import subprocess
import traceback

from operate import program
from stage import DEADLINE_S, PUSHED, Page, expect, fail, until

from scale.machines import Machines, NETWORK, reason_against


def placed(blocks):
    """The guide's files, in the network of the test."""
    return {block["file"]: block["text"].replace("10.0.0.", f"{NETWORK}.") for block in blocks if block["file"]}


class Site:
    """A directory for each machine, with the files that are copied there."""

    def __init__(self, stage, files):
        self.stage = stage
        self.folder = stage.folder / "machines"
        self.folder.mkdir()
        for name, text in files.items():
            if "/" not in name:
                (self.folder / name).write_text(text)
        self.run("bash", "-eu", "secrets.sh")

    def run(self, *command, machine=None, status=0, folder=None):
        where = folder or (self.folder / machine.name if machine else self.folder)
        done = subprocess.run([*(machine.prefix if machine else ()), *command], cwd=where, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=self.stage.environment | {"WM_PUSH_RUN_DIR": str(where)}, timeout=DEADLINE_S, check=False)
        if status is not None and done.returncode != status:
            fail(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    @contextlib.contextmanager
    def started(self, *command):
        process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait(DEADLINE_S)

    @contextlib.contextmanager
    def serving(self, machine):
        folder = self.folder / machine.name
        folder.mkdir()
        for name in ("start.sh", "push.sh", "cluster.secret", "engine.password"):
            shutil.copy(self.folder / name, folder)
        self.run("bash", "-eu", "start.sh", machine=machine)
        try:
            yield
        finally:
            self.run("wm-serve", "push", "stop", machine=machine, status=None)

    def push(self, machine):
        """The answer to what the guide pushes, and the status of wm-push."""
        done = self.run("bash", "push.sh", machine=machine, status=None)
        return done.stdout.strip(), done.returncode

    def health(self, machine):
        return self.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{machine.ip}:5680/health", status=None).stdout

    def await_health(self, machines, code):
        for machine in machines:
            until(lambda: self.health(machine) == code, f"health {code} of {machine.name}")


def front():
    """The status for a page that comes through haproxy."""
    with contextlib.suppress(OSError, ValueError, IndexError), Page(80, b"uid2") as page:
        return page.status
    return 0


def reaches_all(site, machines):
    with Page(80, b"uid1") as page:
        for machine in machines:
            until(lambda: site.push(machine) == ("ok", 0), f"the page's uid, at {machine.name}")
            expect("frame", page.frame(), (1, PUSHED.encode()))
    for machine in machines:
        until(lambda: site.push(machine) == ("fail", 1), f"the end of the page, at {machine.name}")


def without_engine(site, machines):
    """A page gets in, and is reached from the machine that has it; from the other one it is unknown."""
    site.await_health(machines, "503")
    until(lambda: front() == 101, "a page at a machine that is not ready")
    with Page(80, b"uid1") as page:
        until(lambda: sorted(site.push(machine) for machine in machines) == [("fail", 75), ("ok", 0)], "an ok of the page's machine alone")
        expect("frame", page.frame(), (1, PUSHED.encode()))


def as_told(stage, files, haproxy):
    machines = Machines(2).machines
    site = Site(stage, files)
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(site.started("redis-server", "redis.conf"))
        for machine in machines:
            stack.enter_context(site.serving(machine))
        stack.enter_context(site.started(haproxy, "-f", "haproxy.cfg"))
        site.await_health(machines, "200")
        until(lambda: front() == 101, "haproxy")
        reaches_all(site, machines)
        redis.send_signal(signal.SIGSTOP)
        without_engine(site, machines)
        redis.send_signal(signal.SIGCONT)
        site.await_health(machines, "200")
        reaches_all(site, machines)
        site.run("wm-serve", "push", "stop", machine=machines[0])
        until(lambda: site.push(machines[1]) == ("fail", 1), "an exact answer without the machine that has left")
        until(lambda: front() == 101, "a page at the machine that is left")


def machines_guide(stage, blocks, _browser):
    haproxy = program("haproxy")
    if reason_against() or not haproxy or not program("redis-server"):
        print(f"     not run: {reason_against() or 'a program is missing'}")
        return
    files = placed(blocks)
    pid = os.fork()
    if pid == 0:  # there is no way back from its network
        status = 1
        try:
            as_told(stage, files, haproxy)
            status = 0
        except BaseException:  # the parent says which document it was
            traceback.print_exc()
        finally:
            os._exit(status)
    expect("status of the part with machines", os.waitpid(pid, 0)[1], 0)
