"""Turns a family that a source declares, such as CRIME, into the class of the schedule that applies."""

from collections.abc import Sequence
from dataclasses import dataclass

from muniment.engine.policy.model import DeriveRow, Rules
from muniment.engine.retention.facts import Involvement
from muniment.engine.retention.links import Link


@dataclass(frozen=True)
class RecordTraits:
    """What is known of a record over everyone on it."""

    outcome: str | None
    suspect: bool
    persons: bool
    group: int | None
    convicted: bool
    charged: bool
    penalty_notice: bool
    under_18: bool


def traits(involvements: Sequence[Involvement], links: Sequence[Link]) -> RecordTraits:
    """Return what is known of one record from the involvements on it and their links, in the same order."""
    offenders = [link for link in links if link.kind == "offender"]
    groups = [link.offence_group for link in links if link.offence_group is not None]
    return RecordTraits(
        outcome=next((item.outcome for item in involvements if item.outcome), None),
        suspect=bool(offenders) or any(item.named_suspect for item in involvements),
        persons=bool(involvements),
        group=min(groups, default=None),
        convicted=any(link.is_dealt_with for link in offenders),
        charged=any(link.is_charged for link in offenders),
        penalty_notice=any(link.has_penalty_notice for link in offenders),
        under_18=any(link.ages.under_18 for link in offenders),
    )


def resolve(declared: str | None, known: RecordTraits, rules: Rules) -> str | None:
    """Return the class of a record: the one declared, or the first row of its family that fits; None if neither.

    A class that is declared for less than the offence on the record gives way to the graver one that it names.
    """
    entry = rules.classes.get(declared or "")
    if entry is not None:
        return entry.if_group_1 if entry.if_group_1 and known.group == 1 and not known.suspect else entry.id
    rows = rules.families.get(declared or "", ())
    return next((row.class_id for row in rows if _fits(row, known)), None)


def _fits(row: DeriveRow, known: RecordTraits) -> bool:
    if row.outcome is not None and known.outcome not in row.outcome:
        return False
    if row.group is not None and known.group not in row.group:
        return False
    asked = ("suspect", "persons", "convicted", "charged", "penalty_notice", "under_18")
    return all(getattr(row, name) in (None, getattr(known, name)) for name in asked)
