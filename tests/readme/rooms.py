"""docs/guide/rooms.md: a chat in four processes, through a reload and the ends of processes; and a cache that all of them clear."""
import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import threading

from stage import DEADLINE_S, Browser, Page, expect, fail, until

PORT, CACHE, COUNT, ROOMS, LONGEST = 2022, "http://127.0.0.1:2023/", 4, 128, 500
OFFLINE, UNKNOWN = "* nobody there", ("* not sent", "* sent, but not confirmed")


class Guest:
    """A page of the chat. Texts that it gets wait in a queue, and behind them its end: the close code, or None without one."""

    def __init__(self, name, rooms=()):
        self.name, self.rooms, self.ended = name, rooms, False
        self.heard = queue.Queue()
        self.page = Page(PORT, name.encode())
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        code = None
        with contextlib.suppress(OSError):
            while (frame := self.page.frame()) and frame[0] == 1:
                self.heard.put(frame[1].decode())
            code = int.from_bytes(frame[1][:2], "big") if frame else None
        self.page.close()
        self.heard.put(code)

    def next(self, seconds=DEADLINE_S):
        got = self.heard.get(timeout=seconds)
        self.ended = not isinstance(got, str)
        return got

    def soon(self):
        """The next text, if one comes soon."""
        with contextlib.suppress(queue.Empty):
            return self.next(0.01)
        return ""

    def expect(self, text):
        expect(f"what {self.name} gets", self.next(), text)

    def send(self, text):
        with contextlib.suppress(OSError):  # its end waits in the queue
            self.page.send(text.encode())

    def asks(self, command, answer):
        self.send(command)
        self.expect(answer)

    def join_rooms(self):
        for room in self.rooms:
            self.asks(f"/join {room}", "* joined")

    def say(self, text):
        for room in self.rooms:
            self.send(f"{room} {text}")


def status(stage):
    return json.loads(stage.run("./chat", "status", "--json"))["processes"]


def pids(stage, service=False):
    return {row["pid"] for row in status(stage) if row.get("service", False) == service}


def is_joined(stage):
    """Whether each process can ask all others, and knows of no other."""
    rows = status(stage)
    wanted = [COUNT if row.get("service") else 1 for row in rows]
    return len(rows) == COUNT + 1 and all(row["hub"] and row["hub"]["processes"] == row["hub"]["joined"] == each for row, each in zip(rows, wanted))


def places(stage):
    """The process of each guest."""
    answers = []

    def is_complete():  # a busy machine may have a process answer late
        answers.append(json.loads(stage.run("./chat", "connections", "--json")))
        return not answers[-1]["unanswered"]
    until(is_complete, "the connections of all processes")
    return {row["uid"]: row["pid"] for row in answers[-1]["connections"]}


def guests_everywhere(stage):
    guests = []
    while len(set(places(stage).values())) < COUNT:
        if len(guests) == 200:
            fail("a process has got no guest")
        guests.append(Guest(f"g{len(guests)}", ("all", "even") if len(guests) % 2 == 0 else ("all",)))
        guests[-1].join_rooms()
    return guests


def check_rooms(guests):
    """Each message reaches those in the rooms of its guest, once, and no other guest, to whom what is sent behind it comes next."""
    for guest in guests:
        guest.say("hi")
        for room in guest.rooms:
            for other in guests:
                if other is not guest and room in other.rooms:
                    other.expect(f"[{room}] {guest.name}: hi")
        for other in guests:
            guest.send(f"/to {other.name} behind")
            other.expect(f"{guest.name}: behind")


