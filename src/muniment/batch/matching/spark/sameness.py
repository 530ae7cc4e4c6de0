"""Whether a worker runs the program that asks it: another one could group and measure otherwise."""

import hashlib
from functools import cache
from pathlib import Path

import muniment


@cache
def program() -> str:
    """Return a digest of the source by which pairs are measured and grouped."""
    folder = Path(muniment.__file__).parent
    files = sorted(path for part in ("engine", "batch/matching") for path in (folder / part).rglob("*.py"))
    found = hashlib.sha256()
    for path in files:
        found.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def check(asked_by: str) -> None:
    """Raise RuntimeError on a worker whose program is not that of who asks it."""
    if program() != asked_by:
        raise RuntimeError("A worker of the cluster has another version of this program: install the same on each.")
