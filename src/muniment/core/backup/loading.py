"""Open a copy again: check it, load it into databases of its own, put its files back."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from muniment.core import database, ledger
from muniment.core.backup import BadBackup, keys, manifest, programs, taking
from muniment.core.backup.sealing import opened


@dataclass(frozen=True)
class Copy:
    """A copy whose manifest its key has proved."""

    folder: Path
    said: dict[str, Any]
    key: bytes

    @property
    def position(self) -> ledger.Position:
        """How far the ledger went when it was made."""
        return ledger.Position(**self.said["ledger"])

    def check(self) -> dict[str, int]:
        """Check every file to its last byte; return the bytes of plain text by name."""
        return dict(manifest.check_files(self.folder, self.said, self.key))

    def load(self, name: str, dbname: str) -> dict[str, int]:
        """Load a dump into an empty database; return its rows by table, which are those of the manifest."""
        least = int(str(self.said["versions"]["pg_dump"]).split(".")[0])
        program = programs.find("pg_restore", least=least)
        programs.load(program, dbname, opened(self.folder / name, self.key))
        with psycopg.connect(database.uri("owner", dbname=dbname)) as connection:
            found = programs.tables(connection)
        programs.require_same(self.said["tables"], found)
        return found


def records(folder: Path) -> Copy:
    """Return a copy of the main database. Raise BadBackup or NoKey."""
    key = keys.of_records(folder)
    return Copy(folder, manifest.read(folder, key, "records"), key)


def content_keys(folder: Path) -> Copy:
    """Return the copy of the keys of content, if it is the newest. Raise BadBackup or NoKey."""
    said = manifest.unproved(folder)
    if said.get("kind") != "keys":
        raise BadBackup(f"{folder} is no backup of the keys of content.")
    key = keys.Generations(folder).key(str(said.get("generation")))
    return Copy(folder, manifest.read(folder, key, "keys"), key)


class _Pieces(io.RawIOBase):
    """Pieces of bytes, as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held = pieces, b""

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer at the end."""
        while size < 0 or len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._held += piece
        given = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(given) :]
        return given


def put_files_back(copy: Copy) -> tuple[int, list[str]]:
    """Put back the files that are missing; return how many, and those that are there with other words and stay."""
    put, other, folders = 0, list[str](), taking.state_folders()
    with tarfile.open(fileobj=_Pieces(opened(copy.folder / taking.FILES, copy.key)), mode="r|") as archive:
        for member in archive:
            name, _, inner = member.name.partition("/")
            file = archive.extractfile(member) if member.isfile() and name in folders else None
            path = (folders.get(name, Path()) / inner).resolve()
            if file is None or folders[name].resolve() not in path.parents:
                continue
            held = file.read()
            if not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600)
                path.write_bytes(held)
                put += 1
            elif path.read_bytes() != held:
                other.append(str(path))
    return put, other
