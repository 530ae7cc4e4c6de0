"""Pairs weighed by Splink: our levels as its comparisons, our frequencies as its term frequencies.

Splink writes and runs the SQL; parameters come from `muniment.batch.matching.train`, candidates from
`muniment.batch.matching.blocking`.
"""

import logging
from dataclasses import dataclass
from math import log2
from typing import Any

import pyarrow as pa
from splink import Linker

from muniment.batch.matching.conditions import COLUMNS, CONDITIONS
from muniment.batch.matching.engines import Engine
from muniment.engine.matching.features import FEATURES, FREQUENCY_COLUMNS, Feature
from muniment.engine.matching.model import Model, Weights

# With a handler in place Splink does not add one that writes to standard error.
logging.getLogger("splink").addHandler(logging.NullHandler())
logging.getLogger("splink").propagate = False

_FEATURES = {feature.name: feature for feature in FEATURES}


def prepare_people(engine: Engine, people: str, model: Model) -> None:
    """Make table `weighed`: the columns that Splink compares, with the share of each value that has one."""
    joins, shares, names = [], [], []
    for column in frequency_columns(model):
        values = model.frequencies.get(column, {})
        names.append(name := f"shares_{column}")
        engine.give(
            name, pa.table({"value": pa.array(values, pa.string()), "share": pa.array(values.values(), pa.float64())})
        )
        joins.append(f"left join {name} on {name}.value = p.{column}")
        rarest = f"coalesce({name}.share, {model.rarest!r}::double)"
        shares.append(f"case when p.{column} is not null then {rarest} end as tf_{column}")
    columns = ", ".join(["p.person_id", *(f"p.{column}" for column in COLUMNS), *shares])
    engine.make("weighed", f"select {columns} from {people} p {' '.join(joins)}")  # noqa: S608
    engine.drop(*names)


def frequency_columns(model: Model) -> list[str]:
    """Return the columns whose commonness this model takes into account."""
    used = {level.frequency for name in model.weights for level in _FEATURES[name].levels if level.frequency}
    return [column for column in FREQUENCY_COLUMNS if column in used]


@dataclass(frozen=True)
class Pairs:
    """A table of pairs (join_key_l, join_key_r), and that of the people in them, as `prepare_people` makes it."""

    table: str
    people: str = "weighed"


def score(engine: Engine, model: Model, pairs: Pairs, least: float | None = None, *, bits: bool = True) -> str:
    """Weigh pairs; return the name of a new table.

    It has `person_id_l`, `person_id_r`, `match_weight`, and for each feature `level_` (null when missing) and, with
    `bits`, `bits_` (what it adds to the weight). `least` leaves out pairs of lower weight.
    """
    database = engine.splink()
    # Our settings are written by code: parsing each condition to validate it took longer than a small set's scoring.
    linker = Linker(database.register(engine.compared(pairs.people)), _settings(model, engine), validate_settings=False)
    engine.tell_frequencies(linker, pairs.people, frequency_columns(model))
    engine.make("blocked", f"select '0' as match_key, join_key_l, join_key_r from {pairs.table}")  # noqa: S608
    linker.table_management.register_blocked_pairs_for_predict(database.register("blocked"))
    predictions = linker.inference.predict(
        threshold_match_weight=least if engine.filters_early else None, warning_mode="never"
    )
    columns = ", ".join(_level_columns(_FEATURES[name], model.weights[name], bits=bits) for name in model.weights)
    name = f"scored_{pairs.table}"
    engine.make(
        name,
        f"select person_id_l, person_id_r, match_weight, {columns} from {predictions.physical_name}",  # noqa: S608
    )
    if least is not None and not engine.filters_early:
        engine.make(name, f"select * from {name} where match_weight >= {least!r}")  # noqa: S608
    predictions.drop_table_from_database_and_remove_from_cache()
    engine.drop("blocked")
    return name


def _level_columns(feature: Feature, weights: Weights, *, bits: bool) -> str:
    # Splink gives levels only together with every column it compared, which for millions of pairs does not fit.
    # A level is read off its weight instead: `Weights.distinct` holds the weights of a feature apart.
    name = feature.name
    cases = " ".join(
        f"when mw_{name} = {log2(m / u)!r}::double then {index}"
        for index, (m, u) in enumerate(zip(weights.m, weights.u, strict=True))
    )
    level = f"(case {cases} end)::tinyint as level_{name}"
    if not bits:
        return level
    adjusted = any(level.frequency for level in feature.levels)
    weight = f"mw_{name} + mw_tf_adj_{name}" if adjusted else f"mw_{name}"
    return f"{level}, case when mw_{name} <> 0 then {weight} end as bits_{name}"


def _settings(model: Model, engine: Engine) -> dict[str, Any]:
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "person_id",
        "probability_two_random_records_match": model.prior,
        "comparisons": [_comparison(_FEATURES[name], model, engine) for name in model.weights],
        "blocking_rules_to_generate_predictions": ["l.forename = r.forename"],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
    }


def _comparison(feature: Feature, model: Model, engine: Engine) -> dict[str, Any]:
    weights = model.weights[feature.name]
    missing = " or ".join(f"{column}_l is null or {column}_r is null" for column in feature.columns)
    levels: list[dict[str, Any]] = [{"sql_condition": missing, "label_for_charts": "missing", "is_null_level": True}]
    for index, level in enumerate(feature.levels):
        last = index == len(feature.levels) - 1
        entry: dict[str, Any] = {
            "sql_condition": "ELSE" if last else engine.condition(CONDITIONS[feature.name][index]),
            "label_for_charts": level.name,
            "m_probability": weights.m[index],
            "u_probability": weights.u[index],
        }
        if level.frequency:
            entry |= {
                "tf_adjustment_column": level.frequency,
                "tf_adjustment_weight": 1.0,
                "disable_tf_exact_match_detection": True,
            }
        levels.append(entry)
    return {"output_column_name": feature.name, "comparison_levels": levels}
