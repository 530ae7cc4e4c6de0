"""Sets that do not fit in memory: the engine spills, people are dealt into lots, and the answer is the same."""

from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pytest
from small_set import FAKE

from muniment.batch.connecting import connect
from muniment.batch.matching import blocking, engines, resolve
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.standardise import standardise

COPIES = 20


@pytest.fixture(scope="module")
def many():
    """The people of `fake_1000` in each of twenty partitions, which never meet."""
    raw = duckdb.read_csv(str(FAKE.file), header=True, all_varchar=True).to_arrow_table()
    rows = range(raw.num_rows * COPIES)
    every = pa.concat_tables([raw] * COPIES)
    return standardise(
        pa.table(
            {
                "person_id": pa.array(rows, pa.int64()),
                "source_key": [f"test|fake|{row:06d}" for row in rows],
                "partition": [f"copy {row // raw.num_rows}" for row in rows],
                **{field: every[names[0]] for field, names in FAKE.mapping.items()},
            }
        )
    )


class Watched(engines.OneMachine):
    """An engine that tells how much lay on disk when each table was made."""

    def __init__(self, connection):
        super().__init__(connection)
        self.spilled = 0

    def make(self, name, query):
        super().make(name, query)
        size = "select coalesce(sum(size), 0) from duckdb_temporary_files()"
        self.spilled = max(self.spilled, self.connection.sql(size).fetchall()[0][0])


@contextmanager
def small(engine):
    connection = connect(memory_limit="48MB", threads=1, preserve_insertion_order=False)
    try:
        engine.append(Watched(connection))
        yield engine[0]
    finally:
        connection.close()


def same(one, two):
    return all(getattr(one, name).equals(getattr(two, name)) for name in ("clusters", "edges", "doubtful"))


def test_what_does_not_fit_is_spilled_and_resolves_alike(many, fake, monkeypatch):
    whole = resolve.resolve(many, fake[1])
    assert whole.edges.num_rows > 100 * COPIES
    monkeypatch.setattr(engines, "PORTION", 20_000)
    engine = []
    assert same(resolve.resolve_on(small(engine), resolve.Given(many), fake[1]), whole)
    assert engine[0].spilled > 1_000_000


def test_a_stream_resolves_as_a_table(fake):
    people, model = fake
    stream = pa.RecordBatchReader.from_batches(people.schema, people.to_batches(max_chunksize=100))
    assert same(resolve.resolve(stream, model), resolve.resolve(people, model))
    spoilt = pa.RecordBatchReader.from_batches(
        people.schema, people.set_column(34, "version", pa.array(["0"] * people.num_rows)).to_batches()
    )
    with pytest.raises(ValueError, match="standardised by version 0"):
        resolve.resolve(spoilt, model)


def test_lots_hold_the_people_of_every_pair_once(fake, connection, monkeypatch):
    people, model = fake
    engine = engines.OneMachine(connection)
    engine.give("persons", people)
    blocking.find_candidates(engine, "persons", model)
    pairs = set(connection.sql("select join_key_l, join_key_r from candidates").fetchall())
    monkeypatch.setattr(engines, "PORTION", len(pairs) // 5)
    engine.make("few", "select person_id from persons")
    found, largest = [], 0
    for part, few in engine.portions("candidates", "few"):
        held = {key for (key,) in connection.sql(f"select person_id from {few}").fetchall()}
        some = connection.sql(f"select join_key_l, join_key_r from {part}").fetchall()
        assert {key for pair in some for key in pair} <= held
        assert len(held) < people.num_rows
        largest = max(largest, len(some))
        found += some
    assert len(found) == len(pairs)
    assert set(found) == pairs
    assert largest < len(pairs) / 2
    assert not connection.sql("select 1 from duckdb_tables() where table_name like 'few%'").fetchall()


def test_an_engine_is_asked_afterwards_what_a_stream_told(fake):
    people, model = fake
    stream = pa.RecordBatchReader.from_batches(people.schema, people.to_batches())
    given = resolve.Given(stream)
    with resolve.resolving(engines.one_machine(), given, model, in_force().points) as (resolution, engine):
        asked = engine.read("select person_id, surname from persons order by person_id")
    assert asked.equals(people.select(["person_id", "surname"]).sort_by("person_id"))
    assert resolution.clusters.num_rows == people.num_rows
