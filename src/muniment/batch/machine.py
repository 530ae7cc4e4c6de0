"""What this machine has: memory that this process may use, and which processes are there."""

import os
from contextlib import suppress
from pathlib import Path

GROUPS, TOLD = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")  # limits of groups, and which are of this process


def memory() -> int:
    """Return the bytes that there are: of the machine, or of a control group that this process is in."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_of_groups()])


def _of_groups() -> list[int]:
    """Return what the control group of this process may have, and those that it is in; either version of them."""
    try:
        lines = TOLD.read_text().splitlines()
    except OSError:
        return []
    limits = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, name = GROUPS, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = GROUPS / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = root / path.lstrip("/")
        for each in (group, *group.parents):
            with suppress(OSError, ValueError):  # a container sees its own group as the root; "max" is no limit
                limits.append(int((each / name).read_text()))
            if each == root:
                break
    return limits


def is_alive(process: int) -> bool:
    """Say whether a process of this machine, by its number, is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
