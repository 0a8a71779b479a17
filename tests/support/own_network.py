"""A network of the calling process's own, in which the standard ports are free."""
import ctypes
import fcntl
import os
import socket
import struct


def own_network():
    """A namespace in which every port is free: unshare(2), and ioctl SIOCSIFFLAGS to bring the loopback up (netdevice(7))."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
        print(f"no network namespace ({os.strerror(ctypes.get_errno())}): the standard ports of this machine are used")
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 1))
