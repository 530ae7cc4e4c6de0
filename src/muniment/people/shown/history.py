"""How a prime person came to be: who joined and left, when, by what; as far as the reader may see.

Worked out from who belonged to whom. Of what was destroyed nothing is left to tell it from.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q

from muniment.core.models import BatchRun
from muniment.people.models import Belonging, Judgement, PrimePerson
from muniment.people.shown import membership
from muniment.records.models import Nominal, SourceEvent

MADE, NEW, JOINED, PARTED, LEFT = "made", "new", "joined", "parted", "left"
GONE, BACK = "gone", "back"  # at source, and still part of the person


@dataclass(frozen=True)
class Change:
    """What changed at one moment: who, to or from which other prime person, and what speaks for it.

    `retired` is the reference that was retired by it, `revived` the one that was revived. `gone_on` is the day from
    which the source has them no more.
    """

    at: datetime
    what: str
    nominals: tuple[Nominal, ...]
    other: PrimePerson | None
    run: BatchRun
    is_attached: bool
    by_new_model: bool
    gone_on: date | None = None
    retired: PrimePerson | None = None
    revived: PrimePerson | None = None
    judgements: tuple[Judgement, ...] = ()
    told: tuple[SourceEvent, ...] = ()


@dataclass
class _Step:
    """Those who moved together: their belongings that began then, and those that had ended.

    `left` are those with whom they had been one, `met` those with whom they came to be one.
    """

    what: str
    other: PrimePerson | None
    began: list[Belonging] = field(default_factory=list)
    ended: list[Belonging] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    met: set[int] = field(default_factory=set)

    @property
    def at(self) -> datetime:
        return self.began[0].start

    @property
    def keys(self) -> set[int]:
        return {each.nominal_id for each in self.began}

    @property
    def were_one_since(self) -> datetime:
        return max((each.start for each in self.ended), default=self.at)

    def joins(self, pair: tuple[int, int], others: set[int]) -> bool:
        left, right = pair
        return (left in self.keys and right in others) or (right in self.keys and left in others)


def changes(prime: PrimePerson) -> list[Change]:
    """Return every change of a prime person that the reader may see, the last first."""
    lives = _lives(prime)
    every = [each for life in lives.values() for each in life]
    steps = _steps(prime, lives)
    keys = {each.nominal_id for each in every} | {key for step in steps for key in _beside(step)}
    said = list(
        Judgement.objects.filter(left__in=keys, right__in=keys)
        .exclude(verdict=Judgement.Verdict.UNSURE)
        .select_related("left", "right", "reason")
        .order_by("at", "pk")
    )
    told, models = _told(keys), _models()
    found = []
    for step in steps:
        run = step.began[0].run
        before, after = _around(every, prime, step.at)
        here, there = (before if step.what == LEFT else after) - step.keys, _beside(step)
        step.left, step.met = (here, there) if step.what == LEFT else (there, here)
        if step.what == JOINED and not here:
            step.what = PARTED  # from the other, under a reference that nobody bore
        found.append(
            Change(
                at=step.at,
                what=step.what,
                nominals=tuple(each.nominal for each in step.began),
                other=step.other,
                run=run,
                is_attached=step.began[0].is_attached,
                by_new_model=not step.began[0].is_attached and _is_new(models, run.pk),
                gone_on=step.began[0].valid_until if step.what == GONE else None,
                **_references(prime, step, before, after),
                judgements=tuple(each for each in said if _speaks(step, each)),
                told=tuple(each.event for each in told if _tells(step, each)),
            )
        )
    return sorted(found, key=lambda change: (change.at, change.what), reverse=True)


def _lives(prime: PrimePerson) -> dict[int, list[Belonging]]:
    """Return for each nominal that was ever part of a prime person everything that it belonged to, in order."""
    ever = Belonging.objects.filter(prime=prime).values("nominal_id")
    held = (
        membership.findable(Belonging.objects.filter(nominal__in=ever))
        .select_related("prime", "run", "nominal__system__controller")
        .order_by("start", "pk")
    )
    found: dict[int, list[Belonging]] = {}
    for each in held:
        found.setdefault(each.nominal_id, []).append(each)
    return found


def _steps(prime: PrimePerson, lives: dict[int, list[Belonging]]) -> list[_Step]:
    steps: dict[tuple[object, ...], _Step] = {}
    first = min((life[0].start for life in lives.values() if life[0].prime_id == prime.pk), default=None)
    for life in lives.values():
        for before, each in zip([None, *life[:-1]], life, strict=True):
            what, other = _what(prime, before, each, first)
            if what:
                key = (each.start, what, other and other.pk, each.valid_until if what == GONE else None)
                step = steps.setdefault(key, _Step(what, other))
                step.began.append(each)
                step.ended += [before] if before else []
    return list(steps.values())


def _what(
    prime: PrimePerson, before: Belonging | None, each: Belonging, first: datetime | None
) -> tuple[str, PrimePerson | None]:
    """Say what a belonging was to a prime person, given the one before it, and with which other it has to do."""
    here, was_here = each.prime_id == prime.pk, before is not None and before.prime_id == prime.pk
    if here and was_here and before is not None:
        if before.valid_until == each.valid_until:
            return "", None
        return (GONE if each.valid_until else BACK), None
    if here:
        return (JOINED, before.prime) if before else (MADE if each.start == first else NEW, None)
    return (LEFT, each.prime) if was_here else ("", None)


def _around(every: list[Belonging], prime: PrimePerson, at: datetime) -> tuple[set[int], set[int]]:
    """Return who made up a prime person just before a moment, and from then on."""
    own = [each for each in every if each.prime_id == prime.pk]
    before = {each.nominal_id for each in own if each.start < at and (each.until is None or each.until >= at)}
    after = {each.nominal_id for each in own if each.start <= at and (each.until is None or each.until > at)}
    return before, after


def _beside(step: _Step) -> set[int]:
    """Return who made up the other person from then on, besides those who moved."""
    if step.other is None:
        return set()
    stood = Q(until__isnull=True) | Q(until__gt=step.at)
    found = Belonging.objects.filter(stood, prime=step.other, start__lte=step.at).exclude(nominal__in=step.keys)
    return set(found.values_list("nominal_id", flat=True))


def _references(prime: PrimePerson, step: _Step, before: set[int], after: set[int]) -> dict[str, PrimePerson | None]:
    """Return which references were retired and revived: those whose founding nominal moved, and nobody is left."""
    other, moved = step.other, step.keys
    retired = revived = None
    if step.what in (JOINED, PARTED) and other is not None:
        retired = other if other.anchor_id in moved else None
        revived = prime if not before and prime.anchor_id in moved else None
    if step.what == LEFT and other is not None:
        retired = prime if not after and prime.anchor_id in moved else None
        revived = other if other.anchor_id in moved and other.made_at < step.at else None
    return {"retired": retired, "revived": revived}


def _speaks(step: _Step, said: Judgement) -> bool:
    """Whether a judgement speaks for a move: one that stood then, or one that had kept them together and was ended."""
    if step.what not in (JOINED, PARTED, LEFT):
        return False
    pair, same = (said.left_id, said.right_id), said.verdict == Judgement.Verdict.SAME
    if said.at <= step.at and (said.superseded_at is None or said.superseded_at > step.at):
        return step.joins(pair, step.met if same else step.left)
    ended = said.superseded_at is not None and step.were_one_since < said.superseded_at <= step.at
    return same and ended and step.joins(pair, step.left)


@dataclass(frozen=True)
class _Told:
    """A merge at source or its end, the nominals that it names, and when its source told otherwise of them."""

    event: SourceEvent
    pair: tuple[int, int]
    until: datetime | None


def _told(keys: set[int]) -> list[_Told]:
    """Return what the sources told of nominals by name; what names one alone names it twice."""
    nominals = Nominal.objects.filter(pk__in=keys).values_list("system_id", "reference", "pk")
    by_reference = {(system, reference): key for system, reference, key in nominals}
    events = SourceEvent.objects.filter(
        system__in={system for system, _ in by_reference},
        reference__in={reference for _, reference in by_reference},
        entity="nominal",
        kind__in=("merge", "unmerge"),
        applied_at__isnull=False,
    ).order_by("-applied_at", "-pk")
    found, since = [], dict[int, datetime | None]()
    for event in events:  # the last first
        one = by_reference.get((event.system_id, event.reference))
        if one is None:
            continue
        two = by_reference.get((event.system_id, event.into)) if event.into else one
        if two is not None:
            found.append(_Told(event, (one, two), since.get(one)))
        since[one] = event.applied_at
    return found[::-1]


def _tells(step: _Step, told: _Told) -> bool:
    """Whether a source had told of a change: a merge that stood before a join, its end before a parting."""
    at = told.event.applied_at
    if at is None or at > step.at or step.what in (GONE, BACK):
        return False
    if told.event.kind == "merge":
        among = step.met | (step.keys if step.what in (MADE, NEW) else set())
        return (told.until is None or told.until > step.at) and step.joins(told.pair, among)
    return bool(step.left) and at > step.were_one_since and bool(set(told.pair) & (step.left | step.keys))


def _models() -> list[tuple[int, str]]:
    """Return the runs that published who is one person, in order, each with its model."""
    runs = BatchRun.objects.filter(kind="resolve", state="done").order_by("pk")
    return list(runs.values_list("pk", "versions__model"))


def _is_new(models: list[tuple[int, str]], run: int) -> bool:
    """Whether a run linked by another model than the one before it."""
    at = next((at for at, (key, _) in enumerate(models) if key == run), 0)
    return at > 0 and models[at][1] != models[at - 1][1]
