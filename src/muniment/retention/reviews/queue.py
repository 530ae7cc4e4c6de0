"""The queue of reviews: which fit what is asked for, in which order, and what comes next."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from muniment.core import references
from muniment.core.models import Controller, User
from muniment.records.models import Involvement
from muniment.retention import queries
from muniment.retention.deciding import afresh, doubt
from muniment.retention.models import DisposalOrder, PersonDecision, RecordDecision, Review, ReviewAsk
from muniment.retention.policies import review_policy
from muniment.retention.reviews import deputies, escalated, linked
from muniment.retention.reviews.assessment import OFFENDER, policy_kinds

WAITING = ("open", "started")  # nobody waits for anything but a reviewer
UNDECIDED = (*WAITING, "parked", "referred", "agreeing")
DOUBT = "doubt"  # asked for like a state: answered or decided about a person who is made up otherwise now
CHASE = "chase"  # asked for like a state: it waits for an answer that is late
ESCALATED = "escalated"  # asked for like a state: too old, and put before the reader
BACK = "back"  # asked for like a state: open again, because a disposal came back
# What comes first, by what a reader may ask for; minus is from high to low.
ORDERS = {"risk": ("-risk", "due", "pk"), "due": ("due", "-risk", "pk")}


def narrowed(wanted: Mapping[str, object], user: User, on: date, of: Iterable[Controller]) -> QuerySet[Review]:
    """Return the reviews of some controllers that fit what is wanted; what was put aside only when asked for."""
    found = Review.objects.select_related("controller", "prime").order_by(*ORDERS[_sort(wanted)])
    of = list(of)
    state = str(wanted.get("state") or "")
    of_state = Q(pk__in=escalated.before(user, on).values("review")) if state == ESCALATED else _in_state(state, on)
    found = found.filter(of_state, controller__in=of)
    if isinstance(controller := wanted.get("controller"), Controller):
        found = found.filter(controller=controller)
    if to := wanted.get("allocated"):
        found = found.filter(allocated_to__in=deputies.with_me(user, on) if to == "me" else [""])
    if kind := wanted.get("kind"):
        found = found.filter(kind=kind)
    if wanted.get("waits"):
        found = found.filter(aged(on))
    if one := str(wanted.get("together") or ""):
        found = found.filter(pk__in=_together(one, of))
    if when := wanted.get("due"):
        month = {"due__year": on.year, "due__month": on.month}
        found = found.filter(due__lt=on) if when == "over" else found.filter(**month)
    decided = PersonDecision.objects.filter(prime=OuterRef("prime"), controller=OuterRef("controller"))
    if group := str(wanted.get("group") or ""):
        found = found.filter(_for_each(Exists(decided.filter(group=int(group) or None))))
    if cause := str(wanted.get("cause") or ""):
        found = found.filter(_for_each(Exists(decided.filter(_of_cause(cause)))))
    if rule := wanted.get("rule"):
        found = found.filter(_for_each(Exists(decided.filter(rule="" if rule == "none" else rule))))
    if who := wanted.get("who"):
        found = found.filter(_offending() if who == "offenders" else ~_offending())
    if going := wanted.get("going"):
        found = found.filter(_going(on) if going == "some" else ~_going(on))
    return found


def _for_each(condition: Exists) -> Q:
    """Return a condition that is asked of one review after the other, in their order, until a page is full.

    PostgreSQL would join what is alone in a condition with the whole backlog first, each row through its wall.
    """
    return Q(condition) | Q(pk__isnull=True)


def _of_cause(cause: str) -> Q:
    """Match the decisions that a cause keeps from the clock: `reason:` and its code, or `fact:` and what is missing."""
    kind, _, code = cause.partition(":")
    return Q(missing__contains=[code]) if kind == "fact" else Q(because__contains=[code])


def aged(on: date) -> Q:
    """Match the undecided reviews that were opened so long ago, for the group of their person, that policy says so."""
    decided = PersonDecision.objects.filter(prime=OuterRef("prime"), controller=OuterRef("controller"))
    found = Q()
    for group, days in review_policy.on(on).aged_after_days.items():
        of_group = Exists(decided.filter(group=group)) if group else ~Exists(decided.filter(group__isnull=False))
        found |= Q(of_group, made_at__date__lt=on - timedelta(days=days))
    youngest = on - timedelta(days=min(review_policy.on(on).aged_after_days.values()))
    # As a moment, which is compared before anything else is asked of a row.
    return found & Q(state__in=UNDECIDED, made_at__lt=timezone.make_aware(datetime.combine(youngest, time())))


def _late(on: date) -> Q:
    """Match those that wait for an answer for longer than policy has somebody wait before they chase it."""
    asks = ReviewAsk.objects.filter(review=OuterRef("pk"), answer="")
    found = Q()
    for of, days in review_policy.on(on).chased_after_days.items():
        found |= Q(Exists(asks.filter(of=of, asked_at__date__lte=on - timedelta(days=days))))
    return found & Q(state__in=UNDECIDED)


def _together(reference: str, of: list[Controller]) -> list[int]:
    """Return the reviews of the household and the crime group of whom a review is about; none of one not seen."""
    try:
        centre = Review.objects.filter(pk=references.number("review", reference)).select_related("prime").first()
    except ValueError:
        return []
    return linked.reviews_with(centre.prime, [each.pk for each in of]) if centre else []


def following(found: QuerySet[Review], last: Review, wanted: Mapping[str, object]) -> Review | None:
    """Return what comes after a review in the order that is asked for, whether or not it is still in the queue."""
    later, equal = Q(), Q()
    for name in ORDERS[_sort(wanted)]:
        field = name.removeprefix("-")
        beyond = "lt" if name.startswith("-") else "gt"
        later |= equal & Q(**{f"{field}__{beyond}": getattr(last, field)})
        equal &= Q(**{field: getattr(last, field)})
    return found.filter(later).first()


def _sort(wanted: Mapping[str, object]) -> str:
    return str(wanted.get("sort") or "risk")


def _in_state(state: str, on: date) -> Q:
    if state == CHASE:
        return _late(on)
    if state == BACK:
        orders = DisposalOrder.objects.filter(review=OuterRef("pk"), state__in=queries.CAME_BACK)
        return Q(Exists(orders), state__in=UNDECIDED)
    if state == DOUBT:
        return doubt.reviews()
    if state:
        return Q(state__in=UNDECIDED) if state == "undecided" else Q(state=state)
    return Q(state__in=WAITING)


def _parts() -> QuerySet[Involvement]:
    return Involvement.objects.filter(
        nominal__belongings__prime=OuterRef("prime"), nominal__belongings__until__isnull=True
    )


def _offending() -> Q:
    roles = [role for role, kind in policy_kinds().items() if kind == OFFENDER]
    return _for_each(Exists(_parts().filter(role__in=roles)))


def _going(on: date) -> Q:
    """Match those of whom some record of the review's controller has come to its end; the page says which may go."""
    ended = RecordDecision.objects.filter(record=OuterRef("record"), outcome__in=["review", "dispose"])
    ended = ended.filter(Q(due__isnull=True) | Q(due__lte=on)).exclude(because__contains=[afresh.IN_DOUBT])
    own = _parts().filter(record__system__controller=OuterRef("controller"))
    return _for_each(Exists(own.filter(Exists(ended))))
