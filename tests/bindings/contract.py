#!/usr/bin/python3
"""Runs the contract (contract.json) against a binding's program.

    contract.py [--case TEXT]... [--lacks FEATURE=WHY]... COMMAND...

COMMAND starts the program in the foreground; README.md says what it does. A case that needs a feature which the binding lacks is skipped
with its words; --case chooses those whose names contain TEXT. Exit 0: the binding keeps the contract, 1: it does not, 2: usage.
"""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from contract_client import SECONDS, Broken, Client
from instance import clean_environment, eventually
from ports import free_ports

CASES = pathlib.Path(__file__).resolve().parent / "contract.json"
FEATURES = ("hub", "clients", "http", "unix", "udp")


def message_of(given):
    """A message of a step: a text, {"bytes": HEX}, {"text": TEXT, "times": N}, or a list as it is (http)."""
    if isinstance(given, dict) and "bytes" in given:
        return bytes.fromhex(given["bytes"])
    if isinstance(given, dict):
        return given["text"] * given["times"]
    return given


def short(value):
    text = repr(value)
    return text if len(text) < 200 else f"{text[:100]}... of {len(value)}"


class Server:
    """The binding's program for one case."""

    def __init__(self, command, directory, scheme, case):
        self.directory = directory
        self.trace_path = directory / "trace"
        self.trace_path.touch()
        self.output_path = directory / "output"
        # Short, as the path of a socket has a limit.
        port, inner = free_ports(2)
        self.address = f"{scheme}://{directory}/s" if scheme.endswith("unix") else f"{scheme}://127.0.0.1:{port}"
        self.inner = f"{'udp' if scheme == 'udp' else 'text'}://127.0.0.1:{inner}"
        self.count = case.get("count", 1)
        kept = {name: os.environ[name] for name in ("WM_LIBRARY", "WM_CDEF", "WM_PHP_AUTOLOAD") if name in os.environ}
        environment = clean_environment(XDG_RUNTIME_DIR=str(directory), WM_CONTRACT_ADDRESS=self.address, WM_CONTRACT_INNER=self.inner,
                                        WM_CONTRACT_COUNT=str(self.count), WM_CONTRACT_TRACE=str(self.trace_path),
                                        WM_CONTRACT_OPTIONS=json.dumps(case.get("options", {})), **kept)
        with self.output_path.open("wb") as output:
            self.process = subprocess.Popen([*command, f"--name=contract-{port}"], cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def wait_ready(self):
        def come():
            if self.process.poll() is not None:
                raise Broken(f"the program ended with {self.process.returncode}: {self.output()[-2000:]}")
            return len(self.trace("ready")) >= self.count
        eventually(come, "the processes that serve", SECONDS)

    def trace(self, event):
        lines = self.trace_path.read_text().split("\n")[:-1]
        return [row[1:] for row in map(json.loads, lines) if row[0] == event]

    def output(self):
        return self.output_path.read_text(errors="replace")

    def end(self):
        """Stops it; what is left of its processes is killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise Broken("the program did not stop by SIGINT") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Run:
    """One case on one scheme: its steps are methods."""

    def __init__(self, server):
        self.server = server
        self.clients = {}

    def play(self, steps):
        for step in steps:
            try:
                getattr(self, f"do_{step[0]}")(*step[1:])
            except (AssertionError, OSError) as error:
                raise Broken(f"at {json.dumps(step, ensure_ascii=False)[:200]}: {error or type(error).__name__}") from error

    def do_connect(self, name, where="address"):
        self.clients[name] = Client(getattr(self.server, where))

    def do_send(self, name, *messages):
        for message in messages:
            self.clients[name].send(message_of(message))

    def do_raw(self, name, data):
        self.clients[name].send_bytes(data.encode() if isinstance(data, str) else message_of(data))

    def do_expect(self, name, *messages):
        for message in map(message_of, messages):
            came = self.clients[name].receive(len(message.encode() if isinstance(message, str) else message))
            if came != message:
                raise Broken(f"{short(came)} came, not {short(message)}")

    def do_drain(self, name, count):
        """Reads that many messages, whatever they are."""
        for _ in range(count):
            self.clients[name].receive()

    def do_pong(self, name, data):
        self.expect_frame(name, ["pong", data.encode()])

    def do_closed(self, name, code):
        self.expect_frame(name, ["close", code])

    def expect_frame(self, name, expected):
        came = self.clients[name].receive()
        if came != expected:
            raise Broken(f"{short(came)} came, not {short(expected)}")

    def do_status(self, name, status):
        """Reads an answer of http, to a request that may have been none."""
        client = self.clients[name]
        client.methods = client.methods or [b"GET"]
        came = client.receive()[0]
        if came != status:
            raise Broken(f"the answer is {came}, not {status}")

    def do_end(self, name, *expected):
        came = self.clients[name].end()
        if expected and came != expected[0]:
            raise Broken(f"the end is {short(came)}, not {short(expected[0])}")

    def do_close(self, name):
        self.clients.pop(name).close()

    def do_reset(self, name):
        self.clients.pop(name).reset()

    def do_half_close(self, name):
        self.clients[name].half_close()

    def do_trace(self, event, count, *details):
        """Waits until an event has been told `count` times; it must not be more."""
        eventually(lambda: len(self.server.trace(event)) >= count, f"{count} x {event}", SECONDS)
        told = self.server.trace(event)
        if len(told) != count or (details and told[-1] != list(details)):
            raise Broken(f"{event} was told {len(told)} times, at last with {told[-1] if told else None}")

    def do_ask(self, name, message, answer):
        """Sends the message again and again until that is the answer."""
        client = self.clients[name]

        def asked():
            client.send(message)
            return client.receive() == answer
        eventually(asked, f"the answer {answer}", SECONDS)

    def do_repeat(self, times, steps):
        text = json.dumps(steps)
        for number in range(times):
            self.play(json.loads(text.replace("$i", str(number))))

    def do_elsewhere(self, name, other):
        """Connects to a process that `other` is not connected to."""
        def connected():
            self.do_connect(name)
            if self.pid(name) != self.pid(other):
                return True
            self.do_close(name)
            return False
        eventually(connected, "another process", SECONDS)

    def do_kill(self, name):
        """Kills the process that has this connection."""
        os.kill(self.pid(name), signal.SIGKILL)

    def do_reload(self):
        ready = len(self.server.trace("ready"))
        self.server.process.send_signal(signal.SIGUSR1)
        eventually(lambda: len(self.server.trace("ready")) >= ready + self.server.count, "the processes after the reload", SECONDS)

    def do_connect_inner(self, name, text):
        """Has the server connect to its own inner port."""
        self.do_send(name, f"/connect {self.server.inner} {text}")

    def do_stop(self):
        self.server.end()
        if self.server.process.returncode != 0:
            raise Broken(f"the program ended with {self.server.process.returncode}: {self.server.output()[-2000:]}")

    def pid(self, name):
        self.clients[name].send("/pid")
        return int(self.clients[name].receive())

    def end(self):
        for client in self.clients.values():
            client.close()


def run_case(command, scheme, case):
    with tempfile.TemporaryDirectory(prefix="wm-") as directory:
        server = Server(command, pathlib.Path(directory), scheme, case)
        run = Run(server)
        try:
            server.wait_ready()
            run.play(case["steps"])
        except Broken as error:
            raise Broken(f"{error}\n{server.output()[-2000:]}") from None
        finally:
            run.end()
            server.end()


def cases(chosen):
    """All cases with a scheme each, in the order of the file."""
    for case in json.loads(CASES.read_text())["cases"]:
        for scheme in case["schemes"]:
            name = f"{case['name']} [{scheme}]"
            if not chosen or any(text in name for text in chosen):
                yield name, scheme, case


def main(words):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2].strip())
    parser.add_argument("--case", action="append", default=[])
    parser.add_argument("--lacks", action="append", default=[])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(words)
    lacks = dict(text.partition("=")[::2] for text in options.lacks)
    wrong = [name for name, why in lacks.items() if name not in FEATURES or not why]
    if not options.command or wrong:
        parser.error(f"--lacks {wrong[0]}: one of {', '.join(FEATURES)}, and why" if wrong else "a command is missing")
    failed = played = 0
    for name, scheme, case in cases(options.case):
        missing = [need for need in [*case.get("needs", []), *scheme.split("+")] if need in lacks]
        if missing:
            print(f"skip {name}: {lacks[missing[0]]}")
            continue
        played += 1
        try:
            run_case(options.command, scheme, case)
            print(f"ok   {name}")
        except Broken as error:
            failed += 1
            print(f"FAIL {name}: {case['rule']}\n     {error}")
        sys.stdout.flush()
    print(f"{played - failed} of {played} kept")
    return 1 if failed or not played else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
