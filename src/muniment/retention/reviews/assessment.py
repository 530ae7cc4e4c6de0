"""The questions of an assessment, and what policy says is evidence beside each (policy/codes/assessment.yaml)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from muniment.engine import policy
from muniment.people.models import PrimePerson
from muniment.people.shown.chronology import Entry, chronology
from muniment.records import sensitivity
from muniment.records.models import Involvement, Record

OFFENDER, OTHERS = "offender", "others"  # whom a question is asked of


@dataclass(frozen=True)
class Criterion:
    """One question, and what makes a record or a warning evidence for it; see the file for what each list means."""

    code: str
    question: str
    asked_of: frozenset[str]
    kinds: frozenset[str]
    limbs: frozenset[str]
    risk_categories: frozenset[str]
    ho_classes: tuple[str, ...]
    marks: frozenset[str]
    classes: frozenset[str]
    areas: frozenset[str]
    results: frozenset[str]
    words: re.Pattern[str] | None
    flags: frozenset[str]
    young: bool
    company: int | None
    only_with_evidence: bool = False  # asked where some record bears on it, and nowhere else
    needs_reason: bool = False

    def is_borne_on_by(self, entry: Entry) -> bool:
        """Say whether a record in a life is evidence: by the person's part in it, and by what it is."""
        kinds = policy_kinds()
        counting = [part for part in entry.parts if kinds.get(part.role, "other") in self.kinds]
        return bool(counting) and (
            self._fits_record(entry)
            or any(self._fits_offence(entry.record, part) for part in counting)
            or any((part.result or entry.record.outcome).lower() in self.results for part in counting)
        )

    def _fits_record(self, entry: Entry) -> bool:
        record, decision = entry.record, getattr(entry.record, "decision", None)
        return bool(
            {record.class_id, decision.resolved_class if decision else ""} & self.classes
            or record.scope.area in self.areas
            or {mark.code for mark in entry.marks} & self.marks
            or (self.young and entry.young)
            or (self.company is not None and entry.other_people >= self.company)
            or (self.words and self.words.search(f"{record.title} {record.offence_text}"))
        )

    def _fits_offence(self, record: Record, part: Involvement) -> bool:
        cjs, ho_class = part.cjs or record.cjs, part.ho_class or record.ho_class
        ho_class = ho_class or sensitivity.ho_class(cjs)
        return bool(
            limbs(cjs, ho_class) & self.limbs
            or (ho_class and ho_class.startswith(self.ho_classes))
            or sensitivity.risk_category(ho_class) in self.risk_categories
        )


@lru_cache
def criteria() -> Mapping[str, Criterion]:
    """Return every question by its code, in the order in which they are asked."""
    return {raw["code"]: _criterion(raw) for raw in policy.load().codes.lists["assessment"]}


def questions() -> dict[str, str]:
    """Return every question in words, by its code, whoever it is asked of."""
    return in_words(criteria())


def in_words(asked: Mapping[str, Criterion]) -> dict[str, str]:
    """Return questions in words, by their codes."""
    return {code: each.question for code, each in asked.items()}


def is_offender(prime_id: int) -> bool:
    """Say whether a person, as far as the reader may see, is on any record as an offender or suspected offender."""
    parts = Involvement.objects.filter(nominal__belongings__prime=prime_id, nominal__belongings__until__isnull=True)
    roles = [role for role, kind in policy_kinds().items() if kind == OFFENDER]
    return parts.filter(role__in=roles).exists()


def asked(prime_id: int, life: Iterable[Entry] | None = None) -> dict[str, Criterion]:
    """Return what is asked about a person, by code: others than offenders are not asked about as offenders.

    Some questions are asked only where a record bears on them, such as of religion; `life` is the person's chronology,
    read here where it is not given.
    """
    whom = OFFENDER if is_offender(prime_id) else OTHERS
    found = {code: each for code, each in criteria().items() if whom in each.asked_of}
    if not any(each.only_with_evidence for each in found.values()):
        return found
    entries = list(chronology(PrimePerson.objects.get(pk=prime_id)) if life is None else life)
    return {
        code: each
        for code, each in found.items()
        if not each.only_with_evidence or any(map(each.is_borne_on_by, entries))
    }


def _criterion(raw: Mapping[str, Any]) -> Criterion:
    named = ("asked_of", "kinds", "limbs", "risk_categories", "marks", "classes", "areas", "results", "flags")
    starts = "|".join(re.escape(word) for word in raw.get("words", ()))
    return Criterion(
        code=raw["code"],
        question=raw["question"],
        ho_classes=tuple(raw.get("ho_classes", ())),
        words=re.compile(rf"\b(?:{starts})", re.IGNORECASE) if starts else None,
        young=raw.get("young", False),
        company=raw.get("company"),
        only_with_evidence=raw.get("only_with_evidence", False),
        needs_reason=raw.get("needs_reason", False),
        **{name: frozenset(raw.get(name, ())) for name in named},
    )


@lru_cache
def policy_kinds() -> Mapping[str, str]:
    """Return role to its kind: offender, victim (witnesses too) or other."""
    return {code: role.kind for code, role in policy.load().codes.roles.items()}


@lru_cache
def convicted_roles() -> frozenset[str]:
    """Return the roles that stand for a conviction or a caution."""
    return frozenset(code for code, role in policy.load().codes.roles.items() if role.dpa38 == "convicted")


@lru_cache(maxsize=4096)
def limbs(cjs: str, ho_class: str) -> frozenset[str]:
    """Return the limbs of the review groups that an offence may fall in; none when it is not known."""
    table = policy.load().offences
    placed = table.place(cjs or None, ho_class or None)
    return frozenset() if isinstance(placed, str) else frozenset(table.entries[name].limb for name in placed)
