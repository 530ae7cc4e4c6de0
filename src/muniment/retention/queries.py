"""Reads about retention that more than one screen or action needs."""

from collections.abc import Collection, Iterable
from datetime import date

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from muniment.core import access, words
from muniment.core.models import Controller, User, UserScope
from muniment.engine.policy.model import Length
from muniment.engine.retention.persons import BY_REVIEW, GROUP_2
from muniment.people.models import Belonging, Judgement, MatchEdge, PrimePerson
from muniment.records.models import Involvement, Nominal, Quarantine, Record
from muniment.retention import held_words, policy_now
from muniment.retention.anonymity import Known, known
from muniment.retention.models import (
    DisposalItem,
    DisposalOrder,
    HeldRecord,
    Hold,
    PersonDecision,
    Review,
    SubjectEvent,
)

CAME_BACK = ("returned", "undone")  # states of a disposal that has opened its review again


def person_decision(prime: PrimePerson, controller: Controller) -> PersonDecision | None:
    """Return what a controller's policy says about a prime person, or None when nothing is decided."""
    return PersonDecision.objects.filter(prime=prime, controller=controller).first()


def open_events(prime: PrimePerson) -> list[SubjectEvent]:
    """Return the requests, appeals and enquiries about a person that have not been closed, newest first."""
    return list(SubjectEvent.objects.filter(prime=prime, closed__isnull=True).order_by("-dated", "-pk"))


def blocking_events(record_ids: Iterable[int]) -> list[SubjectEvent]:
    """Return what is open about anybody on these records and, by policy, stops a disposal: requests, appeals, claims.

    A kind that policy does not list blocks too.
    """
    effects = policy_now.policy().on(timezone.localdate()).settings["events"]["kinds"]
    harmless = [kind for kind, what in effects.items() if not {"blocks", "floor"} & set(what)]
    people = Belonging.objects.filter(until__isnull=True, nominal__involvements__record_id__in=list(record_ids))
    found = SubjectEvent.objects.filter(closed__isnull=True, prime_id__in=people.values("prime_id"))
    return list(found.exclude(kind__in=harmless).order_by("dated", "pk"))


def open_reviews(prime: PrimePerson) -> list[Review]:
    """Return the reviews of a person that are not decided."""
    return list(Review.objects.filter(prime=prime).exclude(state__in=["decided", "closed"]).order_by("pk"))


def stayed(review: Review) -> list[DisposalItem]:
    """Return the person's records that a disposal left here, with why, last first, for who looks again."""
    on = {"nominal__belongings__prime": review.prime_id, "nominal__belongings__until__isnull": True}
    records = Involvement.objects.filter(record__system__controller=review.controller_id, **on).values("record_id")
    left = DisposalItem.objects.filter(record_id__in=records, order__destroyed_at__isnull=False)
    return list(left.exclude(kept_because="").select_related("order").order_by("-order", "reference"))


def people_of(order: DisposalOrder) -> Known:
    """Return what would name the people of an order: whoever it is about, and everyone on what it would destroy."""
    own = Q(belongings__prime=order.prime_id, belongings__until__isnull=True)
    on_them = Nominal.objects.filter(involvements__record_id__in=list(order.items.values_list("record_id", flat=True)))
    found = [*Nominal.objects.filter(own), *on_them] if order.prime_id else list(on_them)
    names = (
        name
        for each in found
        for name in (each.forename, each.middle_names, each.surname, each.full_name, *each.aliases)
    )
    return known(names, (each.born_earliest for each in found if each.born_earliest == each.born_latest))


def came_back(reviews: Iterable[Review]) -> dict[int, DisposalOrder]:
    """Return the disposals that were returned or undone and opened reviews again, the last of each, by review."""
    undecided = [review.pk for review in reviews if review.state not in {"decided", "closed"}]
    orders = DisposalOrder.objects.filter(review__in=undecided, state__in=CAME_BACK).order_by("pk")
    return {order.review_id or 0: order for order in orders}


def colleagues(review: Review) -> list[User]:
    """Return who may work a review: by their roles, and because they may see something of what it is about."""
    on = timezone.localdate()
    parts = Involvement.objects.filter(
        nominal__belongings__prime=review.prime_id,
        nominal__belongings__until__isnull=True,
        record__system__controller=review.controller_id,
    )
    opened = UserScope.objects.filter(scope_id__in=set(parts.values_list("record__scope_id", flat=True)))
    opened = opened.filter(Q(until__isnull=True) | Q(until__gt=on))
    found = access.holders("review.work", on=on, controller=review.controller).filter(pk__in=opened.values("user_id"))
    return list(found.order_by("last_name", "first_name"))


