"""A model of linkage estimated from the records themselves, without labels.

Method. All pairs of the file, most of them never looked at, are a mixture of a few matches and very many
non-matches (Fellegi and Sunter, 1969; expectation and maximisation after Winkler, 1988). How often each level
occurs among *all* pairs is measured on pairs drawn at random. Then, over the candidate pairs, expectation gives
each pair its probability of being a match, with the adjustment for common values; maximisation sets m to the
shares among the matches, u to what is left of all pairs, and the prior to the matches over all pairs. Because u
is held to all pairs and not to the blocked ones, no estimation by rule and no averaging over rules is needed, and
a file with two fields is estimated as soundly as one with twelve. What is expected before any data are seen
(`Level.expected`) stands in for a tenth of the matches, so that no feature can run away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from muniment.batch.connecting import connect
from muniment.batch.matching import blocking, scoring
from muniment.batch.matching.engines import OneMachine, Rows
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.standardise import VERSION
from muniment.engine.matching.features import FEATURES, FREQUENCY_COLUMNS, Feature
from muniment.engine.matching.model import Model, Weights

RANDOM_PAIRS = 1_000_000
CANDIDATE_PAIRS = 1_000_000
ROUNDS = 40
SETTLED = 1e-4
# What is expected beforehand counts as much as this share of the matches, and at least as so many of them.
TRUST, LEAST_TRUST = 0.1, 20.0
# A level seen among no random pair is taken to be half as frequent as one seen once.
UNSEEN = 0.5
# So many drawn pairs must stand at two levels together before their meeting is told from chance.
FEW = 5
# Values held by fewer records than this all count as rarest.
LISTED = 3

_NAMES = ("forename", "surname")

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Evidence:
    """What estimation works on: levels of candidate pairs, their shares, and the totals over all pairs."""

    features: tuple[Feature, ...]
    levels: Mapping[str, NDArray[np.int8]]  # by feature: level of each candidate pair, -1 missing
    shares: Mapping[str, _Floats]  # by feature: the larger share of the pair's values, 1 where it has none
    totals: Mapping[str, _Floats]  # by feature: pairs at each level among all pairs
    names: _Floats | None  # pairs at each level of forename (rows) and of surname, among all pairs that have both
    pairs: float  # all pairs, scaled down as the candidates are


def train(standardised: Rows) -> Model:
    """Estimate a model from standardised nominals (all partitions together); the same nominals give the same model.

    Neither the order of the rows nor their `person_id` matters: drawing and summing go by `source_key`. They may be a
    stream of record batches, which is read once.

    Raise ValueError when there are fewer than two nominals or no field to compare.
    """
    connection = connect()
    try:
        connection.register("given", standardised)
        # Corporate people are joined by identifiers alone; they would only blur what policing nominals tell.
        connection.execute(
            "create temp table persons as select * replace (row_number() over (order by source_key) - 1 as person_id) "
            "from given where partition <> 'corporate' order by source_key"
        )
        start = _starting_model(connection, _count(connection, "persons"))
        evidence = _gather(connection, start)
        return _estimate(start, evidence)
    finally:
        connection.close()


def _count(connection: duckdb.DuckDBPyConnection, table: str, condition: str = "true") -> int:
    return int(connection.table(table).filter(condition).count("*").fetchall()[0][0])


def _starting_model(connection: duckdb.DuckDBPyConnection, records: int) -> Model:
    if records < 2:
        raise ValueError("A model needs at least two records; give a larger file.")
    present = [
        feature
        for feature in FEATURES
        if _count(connection, "persons", " and ".join(f"{column} is not null" for column in feature.columns)) >= 2
    ]
    if not present:
        raise ValueError("There is nothing to compare: no field that a mapping names holds a value twice.")
    columns = [
        column
        for column in FREQUENCY_COLUMNS
        if any(level.frequency == column for feature in present for level in feature.levels)
    ]
    return Model(
        version="",
        standard=VERSION,
        records=records,
        prior=1 / records,
        weights={feature.name: _even(feature) for feature in present},
        frequencies={column: _frequencies(connection, column) for column in columns},
        rarest=1 / records,
        least_keys=1 if records < blocking.LARGE_FILE else 2,
        stop_keys=blocking.find_stop_keys(connection, "persons"),
        crowded=_crowded(connection),
        common_names=_common_names(connection),
    )


def _even(feature: Feature) -> Weights:
    expected = tuple(level.expected for level in feature.levels)
    return Weights.distinct(expected, [1 / len(expected) for _ in expected])


def _frequencies(connection: duckdb.DuckDBPyConnection, column: str) -> dict[str, float]:
    rows = connection.execute(
        f"select {column}, count(*) / (select count({column}) from persons) from persons "  # noqa: S608
        f"where {column} is not null group by {column} having count(*) >= ? order by {column}",
        [LISTED],
    ).fetchall()
    return dict(rows)


def _crowded(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the places, telephone numbers and e-mail addresses that more have than are of one household."""
    rows = connection.execute(
        "select 'postcode|' || postcode from persons where postcode is not null group by postcode "
        "having count(*) > $limit "
        "union select 'address|' || array_to_string(address, ' ') from persons where address is not null "
        "group by address having count(*) > $limit "
        "union select 'phone|' || phone from persons where phone is not null "
        "group by phone having count(distinct (forename, surname, born)) > $limit "
        "union select 'email|' || email from persons where email is not null "
        "group by email having count(distinct (forename, surname, born)) > $limit",
        {"limit": in_force().shared_by_more_than},
    ).fetchall()
    return frozenset(row[0] for row in rows)


