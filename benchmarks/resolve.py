"""Resolve: nominals joined into persons under a trained model, beside Splink as its own tutorial uses it.

Both are trained before the clock starts; both are timed from nominals as they stand to clusters.
"""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from muniment.batch.matching.resolve import resolve
from muniment.batch.matching.standardise import standardise
from muniment.batch.matching.train import train

PREPARE = ("benchmarks.world:prepare", "benchmarks.world:prepare_nominals", "benchmarks.resolve:prepare")
OURS = (("benchmarks.resolve:ours", "standardise and resolve, all hard rules applied"),)
PEER = ("benchmarks.resolve:splink", "Splink: predict and cluster, settings of its de-duplication tutorial")


def _nominals(folder: Path) -> pa.Table:
    return pq.read_table(folder / "nominals.parquet")


def prepare(folder: Path, size: int) -> Callable[[], int]:
    """Train our model."""

    def work() -> int:
        people = standardise(_nominals(folder))
        (folder / "model.pickle").write_bytes(pickle.dumps(train(people)))
        return int(people.num_rows)

    return work


def ours(folder: Path, size: int) -> Callable[[], int]:
    """Standardise and resolve under the model."""
    nominals, model = _nominals(folder), pickle.loads((folder / "model.pickle").read_bytes())
    return lambda: int(resolve(standardise(nominals), model).clusters.num_rows)


def splink(folder: Path, size: int) -> Callable[[], int]:
    """Train as the tutorial does; time prediction and clustering at its thresholds.

    The tutorial's columns are first_name, surname, dob, city and email; the outward half of the postcode stands in for
    the city. The columns that the tutorial keeps for its charts are not kept, which is faster.
    """
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    raw = _nominals(folder)
    names = {"unique_id": "person_id", "first_name": "forename", "surname": "surname", "dob": "born", "email": "email"}
    columns = {name: raw[source] for name, source in names.items()}
    areas = [(text or "").split(" ")[0] or None for text in raw["postcode"].to_pylist()]
    people = pa.table({**columns, "city": pa.array(areas, pa.string())})
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking_rules_to_generate_predictions=[block_on("first_name", "city"), block_on("surname")],
    )
    database = DuckDBAPI()
    linker = Linker(database.register(people), settings)
    deterministic: list[Any] = [
        block_on("first_name", "dob"),
        "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
        block_on("email"),
    ]
    linker.training.estimate_probability_two_random_records_match(deterministic, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("first_name", "surname"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("dob"))

    def work() -> int:
        predicted = linker.inference.predict(threshold_match_probability=0.2)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, 0.5)
        return int(clusters.as_duckdbpyrelation().count("*").fetchall()[0][0])

    return work
