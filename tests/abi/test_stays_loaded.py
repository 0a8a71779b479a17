"""The library is not unloaded: a signal that arrives at the end of a host would call a handler that is gone."""
import _ctypes
import ctypes
import os
import pathlib


def is_loaded(path):
    return str(path) in pathlib.Path("/proc/self/maps").read_text()


def test_library__stays_when_its_host_closes_it():
    path = (pathlib.Path(os.environ["WM_BUILD"]) / "lib/libwm.so").resolve()
    assert not is_loaded(path)
    _ctypes.dlclose(ctypes.CDLL(str(path))._handle)
    assert is_loaded(path)
