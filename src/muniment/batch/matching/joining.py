"""What is told of pairs before they are grouped, and what became of those that were refused."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from muniment.engine.matching import standing as stands
from muniment.engine.matching.grouping import Pair, Refused, Sayings

PAIRS = pa.schema([("left", pa.int64()), ("right", pa.int64())])
REFUSED = pa.schema(
    [
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("weight", pa.float64()),
        ("reason", pa.string()),
        ("were_one", pa.bool_()),  # shown as one before, and nothing joins them now
    ]
)


def pairs(table: pa.Table | None, verdict: str | None = None) -> list[Pair]:
    """Return the pairs of a table; with a verdict, those that bear it."""
    if table is None:
        return []
    if verdict is not None:
        table = table.filter(pc.equal(table["verdict"], verdict))
    return list(zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True))


def as_pairs(given: Iterable[Pair]) -> pa.Table:
    """Return pairs as a table of schema `PAIRS`."""
    columns = list(zip(*given, strict=True)) or [()] * len(PAIRS)
    return pa.table(dict(zip(PAIRS.names, map(list, columns), strict=True)), schema=PAIRS)


def sayings(judgements: pa.Table | None) -> Sayings:
    """Return what people and sources have said; verdicts that say nothing here are passed over."""
    return Sayings(*(tuple(pairs(judgements, verdict)) for verdict in ("same", "different", stands.TAKEN_BACK)))


def refusals(asked: Iterable[Refused]) -> pa.Table:
    """Return refused pairs as a table of schema `REFUSED`."""
    columns = list(zip(*asked, strict=True)) or [()] * len(REFUSED)
    return pa.table(dict(zip(REFUSED.names, map(list, columns), strict=True)), schema=REFUSED)
