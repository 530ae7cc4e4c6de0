"""Other people on the records of a life, whose own reviews wait or chose to keep: a record is theirs too."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import connection
from django.db.models import F
from django.utils import timezone

from muniment.core import references, words
from muniment.people import carried
from muniment.retention.models import Review

Waiting = Mapping[int, tuple[Review, ...]]  # by the key of the record; one on which nobody waits is not in it


def waiting(record_ids: Iterable[int], *, beside: int | None) -> Waiting:
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


_KEPT = f"""
SELECT i.record_id, r.id, r.next_review FROM retention_review r JOIN {carried.joined("r", "decided_at")}
JOIN records_involvement i ON i.nominal_id = b.nominal_id
JOIN records_record held ON held.id = i.record_id JOIN records_sourcesystem s ON s.id = held.system_id
WHERE i.record_id = ANY(%(records)s) AND s.controller_id = r.controller_id AND r.state = 'decided'
    AND b.prime_id IS DISTINCT FROM %(beside)s AND r.next_review > %(day)s
    AND (r.outcome = 'retain' OR r.outcome = 'part' AND i.record_id = ANY(r.kept_records))
    AND NOT EXISTS ( -- a later one counts only for those whom it looked at
        SELECT 1 FROM retention_review later JOIN people_belonging seen ON seen.prime_id = later.prime_id
        WHERE seen.nominal_id = i.nominal_id
            AND seen.start <= later.decided_at AND (seen.until IS NULL OR seen.until > later.decided_at)
            AND later.controller_id = r.controller_id AND later.state = 'decided' AND later.decided_at > r.decided_at)
ORDER BY r.next_review, r.id
"""  # noqa: S608


def kept(record_ids: Iterable[int], *, beside: int | None) -> dict[int, str]:
    """Return the records that the review of somebody else on them chose to keep until its next, each as a sentence."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, {"records": list(record_ids), "beside": beside, "day": timezone.localdate()})
        return {
            record: f"The review {references.make('review', review)} of someone else on it keeps it"
            f" until their next review, on {words.day(following)}."
            for record, review, following in cursor.fetchall()
        }
