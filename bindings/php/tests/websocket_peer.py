"""The server's side of a websocket, on a blocking socket of the tests of clients."""
import ws_frames


def take_request(peer):
    """The request of a handshake: its first line, and its fields by lower-case name."""
    line, *fields = peer.read_head().split("\r\n")
    return line, {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}


def accept(peer, fields, *more):
    peer.send("\r\n".join(["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                           f"Sec-WebSocket-Accept: {ws_frames.accept_of(fields['sec-websocket-key'].encode()).decode()}", *more, "", ""]))


def read_masked(peer):
    """A short frame of a client: its opcode and payload."""
    head = peer.read_exactly(6)
    assert head[0] & 0xf0 == 0x80 and head[1] & 0x80 and head[1] & 0x7f < 126, head
    return head[0] & 15, ws_frames.masked(peer.read_exactly(head[1] & 0x7f), head[2:])
