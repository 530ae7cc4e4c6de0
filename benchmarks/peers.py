"""Other programs for linkage, each as it is published or as it configures itself; runs in an environment of its own.

`python peers.py PEER SET FILE... ` prints one JSON object: F1, precision and recall of the pairs that the peer's groups
imply. The truth is read only to count. Nothing of the project is imported, and nothing of these is needed by it.
"""

import itertools
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import pandas as pd

Pair = tuple[Hashable, Hashable]

IDENTITY = {"fake_1000": "unique_id", "febrl3": "rec_id", "febrl4": "rec_id", "historical_50k": "unique_id"}
_FEBRL = ["given_name", "surname", "date_of_birth", "street_number", "address_1", "address_2", "suburb", "postcode"]
# The columns that our own mapping names: what dedupe and recordlinkage are given too.
COLUMNS = {
    "fake_1000": ["first_name", "surname", "dob", "city", "email"],
    "febrl3": _FEBRL,
    "febrl4": _FEBRL,
    "historical_50k": [
        "first_name", "surname", "full_name", "dob", "postcode_fake", "birth_place", "occupation", "gender"
    ],
}  # fmt: skip
NAMES = {"fake_1000": ("first_name", "surname", "dob"), "historical_50k": ("first_name", "surname", "dob")}
_FEBRL_NAMES = ("given_name", "surname", "date_of_birth")
SEED = 20261128


def read(files: Iterable[str]) -> pd.DataFrame:
    """Return all files as one table of text, with the number of its file on each row."""
    tables = []
    for number, file in enumerate(files):
        raw = pd.read_parquet(file) if file.endswith(".parquet") else pd.read_csv(file, dtype=str)
        text = raw.astype(object).where(raw.notna(), None)
        tables.append(text.map(lambda value: None if value is None or value == "" else str(value)).assign(file=number))
    return pd.concat(tables, ignore_index=True)