def commands(guests):
    first, last = guests[0], guests[-1]
    first.asks("/leave all", "* left")
    first.asks("/leave all", "* not in that room")
    first.asks("/to stranger hi", OFFLINE)
    first.asks("nowhere hi", OFFLINE)
    last.send("all without you")
    for guest in guests[1:-1]:
        guest.expect(f"[all] {last.name}: without you")
    last.send(f"/to {first.name} behind")
    first.expect(f"{last.name}: behind")
    more = [f"r{i}" for i in range(ROOMS - len(first.rooms))]
    for name in ("all", "all", *more):
        first.asks(f"/join {name}", "* joined")
    for name in ("one-more", "x" * 256):
        first.asks(f"/join {name}", "* up to 128 rooms, with names of up to 255 bytes")
    for name in more:
        first.asks(f"/leave {name}", "* left")
    for name in (b"", b"x" * 256, b"a b", b"a\tb"):
        with Page(PORT, name) as page:
            expect("frame", page.frame(), (8, (1008).to_bytes(2, "big") + b"a name is text of 1 to 255 bytes, without a space"))
    long = "x" * (LONGEST - len(f"/to {last.name} "))
    first.send(f"/to {last.name} {long}")
    last.expect(f"{first.name}: {long}")
    with Page(PORT, b"talkative") as page:
        page.send(b"x" * (LONGEST + 1))
        expect("close code", page.frame()[1][:2], (1009).to_bytes(2, "big"))


def browser_page(script, guest):
    guest.asks("/join news", "* joined")
    browser = Browser(script["text"])
    try:
        guest.expect("[news] ann: hello")
        guest.send("/to ann hi")
        browser.expect("* joined", f"{guest.name}: hi")
    finally:
        browser.close()
    guest.asks("/leave news", "* left")


def tell(guest, other, text):
    """Whether a message comes to the other guest, or else the answer: "" when one of the two has ended."""
    guest.send(f"/to {other.name} {text}")
    results = []

    def is_over():
        came, answer = other.soon() == f"{guest.name}: {text}", guest.soon()
        results.append(came or (answer if answer in (OFFLINE, *UNKNOWN) else ""))
        return results[-1] or guest.ended or other.ended
    until(is_over, "a message or an answer")
    return results[-1]


def come_back(guests):
    """As pages do when they are closed; one may come to a process that is replaced next."""
    for i, guest in enumerate(guests):
        while guests[i].ended:
            guests[i] = Guest(guest.name, guest.rooms)
            guests[i].send("/leave nowhere")
            until(lambda: guests[i].next() == "* not in that room" or guests[i].ended, f"the return of {guest.name}")


def settle(stage, guests):
    """Reads late answers and messages: all of them have come when a message of another process has, which takes their way."""
    place = places(stage)
    for guest in guests:
        other = next(other for other in guests if place[other.name] != place[guest.name])
        other.send(f"/to {guest.name} settled")
        until(lambda: guest.next() == f"{other.name}: settled", "what comes last")


def reload_in_the_middle(stage, guests):
    """While it runs, a guest is called offline only when its connection ends."""
    before, hub = pids(stage), pids(stage, service=True)
    process = subprocess.Popen(["./chat", "reload"], cwd=stage.folder, env=stage.environment, stdout=subprocess.DEVNULL)
    turn = 0
    while process.poll() is None:
        come_back(guests)
        turn += 1
        guest, other = guests[turn % len(guests)], guests[(turn + 1) % len(guests)]
        if tell(guest, other, turn) == OFFLINE:
            until(lambda: other.soon() is None or other.ended, f"the end of {other.name}")
    expect("status of reload", process.returncode, 0)
    until(lambda: is_joined(stage), "all processes to be joined")
    if before & pids(stage):
        fail("a process was not replaced")
    expect("the hub's process, which is of the installed version", pids(stage, service=True), hub)
    place = places(stage)
    for guest in guests:
        while guest.name not in place and not guest.ended:
            guest.next()
    come_back(guests)
    settle(stage, guests)
    for guest in guests:
        guest.join_rooms()


def others_of(stage, guests):
    """A guest, the process of another one, and the guests there."""
    place = places(stage)
    pid = next(pid for pid in place.values() if pid != place[guests[0].name])
    return guests[0], pid, [guest for guest in guests if place[guest.name] == pid]


