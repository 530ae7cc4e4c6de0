"""What recipients still have of what disposals destroyed, for the proof of those disposals."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from muniment.core import words
from muniment.people.models import Belonging
from muniment.retention.elsewhere.copies import Copy, Holder
from muniment.retention.models import DisposalItem, DisposalOrder
from muniment.supply.models import Given, Notice, Supply


def of_orders(orders: Iterable[DisposalOrder]) -> dict[int, tuple[Copy, ...]]:
    """Return for each order what was given of its records, and of a person who is gone, and is not confirmed gone."""
    return {order.pk: copies for order in orders if (copies := tuple(_of_order(order)))}


def holders(records: Iterable[int]) -> dict[int, tuple[Holder, ...]]:
    """Return the recipients that have each of some records now, by its key."""
    current = Given.objects.filter(what=Given.What.EVENT, key__in=list(records), is_current=True)
    found: dict[int, set[Holder]] = defaultdict(set)
    for key, code, name in current.values_list("key", "recipient", "supply__recipient_name"):
        found[key].add(Holder(code, name))
    return {key: tuple(sorted(each, key=lambda holder: holder.code)) for key, each in found.items()}


def _of_order(order: DisposalOrder) -> Iterator[Copy]:
    records = DisposalItem.objects.filter(order=order, destroyed_at__isnull=False).values_list("record_key", flat=True)
    wanted = Q(what=Given.What.EVENT, key__in=list(records))
    left = Belonging.objects.filter(prime=order.prime_id, until__isnull=True)
    if order.prime_id is not None and not left.exists():
        wanted |= Q(what=Given.What.PERSON, key=order.prime_id)
    names = dict(Supply.objects.filter(controller=order.controller_id).values_list("recipient", "recipient_name"))
    noticed: dict[tuple[str, str], str] = defaultdict(str)
    notices = Notice.objects.filter(wanted, controller=order.controller_id).select_related("delivery")
    for notice in notices.exclude(answer=Notice.Answer.DONE).order_by("pk"):
        noticed[notice.recipient, notice.reference] = standing(notice)
    for given in Given.objects.filter(wanted, controller=order.controller_id, is_current=True):
        noticed.setdefault((given.recipient, given.reference), "To be withdrawn: send the corrections")
    for (recipient, reference), state in sorted(noticed.items()):
        yield Copy(reference, names.get(recipient, recipient), state)


def standing(notice: Notice) -> str:
    """Say where a notice stands, and for how long."""
    if notice.answer == Notice.Answer.DONE:
        assert notice.answered_at is not None
        return f"Done, {notice.answered_by}, {words.moment(notice.answered_at)}"
    if notice.delivery is None or notice.delivery.given_at is None:
        return f"Not sent yet, due for {age(notice.due_at)}"
    sent = f"sent in {notice.delivery.reference}, {age(notice.delivery.given_at)} ago"
    if notice.answer == Notice.Answer.CANNOT:
        return f"They cannot: {notice.note} ({sent})"
    return f"Not confirmed, {sent}"


def age(since: datetime) -> str:
    """Write how long ago a moment was, in days."""
    days = (timezone.now() - since) // timedelta(days=1)
    return "less than a day" if not days else f"{days} day{'' if days == 1 else 's'}"
