"""What would follow from saying that two are one person, or that they are not: the prime records before and after.

Everything is worked out from what the reader may see, and of the rest nothing is said here. Duties above people
register what would follow for them, as they do for what is said around a person (`people.shown.surroundings`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from muniment.core import access, references, words
from muniment.core.models import User
from muniment.engine.matching import standing as stands
from muniment.engine.matching.grouping import Sayings
from muniment.engine.matching.rules import REASONS
from muniment.people.linking import linkage_models
from muniment.people.linking.regrouping import Knot
from muniment.people.models import Belonging, PrimePerson
from muniment.people.queries import nominals_by_prime
from muniment.records.models import Involvement, Nominal, Record


@dataclass(frozen=True)
class Whole:
    """Nominals that are one person now, or would be; `prime` is the key of the prime record that they (would) bear."""

    title: str
    nominals: tuple[Nominal, ...]
    prime: int | None
    is_now: bool

    @property
    def keys(self) -> list[int]:
        """The keys of the nominals."""
        return [each.pk for each in self.nominals]

    @property
    def keeps(self) -> list[int]:
        """The keys of the prime records whose whole past is theirs."""
        return [self.prime] if self.prime else []


@dataclass(frozen=True)
class Change:
    """The prime records as they are, and as they would be; `barred` is why what is said would join nobody."""

    says_same: bool
    before: tuple[Whole, ...]
    after: tuple[Whole, ...]
    barred: str = ""

    @property
    def wholes(self) -> tuple[Whole, ...]:
        """Every prime record, before and after."""
        return self.before + self.after

    @property
    def primes(self) -> list[int]:
        """The keys of the prime records as they are."""
        return [each.prime for each in self.before if each.prime]

    @property
    def is_merge(self) -> bool:
        """Whether it makes one of several and leaves nobody out."""
        return len(self.after) == 1 < len(self.before)

    @property
    def is_nothing(self) -> bool:
        """Whether everybody stays with whom they are."""
        before, after = ({frozenset(each.keys) for each in side} for side in (self.before, self.after))
        return before == after


@dataclass(frozen=True)
class Line:
    """One thing that is told of every whole of a change, in their order."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Touched:
    """Something that is open and that the change touches, with what becomes of it."""

    words: str
    becomes: str
    href: str = ""


@dataclass(frozen=True)
class Told:
    """What a duty tells of a change: in sentences first, then line by line, and what is touched."""

    sentences: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    touched: tuple[Touched, ...] = ()


