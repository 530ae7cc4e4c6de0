"""The words of addresses and vehicles in force on a day, from `policy/matching`, and what a judgement may rest on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from muniment.engine.matching.tables import DIRECTORY, Evidence
from muniment.engine.values import addresses
from muniment.engine.values.addresses import Words

_FILES = ("matching", "addresses", "objects")


@dataclass(frozen=True)
class ObjectWords:
    """What was in force on one day: how addresses are read, what vehicles are called, what judgements rest on."""

    addresses: Words
    makes: Mapping[str, str]  # each form as written, with the one that stands for it
    colours: Mapping[str, str]
    junk: frozenset[str]  # what is typed into a field that must not be empty
    evidence: Mapping[str, Evidence]

    @property
    def standard(self) -> str:
        """What tells this way of reading from any other: what was read by another is read again."""
        told = [addresses.VERSION, *(_told(getattr(self.addresses, each.name)) for each in fields(Words))]
        told += [_told(self.makes), _told(self.colours), _told(self.junk)]
        return hashlib.sha256("|".join(told).encode()).hexdigest()[:12]


def _told(values: Mapping[str, str] | frozenset[str]) -> str:
    return repr(sorted(values.items() if isinstance(values, Mapping) else values))


@cache
def in_force(on: date, directory: Path = DIRECTORY) -> ObjectWords:
    """Return what is in force on a day. Raise ValueError, naming the list, when one had not begun."""
    files = [yaml.safe_load((directory / f"{name}.yaml").read_text(encoding="utf-8")) for name in _FILES]
    body = {key: value for file in files for key, value in file.items()}

    def values(name: str) -> Any:
        begun = [entry for entry in body[name] if entry["from"] <= on]
        if not begun:
            raise ValueError(f"policy/matching: nothing under '{name}' is in force on {on}.")
        return max(begun, key=lambda entry: entry["from"])["values"]

    def words(name: str) -> frozenset[str]:
        return frozenset(map(str, values(name)))

    return ObjectWords(
        addresses=Words(
            thoroughfares=_forms(values("thoroughfares")),
            sub_buildings=_forms(values("sub_buildings")),
            floors=_forms(values("floors")),
            buildings=words("buildings"),
            organisations=words("organisations"),
            regions=words("regions"),
            near=words("near"),
            no_place=words("no_place"),
            no_postcode=words("postcode_placeholders"),
        ),
        makes=_forms(values("makes")),
        colours=_forms(values("colours")),
        junk=words("text_junk"),
        evidence={
            code: Evidence(each["title"], int(each["strength"])) for code, each in values("object_evidence").items()
        },
    )


def _forms(values: Mapping[str, list[str]]) -> dict[str, str]:
    """Return each form as written with the one that stands for it, which stands for itself."""
    return {form: word for word, others in values.items() for form in (word, *map(str, others))}
