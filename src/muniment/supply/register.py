"""The register: what each supply gave, by reference and digest, so that corrections follow.

Everything is written within the transaction of whoever gives.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from muniment.supply.building.rows import Item
from muniment.supply.digests import digest
from muniment.supply.models import Given, Notice, Supply

_SUPERSEDED = """
UPDATE supply_given SET is_current = false WHERE is_current AND controller_id = %s AND recipient = %s AND what = %s
    AND {column} = ANY (%s)
"""
_INSERTED = """
INSERT INTO supply_given (supply_id, controller_id, recipient, what, key, whole, reference, digest, is_current)
SELECT %s, %s, %s, %s, told.key, told.whole, told.reference, told.digest, true
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS told (key, whole, reference, digest)
"""


def add(supply: Supply, items: Sequence[Item], *, settles: bool = True) -> None:
    """Note what a supply gives, all of one kind; what was given of the same before is no longer what they have.

    With `settles`, notices about it that were not sent yet are due no more.
    """
    if not items:
        return
    what = items[0].what
    references = [item.row["id"] for item in items]
    to: list[Any] = [supply.controller_id, supply.recipient]
    with connection.cursor() as cursor:
        cursor.execute(_SUPERSEDED.format(column="reference"), [*to, what, references])
        digests = [digest(what, item.row) for item in items]
        keys = [item.key for item in items]
        told: list[Any] = [keys, [None] * len(keys), references, digests]
        cursor.execute(_INSERTED, [supply.pk, *to, what, *told])
        if what == Given.What.PERSON:
            _add_parts(cursor, supply, items)
    if not settles:
        return
    overtaken = Notice.objects.filter(controller=supply.controller_id, recipient=supply.recipient, what=what)
    overtaken.filter(
        reference__in=references, delivery__isnull=True, act__in=[Notice.Act.AMEND, Notice.Act.WITHDRAW]
    ).delete()


def _add_parts(cursor: Any, supply: Supply, items: Sequence[Item]) -> None:
    to: list[Any] = [supply.controller_id, supply.recipient]
    pairs = [(part, item.key) for item in items for part in item.parts]
    wholes, parts = [item.key for item in items], [part for part, _ in pairs]
    for column, keys in (("whole", wholes), ("key", parts)):
        cursor.execute(_SUPERSEDED.format(column=column), [*to, Given.What.NOMINAL, keys])
    empty = [""] * len(pairs)
    cursor.execute(_INSERTED, [supply.pk, *to, Given.What.NOMINAL, parts, [whole for _, whole in pairs], empty, empty])


def current(controller: int, recipient: str) -> QuerySet[Given]:
    """Return what a recipient has of a controller's, as far as is known here."""
    return Given.objects.filter(controller=controller, recipient=recipient, is_current=True)


def let_go(notices: Iterable[Notice]) -> None:
    """Note that a recipient is told to delete things; digests of them are needed no more."""
    for notice in notices:
        held = current(notice.controller_id, notice.recipient).filter(what=notice.what, reference=notice.reference)
        if notice.what == Given.What.PERSON:
            parts = current(notice.controller_id, notice.recipient).filter(what=Given.What.NOMINAL)
            parts.filter(whole__in=list(held.values_list("key", flat=True))).update(is_current=False)
        held.update(is_current=False, digest="")


def forget(notice: Notice) -> None:
    """Keep of what is confirmed to be gone at a recipient its key alone, in every supply that had it."""
    had = Given.objects.filter(controller=notice.controller_id, recipient=notice.recipient, what=notice.what)
    had.filter(reference=notice.reference, is_current=False).update(reference="", digest="")
