"""Where this installation keeps its state, and the secrets that only it knows."""

import atexit
import contextlib
import hashlib
import hmac
import os
import secrets
import shutil
from functools import lru_cache
from pathlib import Path

from muniment.batch import machine


def home() -> Path:
    """Return the folder of state: MUNIMENT_HOME, or `var/` beside the source, made when missing (0700)."""
    chosen = os.environ.get("MUNIMENT_HOME")
    folder = Path(chosen).expanduser() if chosen else Path(__file__).parents[3] / "var"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def work() -> Path:
    """Return the folder for snapshots and spill files, readable by its owner alone."""
    folder = home() / "work"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def spill() -> Path:
    """Return the folder for what this process cannot hold in memory, not made yet and removed when the process ends.

    What killed processes left in theirs is removed first: it holds rows of people.
    """
    for left in work().iterdir():
        if left.name.isdigit() and not machine.is_alive(int(left.name)):
            shutil.rmtree(left, ignore_errors=True)
    folder = work() / str(os.getpid())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache
def _read_secret(path: Path) -> bytes:
    return bytes.fromhex(path.read_text().strip())


def secret(name: str) -> bytes:
    """Return 32 bytes that are made once: from the file MUNIMENT_<NAME>_FILE, or kept in the state folder."""
    chosen = os.environ.get(f"MUNIMENT_{name.upper()}_FILE")
    path = Path(chosen) if chosen else home() / "secrets" / name
    try:
        return _read_secret(path)
    except FileNotFoundError:
        make_secret(path)
    return _read_secret(path)


def make_secret(path: Path) -> None:
    """Write 32 random bytes to a file, unless another command made it first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written aside and linked, so that a kill between the two never leaves an empty secret.
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_hex(32))
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()


def derived(name: str, purpose: str) -> str:
    """Return a secret text for one purpose, derived so that it needs no storing of its own."""
    return hmac.new(secret(name), purpose.encode(), hashlib.sha256).hexdigest()
