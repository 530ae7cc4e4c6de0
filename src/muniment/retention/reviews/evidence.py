"""Evidence beside each assessment criterion: what the records hold that bears on it; the answer is the reviewer's."""

from collections.abc import Iterable
from dataclasses import dataclass

from muniment.core import words
from muniment.people.models import PrimePerson
from muniment.people.shown.chronology import Entry
from muniment.records.models import Involvement, NominalFlag, Record
from muniment.retention.reviews import assessment

SHOWN = 4
_FOUND_AGAINST = ("convicted", "cautioned")  # how it may have ended for someone in another role


@dataclass(frozen=True)
class Bearing:
    """One record that bears on a question, with every part that the person had in it and how it ended for them."""

    entry: Entry
    parts: tuple[str, ...]
    is_found_against: bool  # convicted or cautioned: such records come first


@dataclass(frozen=True)
class Beside:
    """One criterion, its question, and the evidence beside it."""

    key: str
    question: str
    entries: tuple[Bearing, ...]
    flags: tuple[NominalFlag, ...]

    @property
    def shown(self) -> tuple[Bearing, ...]:
        """The first few, which stand beside the question."""
        return self.entries[:SHOWN]

    @property
    def rest(self) -> tuple[Bearing, ...]:
        """What bears on it beyond those, to be opened there."""
        return self.entries[SHOWN:]


def beside_criteria(entries: list[Entry], prime: PrimePerson, asked: Iterable[assessment.Criterion]) -> list[Beside]:
    """Return what is asked with what the reader may see that bears on it; what was found against the person first."""
    flags = list(NominalFlag.objects.filter(nominal__belongings__prime=prime, nominal__belongings__until__isnull=True))
    bearings = [_bearing(entry) for entry in entries]
    bearings.sort(key=lambda each: not each.is_found_against)
    return [
        Beside(
            each.code,
            each.question,
            tuple(bearing for bearing in bearings if each.is_borne_on_by(bearing.entry)),
            tuple(flag for flag in flags if flag.flag in each.flags),
        )
        for each in asked
    ]


def _bearing(entry: Entry) -> Bearing:
    parts = dict.fromkeys(_part(part, entry.record) for part in entry.parts)
    return Bearing(entry, tuple(parts), any(_is_found_against(part) for part in entry.parts))


def _is_found_against(part: Involvement) -> bool:
    is_offender = assessment.policy_kinds().get(part.role) == "offender"
    return part.role in assessment.convicted_roles() or (is_offender and part.result in _FOUND_AGAINST)


def _part(part: Involvement, record: Record) -> str:
    """Say what part someone had and how it ended for them; of an offender, if nothing else is known, for the record."""
    is_offender = assessment.policy_kinds().get(part.role) == "offender"
    role = words.say("role", part.role).lower()
    result = part.result or (record.outcome if is_offender else "")
    ended = words.say("outcome", result).lower() if result else ""
    return f"{role}, {ended}" if ended and ended != role else role
