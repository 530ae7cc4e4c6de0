"""Make a copy: of the records with what belongs to them, and of the keys of content, apart."""

import io
import os
import platform
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings

from muniment.core import database, ledger, places, policy_in_force
from muniment.core.backup import BadBackup, keys, manifest, programs
from muniment.core.backup.sealing import Sealed

RECORDS, KEYS, FILES = "records.dump", "keys.dump", "files.tar"
Told = Callable[[str], None]


def state_folders() -> dict[str, Path]:
    """Return the folders of files that belong to the state, by their names in a copy."""
    recipients = os.environ.get("MUNIMENT_RECIPIENTS")
    return {
        "adoptions": policy_in_force.adoptions_folder(),
        "recipients": Path(recipients) if recipients else places.home() / "recipients",
        "files": Path(settings.MEDIA_ROOT),
    }


@contextmanager
def _made_whole(folder: Path) -> Iterator[Path]:
    """Lend a folder beside the one that is wanted, and give it that name when all went well."""
    if folder.exists() and any(folder.iterdir()):
        raise BadBackup(f"{folder} is not empty: name a new folder for each backup.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    begun = f".{folder.name}.unfinished"
    for left in folder.parent.glob(f"{begun}.*"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = folder.parent / f"{begun}.{os.getpid()}"
    fresh.mkdir(mode=0o700)
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    fresh.rename(folder)


def records(folder: Path) -> dict[str, Any]:
    """Back the main database up into a new folder, as at one moment; return the manifest."""
    key = keys.of_records(folder)
    ledger.write_outside()
    main = database.names()[0]
    with _made_whole(folder) as fresh, programs.moment(main) as (connection, snapshot):
        program = programs.find("pg_dump", least=_server(connection))
        said = _facts("records", connection, program) | _positions(connection)
        said["tables"] = programs.tables(connection)
        with Sealed(fresh / RECORDS, key) as out:
            for piece in programs.dump(program, main, snapshot):
                out.write(piece)
        with Sealed(fresh / FILES, key) as files:
            _pack(files)
        said["files"] = {RECORDS: _file(out), FILES: _file(files)}
        return manifest.write(fresh, said, key)


def content_keys(folder: Path) -> dict[str, Any]:
    """Back the keys of content up in place of the copy that a folder holds; return the manifest.

    It has a key of its own. The copy before it is taken away and its key forgotten: of keys only the newest copy is
    ever readable.
    """
    generations = keys.Generations(folder)
    fresh, before = (folder.with_name(f"{folder.name}.{end}") for end in ("new", "before"))
    _settle(folder, fresh, before)
    if folder.exists() and any(folder.iterdir()) and manifest.unproved(folder).get("kind") != "keys":
        raise BadBackup(f"{folder} holds something else than a copy of the keys, and would be replaced: name another.")
    name, key = generations.begin()
    dbname = database.names()[1]
    with _made_whole(fresh) as made, programs.moment(dbname) as (connection, snapshot):
        program = programs.find("pg_dump", least=_server(connection))
        said: dict[str, Any] = _facts("keys", connection, program) | {"generation": name}
        # What the ledger says up to here is true of these keys; what it says later is done again when they come back.
        said |= {"ledger": _ledger(ledger.position()), "tables": programs.tables(connection)}
        with Sealed(made / KEYS, key) as out:
            for piece in programs.dump(program, dbname, snapshot):
                out.write(piece)
        said["files"] = {KEYS: _file(out)}
        manifest.write(made, said, key)
    if folder.exists():
        folder.rename(before)
    fresh.rename(folder)
    generations.keep_only(name)
    shutil.rmtree(before, ignore_errors=True)
    return said


def _settle(folder: Path, fresh: Path, before: Path) -> None:
    """Put right what a kill left of a change of copies: one whole copy has its name, or gets it here."""
    if not folder.exists() and (fresh / manifest.NAME).exists():
        fresh.rename(folder)
    elif not folder.exists() and before.exists():
        before.rename(folder)
    for left in (fresh, before):
        shutil.rmtree(left, ignore_errors=True)


def _server(connection: psycopg.Connection) -> int:
    return connection.info.server_version // 10_000


def _facts(kind: str, connection: psycopg.Connection, program: programs.Program) -> dict[str, Any]:
    return {
        "kind": kind,
        "at": datetime.now(UTC).isoformat(),
        "versions": {
            "muniment": version("muniment"),
            "server": connection.info.parameter_status("server_version"),
            "pg_dump": program.version,
            "python": platform.python_version(),
        },
        "pg_dump": program.path,
    }


def _ledger(position: ledger.Position) -> dict[str, Any]:
    return {"number": position.number, "digest": position.digest}


_LEDGER: Final = "SELECT number, line FROM core_ledgerentry WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1"
_SEAL: Final = "SELECT number, encode(root, 'hex') FROM core_auditseal ORDER BY number DESC LIMIT 1"


def _positions(connection: psycopg.Connection) -> dict[str, Any]:
    """Return where the ledger and the seals of the audit stood at the moment of the copy."""
    last, seal = connection.execute(_LEDGER).fetchone(), connection.execute(_SEAL).fetchone()
    return {
        "ledger": _ledger(ledger.Position(last[0], ledger.digest(last[1])) if last else ledger.Position()),
        "seal": {"number": seal[0], "root": seal[1]} if seal else {"number": 0, "root": ""},
    }


def _file(out: Sealed) -> dict[str, Any]:
    return {"sha256": out.digest, "bytes": out.size}


class _Into(io.RawIOBase):
    """A sealed file as one that tar writes to."""

    def __init__(self, out: Sealed) -> None:
        self._out = out

    def writable(self) -> bool:
        """It is there to be written."""
        return True

    def write(self, data: Any) -> int:
        """Take plain bytes; return how many."""
        return self._out.write(bytes(data))


def _pack(out: Sealed) -> None:
    with tarfile.open(fileobj=_Into(out), mode="w|") as archive:
        for name, folder in state_folders().items():
            if folder.exists():
                archive.add(folder, arcname=name)
