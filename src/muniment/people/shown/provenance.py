"""Where each fact about a prime person comes from, with the values that lost: from nominals that the reader may see.

Which value is shown first is for `people.survivorship`, and so for policy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F

from muniment.batch.matching.policy import in_force
from muniment.core import words
from muniment.engine.matching.survivorship import Claim
from muniment.people.queries import FACTS
from muniment.people.survivorship import Days, given_by
from muniment.records.models import Involvement, Nominal, Record, SourceSystem


@dataclass(frozen=True)
class Told:
    """One nominal that gives a value, and a record that the same row tells of, where the reader may see one."""

    nominal: Nominal
    record: Record | None
    written: str  # as its source writes it; empty where that says no more


@dataclass(frozen=True)
class Telling:
    """Those of one system that give a value in rows unchanged since a day and told last on another."""

    system: SourceSystem
    since: date | None
    last: date | None
    withdrawn_on: date | None
    told: tuple[Told, ...]


@dataclass(frozen=True)
class Given:
    """A value, how many nominals give it, and which."""

    text: str
    givers: int
    tellings: tuple[Telling, ...]


@dataclass(frozen=True)
class Fact:
    """A fact with its values: first the one that is shown, and why it is, then those that lost."""

    title: str
    why: str
    values: tuple[Given, ...]


class _Sources:
    """What is known of where nominals come from."""

    def __init__(self, nominals: list[Nominal], days: Days) -> None:
        self._days, self._records = days, _records(nominals)

    def given(self, text: str, givers: Iterable[tuple[Nominal, str]]) -> Given:
        """Return a value with its tellings; each giver comes with what it writes."""
        found: dict[tuple[SourceSystem, date | None, date | None, date | None], list[Told]] = {}
        for nominal, written in givers:
            since, last = self._days.told.get(nominal.pk, (None, None))
            told = Told(nominal, self._records.get(nominal.pk), written if written != text else "")
            found.setdefault((nominal.system, since, last, nominal.withdrawn_on), []).append(told)
        tellings = tuple(Telling(*where, tuple(told)) for where, told in found.items())
        return Given(text, sum(len(each.told) for each in tellings), tellings)


def facts(nominals: list[Nominal], days: Days) -> list[Fact]:
    """Return every fact that any of some nominals gives; `days` are of these."""
    sources, found = _Sources(nominals, days), []
    for title, field in FACTS.items():
        given = given_by(field, nominals, days)
        values = tuple(
            sources.given(claim.text, ((each, _written(field, each)) for each in givers)) for claim, givers in given
        )
        if values:
            found.append(Fact(title, _why(field, [claim for claim, _ in given]), values))
    aliases: dict[str, list[tuple[Nominal, str]]] = {}
    for nominal in nominals:
        for alias in nominal.aliases:
            aliases.setdefault(alias, []).append((nominal, ""))
    if aliases:
        values = tuple(sources.given(text, givers) for text, givers in sorted(aliases.items()))
        found.append(Fact("Also known as", "Every one is shown: none takes the place of another.", values))
    return found


def _written(field: str, nominal: Nominal) -> str:
    """Return a value as its source writes it; nothing where that is a code or a day, which are put into words."""
    text = str(getattr(nominal, field)).strip()
    return "" if field == "born" or words.has(field, text.upper()) else text


def _why(field: str, claims: list[Claim]) -> str:
    """Say why the first of some values is shown and the others are not."""
    first, *others = claims
    told = sum(each.givers for each in claims)
    if not others:
        return "Nobody says otherwise." if told > 1 else "One source record alone gives it."
    rule = in_force().survivorship.decided(field, first, others[0])
    if rule == "most":
        than = "any other value" if all(each.givers < first.givers for each in others) else "of the next"
        return (
            f"Shown first because {first.givers} of the {told} source records that give one say so: more than {than}."
        )
    if rule is None:
        return (
            f"Shown first by the alphabet alone: {first.givers} of the {told} source records that give one"
            f" {'says' if first.givers == 1 else 'say'} so, and as much speaks for another."
        )
    if rule == "latest":
        days = [words.day(each.since) if each.since else "a day that is not known" for each in (first, others[0])]
        return f"Shown first because it is the newer word: it has been told since {days[0]}, the next since {days[1]}."
    return f"Shown first because {_BECAUSE[rule]}."


_BECAUSE = {
    "held": "a source has it still, and none has what stands below",
    "known": "what stands below means that nothing is known, or cannot be right",
    "whole": "what stands below leaves more days open",
}


def _records(nominals: list[Nominal]) -> dict[int, Record]:
    """Return for each nominal a record that the row tells of which gives its values."""
    parts = Involvement.objects.filter(nominal__in=nominals, row_id=F("nominal__row_id")).select_related("record")
    return {part.nominal_id: part.record for part in parts.order_by("-pk")}
