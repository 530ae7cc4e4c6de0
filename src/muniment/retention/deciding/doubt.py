"""What was said of a person who is made up otherwise since: reviews, disposals and holds in doubt.

Each keeps the digest of who made up its people (docs/adr/0028). Where that is another now, somebody
has to look: what was answered, decided, proposed or held was about others.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef, Q, QuerySet

from muniment.people import carried
from muniment.people.models import PrimePerson
from muniment.people.queries import membership_digest
from muniment.people.shown import history
from muniment.retention.models import DisposalOrder, GroupsJoined, Hold, Review, hold_versions

LIVE_ORDERS = ("proposed", "approved")  # what could still be approved or told to the sources
BEGUN = ("started", "parked", "referred", "agreeing")


@dataclass(frozen=True)
class Doubt:
    """Since when something is in doubt, who the person is now, and what has changed as far as the reader may see it."""

    person: PrimePerson
    changes: tuple[history.Change, ...]


def of_review(review: Review, on: date) -> Doubt | None:
    """Return why a review is in doubt: one that waits or that somebody has begun, or whose decision still counts."""
    is_decided = review.state == Review.State.DECIDED
    counts = is_decided and (review.next_review or on) > on and not _looked_at_since(review, _now(review.prime))
    if review.state == Review.State.CLOSED or (is_decided and not counts):
        return None
    return _doubt(review.prime, review.membership_digest, review.decided_at or review.made_at)


def _looked_at_since(review: Review, now: PrimePerson) -> bool:
    later = Review.objects.filter(prime__in=[review.prime_id, now.pk], controller=review.controller_id)
    return later.filter(state=Review.State.DECIDED, decided_at__gt=review.decided_at).exists()


def of_order(order: DisposalOrder) -> Doubt | None:
    """Return why a disposal that is under way is in doubt."""
    if order.state not in LIVE_ORDERS or order.prime is None:
        return None
    return _doubt(order.prime, order.membership_digest, order.proposed_at)


def _doubt(prime: PrimePerson, digest: str, otherwise: datetime) -> Doubt | None:
    if digest == membership_digest(prime.pk):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.made_up_at(%s, %s)", [prime.pk, digest])
        (since,) = cursor.fetchone()
    changes = [each for each in history.changes(prime) if each.at > (since or otherwise) and _is_of_make_up(each)]
    return Doubt(_now(prime), tuple(changes))


def _is_of_make_up(change: history.Change) -> bool:
    return change.what not in (history.GONE, history.BACK)


def _now(prime: PrimePerson) -> PrimePerson:
    """Return by which reference a person is known now, as far as the reader sees it."""
    return (prime.redirects_to if prime.redirects_to_id else None) or prime


def people_digest(hold: Hold) -> str:
    """Return the digest of everyone whom the people of a hold are now, seen or not; empty when it names nobody.

    Of people who were named at several moments, as its scope changed, it is the digest of those of each moment.
    """
    pairs: dict[datetime, set[int]] = {}
    for each in hold_versions.in_force(hold):
        for at, people in hold_versions.named(each).items():
            pairs[at] = pairs.get(at, set()) | people
    with connection.cursor() as cursor:
        said = [_digest(cursor, sorted(pairs[at]), at) for at in sorted(pairs)]
    return said[0] if len(said) == 1 else hashlib.sha256(",".join(said).encode()).hexdigest() if said else ""


def _digest(cursor: CursorWrapper, people: list[int], at: datetime) -> str:
    cursor.execute("SELECT muniment.people_digest(%s, %s, make_interval(days => %s))", [people, at, carried.GRACE.days])
    return str(cursor.fetchone()[0])


def of_hold(hold: Hold) -> Doubt | None:
    """Return why a standing hold on people is in doubt: others are one with them now, or they are no longer one."""
    if hold.released_at or hold.people_digest == people_digest(hold):
        return None
    since = hold.confirmed_at or hold.placed_at
    primes = PrimePerson.objects.filter(pk__in=hold_versions.people_of(hold)).order_by("pk")
    every = {(each.at, each.what, each.nominals[0].pk): each for prime in primes for each in history.changes(prime)}
    changes = [each for each in every.values() if each.at > since and _is_of_make_up(each)]
    person = primes.first()
    return Doubt(person, tuple(changes)) if person else None


def holds() -> list[Hold]:
    """Return the standing holds on people that are in doubt."""
    standing = Hold.objects.filter(hold_versions.names("people"), released_at__isnull=True).order_by("pk")
    standing = standing.prefetch_related("versions", "controllers")
    return [hold for hold in standing if hold.people_digest != people_digest(hold)]


def orders() -> QuerySet[DisposalOrder]:
    """Return the disposals under way that are in doubt; each is compared, and few are under way."""
    under_way = DisposalOrder.objects.filter(state__in=LIVE_ORDERS, prime__isnull=False)
    return under_way.extra(
        where=["retention_disposalorder.membership_digest <> muniment.membership_digest(prime_id)"]
    ).order_by("pk")


def reviews() -> Q:
    """Return what finds the reviews in doubt, as the schedule has marked them and nobody has looked since."""
    later = Review.objects.filter(
        Q(prime=OuterRef("prime")) | Q(prime=OuterRef("prime__redirects_to")),
        controller=OuterRef("controller"),
        state=Review.State.DECIDED,
        decided_at__gt=OuterRef("decided_at"),
    )
    return Q(Q(state__in=BEGUN) | Q(~Exists(later), state=Review.State.DECIDED), doubted_at__isnull=False)


def doubtful(found: Iterable[Review]) -> set[int]:
    """Return the keys of those of some reviews that are marked as in doubt."""
    return set(Review.objects.filter(reviews(), pk__in=[each.pk for each in found]).values_list("pk", flat=True))


def joined_under(prime: PrimePerson, controllers: Collection[int] | None = None) -> list[GroupsJoined]:
    """Return the joins of people in different groups that made up a person, of which nobody has looked since.

    To look is to decide a review of the person as they are made up now, for the same force or office.
    """
    found = GroupsJoined.objects.filter(was__redirects_to=prime).select_related("was", "controller").order_by("at")
    found = found.filter(controller__in=controllers) if controllers is not None else found
    looked = Review.objects.filter(
        prime=prime, state=Review.State.DECIDED, membership_digest=membership_digest(prime.pk), decided_at__isnull=False
    )
    last = dict(looked.order_by("decided_at").values_list("controller", "decided_at"))
    return [each for each in found if (at := last.get(each.controller_id)) is None or at < each.at]
