"""Reads the policy folder into a frozen `Policy`."""

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import muniment
from muniment.engine.policy.adoptions import read_folder, read_length
from muniment.engine.policy.model import (
    AtLeast,
    Codes,
    DeriveRow,
    Policy,
    PolicyError,
    RecordClass,
    Role,
    Setting,
    Terms,
)
from muniment.engine.policy.offence_reading import read_offences
from muniment.engine.policy.reading import Stamp, read_yaml, stamp

ENVIRONMENT = "MUNIMENT_POLICY"
NOT_POLICY = ("cases",)  # folders inside policy/ that decide nothing


def location() -> Path:
    """Return the policy folder: MUNIMENT_POLICY, or the one that came with the package or the repository."""
    named = os.environ.get(ENVIRONMENT)
    package = Path(muniment.__file__).resolve().parent
    candidates = [Path(named)] if named else [package / "policy", package.parents[1] / "policy"]
    for candidate in candidates:
        if (candidate / "retention" / "rules.yaml").is_file():
            return candidate
    raise PolicyError(
        f"No policy was found at {', '.join(map(str, candidates))}. Set {ENVIRONMENT} to the folder that holds"
        " retention/rules.yaml."
    )


def load(path: Path | str | None = None) -> Policy:
    """Read a policy folder, by default `location()`; PolicyError names the file that cannot be used."""
    folder = (Path(path) if path is not None else location()).resolve()
    return _load(folder, _version(folder, stamp(folder)))


@lru_cache(maxsize=4)
def _version(folder: Path, seen: Stamp) -> str:
    return digest(folder)


@lru_cache(maxsize=4)
def _load(folder: Path, version: str) -> Policy:
    retention = folder / "retention"
    try:
        rules = read_yaml(retention / "rules.yaml")
        derive, holds = read_yaml(retention / "derive.yaml"), read_yaml(retention / "holds.yaml")
        policy = Policy(
            version=version,
            classes=_classes(retention / "schedule"),
            settings={name: _settings(raw) for name, raw in rules.items()},
            families={name: tuple(map(_derive_row, rows)) for name, rows in derive["families"].items()},
            systems=derive["systems"],
            codes=_codes(folder / "codes"),
            offences=read_offences(read_yaml(retention / "offences.yaml"), folder / "codes"),
            groups=tuple(read_yaml(retention / "groups.yaml")["groups"]),
            holds=tuple(holds["holds"]),
            hold_kinds=tuple(holds["kinds"]),
            intake=_settings(read_yaml(folder / "intake.yaml")),
            supply=_settings(read_yaml(folder / "supply.yaml")),
            foresight=_settings(read_yaml(folder / "foresight.yaml")),
            reviews=_settings(read_yaml(folder / "reviews.yaml")),
            elsewhere=_settings(read_yaml(folder / "elsewhere.yaml")),
            requests=_settings(read_yaml(folder / "requests.yaml")),
            checks=_settings(read_yaml(folder / "checks.yaml")),
            bank_holidays=_bank_holidays(folder / "calendar"),
        )
    except (KeyError, TypeError, AttributeError, OSError) as error:
        raise PolicyError(
            f"The policy in {folder} cannot be read: {error!r}. Run 'muniment policy check' for the file and line."
        ) from error
    return policy.adopting(read_folder(folder / "controllers"))


