"""What is marked on a record before it is shown: distressing content, and data that the law protects more strongly."""

import csv
import gzip
import io
from dataclasses import dataclass
from functools import lru_cache

import yaml

from muniment.core import policy_files
from muniment.engine import policy
from muniment.engine.policy.offences import OffenceTable
from muniment.records.models import Record


@dataclass(frozen=True)
class Mark:
    """One mark: its code, `distressing` or `special`, and its words."""

    code: str
    kind: str
    label: str


@dataclass(frozen=True)
class _Rule:
    mark: Mark
    classes: frozenset[str]
    ho_classes: tuple[str, ...]
    risk_categories: frozenset[str]
    words: tuple[str, ...]


@lru_cache
def _rules() -> tuple[_Rule, ...]:
    content = yaml.safe_load((policy_files.folder() / "codes" / "sensitive.yaml").read_text())
    return tuple(
        _Rule(
            Mark(raw["code"], raw["kind"], raw["label"]),
            frozenset(raw.get("classes", ())),
            tuple(raw.get("ho_classes", ())),
            frozenset(raw.get("risk_categories", ())),
            tuple(raw.get("words", ())),
        )
        for raw in content["values"]
    )


@lru_cache
def _risk_categories() -> dict[str, str]:
    """Return Home Office class to its risk category."""
    packed = (policy_files.folder() / "codes" / "home_office_offence_codes.csv.gz").read_bytes()
    rows = csv.DictReader(io.StringIO(gzip.decompress(packed).decode("utf-8-sig")))
    return {row["ho_code"]: row["risk_category"] for row in rows}


@lru_cache
def _offences() -> OffenceTable:
    return policy.load().offences


def ho_class(cjs: str) -> str:
    """Return the Home Office class of a CJS code, as the carried list has it; nothing for one that it does not hold."""
    return _offences().class_of(cjs) or ""


def risk_category(ho_class: str) -> str:
    """Return the risk category that the carried Home Office list gives a class."""
    return _risk_categories().get(ho_class, "")


def marks(record: Record) -> tuple[Mark, ...]:
    """Return the marks of a record: by its class, its offence, or a word of its title."""
    decision = getattr(record, "decision", None)
    named = {record.class_id, decision.resolved_class if decision else ""}
    text = f"{record.title} {record.offence_text}".lower()
    offence = record.ho_class or ho_class(record.cjs)
    risk = risk_category(offence)
    return tuple(
        rule.mark
        for rule in _rules()
        if rule.classes & named
        or (offence and offence.startswith(rule.ho_classes))
        or risk in rule.risk_categories
        or any(word in text for word in rule.words)
    )
