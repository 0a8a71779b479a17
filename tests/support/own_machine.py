"""What a program finds at its default places is the calling process's own: its ports, and the directory of its pid files."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import tempfile

NEW_NETWORK, NEW_MOUNTS, NEW_USERS = 0x40000000, 0x00020000, 0x10000000  # unshare(2)
PRIVATE = 0x4000 | 0x40000  # MS_REC | MS_PRIVATE
RUN_DIR = pathlib.Path("/run/wm")
LIBC = ctypes.CDLL(None, use_errno=True)


def unshare():
    """Whether the calling process has namespaces of its own now. Without the right to that it needs one of users first, in which its user
    stays the same: the process gets all capabilities there, programs that it starts get them only as root."""
    user, group = os.geteuid(), os.getegid()
    if LIBC.unshare(NEW_NETWORK | NEW_MOUNTS) == 0:
        return True
    if LIBC.unshare(NEW_NETWORK | NEW_MOUNTS | NEW_USERS) != 0:
        return False
    pathlib.Path("/proc/self/setgroups").write_text("deny")
    pathlib.Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    pathlib.Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def open_ports():
    if os.geteuid() != 0:  # every port, for programs that have no capabilities
        pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:  # ioctl SIOCSIFFLAGS: IFF_UP (netdevice(7))
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 1))


def add_address(ip):
    """Gives the machine another address, on lo, in a network of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:  # ioctl SIOCSIFADDR (netdevice(7))
        fcntl.ioctl(sock, 0x8916, struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton(ip)))


def mount_run_dir():
    RUN_DIR.mkdir(exist_ok=True)
    for mount in ((None, b"/", None, PRIVATE, None), (b"none", os.fsencode(RUN_DIR), b"tmpfs", 0, None)):
        if LIBC.mount(*mount[:3], ctypes.c_ulong(mount[3]), mount[4]) != 0:
            raise OSError(ctypes.get_errno(), "mount")


@contextlib.contextmanager
def own_machine(*, shared=True):
    """Every port is free, and the run_dir is empty: root's by a mount, that of others by XDG_RUNTIME_DIR. Gives the run_dir. Where
    namespaces are forbidden, the default ports of this machine have to be free; without `shared` that is a PermissionError instead."""
    if unshare():
        open_ports()
        if os.geteuid() == 0:
            mount_run_dir()
    else:
        reason = os.strerror(ctypes.get_errno())
        if not shared:
            raise PermissionError(f"no namespaces: {reason}")
        print(f"no namespaces ({reason}): the default ports of this machine are used")
    if os.geteuid() == 0:
        yield RUN_DIR
        return
    with tempfile.TemporaryDirectory() as directory:
        os.environ["XDG_RUNTIME_DIR"] = directory
        yield pathlib.Path(directory) / "wm"