def standing_holds(record_ids: Iterable[int]) -> list[Hold]:
    """Return the holds that cover any of these records."""
    keys = HeldRecord.objects.filter(record_id__in=list(record_ids), hold__released_at__isnull=True)
    return list(Hold.objects.filter(pk__in=keys.values("hold_id")).order_by("pk"))


def holds_listed(record_ids: Iterable[int]) -> list[str]:
    """Return the holds that cover any of these records by their list, in words."""
    return [f"{hold.reference} {hold.title}" for hold in standing_holds(record_ids)]


def holds_on(record_ids: Iterable[int]) -> list[str]:
    """Return the holds that cover any of these records, by their list or by a word in a narrative, in words."""
    keys = list(record_ids)
    listed = {hold.pk: (hold, "") for hold in standing_holds(keys)}
    named = {hold.pk: (hold, remark) for hold, remark in held_words.holds_naming(keys)}
    return [f"{hold.reference} {hold.title}{remark}" for hold, remark in (named | listed).values()]


def holds_in_doubt(record_ids: Iterable[int]) -> list[str]:
    """Return the holds over records of someone who may be the same person as one on these, which nobody has judged."""
    members, on_it = Belonging.objects.filter(until__isnull=True), _people_on(record_ids)
    pairs = _pairs_of(on_it).exclude(Exists(_DIFFERENT)).values_list("left_id", "right_id")
    others = members.filter(nominal_id__in={key for pair in pairs for key in pair}).exclude(prime_id__in=on_it)
    theirs = Involvement.objects.filter(
        nominal__belongings__prime__in=set(others.values_list("prime_id", flat=True)),
        nominal__belongings__until__isnull=True,
    )
    return holds_listed(theirs.values_list("record_id", flat=True))


def blocks_on(record_ids: Iterable[int]) -> list[str]:
    """Return what is open about anybody on these records and stops a disposal, in words that name nobody."""
    return [f"{words.say('event', each.kind)} of {words.day(each.dated)}" for each in blocking_events(record_ids)]


def has_unsettled_match(record_id: int) -> bool:
    """Say whether a possible match of someone on a record waits for a person, or for a run to follow what they said.

    Who sees none of the pairs cannot know that they are settled: then it counts as waiting.
    """
    return not _pairs_apart(record_id).exists() or unsettled_matches(record_id).exists()


def unsettled_matches(record_id: int) -> QuerySet[MatchEdge]:
    """Return the pairs with someone on a record that the reader may see and nobody has judged to be different."""
    return _pairs_apart(record_id).exclude(Exists(_DIFFERENT)).order_by("-weight", "pk")


_DIFFERENT = Judgement.objects.filter(
    left=OuterRef("left"), right=OuterRef("right"), superseded_at__isnull=True, verdict="different"
)


def _people_on(record_ids: Iterable[int]) -> set[int]:
    on_it = Belonging.objects.filter(until__isnull=True, nominal__involvements__record_id__in=list(record_ids))
    return set(on_it.values_list("prime_id", flat=True))


def _pairs_of(primes: Collection[int]) -> QuerySet[MatchEdge]:
    # Keys first, so that the few edges of these people are looked up and not all edges looked through.
    members = Belonging.objects.filter(until__isnull=True, prime_id__in=primes)
    nominals = list(members.values_list("nominal_id", flat=True))
    return MatchEdge.objects.filter(Q(left_id__in=nominals) | Q(right_id__in=nominals), needs_person=True)


def _pairs_apart(record_id: int) -> QuerySet[MatchEdge]:
    primes = Belonging.objects.filter(until__isnull=True)
    return (
        _pairs_of(_people_on([record_id]))
        .annotate(
            left_prime=Subquery(primes.filter(nominal=OuterRef("left")).values("prime")[:1]),
            right_prime=Subquery(primes.filter(nominal=OuterRef("right")).values("prime")[:1]),
        )
        .exclude(left_prime=F("right_prime"))
    )


