"""Why a review was opened, in words, as far as the reader may see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from muniment.core import content, words
from muniment.records.models import Record
from muniment.retention.models import Review, ReviewTrigger


@dataclass(frozen=True)
class Seen:
    """One reason: what it is, when, on which record, and what somebody said of it."""

    text: str
    dated: date
    record: Record | None
    said: str
    by: str


def of_review(review: Review) -> list[Seen]:
    """Return what a review was opened by, and what has come to it since, the first first."""
    found = review.triggers.select_related("record", "said").order_by("dated", "pk")
    return [
        Seen(text(each), each.dated, each.record, content.shown(each.said) if each.said else "", each.by)
        for each in found
    ]


def of_reviews(reviews: Iterable[Review]) -> dict[int, list[str]]:
    """Return the same of several reviews, in words alone, each thing said once."""
    found: dict[int, dict[str, None]] = {}
    for each in ReviewTrigger.objects.filter(review__in=list(reviews)).order_by("dated", "pk"):
        found.setdefault(each.review_id or 0, {})[text(each)] = None
    return {key: list(said) for key, said in found.items()}


def text(trigger: ReviewTrigger) -> str:
    """Return what a trigger is, in words."""
    if trigger.code == "group_moved":
        was, now = (f"group {group}" if group else "no group" for group in (trigger.was_group, trigger.now_group))
        return f"Moved from {was} to {now}, though nothing new has come"
    for of in ("trigger", "event"):
        if words.has(of, trigger.code):
            return words.say(of, trigger.code)
    return f"Warning: {words.say('flag', trigger.code)}"
