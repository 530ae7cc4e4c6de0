"""`python -m benchmarks.at_once`: how long one nominal, and a batch, wait to be attached, on whatever is held.

Each nominal drawn is forgotten as far as linkage knows it (its standard form, search words, pairs and membership), then
attached as if it had just come: standardised, weighed against who shares a key with it, grouped, published, given its
search words. Forgetting is not timed, and all of it is rolled back: the end of the transaction is not timed either.
Deciding afresh is measured beside it, and all of it together: one row of a custody export handed in, as a source system
would hand it in, until the answer; once as it is known, and once as a new stay in custody, which is held from then on.
The peer is Splink, given the nominals and everybody else of their partition in memory, standardised beforehand: it
blocks and scores them against all by the same model, and publishes nothing.

Deciding is measured where there is a schedule, handing in where the exports lie that were taken in: those of the
demonstration, or of `--world FOLDER`.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from muniment.cli.preparing import prepare

_ONE, _BATCHES, _SEED = 100, (1_000, 10_000), 20261128


def main() -> None:
    """Attach, and print two tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.at_once", description=main.__doc__)
    parser.add_argument("--world", type=Path, help="the folder of exports that was taken in; that of the demonstration")
    world = parser.parse_args().world
    prepare("batch")
    from rich.console import Console
    from rich.table import Table

    from muniment.core import places
    from muniment.core.actors import Actor
    from muniment.people.models import Belonging
    from muniment.retention.models import PersonDecision

    world = world or next((places.home() / "world").glob("*"), None)
    by, draw = Actor("benchmark"), random.Random(_SEED)
    keys = list(Belonging.objects.filter(until=None).order_by("nominal").values_list("nominal_id", flat=True))
    some, batches = draw.sample(keys, _ONE), [draw.sample(keys, size) for size in _BATCHES if size <= len(keys)]
    as_new, splink = _as_new(by), _splink()
    as_new(some[:1])  # which reads the model
    one = Table("work", "times", "median ms", "95th of 100", "slowest")
    rows: dict[str, list[float]] = {
        "attach one nominal": sorted(as_new([key]) for key in some),
        "Splink: block and score one against all (peer)": _each(some[:20], lambda key: splink([key])),
    }
    if PersonDecision.objects.exists():
        rows["decide about one person and who is on their records"] = _each(some, _decide(by))
        if world is not None:
            known, new, hand_in = _hand_in(world, draw, by)
            rows["hand in one row of custody: check, take in, attach, decide"] = _each(known, hand_in)
            rows["the same, a new stay in custody of somebody who is known"] = _each(new, hand_in)
    for work, took in rows.items():
        at = took[int(0.95 * len(took))] if len(took) >= _ONE else None
        figures = (statistics.median(took), at, took[-1])
        one.add_row(work, str(len(took)), *("-" if each is None else f"{1000 * each:.0f}" for each in figures))
    many = Table("in one batch", "attached in s", "a second", "Splink: block and score against all (peer), s")
    for batch in batches:
        as_new(batch)  # the first of a size plans
        took_all = statistics.median(as_new(batch) for _ in range(3))
        (peer,) = _each([batch], splink)
        many.add_row(f"{len(batch):,}", f"{took_all:.2f}", f"{len(batch) / took_all:,.0f}", f"{peer:.2f}")
    console = Console(width=110)
    console.print(one)
    console.print(many)
    console.print(f"{len(keys):,} nominals are held.")


def _each(drawn: Iterable[Any], work: Callable[[Any], object]) -> list[float]:
    """Return how many seconds each took, the shortest first."""
    took = []
    for each in drawn:
        began = time.perf_counter()
        work(each)
        took.append(time.perf_counter() - began)
    return sorted(took)


# What linkage knows of a nominal, table by table.
_FORGET = (
    "DELETE FROM people_standardised WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_searchtoken WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_belonging WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_matchedge WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)",
)


def _as_new(by: Any) -> Callable[[list[int]], float]:
    """Return what attaches nominals as if they had just come, and tells how many seconds that took."""
    from django.db import connection, transaction

    from muniment.people.actions.attach import attach

    def as_new(keys: list[int]) -> float:
        with transaction.atomic():
            with connection.cursor() as cursor:
                for statement in _FORGET:
                    cursor.execute(statement, {"keys": keys})
            began = time.perf_counter()
            attach(keys, by=by)
            took = time.perf_counter() - began
            transaction.set_rollback(True)
        return took

    return as_new


def _decide(by: Any) -> Callable[[int], object]:
    from django.utils import timezone

    from muniment.people.models import Belonging
    from muniment.retention.actions.reschedule import reschedule
    from muniment.retention.policies import policy_now

    policy, on = policy_now.policy(), timezone.localdate()

    def decide(key: int) -> object:
        people = Belonging.objects.filter(nominal=key, until=None).values_list("prime_id", flat=True)
        return reschedule(policy, people=set(people), records=(), by=by, on=on)

    return decide


def _hand_in(world: Path, draw: random.Random, by: Any) -> tuple[list[str], list[str], Callable[[str], object]]:
    """Return rows of a world's custody export that are known, as many new ones of the same people, and what hands one
    in."""
    from muniment.cli import demo
    from muniment.workbench import arrivals

    feed, (export,) = next(each for each in demo.exports_of(world) if each[0].id == "westvale-custody")
    rows = export.read_text(encoding="utf-8").splitlines(keepends=True)

    def hand_in(row: str) -> object:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / export.name
            file.write_text(row, encoding="utf-8")
            return arrivals.arrive(feed, file, by=by)

    known = draw.sample(rows, _ONE)
    first, day = time.time_ns() // 1000, export.stem[-10:]  # which no run before has handed in
    anew = ({"custody_number": f"T{first + place}", "detained": day, "released": day} for place in range(_ONE))
    new = [json.dumps(json.loads(row) | told) + "\n" for row, told in zip(known, anew, strict=True)]
    return known, new, hand_in


def _splink() -> Callable[[list[int]], object]:
    from muniment.batch.connecting import connect
    from muniment.batch.matching import scoring
    from muniment.batch.matching.engines import OneMachine
    from muniment.batch.matching.keys import number
    from muniment.people.linking import linkage_models, nominal_tables
    from muniment.records import staging

    published = linkage_models.published()
    model = published.scales.model
    with staging.snapshot() as rows_of:
        people = nominal_tables.read(rows_of, on=published.scales.on).everyone.read_all()
    connection = connect()
    connection.register("given", people)
    connection.execute("create temp table persons as from given where partition = 'policing'")
    engine = OneMachine(connection)
    scoring.prepare_people(engine, "persons", model)
    connection.execute(
        "create temp table keyed as select person_id, unnest(keys) as key from persons; "
        "create temp table stops as select unnest($1) as key",
        [sorted(number("policing", key) for key in model.stop_keys)],
    )

    def score(keys: list[int]) -> object:
        connection.execute("create or replace temp table asked as select unnest($1) as person_id", [keys])
        connection.execute(
            "create or replace table candidates as select distinct least(a.person_id, b.person_id) "
            "as join_key_l, greatest(a.person_id, b.person_id) as join_key_r from keyed a semi join asked "
            "using (person_id) join keyed b using (key) where b.person_id <> a.person_id and key not in (from stops)"
        )
        return scoring.score(engine, model, scoring.Pairs("candidates"), published.scales.least)

    return score


if __name__ == "__main__":
    main()
