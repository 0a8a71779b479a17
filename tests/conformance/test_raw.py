"""The raw protocol: bytes as they come. It shows, too, that this suite's cuts arrive at the server as they were made."""
from lanes import LANES, run_lanes

END = b"!bye"


def test_every_byte_comes_back(servers, whole_mode):
    mode, transport = whole_mode
    data = bytes(range(256)) * 400
    with servers.get(mode).connect(f"raw.{transport}") as peer:
        peer.send(data)
        assert peer.read_exactly(len(data)) == data
        peer.half_close()
        assert peer.read_until_eof() == (b"", False)
        assert [event.words[0] for event in peer.events() if event.kind == "close"] == ["PEER"]


def test_cuts_reach_the_server_as_they_were_made(servers, cut_mode):
    """What the suite's claim rests on: the server reads the first part by itself, on every lane of a full batch."""
    mode, transport = cut_mode
    server = servers.get(mode)
    label = f"raw.{transport}"
    before = server.connections_made(label)
    scripts = [[b"x" * (1 + lane), b"y" * 7, END] for lane in range(LANES)]
    outcomes = run_lanes(server, label, scripts)
    for lane, (parts, outcome) in enumerate(zip(scripts, outcomes)):
        assert outcome.data == b"".join(parts[:2]) + b"bye"
        assert server.message_sizes(label, before + lane) == [1 + lane, 7, len(END)]
