"""The bytes of an export: plain, gzipped or members of a zip, never more of them than the limits allow."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import IO, cast

from muniment.feeds.faults import BadFile
from muniment.feeds.limits import Limits

_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (b"PK\x03\x04", "a zip or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"<?xml", "XML"),
)

_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Part:
    """One stream of bytes of a file: the file itself, or a member of a zip."""

    name: str
    path: Path
    member: str | None = None

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the bytes for reading, unpacked. Raise BadFile when they are damaged or cut off."""
        with damage(self.path):
            if self.member is not None:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                    yield stream
            elif head(self.path, 2) == b"\x1f\x8b":
                with gzip.open(self.path) as unpacked:
                    yield cast(IO[bytes], unpacked)
            else:
                with self.path.open("rb") as plain:
                    yield plain


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Turn what the libraries say of damaged or cut-off files into BadFile."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError) as error:
        raise BadFile(
            f"{path.name} is damaged or cut off ({error}): ask the source to export or send it again."
        ) from error
    except RuntimeError as error:  # zipfile's word for an encrypted member
        if "encrypted" not in str(error):
            raise
        raise BadFile(f"{path.name} is encrypted: supply it without a password, over a secure channel.") from error
    except OSError as error:
        raise BadFile(f"{path.name} cannot be read: {error.strerror or error}.") from error


def head(path: Path, size: int) -> bytes:
    """Return the first bytes of a file as they lie on the disk."""
    with damage(path), path.open("rb") as stream:
        return stream.read(size)


def looks_like(start: bytes) -> str | None:
    """Return what kind of file these first bytes belong to, when it is a kind that no text begins as."""
    return next((kind for magic, kind in _MAGIC if start.startswith(magic)), None)


def parts(path: Path, form: str, member: str, limits: Limits) -> list[Part]:
    """Return the streams of a file in order of name. Raise BadFile when it is empty, too large or no zip."""
    with damage(path):
        size = path.stat().st_size
    if size == 0:
        raise BadFile(f"{path.name} is empty: ask the source to export it again.")
    if size > limits.file_bytes:
        raise BadFile(f"{path.name} is larger than {limits.file_bytes:,} bytes: have it exported in parts.")
    if form != "zip-of-csv":
        return [Part(path.name, path)]
    if not zipfile.is_zipfile(path):
        raise BadFile(f"{path.name} is not a complete zip: ask the source to send it again.")
    with damage(path), zipfile.ZipFile(path) as archive:
        members = members_of(archive)
        chosen = sorted(entry.filename for entry in members if fnmatch(entry.filename.lower(), member.lower()))
        unpacked = sum(entry.file_size for entry in members if entry.filename in chosen)
    if not chosen:
        names = ", ".join(entry.filename for entry in members)[:200]
        raise BadFile(f"{path.name} holds no member like '{member}'; it holds {names or 'nothing'}.")
    if unpacked > limits.file_bytes or unpacked > max(size, 1) * limits.expansion:
        raise BadFile(f"{path.name} would unpack to {unpacked:,} bytes: it is refused as a possible zip bomb.")
    return [Part(f"{path.name}/{name}", path, name) for name in chosen]


def members_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files in a zip, without what the system that packed it left beside them."""
    return [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]


def _is_litter(name: str) -> bool:
    *folders, last = name.split("/")
    return "__MACOSX" in folders or last.startswith("._") or last.casefold() in _LITTER


def drained(part: Part, limits: Limits) -> Iterator[bytes]:
    """Yield a stream in blocks of whole lines, so that a wrong check sum is found; raise BadFile on a bomb."""
    allowed = min(limits.file_bytes, max(part.path.stat().st_size, 1 << 20) * limits.expansion)
    total = 0
    with part.open() as stream:
        while block := stream.read(1 << 20) + stream.readline():
            total += len(block)
            if total > allowed:
                raise BadFile(f"{part.name} unpacks to more than {allowed:,} bytes: it is refused as a bomb.")
            yield block
