"""Runs many connections in lock step: each gets its bytes in parts, and the server reads every part before the next is sent."""
from dataclasses import dataclass

LANES = 128


@dataclass
class Outcome:
    data: bytes
    reset: bool


def run_lanes(server, label, scripts, prelude=None):
    """One connection for each script (a list of parts); returns an Outcome for each, read to the end of the stream.

    prelude(peers) runs on fresh connections, for instance a handshake. Every script must make the server close.
    """
    outcomes = []
    for first in range(0, len(scripts), LANES):
        outcomes += _run_batch(server, label, scripts[first : first + LANES], prelude)
    return outcomes


def _run_batch(server, label, scripts, prelude):
    peers = [server.connect(label) for _ in scripts]
    if prelude:
        prelude(peers)
    steps = max(len(parts) for parts in scripts)
    for step in range(steps):
        if step > 0:
            server.settle(peers)
        for peer, parts in zip(peers, scripts):
            if step < len(parts):
                peer.send(parts[step])
    outcomes = []
    for peer in peers:
        outcomes.append(Outcome(*peer.read_until_eof()))
        peer.close()
    return outcomes


def cuts_of(data, edges=None):
    """Every way to send data in two writes; with edges only the first and last so many cuts, for long data."""
    positions = range(1, len(data))
    if edges is not None and len(data) > 2 * edges:
        positions = [*range(1, edges), *range(len(data) - edges, len(data))]
    return [[data[:at], data[at:]] for at in positions]


def bytewise(data):
    return [data[at : at + 1] for at in range(len(data))]
