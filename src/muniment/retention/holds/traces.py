"""The marks that are left of a record which is destroyed: enough to ask whether it was in the scope of a hold.

A mark is a keyed digest of one fact and of the record's place in its order. Whoever holds the secret of tombstones can
ask whether an offence, a business area or a person was among them; nobody can list them, and no two records
bear the same mark. Words, places and units leave none: their marks would tell what the record said (docs/adr/0037).
"""

import hashlib
from collections.abc import Collection, Iterable
from datetime import date
from functools import lru_cache

from muniment.core import places
from muniment.engine.policy.offences import number_of
from muniment.people.linking import pairs
from muniment.records.models import Record
from muniment.retention.models import DisposalItem, Trace
from muniment.retention.policies import policy_now

_BYTES = 16
_CATEGORY = 3  # digits of the number of a Home Office class, without its subclass


def leave(item: DisposalItem, record: Record) -> None:
    """Leave the marks of a record that is about to be destroyed, its declared class, and the days that it told of."""
    days, begun = _days(record), _begun(item.order_id, item.record_key)
    Trace.objects.update_or_create(
        item=item,
        defaults={
            "declared": record.class_id,
            "marks": sorted({_mark(begun, fact) for fact in _facts(record)}),
            "first": min(days, default=None),
            "last": max(days, default=None),
        },
    )


def bears(order: int, record: int, marks: Collection[str] | None, facts: Iterable[bytes]) -> bool | None:
    """Say whether any of these facts was among those of a record that an order destroyed; None without marks."""
    if marks is None:
        return None
    left, begun = set(marks), _begun(order, record)
    return any(_mark(begun, fact) in left for fact in facts)


# A mark is salted with the order and the record, which a restored copy knows as well.
def _begun(order: int, record: int) -> "hashlib.blake2b":
    return hashlib.blake2b(f"{order}:{record}:".encode(), key=_key(), digest_size=_BYTES)


def _mark(begun: "hashlib.blake2b", fact: bytes) -> str:
    made = begun.copy()
    made.update(fact)
    return made.hexdigest()


@lru_cache
def _key() -> bytes:
    return bytes.fromhex(places.derived("tombstones", "traces"))


def asked_area(area: str) -> bytes:
    """Return the fact that a record was of a business area."""
    return f"area:{area}".encode()


def asked_person(prime: int) -> bytes:
    """Return the fact that a prime person, by key, stood on a record."""
    return f"person:{prime}".encode()


def asked_code(cjs: str) -> bytes:
    """Return the fact that a record told of a CJS offence code."""
    return f"cjs:{cjs.strip().upper()}".encode()


def asked_offence(ho_class: str) -> set[bytes]:
    """Return the facts of which one is so where a record may tell of a Home Office class.

    A record that gave the number of the class alone may have meant any subclass.
    """
    number = number_of(ho_class) or ho_class.strip().upper()
    asked = {f"ho:{number}"} | ({f"whole:{number[:_CATEGORY]}"} if len(number) > _CATEGORY else set())
    return {fact.encode() for fact in asked}


def _facts(record: Record) -> set[bytes]:
    told = list(record.involvements.all())
    codes = {code.strip().upper() for code in (record.cjs, *(each.cjs for each in told)) if code.strip()}
    classes = {text for text in (record.ho_class, *(each.ho_class for each in told)) if text}
    facts = {asked_area(record.scope.area), *map(asked_code, codes), *map(asked_person, pairs.people_on([record.pk]))}
    return facts | {fact.encode() for fact in _offences(classes, codes)}


def _offences(classes: Collection[str], codes: Collection[str]) -> set[str]:
    facts: set[str] = set()
    for text in classes:
        number = number_of(text) or text.strip().upper()
        facts |= {f"ho:{number}", f"ho:{number[:_CATEGORY]}"}
        facts |= {f"whole:{number}"} if len(number) == _CATEGORY else set()
    of_codes = {policy_now.policy().offences.class_of(code) for code in codes} - {None}
    return facts | {f"ho:{each[:length]}" for each in of_codes if each for length in (_CATEGORY, None)}


def _days(record: Record) -> list[date]:
    """Return the days that a record told of; none where it had no day of its own, and so was within any days."""
    own = [day for dates in record.dates.values() for day in (dates.earliest, dates.latest)]
    if not own:
        return []
    told = [
        day
        for each in record.involvements.all()
        for day in (each.happened_earliest, each.happened_latest, each.dated)
        if day
    ]
    return own + told
