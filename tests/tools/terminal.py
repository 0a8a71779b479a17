"""A terminal for the program under test."""

import os
import pty
import select
import subprocess


def run_on_terminal(command, env, typed=b"", **kwargs):
    """Runs a command on a terminal, except for the descriptors given in kwargs. Returns its exit code and what the terminal shows."""
    control, terminal = pty.openpty()
    try:
        descriptors = {"stdin": terminal, "stdout": terminal, "stderr": terminal, **kwargs}
        with subprocess.Popen(command, env=env, start_new_session=True, **descriptors) as process:
            os.close(terminal)
            terminal = -1
            try:
                os.write(control, typed)
                shown = read_terminal(control)
                return process.wait(timeout=30), shown
            finally:
                process.kill()
    finally:
        os.close(control)
        if terminal >= 0:
            os.close(terminal)


def read_terminal(control):
    """All that is shown until the last program has left the terminal."""
    shown = b""
    while select.select([control], [], [], 30)[0]:
        try:
            data = os.read(control, 65536)
        except OSError:  # on Linux: the other side of the terminal is closed
            return shown
        if not data:
            return shown
        shown += data
    raise AssertionError(f"the program waits on the terminal, which shows {shown!r}")