def frozen_process(stage, guests):
    guest, pid, there = others_of(stage, guests)
    os.kill(pid, signal.SIGSTOP)
    try:
        guest.asks(f"/to {there[0].name} one", "* sent, but not confirmed")
        guest.asks(f"/to {there[0].name} two", "* not sent")
        guest.asks("/to stranger hi", "* not sent")
        guest.say("hi")
        for room in guest.rooms:
            for other in guests:
                if other is not guest and other not in there and room in other.rooms:
                    other.expect(f"[{room}] {guest.name}: hi")
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: is_joined(stage), "all processes to be joined")


def killed_process(stage, guests):
    guest, pid, there = others_of(stage, guests)
    os.kill(pid, signal.SIGKILL)
    for other in there:
        expect(f"the end of {other.name}", other.next(), None)
    for other in guests:
        if other is not guest and other not in there:
            expect(f"a message to {other.name}", tell(guest, other, "still here"), True)
    until(lambda: is_joined(stage) and pid not in pids(stage), "all processes to be joined")
    guest.asks(f"/to {there[0].name} hi", OFFLINE)
    come_back(guests)
    for other in there:
        guests[[each.name for each in guests].index(other.name)].join_rooms()


def killed_hub(stage, guests):
    """No guest is called offline, and those of its own process are reached."""
    guest, _, there = others_of(stage, guests)
    (pid,) = pids(stage, service=True)
    os.kill(pid, signal.SIGKILL)
    guest.asks(f"/to {guest.name} alone", f"{guest.name}: alone")
    results = []

    def is_reached():
        results.append(tell(guest, there[0], len(results)))
        return results[-1] is True
    until(is_reached, "the hub's next process")
    if not set(results[:-1]) <= set(UNKNOWN):
        fail(f"answers without the hub's process: {results}")
    until(lambda: is_joined(stage) and pid not in pids(stage, service=True), "all processes to be joined")


@contextlib.contextmanager
def chat(stage, program, start):
    """./chat in the background, with all its processes joined."""
    (stage.folder / program["file"]).write_text(program["text"])
    stage.shell(start["text"])
    try:
        until(lambda: is_joined(stage), "all processes to be joined")
        yield
    finally:
        subprocess.run(["./chat", "stop"], cwd=stage.folder, env=stage.environment, capture_output=True, timeout=DEADLINE_S)


def run_chat(stage, program, start, script):
    with chat(stage, program, start):
        guests = guests_everywhere(stage)
        check_rooms(guests)
        commands(guests)
        browser_page(script, guests[1])
        for happen in (reload_in_the_middle, frozen_process, killed_process, killed_hub):
            happen(stage, guests)
            settle(stage, guests)
            check_rooms(guests)
        stage.run("./chat", "stop")
        for guest in guests:
            expect(f"the end of {guest.name}", guest.next(), 1001)
        stage.run("./chat", "status", status=3)


def answers_of_all(stage):
    """What each process of the cache answers."""
    answers = {}

    def is_known():
        price, pid = re.fullmatch(r"(\d+), says process (\d+)\n", stage.run("curl", "-s", CACHE)).groups()
        answers[pid] = price
        return len(answers) == COUNT
    until(is_known, "answers of all processes")
    return set(answers.values())


def run_cache(stage, program, start):
    (stage.folder / program["file"]).write_text(program["text"])
    try:
        expect("the last answer", stage.shell(start["text"]).splitlines()[-1], "cleared in 4 processes")
        expect("the price", answers_of_all(stage), {"18"})
        (stage.folder / "price").write_text("19\n")
        expect("the price in the cache", answers_of_all(stage), {"18"})
        expect("the answer", stage.run("curl", "-sd", "", CACHE), "cleared in 4 processes\n")
        expect("the price", answers_of_all(stage), {"19"})
    finally:
        subprocess.run(["./cache", "stop"], cwd=stage.folder, env=stage.environment, capture_output=True, timeout=DEADLINE_S)


def rooms(stage, blocks, _browser):
    program, start, script, cache, start_cache = blocks
    if len(program["text"].splitlines()) > 60:
        fail("the chat has more lines than the guide says")
    run_chat(stage, program, start, script)
    run_cache(stage, cache, start_cache)
