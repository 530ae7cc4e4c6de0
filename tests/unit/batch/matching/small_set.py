"""A small set of people that tests of linkage change where they need to, and where the sets of examples lie."""

from pathlib import Path

import pyarrow as pa

from muniment.batch.matching.evaluate import Task
from muniment.batch.matching.resolve import resolve

ROOT = Path(__file__).parents[4]
EXAMPLES = ROOT / "examples" / "linkage"

FAKE = Task(
    EXAMPLES / "fake_1000.csv",
    "unique_id",
    "cluster",
    {
        "forename": ("first_name",),
        "surname": ("surname",),
        "born": ("dob",),
        "address": ("city",),
        "email": ("email",),
    },
)

NAMESAKE = {"forename": "Alan", "surname": "Testname", "born": "1990-05-17"}


def nominals(*rows):
    fields = sorted({name for row in rows for name in row} - {"partition"})
    return pa.table(
        {
            "person_id": pa.array(range(1, len(rows) + 1), pa.int64()),
            "source_key": [f"testshire|custody|{number:06d}" for number in range(1, len(rows) + 1)],
            "partition": [row.get("partition", "policing") for row in rows],
            **{name: [row.get(name) for row in rows] for name in fields},
        }
    )


def one(people, model, **kinds):
    return resolve(people, model, **kinds)


def are_joined(resolution, *persons):
    anchors = dict(zip(*(column.to_pylist() for column in resolution.clusters.columns), strict=True))
    return len({anchors[person] for person in persons}) == 1
