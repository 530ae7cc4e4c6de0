"""Reads YAML with messages that name the file, and tells whether any file of a folder has changed since."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any

import yaml

from muniment.engine.policy.model import PolicyError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Stamp = tuple[tuple[str, int, int], ...]


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; PolicyError says where the text is not YAML, or no mapping."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader either way
    except yaml.YAMLError as error:
        raise PolicyError(f"{path} is not YAML: {error}. Correct the file and try again.") from error
    if not isinstance(content, dict):
        raise PolicyError(f"{path} does not hold a mapping. See the other files of its folder for the form.")
    return content


def stamp(folder: Path) -> Stamp:
    """Return name, time of change and size of every file of a folder: what has to differ for the policy to differ."""
    seen = ((entry.path, entry.stat()) for entry in _entries(str(folder)))
    return tuple(sorted((name, each.st_mtime_ns, each.st_size) for name, each in seen if S_ISREG(each.st_mode)))


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield what lies in a folder and below it; nothing where there is none. Several parts of a page ask."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)
            else:
                yield entry