Source = Callable[[Change, User], Told]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Have a duty asked about each change that is previewed."""
    if source not in _sources:
        _sources.append(source)


def told(change: Change, user: User) -> Told:
    """Return what every duty tells of a change to one reader, and what is told of people themselves."""
    parts = [_of_people(change), *(source(change, user) for source in _sources)]
    return Told(
        tuple(each for part in parts for each in part.sentences),
        tuple(each for part in parts for each in part.lines),
        tuple(each for part in parts for each in part.touched),
    )


def if_same(left: Nominal, right: Nominal) -> Change | None:
    """Return what would come of saying that two are one; None where they are, or where nothing can be told."""
    primes = _primes([left, right])
    if len(set(primes.values())) < 2:
        return None
    return change([primes[left.pk], primes[right.pk]], Sayings(same=((left.pk, right.pk),)))


def if_different(left: Nominal, right: Nominal) -> Change | None:
    """Return what would come of saying that two are not one; None where they are not, or where nothing can be told."""
    primes = _primes([left, right])
    if len(primes) < 2 or len(set(primes.values())) > 1:
        return None
    return change([primes[left.pk]], Sayings(different=((left.pk, right.pk),)))


def change(primes: Sequence[int], more: Sayings) -> Change | None:
    """Return what would become of prime records had somebody said more of their nominals."""
    try:
        published = linkage_models.published()
    except linkage_models.NoModel:
        return None
    held = nominals_by_prime(primes)
    knot = Knot([each for prime in primes for each in held.get(prime, ())], published)
    return change_of(knot, primes, more)


def change_of(knot: Knot, primes: Sequence[int], more: Sayings) -> Change:
    """Return the same of nominals that are read already."""
    grouped = knot.grouped(more)
    now = _primes(knot.nominals.values())
    before = tuple(
        Whole(
            _reference(prime), tuple(each for each in knot.nominals.values() if now.get(each.pk) == prime), prime, True
        )
        for prime in primes
    )
    apart = next((pair for pair in more.same if grouped.groups.find(pair[0]) != grouped.groups.find(pair[1])), None)
    barred = grouped.groups.obstacle(*apart, but=stands.RULES | {stands.TAKEN_BACK}) if apart else ""
    parts = knot.parts(grouped)
    borne = _borne(parts, primes)
    after = tuple(
        Whole(_title(at, len(parts), prime), tuple(part), prime, False)
        for at, (part, prime) in enumerate(zip(parts, borne, strict=True), 1)
    )
    return Change(bool(more.same), before, after, REASONS.get(barred or "", ""))


def _title(at: int, of: int, prime: int | None) -> str:
    reference = _reference(prime) if prime else "a new prime record"
    return f"As one: {reference}" if of == 1 else f"Part {at}: {reference}"


def _reference(prime: int) -> str:
    return references.make("prime", prime)


def _primes(nominals: Iterable[Nominal]) -> dict[int, int]:
    now = Belonging.objects.filter(nominal__in=list(nominals), until__isnull=True)
    return dict(now.values_list("nominal_id", "prime_id"))


def _borne(parts: list[list[Nominal]], primes: Sequence[int]) -> list[int | None]:
    """Return the prime record that each part would bear, as publishing chooses it: the oldest anchored in it."""
    if len(parts) == 1:
        return [min(primes)]
    anchored = PrimePerson.objects.filter(anchor__in=[each.pk for part in parts for each in part])
    by_anchor: dict[int, list[int]] = {}
    for key, anchor in anchored.values_list("pk", "anchor_id"):
        by_anchor.setdefault(anchor or 0, []).append(key)
    borne = [min((key for each in part for key in by_anchor.get(each.pk, ())), default=None) for part in parts]
    lost = [prime for prime in primes if prime not in borne]
    if lost and None in borne:  # its anchor is not among what the reader may see, or is gone
        borne[borne.index(None)] = lost[0]
    return borne


def _of_people(change: Change) -> Told:
    on = [_records(each) for each in change.wholes]
    lines = (
        Line("Source records of the person", tuple(str(len(each.nominals)) for each in change.wholes)),
        Line("Held by", tuple(_holders(each) for each in change.wholes)),
        Line("Records", tuple(str(len(records)) for records in on)),
        Line("Marking", tuple(_marking(each, records) for each, records in zip(change.wholes, on, strict=True))),
    )
    return Told(tuple(_of_references(change)), lines)


def _of_references(change: Change) -> Iterable[str]:
    kept = {each.prime: each for each in change.after}
    for each in change.before:
        to = next((whole for whole in change.after if each.nominals and each.nominals[0] in whole.nominals), None)
        if each.prime not in kept and to and to.prime:
            yield f"{each.title} would lead to {_reference(to.prime)}: whoever quotes the one finds the other."
    was = {each.prime for each in change.before}
    for each in change.after:
        if each.prime is None:
            yield f"A new reference would be given to {_names(each)}."
        elif each.prime not in was:
            yield f"{_reference(each.prime)}, which led elsewhere, would be that of {_names(each)} again."


def _names(whole: Whole) -> str:
    named = list(dict.fromkeys(f"{each.name} ({each.system})" for each in whole.nominals))
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return f"{', '.join(named[:3])}{more}"


def _records(whole: Whole) -> set[int]:
    return set(Involvement.objects.filter(nominal__in=whole.keys).values_list("record_id", flat=True))


def _holders(whole: Whole) -> str:
    return ", ".join(sorted({each.system.controller.name for each in whole.nominals}))


def _marking(whole: Whole, records: set[int]) -> str:
    """Return the highest marking of a whole, and every restriction."""
    own = {(each.scope.marking, each.scope.restriction) for each in whole.nominals}
    own |= set(Record.objects.filter(pk__in=records).values_list("scope__marking", "scope__restriction").distinct())
    restrictions = sorted({words.say("restriction", each) for _, each in own if each})
    return ", ".join([max((marking for marking, _ in own), key=access.MARKINGS.index), *restrictions])


def unseen_holders(primes: Iterable[int]) -> list[str]:
    """Return who holds records about some people that the reader cannot open; of the sealed, nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT unnest(muniment.unseen_holders(p)) FROM unnest(%s::bigint[]) p", [list(primes)])
        return sorted(name for (name,) in cursor.fetchall())
