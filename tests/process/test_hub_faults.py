"""kill -9 of a push server's processes, and reloads meanwhile, under pushes: what is answered with ok arrives, and what is called offline was.

The whole is run by hand, as it takes minutes:

    WM_FULL=1 WM_KILLS=100 WM_RELOADS=50 ctest --test-dir build/dev -R process/hub_faults --timeout 3600 -V
"""
import os
import threading
import time

import pytest

from hub_load import Hub, HubLoad, kill
from instance import all_serve, eventually

FULL = bool(os.environ.get("WM_FULL"))
PAGES = 10_000 if FULL else 400
LOAD = {"pages": PAGES, "uids": PAGES // 2, "rate": 100, "fresh": 50, "broadcast_ms": 1000 if FULL else 100}
KILLS = int(os.environ.get("WM_KILLS", 20 if FULL else 15))
RELOADS = int(os.environ.get("WM_RELOADS", 10 if FULL else 5))
PACE_SECONDS = 0.7  # a kill each, at most
SERVED_SECONDS = 1.1  # a process that dies before it has served for a second is started again after a pause


def most_are_back(status):
    """Whether the next fault meets pages that are open, and not a server that is busy with the last one."""
    return sum(process["connections"] for process in status["processes"]) >= 0.9 * PAGES


class Storm:
    """Kills one process of the hub after the other, its service among them, each of which has served for long enough."""

    def __init__(self, hub, load):
        self.hub, self.load = hub, load
        self.kills = []
        self._seen = {}  # when a process was first seen to serve

    def _served(self):
        status, now = self.hub.status(), time.monotonic()
        serving = [process["pid"] for process in status["processes"] if process["status"] in ("idle", "busy")]
        self._seen = {pid: self._seen.get(pid, now) for pid in serving}
        oldest = min(self._seen, key=self._seen.get, default=None)
        due = oldest and now - self._seen[oldest] >= SERVED_SECONDS and most_are_back(status)
        return oldest if due and self.hub.is_child(oldest) else None

    def run(self, kills):
        due = time.monotonic()
        while len(self.kills) < kills:
            victim = eventually(lambda: time.monotonic() >= due and self._served(), "a process that has served for long enough")
            kill(self.hub, self.load, victim)
            self.kills.append(victim)
            del self._seen[victim]
            due = time.monotonic() + PACE_SECONDS


def reload_beside(hub, results):
    """One reload after the other. One whose new process is killed fails, and says so."""
    for _ in range(RELOADS):
        eventually(lambda: most_are_back(hub.status()), "the pages")
        results.append(hub.command("reload"))


@pytest.mark.timeout(3600 if FULL else 300)
def test_kills_and_reloads_under_pushes__no_false_answer(tmp_path):
    reloads = []
    with Hub(tmp_path, "--count", "4", "--drain", "1s" if FULL else "200ms") as hub, HubLoad(hub, **LOAD, kills=True) as load:
        storm = Storm(hub, load)
        reloading = threading.Thread(target=reload_beside, args=(hub, reloads))
        reloading.start()
        storm.run(KILLS)
        reloading.join()
        eventually(lambda: all_serve(hub.status()), "all processes")
        report = load.end()
        assert hub.stop()[0] == 0
    counts = report["counts"]
    assert counts["kills"] == KILLS and counts["ok"] > 0 and counts["broadcast_right"] > 0
    assert counts.get("lost_with_process", 0) <= KILLS  # what a process had in hand when it was killed
    assert report["closes"].keys() <= {"1012", "1006"} and report["closes"]["1006"] > 0
    assert len(reloads) == RELOADS and {result.code for result in reloads} <= {0, 1} and any(result.code == 0 for result in reloads), reloads
    log = hub.log()
    assert log.count(" killed by signal 9 (SIGKILL)") >= KILLS and "service[hub:" in log
    assert " error: " not in log, log