def old_enough(record_ids: Iterable[int]) -> dict[int, date]:
    """Return from which day each record may go where no clock of its own has run; one that tells of no day has none.

    It is the shortest period of a person after the latest day that the record tells of ("minimum six years", section 3
    of the retention notes), and no earlier than what is known of whoever offended in it gives: a fact that is wanting
    can only make it later.
    """
    keys, terms = list(record_ids), policy_now.policy().on(timezone.localdate()).terms
    shortest = terms[BY_REVIEW].length or Length()
    lengths: dict[int | None, Length] = {2: terms[GROUP_2].length or shortest}
    found = {key: shortest.after(last) for key, last in _last_days(keys).items()}
    for key, group, due, clear_from in _offenders(keys):
        known = due or (lengths.get(group, shortest).after(clear_from) if clear_from else None)
        if known and key in found:
            found[key] = max(found[key], known)
    return found


def unready(record_ids: Iterable[int]) -> dict[int, str]:
    """Return what has to happen before some records can go at all: a person to recognise, a row to mend, as sentences.

    What waits in quarantine may tell of a graver matter, of the record itself or of anybody on it.
    """
    keys, members = list(record_ids), Belonging.objects.filter(until__isnull=True)
    waiting = Quarantine.objects.filter(resolved_by__isnull=True, reference__gt="")
    on_it = members.filter(nominal__involvements__record_id__in=keys)
    pairs = list(on_it.values_list("prime_id", "nominal__involvements__record_id").distinct())
    told_of = members.filter(
        Exists(waiting.filter(system=OuterRef("nominal__system"), reference=OuterRef("nominal__reference"))),
        prime_id__in={prime for prime, _ in pairs},
    )
    primes = set(told_of.values_list("prime_id", flat=True))
    own = Record.objects.filter(
        Exists(waiting.filter(system=OuterRef("system"), reference=OuterRef("reference"))), pk__in=keys
    )
    found = {record: _ABOUT_SOMEONE for prime, record in pairs if prime in primes}
    found |= dict.fromkeys(own.values_list("pk", flat=True), _ITSELF)
    return found | dict.fromkeys(not_recognised(keys), _NOT_RECOGNISED)


def not_recognised(record_ids: Iterable[int]) -> set[int]:
    """Return the records on which somebody stands whom no run has recognised yet."""
    members = Belonging.objects.filter(until__isnull=True, nominal=OuterRef("nominal"))
    parts = Involvement.objects.filter(~Exists(members), record_id__in=list(record_ids))
    return set(parts.values_list("record_id", flat=True))


_NOT_RECOGNISED = "Someone on it has not been recognised yet: resolve people and run the schedule first."
_ITSELF = "Another row of it waits in quarantine: have its source mend that first."
_ABOUT_SOMEONE = "A row about someone on it waits in quarantine: have its source mend that first."


def _offenders(record_ids: list[int]) -> Iterable[tuple[int, int | None, date | None, date | None]]:
    """Return group, due date and start of the clear period of whoever offended in each record, for its controller."""
    roles = [code for code, role in policy_now.policy().codes.roles.items() if role.offender]
    on_it = "prime__belongings__nominal__involvements"
    return (
        PersonDecision.objects.exclude(group=1)
        .filter(
            prime__belongings__until__isnull=True,
            controller_id=F(f"{on_it}__record__system__controller_id"),
            **{f"{on_it}__record_id__in": record_ids, f"{on_it}__role__in": roles},
        )
        .values_list(f"{on_it}__record_id", "group", "due", "clear_from")
    )


def _last_days(record_ids: Iterable[int]) -> dict[int, date]:
    keys = list(record_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_id, max(day) FROM ("
            " SELECT record_id, greatest(happened_latest, happened_earliest, dated) AS day"
            " FROM records_involvement WHERE record_id = ANY(%(keys)s)"
            " UNION ALL SELECT record_id, upper(said) - 1 FROM records_recorddates, unnest(days) AS said"
            " WHERE record_id = ANY(%(keys)s)) told WHERE day IS NOT NULL GROUP BY record_id",
            {"keys": keys},
        )
        return dict(cursor.fetchall())


def going(order: DisposalOrder) -> list[int]:
    """Return the keys of the records that an order would still destroy."""
    left = order.items.filter(record__isnull=False, destroyed_at__isnull=True, kept_because="")
    return list(left.values_list("record_id", flat=True))
