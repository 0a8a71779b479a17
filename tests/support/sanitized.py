"""Whether a program was built with a sanitizer, which keeps what is freed for a while, and memory of its own."""
import pathlib


def is_sanitized(program):
    return b"__asan_init" in pathlib.Path(program).read_bytes()


def memory_limit(program, limit):
    """What a program may take: with a sanitizer sixteen times as much, which is still little beside what it must not keep."""
    return limit * (16 if is_sanitized(program) else 1)
