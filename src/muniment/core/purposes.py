"""Access purposes: why someone looks. Asked once for a task, kept with the session, written with every event."""

from collections.abc import Collection
from functools import lru_cache

import yaml

from muniment.core import policy_files

COVERT = "COVERT"


@lru_cache
def _values() -> tuple[dict[str, str], ...]:
    return tuple(yaml.safe_load((policy_files.folder() / "codes" / "access_purposes.yaml").read_text())["values"])


def choices(*, covert: bool = False) -> tuple[tuple[str, str], ...]:
    """Return (code, words) of every access purpose, in the order of policy; the covert one only when asked for."""
    return tuple((each["code"], each["label"]) for each in _values() if covert or not each.get("sensitive"))


def in_words(codes: Collection[str]) -> list[str]:
    """Return the words of some access purposes, in the order of policy; never of the covert one."""
    return [label for code, label in choices() if code in codes]


def words(code: str) -> str:
    """Return the words of an access purpose; nothing for none."""
    return dict(choices(covert=True)).get(code, "")
