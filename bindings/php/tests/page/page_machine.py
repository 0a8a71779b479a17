"""The programs of the page, on a machine where they have the ports that the page gives them."""
import os
import pathlib
import subprocess

from instance import HANG_SECONDS, Result, clean_environment, eventually
from server_processes import kill_all

PAGE = pathlib.Path(__file__).resolve().parent / "worker-listen.zh-TW.md"


def environment(directory):
    """What the programs see: the library of the build under test, the classes that the suite is run against; and each warning is logged."""
    more = {name: os.environ[name] for name in ("WM_PHP_AUTOLOAD", "WM_LIBRARY") if name in os.environ}
    if "WM_BUILD" in os.environ:
        more.setdefault("WM_LIBRARY", str(pathlib.Path(os.environ["WM_BUILD"]) / "lib/libwm.so"))
    settings = directory / "settings"
    settings.mkdir(exist_ok=True)
    (settings / "page.ini").write_text(f"error_reporting = -1\nlog_errors = 1\nerror_log = {directory}/warnings\n")
    return clean_environment(PHP_INI_SCAN_DIR=f":{settings}", **more)


class Program:
    """One of the page's programs, in the directory where it lies."""

    def __init__(self, directory, name):
        self.directory = directory
        self.name = name
        self.process = None

    def run(self, *words):
        """Runs `php NAME WORDS` to its end."""
        with open(self.directory / "command.out", "w+b") as out, open(self.directory / "command.err", "w+b") as err:
            # Files and no pipes: a process in the background may keep what it was started with.
            done = subprocess.run(["php", self.name, *words], cwd=self.directory, env=environment(self.directory),
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=HANG_SECONDS, check=False)
            for file in (out, err):
                file.seek(0)
            return Result(subprocess.CompletedProcess([], done.returncode, out.read(), err.read()))

    def start(self):
        """In the foreground."""
        with open(self.directory / "output", "wb") as output:
            self.process = subprocess.Popen(["php", self.name, "start"], cwd=self.directory, env=environment(self.directory),
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def output(self):
        return (self.directory / "output").read_text()


class Machine:
    """The programs that have been started in one directory."""

    def __init__(self, directory):
        self.directory = directory
        self.programs = []

    def program(self, name):
        self.programs.append(Program(self.directory, name))
        return self.programs[-1]

    def end(self):
        eventually(kill_all, "the end of all processes")
        for program in self.programs:
            if program.process is not None:
                program.process.wait()

    def warnings(self):
        """What PHP has warned about, in any process."""
        path = self.directory / "warnings"
        return path.read_text() if path.exists() else ""
