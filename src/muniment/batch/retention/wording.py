"""Codes as bits while a set is computed, as sorted lists of words when it is handed back.

Lists of text are slow to build and to aggregate row by row. A set of codes is one integer, a union over the people on
a record is BIT_OR, and each distinct combination becomes words once, in Python.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce

import ibis
import pyarrow as pa

from muniment.batch.retention.expressions import Table, Value
from muniment.engine.retention import persons as reference

WORDS: tuple[str, ...] = (
    *("involvements", "death_verified", "event_date", "first_record", "case_closed", "offence", "involvement_date"),
    *("conviction_date", "sentence_months", "release_date", "date_of_birth", "result", "age_at_event", "offender"),
    *("record_class", "implausible_dates", "child", "kept_at_review", "hold_released", "possible_match"),
    *("others_retained", reference.GROUP_1, reference.GROUP_2, reference.BY_REVIEW, reference.BY_TIME),
    *(reference.UNDER_10, reference.VICTIM, reference.DECEASED, reference.TRIGGERED, reference.AT_18),
    *(reference.FLOOR, reference.SERIOUS_UNDETECTED, reference.OTHER_UNDETECTED),
)
BIT = {word: 1 << place for place, word in enumerate(WORDS)}
EMPTY = ibis.literal([], type="array<string>")
NOTHING = ibis.literal(0, type="int64")


def bits(found: Mapping[str, Value]) -> Value:
    """Return the set of the words whose condition holds, as one integer; a null condition does not hold."""
    ones = [ibis.ifelse(condition.fill_null(False), BIT[word], 0).cast("int64") for word, condition in found.items()]
    return reduce(lambda left, right: left + right, ones)


def bit_of(word: Value, among: tuple[str, ...]) -> Value:
    """Return the bit of a word that is one of a few, 0 for null and for any other."""
    return ibis.cases(*[(word == one, ibis.literal(BIT[one], type="int64")) for one in among], else_=NOTHING)


def packed(found: Mapping[str, Value]) -> Value:
    """Return conditions as one integer, so that one BIT_OR gathers them all; a null condition does not hold."""
    ones = [ibis.ifelse(one.fill_null(False), 1 << place, 0).cast("int32") for place, one in enumerate(found.values())]
    return reduce(lambda left, right: left | right, ones)


def unpacked(code: Value, names: Iterable[str]) -> dict[str, Value]:
    """Return the conditions, by name, that `packed` made one integer of."""
    return {name: (code & (1 << place)) != 0 for place, name in enumerate(names)}


def given(condition: Value, value: Value) -> Value:
    """Return a set of bits where a condition holds, else the empty one; null is empty."""
    return ibis.ifelse(condition.fill_null(False), value.fill_null(0), NOTHING)


def spelled(
    rows: Table, name: str, words: tuple[str, ...], code: str, register: Callable[[str, pa.Table], Table]
) -> Table:
    """Return rows with a column `name`: the sorted words of some text columns and of a column of bits.

    Python sees each distinct combination once; `register` reads it and hands back a table to join.
    """
    keys = {f"{name}_key_{place}": rows[word].fill_null("") for place, word in enumerate(words)}
    rows = rows.mutate(**keys, **{f"{name}_bits": rows[code].fill_null(0)})
    key = [*keys, f"{name}_bits"]
    found = register(f"rt_words_{name}", rows.select(*key).distinct())
    joined = rows.left_join(found, key)
    return joined.drop(*[column for column in joined.columns if column.endswith("_right")], *key)


def spell(distinct: pa.Table, name: str) -> pa.Table:
    """Return the distinct combinations with their words beside them."""
    coded = f"{name}_bits"
    words = [
        sorted(
            {text for key, text in row.items() if key != coded and text}
            | {word for word in WORDS if row[coded] & BIT[word]}
        )
        for row in distinct.to_pylist()
    ]
    return distinct.append_column(name, pa.array(words, pa.list_(pa.string())))


def with_lists(words: Value, *lists: Value) -> Value:
    """Return words together with further lists, sorted and distinct; nothing is computed where there are none."""
    some = reduce(lambda left, right: left | right, [one.length().fill_null(0) > 0 for one in lists])
    everything = ibis.array([one.fill_null(EMPTY) for one in (words, *lists)]).flatten().unique().sort()
    return ibis.ifelse(some, everything, words)
