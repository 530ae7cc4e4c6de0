"""The policy in force for screens: read again only when one of its files has changed."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import Any

from muniment.core import policy_files, policy_in_force
from muniment.engine.policy import Policy

Stamp = tuple[tuple[str, int, int], ...]


def policy() -> Policy:
    """Return the policy with the adoptions of this installation's controllers."""
    files, adoptions = _stamp(policy_files.folder()), _stamp(policy_in_force.adoptions_folder())
    return _read(files, adoptions, policy_in_force.mark())


def _stamp(folder: Path) -> Stamp:
    """Return name, time of change and size of every file: what has to differ for the policy to differ."""
    seen = ((entry.path, entry.stat()) for entry in _entries(str(folder)))
    return tuple(sorted((name, each.st_mtime_ns, each.st_size) for name, each in seen if S_ISREG(each.st_mode)))


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield what lies in a folder and below it; nothing where there is none. Several of a page's parts ask."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)
            else:
                yield entry


@lru_cache(maxsize=2)
def _read(files: Stamp, adoptions: Stamp, mark: str) -> Policy:
    return policy_in_force.load()


def fits(class_id: str, patterns: Iterable[str]) -> bool:
    """Whether a class is one of some, as policy lists them: * at the end means every class that begins so."""
    return any(class_id.startswith(each[:-1]) if each.endswith("*") else class_id == each for each in patterns)


def hold_kinds() -> Mapping[str, Mapping[str, Any]]:
    """Return what a hold may be for, by code: title, paper and after how many months somebody looks at it again."""
    return {each["id"]: each for each in policy().hold_kinds}


def hold_presets() -> Mapping[str, Mapping[str, Any]]:
    """Return the scopes that a hold may begin with, by code. None of them binds anybody."""
    return {each["id"]: each for each in policy().holds}
