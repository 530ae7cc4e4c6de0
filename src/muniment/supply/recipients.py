"""To whom records may be given, and on what terms: a YAML file for each recipient, dated, which the controller keeps.

There is no list of recipients in the product: an agreement is between a controller and a recipient, and nobody else
can say that it stands.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from muniment.core import places
from muniment.core.models import Controller
from muniment.core.verdicts import Verdict, refused, unless
from muniment.core.words import day
from muniment.supply import form


class BadRecipient(ValueError):
    """A recipient that is not known, or a file that does not say what it has to; the message says what to do."""


@dataclass(frozen=True)
class Terms:
    """What may be given to a recipient from a day on, on what basis."""

    start: date
    until: date | None  # the first day on which nothing may be given any more
    basis: str
    agreement: str
    controllers: frozenset[str]  # which controllers may give; each gives what it holds itself
    gives: Mapping[str, frozenset[str] | None]  # entity to the fields that may be given; None for all
    marking: str
    areas: frozenset[str]  # `*` for every business area
    handling: frozenset[str]  # handling codes of intelligence, as scheme and code: 3x5x2:P
    conditions: str  # what the recipient has to keep to with all of it
    verified: bool

    def withheld(self, entity: str) -> frozenset[str]:
        """Return the fields of an entity that the recipient may not have."""
        given = self.gives.get(entity, frozenset())
        return frozenset() if given is None else form.withholdable(entity) - given


@dataclass(frozen=True)
class Recipient:
    """A national database or another body that records are given to."""

    code: str
    name: str
    kind: str
    fictional: bool
    values: tuple[Terms, ...]

    def on(self, on: date) -> Terms | None:
        """Return the terms on a day; None where none stand."""
        known = [terms for terms in self.values if terms.start <= on]
        return known[-1] if known and (known[-1].until is None or on < known[-1].until) else None

    def last(self, on: date) -> Terms:
        """Return the terms that stood last by a day, also where they have ended; the first where none had begun."""
        return next((terms for terms in reversed(self.values) if terms.start <= on), self.values[0])

    def may_have(self, controller: Controller, on: date) -> Verdict:
        """Say whether a controller may give anything to the recipient on a day."""
        terms = self.on(on)
        if terms is None:
            return refused(f"No agreement with {self.name} stands on {day(on)}: its file names no terms for that day.")
        verdict = unless(
            controller.code in terms.controllers, f"{controller.name} is no party to {terms.agreement}, {self.name}."
        )
        if controller.is_fictional:
            return verdict
        verdict &= unless(not self.fictional, f"{self.name} is invented: real records are never given to it.")
        return verdict & unless(
            terms.verified, f"Nobody has confirmed the agreement {terms.agreement}: its file says `verified: false`."
        )


def folder() -> Path:
    """Return where the recipient files of this installation lie."""
    chosen = os.environ.get("MUNIMENT_RECIPIENTS")
    found = Path(chosen) if chosen else places.home() / "recipients"
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def every() -> dict[str, Recipient]:
    """Return the recipients by code. Raise BadRecipient, naming the file, for one that cannot be used."""
    return {each.code: each for each in map(read, sorted(folder().glob("*.yaml")))}


def find(code: str) -> Recipient:
    """Return a recipient. Raise BadRecipient where there is none of this code."""
    known = every()
    if code not in known:
        told = f"known are {', '.join(known)}" if known else f"put a file of it into {folder()}"
        raise BadRecipient(f"There is no recipient '{code}': {told}.")
    return known[code]


_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_SHAPE = {
    "type": "object",
    "required": ["code", "name", "kind", "values"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 60},
        "name": {**_TEXT, "maxLength": 120},
        "kind": {"enum": ["national_database", "force", "partner"]},
        "fictional": {"type": "boolean"},
        "values": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["from", "authority", "agreement", "controllers", "gives", "marking", "areas", "verified"],
                "additionalProperties": False,
                "properties": {
                    "from": _TEXT,
                    "until": _TEXT,
                    "authority": _TEXT,
                    "agreement": {**_TEXT, "maxLength": 200},
                    "controllers": {**_TEXTS, "minItems": 1},
                    "marking": {"enum": ["OFFICIAL", "OFFICIAL-SENSITIVE"]},
                    "areas": {**_TEXTS, "minItems": 1},
                    "handling": _TEXTS,
                    "conditions": {"type": "string"},
                    "verified": {"type": "boolean"},
                    "gives": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            name: {
                                "oneOf": [
                                    {"const": "all"},
                                    {"type": "array", "items": {"enum": sorted(form.withholdable(name))}},
                                ]
                            }
                            for name in form.ENTITIES
                        },
                    },
                },
            },
        },
    },
}


def read(path: Path) -> Recipient:
    """Read one recipient file. Raise BadRecipient, naming the file and the place, where it is not of the shape."""
    from jsonschema import Draft202012Validator

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadRecipient(f"{path} cannot be read: {error}") from error
    for fault in Draft202012Validator(_SHAPE).iter_errors(_plain(content)):
        where = "/".join(str(part) for part in fault.absolute_path) or "the top"
        raise BadRecipient(f"{path}: at {where}: {fault.message}")
    values = sorted(map(_terms, content["values"]), key=lambda terms: terms.start)
    return Recipient(content["code"], content["name"], content["kind"], content.get("fictional", False), tuple(values))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _terms(raw: Mapping[str, Any]) -> Terms:
    return Terms(
        start=date.fromisoformat(str(raw["from"])),
        until=date.fromisoformat(str(raw["until"])) if raw.get("until") else None,
        basis=" ".join(raw["authority"].split()),
        agreement=raw["agreement"],
        controllers=frozenset(raw["controllers"]),
        gives={name: None if fields == "all" else frozenset(fields) for name, fields in raw["gives"].items()},
        marking=raw["marking"],
        areas=frozenset(raw["areas"]),
        handling=frozenset(raw.get("handling", ())),
        conditions=" ".join(raw.get("conditions", "").split()),
        verified=raw["verified"],
    )
