"""Evidence beside each assessment criterion: what the records hold that bears on it; the answer is the reviewer's."""

from dataclasses import dataclass
from datetime import date

from muniment.people.chronology import Entry
from muniment.people.models import PrimePerson
from muniment.records.models import NominalFlag
from muniment.retention import rules
from muniment.retention.models import Review

SHOWN = 4
_VIOLENCE = (
    "wound",
    "assault",
    "murder",
    "manslaughter",
    "rape",
    "robbery",
    "kidnap",
    "firearm",
    "weapon",
    "arson",
    "harm",
)
_TRUST = ("fraud", "trust", "misconduct", "position", "carer", "teacher", "theft by employee", "abuse of position")
_SUBSTANCE = ("drug", "cannabis", "cocaine", "heroin", "alcohol", "drunk", "intoxicat", "substance")
_MENTAL = ("mental", "s.136", "section 136", "self-harm", "suicid", "psychiatr")
_FLAGS = {
    "serious_harm": {"mappa_ever", "pdp", "weapons", "violent", "firearms"},
    "vulnerable": {"child_at_risk", "vulnerable", "domestic_abuse", "cse", "adult_at_risk"},
    "substance_misuse": {"drugs", "alcohol"},
    "mental_state": {"mental_health", "suicidal", "self_harm"},
    "associations": {"ocg", "gang"},
}
_AREAS = {"vulnerable": {"CHILD_PROTECTION", "DOMESTIC_ABUSE"}, "associations": {"INTEL"}}


@dataclass(frozen=True)
class Beside:
    """One criterion, its question, and the evidence beside it."""

    key: str
    question: str
    entries: tuple[Entry, ...]
    flags: tuple[NominalFlag, ...]

    @property
    def shown(self) -> tuple[Entry, ...]:
        """The newest, which stand beside the question."""
        return self.entries[:SHOWN]

    @property
    def more(self) -> int:
        """How many bear on it beyond those that stand beside the question."""
        return max(0, len(self.entries) - SHOWN)


@dataclass(frozen=True)
class Changed:
    """What is new since the last review."""

    since: date | None
    entries: tuple[Entry, ...]


def beside_criteria(entries: list[Entry], prime: PrimePerson) -> list[Beside]:
    """Return each criterion with what the reader may see that bears on it, newest first."""
    flags = list(NominalFlag.objects.filter(nominal__belongings__prime=prime, nominal__belongings__until__isnull=True))
    words = {
        "serious_harm": _VIOLENCE,
        "breach_of_trust": _TRUST,
        "substance_misuse": _SUBSTANCE,
        "mental_state": _MENTAL,
    }
    found = []
    for key, question in rules.CRITERIA.items():
        bearing = tuple(
            entry
            for entry in entries
            if entry.record.scope.area in _AREAS.get(key, ()) or _speaks_of(entry, words.get(key, ()))
        )
        if key == "associations":
            bearing = tuple(dict.fromkeys([*bearing, *(entry for entry in entries if entry.other_people >= 2)]))
        shown = tuple(flag for flag in flags if flag.flag in _FLAGS.get(key, ()))
        found.append(Beside(key, question, bearing, shown))
    return found


def _speaks_of(entry: Entry, words: tuple[str, ...]) -> bool:
    text = f"{entry.record.title} {entry.record.offence_text}".lower()
    return any(word in text for word in words)


def since(entries: list[Entry], last: Review | None) -> Changed:
    """Return what was first seen here after the last decided review; everything when there was none."""
    if last is None or last.decided_at is None:
        return Changed(None, tuple(entries))
    on = last.decided_at.date()
    return Changed(on, tuple(entry for entry in entries if entry.record.seen_first > on))
