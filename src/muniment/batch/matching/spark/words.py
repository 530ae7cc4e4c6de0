"""Statements written in DuckDB's words, said in Spark's.

sqlglot, by which Splink turns one dialect into another, knows most of it. What it does not know is here.
"""

from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

# Splink's jar counts an odd transposition as a half of one; DuckDB and jellyfish, by which a pair is explained, leave
# the half out, as Winkler's own program does. So the jar says at most as much as they do: less by a sixth of a match,
# of which there are three at least where transpositions are odd.
_HALF = 1 / 18
# And a value on the very bound may fall to either side of it by the order of its additions.
_HAIR = 1e-9
_BY_JAR = {"likeness": "jaro_winkler", "closeness": "jaro_sim"}
_MEASURES = {"jaro_winkler_similarity": "likeness", "jaro_similarity": "closeness"}
_NAMES = {"hash": "xxhash64", "list_intersect": "array_intersect"}


@cache
def say(statement: str) -> str:
    """Return a statement or a condition in Spark's words."""
    tree = sqlglot.parse_one(statement, read="duckdb")
    return str(tree.transform(_translated).sql("spark"))


def _translated(node: exp.Expression) -> Any:
    if isinstance(node, exp.GTE) and (measure := _measured(node.this)):
        return _at_least(measure, node)
    if isinstance(node, exp.LTE) and isinstance(node.this, exp.Anonymous) and node.this.name == "damerau_levenshtein":
        return _at_most(node)
    if isinstance(node, exp.ArrayOverlaps):
        return exp.Anonymous(this="arrays_overlap", expressions=[node.this, node.expression])
    if isinstance(node, exp.Anonymous) and node.name in _NAMES:
        return exp.Anonymous(this=_NAMES[node.name], expressions=node.expressions)
    return node


def _measured(node: exp.Expression) -> str | None:
    if isinstance(node, exp.JarowinklerSimilarity):
        return "likeness"
    return _MEASURES.get(node.name) if isinstance(node, exp.Anonymous) else None


def _at_least(measure: str, node: exp.GTE) -> Any:
    """Return whether a measure reaches a bound: by the jar where that is plain, else by the engine's own measure.

    What the jar leaves no doubt about is not handed to Python: the engine sees null there, and answers so.
    """
    one, two = _strings(node.this)
    bound = float(node.expression.name)
    # With four letters in common at the start Jaro's measure j becomes j + 0.4 (1 - j).
    lowest = bound if measure == "closeness" else (bound - 0.4) / 0.6
    by_jar = f"{_BY_JAR[measure]}({one}, {two})"
    in_doubt = (
        f"not {_plain(one, two)} or ({by_jar} < {bound + _HAIR!r} and jaro_sim({one}, {two}) >= {lowest - _HALF!r})"
    )
    return _parsed(
        f"(({_plain(one, two)} and {by_jar} >= {bound + _HAIR!r}) "
        f"or {measure}(case when {in_doubt} then {one} end, {two}) >= {bound!r})"
    )


def _at_most(node: exp.LTE) -> Any:
    one, two = _strings(node.this)
    most = node.expression.name
    return _parsed(
        f"(({_plain(one, two)} and damerau_levenshtein({one}, {two}) <= {most}) "
        f"or edits(case when not {_plain(one, two)} then {one} end, {two}) <= {most})"
    )


def _plain(one: str, two: str) -> str:
    """Whether two strings are of single bytes: the jar measures characters, and the engine bytes."""
    return f"(octet_length({one}) = length({one}) and octet_length({two}) = length({two}))"


def _strings(node: exp.Expression) -> tuple[str, str]:
    given = node.expressions or [node.this, node.expression]
    return given[0].sql("spark"), given[1].sql("spark")


def _parsed(text: str) -> Any:
    # Held as Spark's own text, so that it is not translated once more.
    return sqlglot.parse_one(text, read="spark")
