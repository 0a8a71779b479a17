"""The processes of a network namespace, and which of them has which socket."""
import collections
import os
import pathlib
import signal

ESTABLISHED, LISTEN = "01", "0A"  # states of /proc/net/tcp (proc(5))


def processes():
    """Those in the network of the caller, except for it: numbers, with the process each was started by."""
    network = os.readlink("/proc/self/ns/net")
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(path / "ns/net") == network:
                state, parent = (path / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                if state not in "ZX":
                    found[int(path.name)] = int(parent)
        except OSError:  # it has ended meanwhile, or is of another user
            pass
    found.pop(os.getpid())
    return found


def kill_all():
    """Whether nothing is left to kill."""
    left = processes()
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return not left


def holders(pids):
    """The processes among pids that have a socket open, by its inode."""
    found = collections.defaultdict(set)
    for pid in pids:
        for path in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = os.readlink(path)
            except OSError:
                continue
            if target.startswith("socket:["):
                found[target[8:-1]].add(pid)
    return found


def sockets(state, port):
    """Inodes of the sockets of a local port, by the port of their peer."""
    found = collections.defaultdict(list)
    for line in pathlib.Path("/proc/self/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == state and int(fields[1].split(":")[1], 16) == port:
            found[int(fields[2].split(":")[1], 16)].append(fields[9])
    return found


def children():
    """Those that another one of the same network has started: not a master, which may keep the sockets that they listen at."""
    found = processes()
    return {pid for pid, parent in found.items() if parent in found}


def listening(port):
    """For each socket that listens there, the children that have it."""
    inodes = set(sockets(LISTEN, port)[0])  # the file may show one twice that is added to while it is read
    holder = holders(children())
    return [holder[inode] for inode in inodes]


def serving(port, clients):
    """The process that has accepted each client, a connected socket. None as long as none has."""
    accepted = sockets(ESTABLISHED, port)
    holder = holders(processes())
    found = []
    for client in clients:
        inodes = accepted[client.getsockname()[1]]
        pids = holder[inodes[0]] if inodes else set()
        found.append(next(iter(pids)) if len(pids) == 1 else None)
    return found
