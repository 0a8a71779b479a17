"""Framings of the conformance server, as Python writes them: frame://, and the server's own protocols."""
import struct


def frame(payload):
    """Workerman's: 4 bytes, big-endian, that count themselves too."""
    return struct.pack(">I", 4 + len(payload)) + payload


def bar(payload):
    return payload + b"|"


def tag(payload):
    return b"OK" + struct.pack("<H", len(payload)) + payload


def digits(payload):
    return b"%04d" % len(payload) + payload


FRAMINGS = {"frame": frame, "bar": bar, "tag": tag, "digits": digits}
