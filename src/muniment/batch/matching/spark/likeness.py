"""How alike two strings are, as the engine measures it, for the strings about which Splink's jar leaves a doubt.

A column of pairs comes in and a column of numbers goes out; where either string is null, so is the number.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.matching.spark import sameness
from muniment.engine.matching.features import closeness, edits, likeness

MEASURES: dict[str, Callable[[str, str], float]] = {"likeness": likeness, "closeness": closeness, "edits": edits}


def measure(one: pa.Array, two: pa.Array, by: Callable[[str, str], float]) -> pa.Array:
    """Measure pairs of strings."""
    asked = pc.and_(pc.is_valid(one), pc.is_valid(two))
    found = map(by, one.filter(asked).to_pylist(), two.filter(asked).to_pylist())
    return pc.replace_with_mask(pa.nulls(len(one), pa.float64()), asked, pa.array(map(float, found), pa.float64()))


def register(session: Any) -> None:
    """Let statements of a session call the measures by their names."""
    from pyspark.sql import functions

    columnar: Any = functions  # its own types lack this one

    def over_columns(by: Callable[[str, str], float]) -> Callable[[pa.Array, pa.Array], pa.Array]:
        program = sameness.program()

        def measured(one: pa.Array, two: pa.Array) -> pa.Array:
            sameness.check(program)
            return measure(one, two, by)

        return measured

    for name, by in MEASURES.items():
        session.udf.register(name, columnar.arrow_udf(over_columns(by), "double"))
