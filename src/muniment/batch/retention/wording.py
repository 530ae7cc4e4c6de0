"""Codes as bits while a set is computed, as sorted lists of words when it is handed back.

Lists of text are slow to build and to aggregate row by row. A set of codes is one integer, a union over the people on
a record is BIT_OR, and each distinct combination becomes words once, in Python.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import ibis
import pyarrow as pa

from muniment.batch.retention.expressions import Value
from muniment.engine.retention import persons as reference

PERSON_RULES: tuple[str, ...] = tuple(sorted(reference.RULES))
RULE = {rule: place for place, rule in enumerate(PERSON_RULES)}
CRITICAL: tuple[str, ...] = (
    *("involvements", "death_verified", "event_date", "first_record", "case_closed", "offence", "involvement_date"),
    *("conviction_date", "sentence_months"),
)
LACKING: tuple[str, ...] = ("release_date", "date_of_birth", "result", "decision_day", "age_at_event")
MARKERS: tuple[str, ...] = ("firearms", "missing")  # what roles may warn of (codes/roles.yaml)
_OTHERS: tuple[str, ...] = (
    *("offender", "record_class", "implausible_dates", "child", "kept_at_review", "hold_released", "possible_match"),
    *("others_retained", "arrest_power", *MARKERS),
)
WORDS: tuple[str, ...] = (*CRITICAL, *LACKING, *_OTHERS, *PERSON_RULES)
BIT = {word: 1 << place for place, word in enumerate(WORDS)}
_FIRST_RULE = len(WORDS) - len(PERSON_RULES)
EMPTY = ibis.literal([], type="array<string>")
NOTHING = ibis.literal(0, type="int64")


def among(words: Iterable[str]) -> int:
    """Return the set of some words, as one integer."""
    return sum(BIT[word] for word in words)


def one(value: int, kind: str = "int64") -> Value:
    """Return a number of a given width."""
    return ibis.literal(value, type=kind)


def bits(found: Mapping[str, Value]) -> Value:
    """Return the set of the words whose condition holds, as one integer; a null condition does not hold."""
    return _ored([ibis.ifelse(condition, one(BIT[word]), NOTHING) for word, condition in found.items()])


def rule_bit(rule: Value) -> Value:
    """Return the bit of a person's rule by its number, 0 for none."""
    return (one(1) << (rule + _FIRST_RULE).cast("int64")).fill_null(0)


def packed(found: Mapping[str, Value], places: Mapping[str, int], kind: str = "int32") -> Value:
    """Return conditions as one integer, each at its place, so that one BIT_OR gathers them; null is no."""
    none = one(0, kind)
    return _ored([ibis.ifelse(condition, one(1 << places[name], kind), none) for name, condition in found.items()])


def places(names: Iterable[str], first: int = 0) -> dict[str, int]:
    """Return a place for each condition of an integer."""
    return {name: place for place, name in enumerate(names, first)}


def holds(code: Value, place: int) -> Value:
    """Return whether the condition at a place of an integer holds."""
    return (code & (1 << place)) != 0


def given(condition: Value, value: Value) -> Value:
    """Return a set of bits where a condition holds, else the empty one; null is empty."""
    return ibis.ifelse(condition, value, NOTHING).fill_null(0)


def _ored(ones: list[Value]) -> Value:
    return reduce(lambda left, right: left | right, ones)


def spell(distinct: pa.Table, rules: tuple[str, ...], triggers: tuple[str, ...]) -> pa.Table:
    """Return distinct combinations of codes with their words beside them.

    Of each row, `rule_no` and, for a record, `class_no` number what `rule`, `class_word` and the words of `because` say
    (-1 for none); `because_code` and `missing_code` are bits, and `trigger_no` one more fact that is missing.
    """
    made: dict[str, list[Any]] = {name: [] for name in ("rule", "class_word", "because", "missing")}
    for row in distinct.to_pylist():
        rule, class_word, trigger = (
            texts[row[name]] if row.get(name, -1) >= 0 else None
            for name, texts in (("rule_no", rules), ("class_no", rules), ("trigger_no", triggers))
        )
        made["rule"].append(rule)
        made["class_word"].append(class_word)
        made["because"].append(_words(row["because_code"], rule if "class_no" in row else None, class_word))
        made["missing"].append(_words(row["missing_code"], trigger))
    words = pa.list_(pa.string())
    for name, kind in (("rule", pa.string()), ("class_word", pa.string()), ("because", words), ("missing", words)):
        distinct = distinct.append_column(name, pa.array(made[name], kind))
    return distinct


def _words(code: int, *more: str | None) -> list[str]:
    return sorted({word for word in WORDS if code & BIT[word]} | {word for word in more if word})


def with_lists(words: Value, *lists: Value) -> Value:
    """Return words together with further lists, sorted and distinct; nothing is computed where there are none."""
    some = reduce(lambda left, right: left | right, [each.length().fill_null(0) > 0 for each in lists])
    everything = ibis.array([each.fill_null(EMPTY) for each in (words, *lists)]).flatten().unique().sort()
    return ibis.ifelse(some, everything, words)
