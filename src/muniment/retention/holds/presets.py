"""Preset holds of policy: a scope that somebody may begin with. None of them binds anybody by itself."""

from collections.abc import Mapping
from typing import Any

from muniment.retention.holds import reach


def is_template(preset: Mapping[str, Any]) -> bool:
    """Whether a preset names no inquiry of its own."""
    return bool(preset["status"] == "template")


def scope_of(preset: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scope of a preset, as a hold keeps it."""
    given = preset["scope"]
    scope: dict[str, Any] = reach.given_lists(given)
    scope |= {name: str(day) for name, day in given["dates"].items() if day}
    return scope | ({"match": given["match"]} if given.get("match") == reach.EVERY else {})
