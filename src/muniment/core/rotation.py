"""Wrap the keys of content anew under another master key, and see which master key opens them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connections, transaction

from muniment.core import audit, master, rewriting
from muniment.core.actors import Actor
from muniment.core.verdicts import unless

_LOCK = 7_130_041
TOGETHER = 10_000  # keys that are wrapped anew in one transaction
NONE_OPENS = -1


@dataclass(frozen=True)
class Rotated:
    """How many keys were wrapped anew, how many were already, how many none opens, and what is left in files."""

    anew: int
    already: int
    shut: int
    left: tuple[str, ...]


def survey(ring: master.Ring) -> Counter[int]:
    """Return how many keys of content each key of a ring opens, by its place in it; NONE_OPENS for the others."""
    found: Counter[int] = Counter()
    for owner, wrapped in _every_key():
        opened = ring.unwrap(owner, wrapped)
        found[NONE_OPENS if opened is None else opened[0]] += 1
    return found


def lost_owners() -> Iterator[str]:
    """Yield whose keys no master key of the file opens."""
    ring = master.ring()
    for owner, wrapped in _every_key():
        if ring.unwrap(owner, wrapped) is None:
            yield owner


def rotate(*, by: Actor) -> Rotated:
    """Wrap every key of content under the master key in use that an earlier one of the file opens.

    Whoever reads meanwhile finds both: a key is opened by whichever wrapped it. Killed, it is run again, and goes past
    what is done. What none opens is left as it is.
    """
    with _alone():
        anew = already = shut = 0
        for some in _by_lots():
            ring = master.ring()
            changes = []
            for owner, wrapped in some:
                opened = ring.unwrap(owner, wrapped)
                if opened is None:
                    shut += 1
                elif opened[0] == 0:
                    already += 1
                else:
                    changes.append((ring.wrap(owner, opened[1]), owner, wrapped))
            anew += _write(changes)
        # The keys as they were wrapped before lie in the files until those are written anew.
        left = rewriting.rewrite_one("keys", "core_contentkey") if anew else []
        audit.record(by, "keys.rotate", detail={"anew": anew, "already": already, "shut": shut})
    return Rotated(anew, already, shut, tuple(left))


def forget_earlier(*, by: Actor) -> int:
    """Take the earlier master keys out of the file; return how many. Raise Refused while one of them is needed."""
    with _alone():
        ring = master.ring()
        needed = sum(count for place, count in survey(ring).items() if place > 0)
        unless(
            needed == 0, f"{needed} keys of content are wrapped by an earlier master key: run `muniment keys rotate`."
        ).require()
        gone = master.keep_first()
        audit.record(by, "keys.forget_earlier", detail={"forgotten": gone, "kept": master.fingerprint(ring.keys[0])})
    return gone


def _write(changes: list[tuple[bytes, str, bytes]]) -> int:
    if changes:
        with transaction.atomic(using="keys"), connections["keys"].cursor() as cursor:
            # One that was destroyed meanwhile stays destroyed.
            cursor.executemany("UPDATE core_contentkey SET wrapped = %s WHERE owner = %s AND wrapped = %s", changes)
    return len(changes)


def _every_key() -> Iterator[tuple[str, bytes]]:
    for some in _by_lots():
        yield from some


def _by_lots() -> Iterator[list[tuple[str, bytes]]]:
    last = ""
    while True:
        with connections["keys"].cursor() as cursor:
            cursor.execute(
                "SELECT owner, wrapped FROM core_contentkey WHERE owner > %s ORDER BY owner LIMIT %s", [last, TOGETHER]
            )
            some = [(owner, bytes(wrapped)) for owner, wrapped in cursor.fetchall()]
        if not some:
            return
        yield some
        last = some[-1][0]


@contextmanager
def _alone() -> Iterator[None]:
    with connections["keys"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        unless(bool(cursor.fetchone()[0]), "Keys are being wrapped anew already: wait until that has ended.").require()
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
