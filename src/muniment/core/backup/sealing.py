"""Files that are encrypted as they are written, so that they may be larger than memory.

Pieces of a mebibyte under AES-256-GCM, each with its place and whether it is the last in its nonce (the STREAM
construction: Hoang, Reyhanitabar, Rogaway and Vizár, 2015). A piece that was changed, moved, left out or put in does
not open, and neither does a file that ends early. Each file has a key of its own, derived (HKDF, RFC 5869) from that of
backups, a random salt and the file's name, so that no file passes for another.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from muniment.core.backup import BadBackup

MAGIC = b"muniment backup 1\n"
PIECE = 2**20
_SALT, _TAG, _KEY = 32, 16, 32


def derive(key: bytes, salt: bytes, purpose: str) -> bytes:
    """Return a key for one purpose."""
    return HKDF(algorithm=SHA256(), length=_KEY, salt=salt, info=f"muniment {purpose}".encode()).derive(key)


def _nonce(place: int, *, last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes([last])


class Sealed:
    """A file that is being written: `write` takes plain bytes; leaving it without an error ends it."""

    def __init__(self, path: Path, key: bytes) -> None:
        salt = os.urandom(_SALT)
        self._cipher = AESGCM(derive(key, salt, path.name))
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._waiting, self._place = bytearray(), 0
        self._digest = hashlib.sha256()
        self.size = 0  # bytes of plain text
        self._put(MAGIC + salt)

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)

    def _close_piece(self, *, last: bool) -> None:
        plain = bytes(self._waiting[:PIECE])
        del self._waiting[:PIECE]
        self._put(self._cipher.encrypt(_nonce(self._place, last=last), plain, None))
        self._place += 1

    def write(self, data: bytes) -> int:
        """Take plain bytes; return how many."""
        self._waiting += data
        self.size += len(data)
        while len(self._waiting) > PIECE:
            self._close_piece(last=False)
        return len(data)

    @property
    def digest(self) -> str:
        """The SHA-256 of what is on disk, once it has ended."""
        return self._digest.hexdigest()

    def __enter__(self) -> "Sealed":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._close_piece(last=True)
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()


def opened(path: Path, key: bytes) -> Iterator[bytes]:
    """Yield the plain bytes of a file piece by piece, each checked. Raise BadBackup when one does not open."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise BadBackup(f"{path} is not a file of a backup: take another copy.")
        cipher = AESGCM(derive(key, file.read(_SALT), path.name))
        yield from _pieces(path, file, cipher)


def _pieces(path: Path, file: IO[bytes], cipher: AESGCM) -> Iterator[bytes]:
    place, piece = 0, file.read(PIECE + _TAG)
    while True:
        following = file.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(place, last=not following), piece, None)
        except InvalidTag as error:
            raise BadBackup(
                f"{path} does not open at piece {place + 1}: it was changed or cut short, or this is not its key."
                " Take another copy, or name its key."
            ) from error
        if not following:
            return
        place, piece = place + 1, following
