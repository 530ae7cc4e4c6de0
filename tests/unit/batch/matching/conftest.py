"""A model trained on the invented `fake_1000`, and one by which only rules can say no."""

from dataclasses import replace
from datetime import date

import duckdb
import pyarrow as pa
import pytest
from small_set import FAKE

from muniment.batch.connecting import connect
from muniment.batch.matching.standardise import standardise
from muniment.batch.matching.train import train


@pytest.fixture(scope="module")
def fake():
    raw = duckdb.read_csv(str(FAKE.file), header=True, all_varchar=True).to_arrow_table()
    columns = {field: raw[names[0]] for field, names in FAKE.mapping.items()}
    people = standardise(
        pa.table(
            {
                "person_id": pa.array(range(raw.num_rows), pa.int64()),
                "source_key": [f"test|fake|{row:06d}" for row in range(raw.num_rows)],
                "partition": ["policing"] * raw.num_rows,
                **columns,
            }
        ),
        on=date(2026, 6, 1),
    )
    return people, train(people)


@pytest.fixture(scope="module")
def namesakes(fake):
    """A model in which agreement on name and birthday is overwhelming, so that only the rules can say no."""
    return replace(fake[1], prior=0.3)


@pytest.fixture
def connection():
    connection = connect()
    yield connection
    connection.close()
