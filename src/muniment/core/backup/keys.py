"""The keys of backups, which lie in no backup: one for the copies of records, one after another for those of keys."""

import os
import secrets
from pathlib import Path

from muniment.core.backup import BadBackup, NoKey

RECORDS, KEYS = "MUNIMENT_BACKUP_KEY_FILE", "MUNIMENT_KEYS_BACKUP_KEY_FILE"


def of_records(folder: Path) -> bytes:
    """Return the key of copies of the main database. Raise NoKey with how to make one."""
    path = _named(RECORDS, folder)
    try:
        key = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError as error:
        raise NoKey(
            f"{path} is missing. To make it: `umask 077; openssl rand -hex 32 > {path}`. Keep a copy in a safe: without"
            " it no backup opens."
        ) from error
    except ValueError as error:
        raise NoKey(f"{path} does not hold 64 hexadecimal digits: it is no key of backups.") from error
    if len(key) != 32:
        raise NoKey(f"{path} does not hold 64 hexadecimal digits: it is no key of backups.")
    return key


def _named(setting: str, folder: Path) -> Path:
    chosen = os.environ.get(setting)
    if not chosen:
        raise NoKey(
            f"{setting} names no file. Make a key apart from where backups lie"
            " (`umask 077; openssl rand -hex 32 > FILE`), and set it to that file."
            if setting == RECORDS
            else f"{setting} names no file. Set it to a file apart from where backups lie; the program writes it."
        )
    path = Path(chosen).resolve()
    if folder.resolve() in path.parents:
        raise NoKey(f"{setting} lies in the folder of the backup that it opens: move it elsewhere.")
    return path


class Generations:
    """The file with the key of the newest copy of the keys of content.

    Each copy gets a key of its own, which takes the place of the one before: whoever finds an older copy on a tape
    cannot open it, and what was destroyed since stays destroyed. While a copy is being changed for the next, the file
    holds both, so that a kill loses neither.
    """

    def __init__(self, folder: Path) -> None:
        self.path = _named(KEYS, folder)

    def _read(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        try:
            return dict(line.split() for line in self.path.read_text().splitlines())
        except ValueError as error:
            raise NoKey(f"{self.path} was not written by `muniment database backup`: name another file.") from error

    def _write(self, known: dict[str, str]) -> None:
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name} {key}\n" for name, key in known.items())
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self.path)

    def begin(self) -> tuple[str, bytes]:
        """Return the name and the key of a new copy, kept beside those that are known."""
        name, key = secrets.token_hex(8), secrets.token_hex(32)
        self._write(self._read() | {name: key})
        return name, bytes.fromhex(key)

    def keep_only(self, name: str) -> None:
        """Forget the key of every copy but one."""
        self._write({name: self._read()[name]})

    def key(self, name: str) -> bytes:
        """Return the key of a copy. Raise BadBackup when it was given up for a newer one."""
        held = self._read().get(name)
        if held is None:
            raise BadBackup(
                f"{self.path} holds no key of this copy of the keys of content: a newer copy took its place, and this"
                " one can no longer be read. Take the newest."
            )
        return bytes.fromhex(held)
