"""Keyed digests of what was given: they tell whether it has changed, and nobody can guess a person from one."""

import hashlib
import hmac
import json
from datetime import date
from functools import lru_cache

from muniment.core import places
from muniment.supply import form
from muniment.supply.building.rows import Row


@lru_cache
def _key() -> bytes:
    return places.derived("tombstones", "supplies").encode()


def plain(value: object) -> str:
    """Return a day as JSON has it."""
    assert isinstance(value, date)
    return value.isoformat()


def digest(entity: str, row: Row) -> str:
    """Return the digest of a row without what moves of itself, such as the day on which it was last seen."""
    text = json.dumps(form.lasting(entity, row), default=plain, sort_keys=True, separators=(",", ":"))
    return hmac.new(_key(), f"{entity}|{text}".encode(), hashlib.sha256).hexdigest()
