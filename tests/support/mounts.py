"""Folders with a file system of their own, where the machine allows it."""
import functools
import subprocess

# As root; as somebody who may be root in a namespace of one's own.
_WAYS = (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"])


@functools.cache
def mount_prefix():
    """What a command needs in front of it to have mounts that only it sees; None where that is forbidden, as in most containers."""
    for way in _WAYS:
        done = subprocess.run([*way, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
        if done.returncode == 0:
            return way
    return None


def with_mount(script, *arguments):
    """A command prefix: script runs first, with arguments as $1 and so on, in a mount namespace that the command shares."""
    shift = f"shift {len(arguments)}; " if arguments else ""
    return [*mount_prefix(), "sh", "-ec", f'{script}; {shift}exec "$@"', "sh", *map(str, arguments)]
