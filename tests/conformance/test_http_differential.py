"""Our HTTP parser against node's, on the same mutated bytes: each difference has to be one that is meant (http_differences.py).

WM_DIFFERENTIAL_SEED and WM_DIFFERENTIAL_COUNT choose other bytes and more of them.
"""
import collections
import os

import pytest
from http_differences import RULES, first_difference, kind_of, rule_of
from http_mutations import streams
from http_outcomes import NodeServer, outcomes_of

DEFAULT_SEED = 104  # every rule is needed by it
SEED = int(os.environ.get("WM_DIFFERENTIAL_SEED", DEFAULT_SEED))
COUNT = int(os.environ.get("WM_DIFFERENTIAL_COUNT", 10_000))
SHOWN = 30  # of the differences without a rule


@pytest.fixture
def node(tmp_path):
    server = NodeServer(str(tmp_path / "node.sock"))
    yield server
    server.stop()


def connector(server):
    """Connections to ours. A refusal of HEAD has no body: the log has its text."""

    def connect():
        peer = server.connect("http.unix")
        return peer.sock, lambda _: peer.wait_event("error").text.decode()

    return connect


def test_every_difference_has_a_rule(servers, node):
    sent = streams(SEED, COUNT)
    ours = outcomes_of(connector(servers.get("callbacks")), sent)
    theirs = outcomes_of(node.connect, sent)
    counts, unknown, agreed = collections.Counter(), [], 0
    for parts, our_outcome, their_outcome in zip(sent, ours, theirs):
        difference = first_difference(our_outcome, their_outcome)
        if difference is None:
            agreed += 1
            continue
        rule = rule_of(b"".join(parts), *difference)
        if rule:
            counts[rule.name] += 1
        else:
            unknown.append(f"we: {difference[0]!r}\nnode: {difference[1]!r}\nreplay: {parts!r}")
    print(f"WM_DIFFERENTIAL_SEED={SEED}: {COUNT} streams, {agreed} alike, {sum(counts.values())} differ by {len(counts)} rules")
    for name, count in counts.most_common():
        print(f"{count:6} {name}")
    assert not unknown, f"seed {SEED}: {len(unknown)} differences without a rule, among them\n\n" + "\n\n".join(unknown[:SHOWN])
    if (SEED, COUNT) == (DEFAULT_SEED, 10_000):
        needless = [rule.name for rule in RULES if rule.name not in counts]
        assert not needless, f"rules that nothing needs: {needless}"
        assert sum(len(outcome.requests) > 1 and outcome.refusal is None for outcome in ours) > COUNT // 10, "hardly anything is taken"
