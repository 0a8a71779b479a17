"""Reloads of a push server of one process under pushes: while two processes overlap, a page of either is pushed to, over both."""
import os
import re

from hub_load import Hub, HubLoad

FULL = bool(os.environ.get("WM_FULL"))
RELOADS = 20 if FULL else 8
DRAIN = "1s" if FULL else "400ms"
PAGES = 400


def test_reloads_under_pushes__no_push_fails_while_its_page_is_open(tmp_path):
    with Hub(tmp_path, "--drain", DRAIN) as hub, HubLoad(hub, pages=PAGES, uids=PAGES // 2, rate=25, fresh=25) as load:
        for _ in range(RELOADS):
            result = hub.command("reload")
            assert (result.code, result.err) == (0, ""), result
        report = load.end()
        assert hub.stop() == (0, "")
    counts = report["counts"]
    assert counts["ok"] > 0 and counts["broadcast_right"] > 0 and "cut" not in counts
    assert report["closes"].keys() == {"1012"} and counts["opened"] > PAGES * RELOADS
    assert len(re.findall(r": reloaded, 1 process replaced\n", hub.log())) == RELOADS
    assert not re.search(r" (warning|error): ", hub.log()), hub.log()