def digest(folder: Path) -> str:
    """Return the version of a policy folder: the first twelve hexadecimal digits of SHA-256 over its files."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and path.suffix in (".yaml", ".json", ".gz") and not set(NOT_POLICY) & set(inside.parts):
            total.update(inside.as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def _classes(folder: Path) -> dict[str, RecordClass]:
    classes: dict[str, RecordClass] = {}
    for path in sorted(folder.glob("*.yaml")):
        content = read_yaml(path)
        for raw in content["classes"]:
            if raw["id"] in classes:
                raise PolicyError(f"{path} gives the class {raw['id']} a second time. Keep one entry for each id.")
            classes[raw["id"]] = _record_class(raw, content["area"], content["partition"])
    return classes


def _record_class(raw: Mapping[str, Any], area: str, partition: str) -> RecordClass:
    at_least = raw.get("at_least")
    return RecordClass(
        id=raw["id"],
        title=raw["title"],
        area=area,
        partition=partition,
        values=tuple(sorted(map(_terms, raw["values"]), key=lambda terms: terms.start)),
        group=raw.get("group"),
        sets_group=raw.get("sets_group", False),
        no_offender=raw.get("no_offender", False),
        minors_from_18=raw.get("minors_from_18", False),
        reviewed_during=raw.get("reviewed_during", False),
        plus_sentence=raw.get("plus_sentence", False),
        indefinite_from_months=raw.get("indefinite_from_months"),
        unless_convicted=raw.get("unless_convicted"),
        if_group_1=raw.get("if_group_1"),
        of_unconvicted=raw.get("of_unconvicted", False),
        needs_result=raw.get("needs_result", False),
        if_adult=raw.get("if_adult"),
        if_qualifying=raw.get("if_qualifying"),
        if_qualifying_charge=raw.get("if_qualifying_charge"),
        needs_conviction=raw.get("needs_conviction", False),
        of_adults=raw.get("of_adults", False),
        not_terrorism=raw.get("not_terrorism", False),
        at_least=AtLeast(at_least["trigger"], read_length(at_least)) if at_least else None,
        note=raw.get("note"),
    )


def _terms(raw: Mapping[str, Any]) -> Terms:
    return Terms(
        start=raw["from"],
        trigger=raw["trigger"],
        kind=raw["kind"],
        length=read_length(raw) if raw.get("value") is not None else None,
        action=raw["action"],
        review_every=read_length(raw["review_every"]) if raw.get("review_every") else None,
        authority=raw["authority"],
        evidence=raw["evidence"],
        verified=raw["verified"],
        applies_to=raw.get("applies_to"),
        sources=tuple(raw.get("sources", ())),
    )


def _settings(raw: Mapping[str, Any]) -> tuple[Setting, ...]:
    about = ("from", "authority", "evidence", "verified")
    values = (
        Setting(
            start=value["from"],
            content={key: item for key, item in value.items() if key not in about},
            authority=value["authority"],
            evidence=value["evidence"],
            verified=value["verified"],
            title=raw.get("title", ""),
        )
        for value in raw["values"]
    )
    return tuple(sorted(values, key=lambda setting: setting.start))


def _derive_row(raw: Mapping[str, Any]) -> DeriveRow:
    conditions = {key: value for key, value in raw.items() if key not in ("class", "outcome", "group")}
    return DeriveRow(
        class_id=raw["class"],
        outcome=frozenset(raw["outcome"]) if "outcome" in raw else None,
        group=frozenset(raw["group"]) if "group" in raw else None,
        **conditions,
    )


def _codes(folder: Path) -> Codes:
    lists = {path.stem: tuple(read_yaml(path)["values"]) for path in sorted(folder.glob("*.yaml"))}
    roles = {
        raw["code"]: Role(
            code=raw["code"],
            dpa38=raw["dpa38"],
            offender=raw["offender"],
            kind=raw["kind"],
            marker=raw.get("marker"),
            marker_ends=tuple(raw.get("marker_ends", ())),
        )
        for raw in lists["roles"]
    }
    return Codes(roles=roles, lists=lists)


def _bank_holidays(folder: Path) -> dict[str, tuple[date, ...]]:
    published = json.loads((folder / "gov-uk-bank-holidays.json").read_text(encoding="utf-8"))
    overlay = read_yaml(folder / "overlay.yaml")
    days = {
        division: {date.fromisoformat(event["date"]) for event in content["events"]}
        for division, content in published.items()
    }
    for extra in overlay["add"]:
        days[extra["division"]].add(extra["date"])
    for wrong in overlay["remove"]:
        days[wrong["division"]].discard(wrong["date"])
    return {division: tuple(sorted(found)) for division, found in days.items()}
