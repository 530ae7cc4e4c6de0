"""What a backup says of itself: `manifest.json`, in clear for people to read, and authenticated by the backup's key."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muniment.core.backup import BadBackup
from muniment.core.backup.sealing import derive, opened

NAME = "manifest.json"
FORMAT = 1
_SALT = b"muniment manifest"


def _proof(said: dict[str, Any], key: bytes) -> str:
    document = json.dumps({name: value for name, value in said.items() if name != "proof"}, sort_keys=True)
    return hmac.new(derive(key, _SALT, "manifest"), document.encode(), hashlib.sha256).hexdigest()


def write(folder: Path, said: dict[str, Any], key: bytes) -> dict[str, Any]:
    """Write the manifest of a backup; return it with its proof."""
    whole = {"format": FORMAT, **said}
    whole["proof"] = _proof(whole, key)
    path = folder / NAME
    path.touch(mode=0o600)
    path.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")
    return whole


def unproved(folder: Path) -> dict[str, Any]:
    """Return a manifest that nothing has been checked of, to find out which key it needs."""
    try:
        said = json.loads((folder / NAME).read_text())
    except FileNotFoundError as error:
        raise BadBackup(f"{folder} holds no {NAME}: it is no backup, or one that was not ended.") from error
    except ValueError as error:
        raise BadBackup(f"{folder / NAME} cannot be read: take another copy.") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise BadBackup(f"{folder} is no backup of this format: use the version of the program that made it.")
    return said


def read(folder: Path, key: bytes, kind: str) -> dict[str, Any]:
    """Return the manifest of a backup of a kind, `records` or `keys`. Raise BadBackup unless the key proves it."""
    said = unproved(folder)
    if not hmac.compare_digest(str(said.get("proof", "")), _proof(said, key)):
        raise BadBackup(f"The manifest of {folder} was changed, or this is not the key that it was made with.")
    if said["kind"] != kind:
        raise BadBackup(f"{folder} is a backup of {said['kind']}, not of {kind}.")
    return said


def check_files(folder: Path, said: dict[str, Any], key: bytes) -> Iterator[tuple[str, int]]:
    """Check each file against its digest and open it to its end; yield (name, bytes of plain text)."""
    there = {path.name for path in folder.iterdir()} - {NAME}
    if there != said["files"].keys():
        odd = ", ".join(sorted(there ^ said["files"].keys()))
        raise BadBackup(f"{folder} does not hold the files that its manifest names ({odd}): take another copy.")
    for name, facts in sorted(said["files"].items()):
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != facts["sha256"]:
                raise BadBackup(f"{folder / name} was changed or cut short: take another copy.")
        size = sum(map(len, opened(folder / name, key)))
        if size != facts["bytes"]:
            raise BadBackup(f"{folder / name} holds {size} bytes where its manifest says {facts['bytes']}.")
        yield name, size
