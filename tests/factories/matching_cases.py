"""The cases of `policy/matching/cases`, and an invented world to resolve them in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import yaml

from muniment import feeds, invention
from muniment.batch.matching.resolve import Resolution, resolve
from muniment.batch.matching.standardise import standardise
from muniment.batch.matching.train import train
from muniment.engine.matching.model import Model
from muniment.feeds.canonical import PERSON_TEXT_FIELDS

ROOT = Path(__file__).parents[2]
CASES = ROOT / "policy" / "matching" / "cases"
FEEDS = ROOT / "examples" / "demonstration" / "feeds"
PERSONS, SEED = 1500, 11

FIELDS = (*PERSON_TEXT_FIELDS, "aliases", "partition")
EXPECTED = ("apart", "joined", "asked", "found")
_NOMINALS = pa.schema(
    [
        ("person_id", pa.int64()),
        ("source_key", pa.string()),
        ("partition", pa.string()),
        *((name, pa.string()) for name in PERSON_TEXT_FIELDS),
        ("aliases", pa.list_(pa.string())),
    ]
)

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """Some records, whose each is, and what resolving them has to give."""

    name: str
    proves: str
    persons: tuple[str, ...]  # whose record each is
    records: tuple[Record, ...]
    expect: str = "apart"
    beside: tuple[Record, ...] = field(default=(), repr=False)


def read_cases(folder: Path = CASES) -> tuple[Case, ...]:
    """Read every case; raise ValueError, naming it, where one is not as the README says."""
    found = [_case(raw) for path in sorted(folder.glob("*.yaml")) for raw in yaml.load(path.read_text(), _Loader)]
    names = [case.name for case in found]
    if len(set(names)) < len(names):
        raise ValueError("Two cases have one name; give each its own.")
    return tuple(found)


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def _case(raw: Mapping[str, Any]) -> Case:
    name = raw.get("name", "a case without a name")
    unknown = raw.keys() - {"name", "proves", "all", "records", "beside", "expect"}
    records = [{**raw.get("all", {}), **record} for record in raw["records"]]
    persons = tuple(record.pop("person") for record in records)
    unknown |= {key for record in records for key in record} - set(FIELDS)
    if unknown or raw.get("expect", "apart") not in EXPECTED or not raw.get("proves"):
        raise ValueError(f"{name}: see policy/matching/cases/README.md; not known there: {sorted(unknown)}")
    return Case(
        name, raw["proves"], persons, tuple(records), raw.get("expect", "apart"), _others(name, raw.get("beside"))
    )


def _others(name: str, beside: Mapping[str, Any] | None) -> tuple[Record, ...]:
    """Return people of their own, with what `each` has in common."""
    if not beside:
        return ()
    mark = "".join(letter for letter in name.upper() if letter.isalpha())[-6:]
    return tuple(
        {
            "forename": f"{chr(65 + number % 26)}ON{mark}",
            "surname": f"{mark}{chr(65 + number // 26)}{chr(90 - number % 26)}SEN",
            "born": f"19{40 + number:02d}-0{1 + number % 9}-{10 + number % 18}",
        }
        | {key: str(value).format(number=number) for key, value in beside["each"].items()}
        for number in range(beside["people"])
    )


def nominals(records: Iterable[Record], system: str = "case", first: int = 1) -> pa.Table:
    """Return records as nominals, numbered from `first`."""
    rows = [
        {"partition": "policing", "aliases": [], **record, "person_id": number, "source_key": f"test|{system}|{number}"}
        for number, record in enumerate(records, first)
    ]
    return pa.Table.from_pylist(rows, _NOMINALS)


@lru_cache
def world() -> pa.Table:
    """Return the nominals of a small invented world, with the people who stand beside the cases."""
    with TemporaryDirectory() as place:
        invention.invent(PERSONS, SEED, Path(place))
        tables = list(_exported(Path(place)))
    invented = pa.concat_tables(tables)
    invented = invented.append_column("person_id", pa.array(range(invented.num_rows), pa.int64()))
    others = nominals((each for case in read_cases() for each in case.beside), "beside", invented.num_rows)
    return pa.concat_tables([invented.select(_NOMINALS.names).cast(_NOMINALS), others])


def _exported(folder: Path) -> Iterable[pa.Table]:
    for path in sorted(FEEDS.glob("*.yaml")):
        feed = feeds.load(path)
        for file in sorted((folder / feed.controller / feed.system).glob("*")):
            if feed.table_of(file):
                read = feeds.read(feed, file).nominals
                keys = [f"{feed.controller}|{feed.system}|{reference}" for reference in read["reference"].to_pylist()]
                yield read.drop(["row", "reference"]).append_column("source_key", pa.array(keys, pa.string()))


@lru_cache
def model() -> Model:
    """Return a model trained on that world, which knows no case."""
    return train(standardise(world()))


def resolve_apart(sets: Sequence[Sequence[Record]]) -> Resolution:
    """Resolve sets of records under the model of the world, each set by itself; `person_id` counts on from 1.

    Each set is kept in a partition of its own, as the sealed are, so that one run serves all.
    """
    alone = [
        {**record, "partition": _alone(record.get("partition", "policing"), number)}
        for number, records in enumerate(sets)
        for record in records
    ]
    return resolve(standardise(nominals(alone)), model())


def _alone(partition: str, number: int) -> str:
    return partition if partition == "corporate" else f"{partition} {number}"


def resolve_among_all(records: Sequence[Record]) -> Resolution:
    """Resolve some records among the world and everybody in it; `person_id` counts on from the world's."""
    ours = nominals(records, first=world().num_rows)
    return resolve(standardise(pa.concat_tables([world(), ours])), model())


def pairs(resolution: Resolution, persons: Sequence[str], first: int = 1) -> dict[tuple[int, int], str]:
    """Return for each pair of records, by their places, whether it is `joined`, `asked` or `apart`."""
    anchors = dict(zip(*(column.to_pylist() for column in resolution.clusters.columns), strict=True))
    asked = {frozenset((row["left"], row["right"])) for row in resolution.doubtful.to_pylist()}
    found = {}
    for one in range(len(persons)):
        for two in range(one + 1, len(persons)):
            left, right = first + one, first + two
            joined = anchors[left] == anchors[right]
            is_asked = any(
                anchors[a] == anchors[left] and anchors[b] == anchors[right]
                for pair in asked
                for a, b in (tuple(pair), tuple(pair)[::-1])
            )
            found[one, two] = "joined" if joined else "asked" if is_asked else "apart"
    return found
