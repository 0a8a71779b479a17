"""Chromium with tabs that run the script of the page."""
import json
import pathlib
import subprocess

from instance import HANG_SECONDS

DRIVER = pathlib.Path(__file__).resolve().parent / "tabs.mjs"


class Browser:
    """Its tabs have names; tabs.mjs has the commands. `prefix` is in front of its command."""

    def __init__(self, directory, prefix=()):
        self.script = (directory / "page.js").read_text()
        self.process = subprocess.Popen([*prefix, "node", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def command(self, do, **arguments):
        self.process.stdin.write(json.dumps({"do": do} | arguments) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the browser has ended before it answered {do}"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def open(self, tab, uid="uid1"):
        """A tab with the page's script; with another uid in it, if that is asked for."""
        assert self.script.count("'uid1'") == 1
        self.command("open", tab=tab, script=self.script.replace("'uid1'", f"'{uid}'"))

    def which(self, text):
        """The tab that alerts text, once one does."""
        return self.command("which", text=text)

    def alerts_of_disconnected(self, tab):
        """All that a tab has alerted, once the server has closed its connection."""
        return self.command("disconnected", tab=tab)

    def close_tabs(self):
        self.command("close")

    def end(self):
        self.process.stdin.close()
        self.process.wait(HANG_SECONDS)
        self.process.stdout.close()