def _common_names(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the words of names that many people here bear, however few of the population's newborns are given them.

    People are told apart by name and date of birth, so that what one person is written down with often stays rare.
    """
    rows = connection.execute(
        "with people as (select list_distinct(flatten(list(names))) as names from persons "
        "group by forename, surname, born) "
        "select name from (select unnest(names) as name from people) "
        "group by name having count(*) >= $least and count(*) > $share * (select count(*) from people)",
        {"least": LISTED, "share": in_force().rare_name_below},
    ).fetchall()
    return frozenset(row[0] for row in rows)


def _gather(connection: duckdb.DuckDBPyConnection, start: Model) -> _Evidence:
    features = tuple(feature for feature in FEATURES if feature.name in start.weights)
    scoring.prepare_people(OneMachine(connection), "persons", start)
    all_pairs = start.records * (start.records - 1) / 2
    totals, names = _totals(connection, start, features, all_pairs)
    blocking.find_candidates(OneMachine(connection), "persons", start)
    found = _count(connection, "candidates")
    part = min(1.0, CANDIDATE_PAIRS / max(found, 1))
    connection.execute(
        "create or replace table sampled as from candidates where hash(join_key_l, join_key_r) % 1000000 < ?",
        [int(part * 1_000_000)],
    )
    scored = connection.table(scoring.score(OneMachine(connection), start, scoring.Pairs("sampled")))
    columns = ", ".join(
        f"coalesce(level_{feature.name}, -1)::tinyint as level_{feature.name}, "
        f"coalesce(bits_{feature.name}, 0) as bits_{feature.name}"
        for feature in features
    )
    # In one order, because sums of floating numbers depend on theirs.
    values = scored.order("person_id_l, person_id_r").select(columns).fetchnumpy()
    levels, shares = {}, {}
    for feature in features:
        level = np.asarray(values[f"level_{feature.name}"], np.int8)
        levels[feature.name] = level
        if any(entry.frequency for entry in feature.levels):
            shares[feature.name] = _shares(start.weights[feature.name], level, values[f"bits_{feature.name}"])
    scaled = {name: total * part for name, total in totals.items()}
    return _Evidence(features, levels, shares, scaled, None if names is None else names * part, all_pairs * part)


def _shares(weights: Weights, level: NDArray[np.int8], bits: _Floats) -> _Floats:
    """Return the share of the pair's commoner value, read back from the adjustment that it made."""
    m = np.append(np.array(weights.m), 1.0)
    return np.asarray(m[level] / np.exp2(bits))


def _totals(
    connection: duckdb.DuckDBPyConnection, start: Model, features: tuple[Feature, ...], all_pairs: float
) -> tuple[dict[str, _Floats], _Floats | None]:
    """Estimate how many of all pairs stand at each level of each feature, and at those of both names together."""
    connection.register("draw", _draw(connection))
    connection.execute(
        "create or replace table drawn as select distinct least(one, two) as join_key_l, "
        "greatest(one, two) as join_key_r from draw where one <> two"
    )
    connection.unregister("draw")
    scored = scoring.score(OneMachine(connection), start, scoring.Pairs("drawn"))
    scale = all_pairs / _count(connection, "drawn")
    totals = {}
    for feature in features:
        counts = dict(
            connection.sql(
                f"select level_{feature.name}, count(*) from {scored} group by all"  # noqa: S608
            ).fetchall()
        )
        seen = [counts.get(level, 0) for level in range(len(feature.levels))]
        totals[feature.name] = np.array([max(count, UNSEEN) * scale for count in seen])
        if len(feature.columns) == 1:
            totals[feature.name][0] = max(_exact_pairs(connection, feature.columns), UNSEEN)
    return totals, _names_together(connection, scored, scale) if {"forename", "surname"} <= totals.keys() else None


def _names_together(connection: duckdb.DuckDBPyConnection, scored: str, scale: float) -> _Floats:
    together = np.zeros([len(feature.levels) for feature in FEATURES if feature.name in _NAMES])
    counts = connection.sql(
        f"select level_forename, level_surname, count(*) from {scored} "  # noqa: S608
        "where level_forename is not null and level_surname is not null group by all"
    ).fetchall()
    for forename, surname, count in counts:
        together[forename, surname] = count * scale
    together[0, 0] = _exact_pairs(connection, _NAMES)
    return together


def _draw(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Draw pairs of persons: all of them from a small file, otherwise `RANDOM_PAIRS` at random, always the same."""
    persons = connection.sql("select person_id from weighed order by person_id").fetchnumpy()["person_id"]
    if len(persons) * (len(persons) - 1) / 2 <= RANDOM_PAIRS:
        one, two = np.triu_indices(len(persons), 1)
    else:
        one, two = np.random.default_rng(0).integers(0, len(persons), (2, RANDOM_PAIRS))
    return pa.table({"one": persons[one], "two": persons[two]})


def _exact_pairs(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> float:
    """Count the pairs that share values exactly: rare agreements are too few in a random draw to be measured."""
    return float(
        connection.sql(
            f"select coalesce(sum(n * (n - 1) / 2), 0) from "  # noqa: S608
            f"(select count(*) as n from weighed where {' and '.join(f'{column} is not null' for column in columns)} "
            f"group by {', '.join(columns)})"
        ).fetchall()[0][0]
    )


def _estimate(start: Model, evidence: _Evidence) -> Model:
    prior, weights = start.prior, dict(start.weights)
    weights = {
        feature.name: Weights.distinct(weights[feature.name].m, _normalised(evidence.totals[feature.name]).tolist())
        for feature in evidence.features
    }
    together = _together(None, evidence)
    for _ in range(ROUNDS):
        chance = _expect(prior, weights, together, evidence)
        matches = float(chance.sum())
        previous, prior = prior, min(max(matches / evidence.pairs, 1e-12), 0.5)
        weights = {
            feature.name: _maximise(feature, chance, weights[feature.name], evidence) for feature in evidence.features
        }
        together = _together(chance, evidence)
        if abs(prior - previous) <= SETTLED * prior:
            break
    digest = sha256(repr((prior, sorted(weights.items()), start.records)).encode()).hexdigest()[:12]
    return replace(start, version=f"{start.standard}-{digest}", prior=prior, weights=weights)


def _together(chance: _Floats | None, evidence: _Evidence) -> _Floats | None:
    """Return, by levels of forename and surname, how much oftener they meet in two people than by chance, in bits.

    Names go together within a community: two strangers called Mohammed are likelier than others to be both called
    Khan. Taken as independent, namesakes would seem too many to be strangers, and be learned from as matches.
    """
    if evidence.names is None:
        return None
    matched = np.zeros_like(evidence.names)
    if chance is not None:
        both = (evidence.levels["forename"] >= 0) & (evidence.levels["surname"] >= 0)
        np.add.at(matched, (evidence.levels["forename"][both], evidence.levels["surname"][both]), chance[both])
    left = np.maximum(evidence.names - matched, 0.02 * evidence.names)
    apart = np.outer(left.sum(axis=1), left.sum(axis=0)) / left.sum()
    few = FEW * evidence.pairs / RANDOM_PAIRS
    return np.asarray(np.maximum(np.log2((left + few) / (apart + few)), 0.0))


def _expect(prior: float, weights: Mapping[str, Weights], together: _Floats | None, evidence: _Evidence) -> _Floats:
    """Return for each candidate pair the probability that it is a match."""
    bits: _Floats = np.full(len(next(iter(evidence.levels.values()))), np.log2(prior / (1 - prior)))
    for feature in evidence.features:
        level = evidence.levels[feature.name]
        u = np.array(weights[feature.name].u)
        table = np.append(np.log2(np.array(weights[feature.name].m) / u), 0.0)
        bits += table[level]  # a missing feature is level -1: the last entry, nought
        for index, entry in enumerate(feature.levels):
            if entry.frequency:
                bits += np.where(level == index, np.log2(u[index]) - np.log2(evidence.shares[feature.name]), 0.0)
    if together is not None:
        forename, surname = (evidence.levels[name] for name in _NAMES)
        bits -= np.where((forename >= 0) & (surname >= 0), together[forename, surname], 0.0)
    return np.asarray(1 / (1 + np.exp2(-np.clip(bits, -60, 60))))


def _maximise(feature: Feature, chance: _Floats, old: Weights, evidence: _Evidence) -> Weights:
    level = evidence.levels[feature.name]
    size = len(feature.levels)
    matched = np.bincount(level[level >= 0], weights=chance[level >= 0], minlength=size)
    trust = max(TRUST * float(matched.sum()), LEAST_TRUST)
    m = _normalised(matched + trust * np.array([entry.expected for entry in feature.levels]))
    left = evidence.totals[feature.name] - matched
    # Where nearly all pairs at a level are matches, what is left is within the error of the estimate.
    u = _normalised(np.maximum(left, 0.02 * evidence.totals[feature.name]))
    return Weights.distinct(m.tolist(), _sensible(m, u).tolist())


def _sensible(m: _Floats, u: _Floats) -> _Floats:
    """Raise u where chance has left it too low: nothing tells more than full agreement, nor disagreement for a match.

    A level that no drawn pair stands at, and that matches are expected at, would otherwise weigh without bound.
    """
    least = m * u[0] / m[0]
    least[-1] = max(least[-1], m[-1])
    return np.asarray(np.maximum(u, least))


def _normalised(values: _Floats) -> _Floats:
    return np.asarray(values / values.sum())
