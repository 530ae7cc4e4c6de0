"""Whose use is restricted, on what ground and until when, and for which access purposes it opens all the same."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date

from django.db import connection
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from muniment.core import words
from muniment.core.guards import COMPARING, Guard
from muniment.people import carried
from muniment.people.models import Belonging, PrimePerson
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import Nominal
from muniment.retention.models import PersonRequest, RestrictedName, Restriction
from muniment.retention.policies import request_policy


def standing(on: date | None = None) -> QuerySet[Restriction]:
    """Return the restrictions that stand on a day: also on that on which whoever asked was told of their end."""
    day = on or timezone.localdate()
    return Restriction.objects.filter(Q(ended_on=None) | Q(ended_on__gte=day))


def to_look_at(on: date | None = None) -> QuerySet[PersonRequest]:
    """Return the requests whose restriction is to be looked at again by a day, today unless another is given."""
    due = standing(on).filter(ended_on=None, review_on__lte=on or timezone.localdate())
    return PersonRequest.objects.filter(pk__in=due.values("request"))


def about(prime: PrimePerson) -> list[Restriction]:
    """Return what restricts the use of what is held of a person, as they are made up now."""
    members = Belonging.objects.filter(prime=prime, until__isnull=True)
    return _several({key for found in _of(members.values_list("nominal_id", flat=True)).values() for key in found})


def marks(primes: Collection[PrimePerson]) -> dict[int, str]:
    """Return why the use of what is held of people is restricted, in words, by key, of those of whom it is."""
    members = Belonging.objects.filter(prime__in=[each.pk for each in primes], until__isnull=True)
    of = dict(members.values_list("nominal_id", "prime_id"))
    found: dict[int, set[int]] = {}
    for nominal, keys in _of(of).items():
        found.setdefault(of[nominal], set()).update(keys)
    return {prime: in_words(_several(keys)) for prime, keys in found.items()}


def guard(nominals: Collection[int], controller: int | None, duty: str) -> Guard | None:
    """Return what restricts the use of nominals, or of one record of a controller that they are on; none elsewhere."""
    several = _several({key for found in _of(nominals).values() for key in found})
    several = [each for each in several if controller in (None, each.controller_id)]
    return Guard(in_words(several), _purposes(duty)) if several else None


def closed(nominals: Collection[int], purpose: str, duty: str) -> dict[int, frozenset[int]]:
    """Return which of some nominals do not open for an access purpose, and the controllers that restrict them."""
    if purpose in _purposes(duty):
        return {}
    found = _of(nominals)
    by = {each.pk: each.controller_id for each in _several({key for keys in found.values() for key in keys})}
    return {nominal: frozenset(by[key] for key in keys) for nominal, keys in found.items()}


def _purposes(duty: str) -> frozenset[str]:
    said = request_policy.on(timezone.localdate()).restriction
    return frozenset(said.purposes) | frozenset(said.comparing if duty == COMPARING else ())


def _several(keys: Collection[int]) -> list[Restriction]:
    """Return restrictions by their keys, whoever asks: no wall hides one from what enforces it."""
    return list(Restriction.objects.raw("SELECT * FROM muniment.restrictions(%s)", [sorted(keys)])) if keys else []


def _of(nominals: Collection[int]) -> dict[int, set[int]]:
    """Return the keys of what restricts the use of some nominals on this day, by nominal."""
    asked = list(nominals)
    found: dict[int, set[int]] = {}
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nominal, restriction FROM muniment.restricted(%s, %s, make_interval(days => %s))",
            [asked, timezone.localdate(), carried.GRACE.days],
        )
        for nominal, restriction in cursor.fetchall():
            found.setdefault(nominal, set()).add(restriction)
    for nominal, restriction in _by_name(asked):
        found.setdefault(nominal, set()).add(restriction)
    return found


def _by_name(nominals: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield (nominal, restriction) of those whom one that a restored copy took over names, or who are one with them."""
    if not nominals or not RestrictedName.objects.exists():
        return
    mine = dict(
        Belonging.objects.filter(nominal__in=nominals, until__isnull=True).values_list("nominal_id", "prime_id")
    )
    beside = Belonging.objects.filter(prime__in=mine.values(), until__isnull=True)
    people = {key: {key} for key in nominals}
    for member, prime in beside.values_list("nominal_id", "prime_id"):
        people.setdefault(member, set()).update(key for key, theirs in mine.items() if theirs == prime)
    told = Nominal.objects.filter(pk__in=people).values_list("pk", *_NAMED)
    members = {(force, system, fingerprint(reference)): pk for pk, force, system, reference in told}
    named = RestrictedName.objects.filter(digest__in={digest for *_, digest in members}).order_by("pk")
    found = [
        (members[who], each.restriction_id)
        for each in named
        if (who := (each.force, each.system, each.digest)) in members
    ]
    today = timezone.localdate()
    stands = {
        each.pk for each in _several({key for _, key in found}) if each.ended_on is None or each.ended_on >= today
    }
    for member, restriction in found:
        if restriction in stands:
            yield from ((key, restriction) for key in people[member])


_NAMED = ("system__controller__code", "system__code", "reference")


def waiting() -> QuerySet[Restriction]:
    """Return the restrictions of which a restored copy knew nobody and whose people have not been found since."""
    return standing().filter(names__isnull=False, prime__belongings__isnull=True).distinct().order_by("pk")


def come_in(those: Collection[Restriction]) -> dict[int, int]:
    """Return, by the key of a restriction that waits, of whom most that it names is part now; looks at each once."""
    names = RestrictedName.objects.filter(restriction__in=those)
    wanted: dict[tuple[str, str, str], set[int]] = {}
    for each in names:
        wanted.setdefault((each.force, each.system, each.digest), set()).add(each.restriction_id)
    since = names.aggregate(since=Min("looked_to"))["since"] or 0
    came = Belonging.objects.filter(pk__gt=since, until__isnull=True).order_by("pk")
    rows = list(came.values_list("pk", "prime_id", *(f"nominal__{each}" for each in _NAMED)))
    found: dict[int, Counter[int]] = {}
    for _, prime, *who, reference in rows:
        for key in wanted.get((*who, fingerprint(reference)), ()):
            found.setdefault(key, Counter())[prime] += 1
    if rows:
        names.update(looked_to=rows[-1][0])
    return {key: min(primes, key=lambda prime: (-primes[prime], prime)) for key, primes in found.items()}


def in_words(several: Collection[Restriction]) -> str:
    """Return what restricts, in sentences: by whom, since when, on what ground and until when."""
    said = request_policy.on(timezone.localdate())
    return " ".join(
        f"{each.controller.name} has restricted the use of what it keeps of this person since"
        f" {words.day(each.begun_on)}: {_lower(said.keeping_of(each.regime).get(each.ground, each.ground))}."
        f" {_until(each)}"
        for each in several
    )


def _until(each: Restriction) -> str:
    if each.ended_on:
        return f"That ends with {words.day(each.ended_on)}."
    return f"It is looked at again by {words.day(each.review_on)}."


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
