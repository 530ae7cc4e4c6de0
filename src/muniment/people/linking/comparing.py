"""Pairs of nominals weighed, one by one while they are few and by the set engine when they are many."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.matching import part
from muniment.batch.matching.joining import as_pairs
from muniment.engine.matching.features import Nominal
from muniment.engine.matching.weighing import Scales, Weighed
from muniment.people.linking import nominal_tables
from muniment.people.linking.held_pairs import HeldPair, HeldPairs

# Pairs up to which it is sooner done one by one: the set engine plans for as long as they take.
FEW = 5000


class Forms:
    """The standard forms of nominals, each read once, by the lists of a day."""

    def __init__(self, on: date) -> None:
        """Begin with none."""
        self._on = on
        self._known: dict[int, Nominal] = {}

    def of(self, keys: Collection[int]) -> Mapping[int, Nominal]:
        """Return the forms of those nominals that are there."""
        missing = set(keys) - self._known.keys()
        if missing:
            self._known |= {row["person_id"]: row for row in nominal_tables.held(missing, on=self._on)}
        return {key: self._known[key] for key in keys if key in self._known}

    def table(self, keys: Collection[int]) -> pa.Table:
        """Return the forms as a table."""
        return nominal_tables.table_of(keys, on=self._on)


def weigh(pairs: pa.Table, forms: Forms, scales: Scales) -> tuple[Weighed, ...]:
    """Weigh pairs (schema `batch.matching.joining.PAIRS`) as a run would; what it would keep nothing of is left out."""
    keys = both(pairs)
    if pairs.num_rows > FEW:
        return tuple(_told(part.weigh(forms.table(keys), pairs, scales)))
    rows = forms.of(keys)
    told = zip(pairs["left"].to_pylist(), pairs["right"].to_pylist(), strict=True)
    found = (scales.weigh(rows[one], rows[two]) for one, two in told)
    return tuple(each for each in found if each is not None)


def weigh_again(pairs: pa.Table, forms: Forms, held: HeldPairs, scales: Scales) -> tuple[Weighed, ...]:
    """Do as `weigh` for pairs of two who have not changed since they were weighed: what is kept of them is taken.

    Of a person with a hundred source records thousands of such pairs are looked at for one that comes. Pairs that speak
    for nothing are not kept: these are weighed.
    """
    again, rest = [], []
    for pair in zip(pairs["left"].to_pylist(), pairs["right"].to_pylist(), strict=True):
        kept = held.get(pair)
        if kept is not None and kept.tells_weight(scales.model.version):
            again.append(_as_kept(kept, scales))
        else:
            rest.append(pair)
    return (*again, *weigh(as_pairs(rest), forms, scales))


def _as_kept(held: HeldPair, scales: Scales) -> Weighed:
    # That it is contested follows from others, and is found out anew.
    blocked, weight = None if held.blocked_by in {"", "contested"} else held.blocked_by, held.weight
    automatic = weight >= scales.points.automatic and blocked is None
    return Weighed(held.left, held.right, weight, weight >= scales.least, automatic, blocked, twins=blocked == "twins")


def both(pairs: pa.Table) -> list[int]:
    """Return everyone in some pairs."""
    keys: list[int] = pc.unique(
        pa.chunked_array([*pairs["left"].chunks, *pairs["right"].chunks], pa.int64())
    ).to_pylist()
    return keys


def _told(found: pa.Table) -> Iterable[Weighed]:
    return map(Weighed, *(column.to_pylist() for column in found.columns))
