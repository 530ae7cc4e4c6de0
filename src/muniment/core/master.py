"""The master key, which wraps the key of every owner of content: one in use, and those before it that still open.

Its file holds a key a line, 64 hexadecimal digits each. The first wraps what is new; all of them open. It is read again
as soon as it changes, so that a site and a worker go on reading while keys are wrapped anew (`core.rotation`).
"""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.core import places
from muniment.core.models import ContentKey

NONCE_BYTES = 12
_KEY_BYTES = 32


class NoMaster(Exception):
    """The master key is missing or is none; the message says what to do."""


@dataclass(frozen=True)
class Ring:
    """The keys of a file, the one in use first."""

    keys: tuple[bytes, ...]

    def wrap(self, owner: str, key: bytes) -> bytes:
        """Return a content key encrypted under the key in use and bound to its owner."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + _cipher(self.keys[0]).encrypt(nonce, key, owner.encode())

    def unwrap(self, owner: str, wrapped: bytes) -> tuple[int, bytes] | None:
        """Return which key of the ring opens a content key (0: the one in use), and the content key; None if none."""
        for place, master in enumerate(self.keys):
            with contextlib.suppress(InvalidTag):
                return place, _cipher(master).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner.encode())
        return None


@lru_cache
def _cipher(master: bytes) -> AESGCM:
    return AESGCM(master)


def file() -> Path:
    """Return the file of the master key."""
    chosen = os.environ.get("MUNIMENT_MASTER_FILE")
    return Path(chosen) if chosen else places.home() / "secrets" / "master"


def ring() -> Ring:
    """Return the keys as the file has them now; make the first one while there is nothing that it would have to open.

    Raise NoMaster when the file is missing and keys of content are there, or when it holds something else.
    """
    try:
        return read(file())
    except FileNotFoundError as error:
        if ContentKey.objects.exists():
            raise NoMaster(
                f"The master key {file()} is missing, and no content can be opened without it. Put the copy from the"
                " safe in its place. If there is none, see 'If the master key is lost' in"
                " docs/how-to/keep-the-master-key.md before anything is written."
            ) from error
    places.make_secret(file())
    return read(file())


def read(path: Path) -> Ring:
    """Return the keys of a file. Raise NoMaster when it holds anything else, FileNotFoundError when it is missing."""
    seen = path.stat()
    return _read(path, seen.st_mtime_ns, seen.st_size, seen.st_ino)


@lru_cache(maxsize=8)
def _read(path: Path, *_changed: int) -> Ring:
    lines = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    try:
        keys = tuple(bytes.fromhex(line) for line in lines)
    except ValueError:
        keys = ()
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise NoMaster(f"{path} does not hold 64 hexadecimal digits a line: it is no file of a master key.")
    return Ring(keys)


def add() -> None:
    """Put a fresh key before those of the file: it wraps what is new, and the others go on opening what is there."""
    _write((secrets.token_bytes(_KEY_BYTES), *ring().keys))


def keep_first() -> int:
    """Leave the key in use alone in the file; return how many were taken out."""
    known = ring().keys
    _write(known[:1])
    return len(known) - 1


def _write(keys: Sequence[bytes]) -> None:
    """Write the file aside and give it its name, so that a kill leaves the one or the other."""
    path = file()
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.writelines(f"{key.hex()}\n" for key in keys)
        out.flush()
        os.fsync(out.fileno())
    fresh.rename(path)


def fingerprint(key: bytes) -> str:
    """Return by what people know a key without having it: the first 16 hexadecimal digits of a digest."""
    return hashlib.sha256(b"muniment master key " + key).hexdigest()[:16]
