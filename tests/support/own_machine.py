"""What a program finds at its standard places is the calling process's own: its ports, and the folder of its pid files."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import tempfile

NEW_NAMESPACES = 0x40000000 | 0x00020000  # network, mounts
PRIVATE = 0x4000 | 0x40000  # MS_REC | MS_PRIVATE
RUN_DIR = pathlib.Path("/run/wm")


@contextlib.contextmanager
def own_machine():
    """In namespaces (unshare(2)) every port is free, and root's run_dir is empty; others than root get a run_dir by XDG_RUNTIME_DIR, but
    have to have the standard ports free. Gives the standard run_dir."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NAMESPACES) == 0:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:  # ioctl SIOCSIFFLAGS: the loopback is up (netdevice(7))
            fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 1))
        RUN_DIR.mkdir(exist_ok=True)
        for mount in ((None, b"/", None, PRIVATE, None), (b"none", os.fsencode(RUN_DIR), b"tmpfs", 0, None)):
            if libc.mount(*mount[:3], ctypes.c_ulong(mount[3]), mount[4]) != 0:
                raise OSError(ctypes.get_errno(), "mount")
    else:
        print(f"no namespaces ({os.strerror(ctypes.get_errno())}): the standard ports of this machine are used")
    if os.geteuid() == 0:
        yield RUN_DIR
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        yield pathlib.Path(folder) / "wm"
