"""Other people on the records of a life whose own reviews wait: a record is theirs too."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import F

from muniment.people.models import PrimePerson
from muniment.retention.models import Review

Waiting = Mapping[int, tuple[Review, ...]]  # by the key of the record; one on which nobody waits is not in it


def waiting(record_ids: Iterable[int], *, beside: PrimePerson | int | None) -> Waiting:
    """Return the undecided reviews, by whoever holds each record, of the people on it besides one.

    Each review has `role`: the part that its person had in the record.
    """
    part = "prime__belongings__nominal__involvements"
    found = (
        Review.objects.exclude(state__in=[Review.State.DECIDED, Review.State.CLOSED])
        .filter(
            prime__belongings__until__isnull=True,
            **{
                f"{part}__record_id__in": list(record_ids),
                "controller_id": F(f"{part}__record__system__controller_id"),
            },
        )
        .annotate(on_record=F(f"{part}__record_id"), role=F(f"{part}__role"))
        .order_by("pk", "role")
    )
    if beside is not None:
        found = found.exclude(prime=beside)
    by_record: dict[int, dict[int, Review]] = defaultdict(dict)
    for review in found:
        by_record[review.on_record].setdefault(review.pk, review)
    return {record: tuple(reviews.values()) for record, reviews in by_record.items()}
