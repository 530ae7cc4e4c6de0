"""The words of addresses in force on a day, from `policy/matching/addresses.yaml`."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from muniment.engine.matching.tables import DIRECTORY
from muniment.engine.values.addresses import Words

_FILES = ("matching", "addresses")


@cache
def load(on: date, directory: Path = DIRECTORY) -> Words:
    """Return the word lists in force on a day. Raise ValueError when one of them has none."""
    files = [yaml.safe_load((directory / f"{name}.yaml").read_text(encoding="utf-8")) for name in _FILES]
    body = {key: value for file in files for key, value in file.items()}

    def values(name: str) -> Any:
        begun = [entry for entry in body[name] if entry["from"] <= on]
        if not begun:
            raise ValueError(f"policy/matching: nothing under '{name}' is in force on {on}.")
        return max(begun, key=lambda entry: entry["from"])["values"]

    return Words(
        thoroughfares=_forms(values("thoroughfares")),
        sub_buildings=_forms(values("sub_buildings")),
        floors=_forms(values("floors")),
        **{name: frozenset(map(str, values(name))) for name in ("buildings", "organisations", "regions", "near")},
        no_place=frozenset(map(str, values("no_place"))),
        no_postcode=frozenset(map(str, values("postcode_placeholders"))),
    )


def _forms(values: Mapping[str, list[str]]) -> dict[str, str]:
    """Return each form as written with the one that stands for it, which stands for itself."""
    return {form: word for word, others in values.items() for form in (word, *map(str, others))}
