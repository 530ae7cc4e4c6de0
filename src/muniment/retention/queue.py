"""The queue of reviews: which fit what is asked for, in which order, and what comes next."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from muniment.core.models import Controller, User
from muniment.records.models import Involvement
from muniment.retention import afresh, doubt, queries
from muniment.retention.assessment import OFFENDER, policy_kinds
from muniment.retention.disposal_models import DisposalOrder
from muniment.retention.models import PersonDecision, RecordDecision, Review

WAITING = ("open", "started")  # nobody waits for anything but a reviewer
UNDECIDED = (*WAITING, "parked", "referred")
DOUBT = "doubt"  # asked for like a state: answered or decided about a person who is made up otherwise now
BACK = "back"  # asked for like a state: open again, because a disposal came back
# What comes first, by what a reader may ask for; minus is from high to low.
ORDERS = {"risk": ("-risk", "due", "pk"), "due": ("due", "-risk", "pk")}


def narrowed(wanted: Mapping[str, object], user: User, on: date, of: Iterable[Controller]) -> QuerySet[Review]:
    """Return the reviews of some controllers that fit what is wanted; what was put aside only when asked for."""
    found = Review.objects.select_related("controller", "prime").order_by(*ORDERS[_sort(wanted)])
    found = found.filter(_in_state(str(wanted.get("state") or "")), controller__in=list(of))
    if isinstance(controller := wanted.get("controller"), Controller):
        found = found.filter(controller=controller)
    if to := wanted.get("allocated"):
        found = found.filter(allocated_to=user.username if to == "me" else "")
    if when := wanted.get("due"):
        month = {"due__year": on.year, "due__month": on.month}
        found = found.filter(due__lt=on) if when == "over" else found.filter(**month)
    decided = PersonDecision.objects.filter(prime=OuterRef("prime"), controller=OuterRef("controller"))
    if group := str(wanted.get("group") or ""):
        found = found.filter(Exists(decided.filter(group=int(group) or None)))
    if rule := wanted.get("rule"):
        found = found.filter(Exists(decided.filter(rule="" if rule == "none" else rule)))
    if who := wanted.get("who"):
        found = found.filter(_offending() if who == "offenders" else ~_offending())
    if going := wanted.get("going"):
        found = found.filter(_going(on) if going == "some" else ~_going(on))
    return found


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


def _in_state(state: str) -> Q:
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
    return Q(Exists(_parts().filter(role__in=roles)))


def _going(on: date) -> Q:
    """Match those of whom some record of the review's controller has come to its end; the page says which may go."""
    ended = RecordDecision.objects.filter(record=OuterRef("record"), outcome__in=["review", "dispose"])
    ended = ended.filter(Q(due__isnull=True) | Q(due__lte=on)).exclude(because__contains=[afresh.IN_DOUBT])
    own = _parts().filter(record__system__controller=OuterRef("controller"))
    return Q(Exists(own.filter(Exists(ended))))
