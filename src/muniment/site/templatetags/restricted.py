"""What the rows of a table do not tell for the purpose of who reads it."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.template.context import Context

from muniment.core.visits import visitor
from muniment.people import guarded as people
from muniment.records import guarded as records

register = template.Library()


@register.simple_tag(takes_context=True)
def shut_records(context: Context, keys: Iterable[int | None]) -> set[int]:
    """Return which of some records do not open, by key."""
    return records.closed({key for key in keys if key}, visitor(context["request"]).purpose)


@register.simple_tag(takes_context=True)
def shut_people(context: Context, keys: Iterable[int | None], duty: str = "") -> set[int]:
    """Return which of some prime people do not open, by key; for a duty that policy opens them for besides."""
    return people.closed({key for key in keys if key}, visitor(context["request"]).purpose, duty=duty)


@register.filter
def keys(rows: Iterable[Any], path: str) -> list[Any]:
    """Return what stands at a dotted path of each row, such as `review.prime_id`; a number takes a part of a row."""
    found: list[Any] = list(rows)
    for name in path.split("."):
        found = [each[int(name)] if name.isdigit() else getattr(each, name, None) for each in found]
    return found
