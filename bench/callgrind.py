"""Reads callgrind's files: whose instructions were executed."""
import collections
import os
import re

# Rooms of the library, then who is not: the host (an example's callbacks, wm-serve), and what both stand on.
ROOMS = ("core", "net", "proto", "conn", "session", "worker", "hub", "process", "api")
OTHERS = ("host", "libevent", "openssl", "libc", "other")

NAME = re.compile(r"(ob|fl|fi|fe|fn|cob|cfi|cfl|cfn)=\((\d+)\)(?: (.*))?$")
ROOM = re.compile(r"/lib/(%s)/" % "|".join(ROOMS))


def place(path):
    """The room of a source file, or host; None for a header of others, whose code belongs to who includes it."""
    if room := ROOM.search(path):
        return room.group(1)
    return "host" if "/cli/" in path or "/bench/server/" in path else None


def foreign(path):
    """Whose an object file is that has none of our sources."""
    name = os.path.basename(path)
    if name.startswith(("libcrypto.", "libssl.")):
        return "openssl"
    return "libevent" if name.startswith("libevent") else "libc" if name.startswith(("libc.", "ld-linux")) else "other"


def by_room(path):
    """Instructions by room, without what they call (https://valgrind.org/docs/manual/cl-format.html)."""
    names, costs = {}, collections.Counter()
    program = own = here = None
    is_call = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            if match := NAME.match(line):
                kind, number, text = match.groups()
                key = ("object" if kind in ("ob", "cob") else "function" if kind in ("fn", "cfn") else "file", number)
                if text is not None:
                    names[key] = text
                if kind == "ob":
                    program = foreign(names[key])
                elif kind == "fl":
                    own = here = place(names[key])
                elif kind in ("fi", "fe"):
                    here = place(names[key])
            elif line.startswith("calls="):
                is_call = True  # the line that follows has the cost of the function that is called
            elif line[:1] in "0123456789+-*" and not is_call:
                costs[here or own or program] += int(line.split()[1])
            else:
                is_call = False
    return costs


def total(path):
    with open(path, encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("summary:"))