def splink(name: str, people: pd.DataFrame) -> Iterable[Pair]:
    """Link as the published examples of Splink do, the last threshold of each included."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    whole = people["first_name"] + " " + people["surname"] if "first_name" in people else people["surname"]
    people = people.drop(columns="cluster").assign(
        row=people.index, first_name_surname_concat=whole.where(whole.notna(), None)
    )
    example = _EXAMPLES[name]()
    settings = SettingsCreator(
        link_type="link_only" if people["file"].nunique() > 1 else "dedupe_only",
        unique_id_column_name="row",
        comparisons=example["comparisons"],
        blocking_rules_to_generate_predictions=example["rules"],
    )
    database = DuckDBAPI()
    tables = [database.register(_arrow(part.drop(columns="file"))) for _, part in people.groupby("file")]
    linker = Linker(tables if len(tables) > 1 else tables[0], settings)
    linker.training.estimate_probability_two_random_records_match(example["sure"], recall=example["recall"])
    linker.training.estimate_u_using_random_sampling(max_pairs=example["pairs"], seed=2)
    for columns in example["learn"]:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns), estimate_without_term_frequencies=example["plain"]
        )
    least = {} if example["least"] is None else {"threshold_match_probability": example["least"]}
    predicted = linker.inference.predict(**least)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, example["join"]).as_pyarrow_table()
    return _within(zip(found["cluster_id"].to_pylist(), found["row"].to_pylist(), strict=True))


def _tutorial() -> dict[str, Any]:
    """Return the settings of docs/demos/tutorials, de-duplication."""
    import splink.comparison_library as cl
    from splink import block_on

    return {
        "comparisons": [
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        "rules": [block_on("first_name", "city"), block_on("surname")],
        "sure": [
            block_on("first_name", "dob"),
            "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
            block_on("email"),
        ],
        "learn": [("first_name", "surname"), ("dob",)],
        **{"recall": 0.7, "pairs": 1e6, "plain": False, "least": 0.2, "join": 0.5},
    }


def _febrl3() -> dict[str, Any]:
    """Return the settings of docs/demos/examples/duckdb/febrl3, which ends without groups: 0.2 is its threshold."""
    import splink.comparison_library as cl
    from splink import block_on

    return {
        "comparisons": [
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        "rules": [block_on(each) for each in ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")],
        "sure": [
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        "learn": [("date_of_birth",), ("postcode",)],
        **{"recall": 0.9, "pairs": 1e6, "plain": False, "least": 0.2, "join": 0.2},
    }


def _febrl4() -> dict[str, Any]:
    """Return the settings of docs/demos/examples/duckdb/febrl4, the detailed model."""
    import splink.comparison_library as cl
    from splink import block_on

    return {
        "comparisons": [
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison(
                "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
            ),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
        "rules": [
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("state", "address_1"),
            block_on("street_number", "address_1"),
            block_on("postcode"),
        ],
        "sure": [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
        "learn": [("date_of_birth",), ("postcode",)],
        **{"recall": 0.8, "pairs": 1e6, "plain": True, "least": 0.2, "join": 0.99},
    }


def _historical() -> dict[str, Any]:
    """Return the settings of docs/demos/examples/duckdb/deduplicate_50k_synthetic."""
    import splink.comparison_library as cl
    from splink import block_on

    area = "substr(postcode_fake,1,3)"
    return {
        "comparisons": [
            cl.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
            ),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        "rules": [
            block_on("substr(first_name,1,3)", "substr(surname,1,4)"),
            block_on("surname", "dob"),
            block_on("first_name", "dob"),
            block_on("postcode_fake", "first_name"),
            block_on("postcode_fake", "surname"),
            block_on("dob", "birth_place"),
            *(block_on(area, column) for column in ("dob", "first_name", "surname")),
            block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
        ],
        "sure": [
            block_on("first_name", "surname", "dob"),
            block_on("substr(first_name,1,2)", "surname", "substr(postcode_fake,1,2)"),
            block_on("dob", "postcode_fake"),
        ],
        "learn": [("first_name", "surname"), ("dob",)],
        **{"recall": 0.6, "pairs": 1e7, "plain": True, "least": None, "join": 0.95},
    }


_EXAMPLES = {"fake_1000": _tutorial, "febrl3": _febrl3, "febrl4": _febrl4, "historical_50k": _historical}


def _arrow(people: pd.DataFrame):
    import pyarrow as pa

    return pa.Table.from_pandas(people, preserve_index=False)


def goldenmatch(name: str, people: pd.DataFrame) -> Iterable[Pair]:
    """Let GoldenMatch look at all columns and configure itself, but not at references, which tell the truth here."""
    import goldenmatch as gm

    given = people.drop(columns=["cluster", "file", IDENTITY[name]])
    try:
        result = gm.dedupe_df(_arrow(given))
    except Exception as error:
        if "RED" not in str(error) and "confidence" not in str(error).lower():
            raise
        # It refuses where it trusts its own configuration little; then it is let do what it would.
        result = gm.dedupe_df(_arrow(given), confidence_required=False, allow_red_config=True)
    return _within((number, row) for number, group in result.clusters.items() for row in group["members"])


def dedupe(name: str, people: pd.DataFrame) -> Iterable[Pair]:
    """Train dedupe on labels that are taken from the records, never from the truth: sure pairs, and pairs at random."""
    import dedupe as peer

    random.seed(SEED)
    given = people[COLUMNS[name]]
    records = {row: {key: value or None for key, value in record.items()} for row, record in given.iterrows()}
    columns = [column for column in given if given[column].notna().any()]
    matcher = peer.Dedupe(
        [peer.variables.String(column, has_missing=bool(given[column].isna().any())) for column in columns],
        num_cores=1,
    )
    matcher.prepare_training(records, sample_size=15_000)
    sure = random.sample(found := sorted(_sure(name, given)), min(100, len(found)))
    apart = [tuple(random.sample(range(len(given)), 2)) for _ in range(100)]
    matcher.mark_pairs(
        {
            "match": [(records[one], records[two]) for one, two in sure],
            "distinct": [(records[one], records[two]) for one, two in apart],
        }
    )
    matcher.train()
    return _within((number, row) for number, (rows, _) in enumerate(matcher.partition(records, 0.5)) for row in rows)


def _sure(name: str, given: pd.DataFrame) -> set[tuple[int, int]]:
    """Return pairs that agree on name and date of birth, two of the three at least and one fact besides."""
    names = NAMES.get(name, _FEBRL_NAMES)
    others = [column for column in given if column not in (*names, "full_name", "gender")]
    pairs: set[tuple[int, int]] = set()
    for two, other in itertools.product(itertools.combinations(names, 2), others):
        for rows in given.dropna(subset=[*two, other]).groupby([*two, other]).groups.values():
            pairs.update(itertools.islice(itertools.combinations(sorted(rows), 2), 10))
    return pairs


def recordlinkage(name: str, people: pd.DataFrame) -> Iterable[Pair]:
    """Classify without labels by its ECM, as its guide does: blocks on each of name and date of birth."""
    import recordlinkage as peer

    given = people[COLUMNS[name]]
    names = NAMES.get(name, _FEBRL_NAMES)
    index = peer.Index()
    for column in names:
        index.block(column)
    pairs = index.index(given)
    if people["file"].nunique() > 1:
        files = people["file"].to_numpy()
        pairs = pairs[files[pairs.get_level_values(0)] != files[pairs.get_level_values(1)]]
    compare = peer.Compare()
    for column in given:
        if column in names[:2]:
            compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
        elif column in ("address_1", "address_2", "full_name", "birth_place"):
            compare.string(column, column, threshold=0.85, label=column)
        else:
            compare.exact(column, column, label=column)
    return peer.ECMClassifier().fit_predict(compare.compute(pairs, given))


def _within(members: Iterable[tuple[Hashable, Hashable]]) -> Iterator[Pair]:
    """Link the members of each group to its first."""
    first: dict[Hashable, Hashable] = {}
    for group, row in members:
        yield first.setdefault(group, row), row


def score(people: pd.DataFrame, links: Iterable[Pair]) -> dict[str, float]:
    """Count the pairs that the groups imply: all of them, or those across two files."""
    parents = list(range(len(people)))

    def find(row: int) -> int:
        while parents[row] != row:
            parents[row] = row = parents[parents[row]]
        return row

    for one, two in links:
        parents[find(int(one))] = find(int(two))
    groups = [find(row) for row in parents]
    truth, files = people["cluster"].tolist(), people["file"].tolist()
    true, found, both = (_pairs(keys, files) for keys in (truth, groups, list(zip(truth, groups, strict=True))))
    precision, recall = both / found if found else 1.0, both / true
    return {"f1": 2 * both / (true + found), "precision": precision, "recall": recall, "pairs_found": found}


def _pairs(keys: list, files: list[int]) -> int:
    if len(set(files)) == 1:
        return sum(count * (count - 1) // 2 for count in Counter(keys).values())
    one, two = (Counter(key for key, file in zip(keys, files, strict=True) if file == number) for number in (0, 1))
    return sum(count * two[key] for key, count in one.items())


PEERS = {"splink": splink, "goldenmatch": goldenmatch, "dedupe": dedupe, "recordlinkage": recordlinkage}

if __name__ == "__main__":
    peer, name, *files = sys.argv[1:]
    people = read(files)
    began = time.perf_counter()
    scores = score(people, list(PEERS[peer](name, people)))
    print(json.dumps({**scores, "seconds": round(time.perf_counter() - began, 1)}))
