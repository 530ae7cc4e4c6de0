"""The pairs that are kept of some nominals, read once: who was joined by them, what they weighed, which are to change.

Of a person with a hundred source records there are thousands of pairs, of which one record that comes changes a few.
Each is read when the neighbourhood is found, and only what differs from it is written.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import pyarrow as pa
from django.db import connection

from muniment.engine.matching.grouping import Pair
from muniment.engine.matching.weighing import Weighed
from muniment.people.handing_over import array, copied

# Nominals up to which rows are read one by one; past it by COPY.
FEW = 100

# By the one side and by the other, each pair once.
_WITH_ANY = """
SELECT id, left_id, right_id, weight, is_automatic, blocked_by, needs_person, were_one, model FROM people_matchedge
WHERE left_id = ANY(%(keys)s)
UNION ALL
SELECT id, left_id, right_id, weight, is_automatic, blocked_by, needs_person, were_one, model FROM people_matchedge
WHERE right_id = ANY(%(keys)s) AND left_id <> ALL(%(keys)s)
"""
_HELD = pa.schema(
    [
        *((name, pa.int64()) for name in ("id", "left", "right")),
        ("weight", pa.float64()),
        ("is_automatic", pa.bool_()),
        ("blocked_by", pa.string()),
        ("needs_person", pa.bool_()),
        ("were_one", pa.bool_()),
        ("model", pa.string()),
    ]
)
# What was written over by a question to a person, and what tells not all that was weighed.
_TELLS_LESS = frozenset({"identifier", "parted", "reopened"})


class HeldPair(NamedTuple):
    """A pair as it is kept."""

    key: int
    left: int
    right: int
    weight: float
    is_automatic: bool
    blocked_by: str
    needs_person: bool
    were_one: bool
    model: str

    @property
    def pair(self) -> Pair:
        """The two, the lower number left."""
        return self.left, self.right

    @property
    def joins(self) -> bool:
        """Whether evidence joins the two, or would were it not torn."""
        return self.is_automatic or self.blocked_by == "contested"

    def says(self, weighed: Weighed, model: str) -> bool:
        """Whether it says of two who are one what weighing them has come to, and leaves nothing to a person."""
        kept = (self.weight, self.is_automatic, self.blocked_by, self.model)
        found = (weighed.weight, weighed.automatic, weighed.blocked_by or "", model)
        return kept == found and not (self.were_one or self.needs_person)

    def tells_weight(self, model: str) -> bool:
        """Whether it tells all that weighing the two by a model would.

        It does not where it was written over by a question to a person, nor whether two with different identifiers may
        be twins.
        """
        return self.model == model and not self.were_one and self.blocked_by not in _TELLS_LESS


class HeldPairs:
    """The pairs with any of some nominals, looked up for one after the other."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pairs: dict[Pair, HeldPair] = {}

    def __iter__(self) -> Iterator[HeldPair]:
        """Give each."""
        return iter(self._pairs.values())

    def get(self, pair: Pair) -> HeldPair | None:
        """Return how a pair is kept, the lower number left."""
        return self._pairs.get(pair)

    def look_up(self, keys: Collection[int]) -> set[int]:
        """Return these, and everyone whom a pair with one of them joins, as it was weighed before."""
        joined = set(keys)
        for each in _with_any(keys):
            self._pairs[each.pair] = each
            if each.joins:
                joined.update((each.left, each.right))
        return joined


def _with_any(keys: Collection[int]) -> Iterator[HeldPair]:
    with connection.cursor() as cursor:
        if len(keys) > FEW:
            columns = copied(cursor, _WITH_ANY, {"keys": array(keys)}, _HELD).columns
            return map(HeldPair, *(column.to_pylist() for column in columns))
        cursor.execute(_WITH_ANY, {"keys": array(keys)})
        return map(HeldPair._make, cursor.fetchall())
