"""docs/guide/processes.md."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess

from rooms import chat
from stage import DEADLINE_S, blocks_of, connect, expect, fail, line_of, until


def shape(text):
    """A sample without what differs from run to run: numbers, and the widths that follow from them."""
    text = re.sub(r"[+-]\d{4}\b", "Z", text)
    return [re.sub(r"-{2,}", "--", re.sub(r" +", " ", re.sub(r"\d+(\.\d+)?", "0", line))).strip() for line in text.splitlines()]


def expect_sample(what, output, sample):
    """The sample of a document as a part of what a program has printed."""
    got, wanted = shape(output), shape(sample["text"])
    if not any(got[at:at + len(wanted)] == wanted for at in range(len(got))):
        fail(f"{what} is not as in the sample:\n{output}\nsample:\n{sample['text']}")


def samples_of_processes(stage, status, push_status, connections, log):
    """What the guide shows of a running ./hello and of wm-serve push."""
    with connect(2016) as idle, connect(2016) as half:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        line_of(idle)
        half.sendall(b"GET / HT")
        until(lambda: "8B" in stage.run("./hello", "connections"), "half a request")
        expect_sample("status", stage.run("./hello", "status"), status)
        # Which process a connection is of is not the sample's to say.
        expect_sample("connections", stage.run("./hello", "connections"), connections)
    expect_sample("status of wm-serve push", stage.run("wm-serve", "push", "status"), push_status)
    os.kill(json.loads(stage.run("./hello", "status", "--json"))["processes"][1]["pid"], signal.SIGSEGV)
    (path,) = stage.run_dir.glob("hello-*.log")
    until(lambda: "SIGSEGV" in path.read_text(), "a line about the process that died")
    expect_sample("the log", path.read_text(), log)


def another_place(stage, sample):
    """What a program of the same name says in another directory, while ./hello runs."""
    (stage.folder / "other").mkdir()
    shutil.copy(stage.folder / "hello", stage.folder / "other")
    done = subprocess.run(["other/hello", "stop"], cwd=stage.folder, env=stage.environment, capture_output=True, text=True, timeout=DEADLINE_S)
    expect("status of stop in another place", (done.returncode, done.stdout), (3, ""))
    said = re.sub(r"looked in [^)]+", "looked in /run/wm", done.stderr.replace(str(stage.folder), "/srv/a"))  # root's
    texts = (re.sub(r"hello-[0-9a-f]{8}", "hello-0", text) for text in (said, sample["text"]))
    expect("what it says", *map(shape, texts))


def unit_of(block):
    """A unit's settings, by their names."""
    return dict(line.split("=", 1) for line in block["text"].splitlines() if "=" in line)


def sample_of_the_hub(stage, sample):
    program, start, *_ = blocks_of("docs/guide/rooms.md")
    with chat(stage, program, start):
        expect_sample("status of ./chat", stage.run("./chat", "status"), sample)


def systemd_units(stage, service, socket_unit):
    """What systemd does with the two units, as far as the server sees it (sd_notify(3), sd_listen_fds(3)): opens the socket, starts,
    waits for READY=1, reloads, and ends by SIGTERM."""
    unit, port = unit_of(service), unit_of(socket_unit)
    host, number = port["ListenStream"].split(":")
    words = {key: unit[key].replace("/usr/local/bin/", f"{stage.folder}/").split() for key in ("ExecStart", "ExecReload")}
    notify_path = str(stage.folder / "notify")
    environment = dict(stage.environment, NOTIFY_SOCKET=notify_path, LISTEN_FDS="1", LISTEN_FDNAMES=port["FileDescriptorName"])
    with socket.create_server((host, int(number))) as listener, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(notify_path)
        notify.settimeout(DEADLINE_S)

        def states():
            return notify.recv(4096).decode().splitlines()

        # The shell's process becomes the server's, which is whom LISTEN_PID has to name. The socket is its descriptor 3.
        command = ["bash", "-c", f"exec 3<&{listener.fileno()}; export LISTEN_PID=$$; exec {' '.join(words['ExecStart'])}"]
        process = subprocess.Popen(command, cwd=stage.folder, env=environment, pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            expect("first state", states()[:2], ["READY=1", f"MAINPID={process.pid}"])
            stage.run("curl", "-sf", f"http://{host}:{number}/")
            stage.run(*words["ExecReload"])
            expect("states of a reload", [states()[0], states()[0]], ["RELOADING=1", "READY=1"])
            process.send_signal(signal.SIGTERM)
            expect("last state", states()[0], "STOPPING=1")
            expect("status after SIGTERM", process.wait(DEADLINE_S), 0)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def hosts_with_processes(stage, php, start_php, python, start_python):
    for block, start, port in ((php, start_php, 2018), (python, start_python, 2019)):
        (stage.folder / block["file"]).write_text(block["text"])
        start = stage.as_built(start["text"])
        command = start.removesuffix(" start -d")
        stage.shell(start)
        try:
            for _ in range(2):
                if not re.fullmatch(r"hello from process \d+\n", stage.run("curl", "-s", f"http://127.0.0.1:{port}/")):
                    fail(f"{block['file']} does not answer")
                stage.shell(f"{command} reload")
        finally:
            stage.shell(f"{command} stop")


def processes(stage, blocks, _browser):
    program, start, commands, elsewhere, status, push_status, connections, hub_status, log, service, socket_unit, *hosts = blocks
    (stage.folder / program["file"]).write_text(program["text"])
    if not re.fullmatch(r"hello from process \d+", stage.shell(start["text"]).splitlines()[-1]):
        fail("./hello does not answer")
    try:
        samples_of_processes(stage, status, push_status, connections, log)
        another_place(stage, elsewhere)
        stage.shell(commands["text"])
        stage.run("./hello", "status", status=3)
    finally:
        subprocess.run(["./hello", "stop"], cwd=stage.folder, env=stage.environment, capture_output=True, timeout=DEADLINE_S)
    sample_of_the_hub(stage, hub_status)
    systemd_units(stage, service, socket_unit)
    hosts_with_processes(stage, *hosts)
