"""`python -m benchmarks.at_once`: how long one nominal, and a batch, wait to be attached, on the demonstration.

Each nominal drawn is attached again, through all that a new one goes through: standardised, weighed against who shares
a key with it, grouped, published, its search words renewed. Nothing comes of it, since nothing has changed. Deciding
afresh is measured beside it, and all of it together: one row of a custody export handed in, as a source system would
hand it in, until the answer. The peer is Splink, given the nominal and everybody else of its
partition in memory, standardised beforehand: it blocks and scores one against all by the same model, and publishes
nothing.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from muniment.cli.preparing import prepare

_ONE, _BATCH, _SEED = 100, 1000, 20261128


def main() -> None:
    """Attach, and print a table."""
    prepare("batch")
    from rich.console import Console
    from rich.table import Table

    from muniment.core.actors import Actor
    from muniment.people.actions.attach import attach
    from muniment.people.models import Belonging

    by, draw = Actor("benchmark"), random.Random(_SEED)
    keys = list(Belonging.objects.filter(until=None).order_by("nominal").values_list("nominal_id", flat=True))
    some, batch = draw.sample(keys, _ONE), draw.sample(keys, min(_BATCH, len(keys)))
    attach([some[0]], by=by)  # which reads the model
    table = Table("work", "times", "median ms", "95th of 100", "slowest")
    rows: dict[str, list[float]] = {
        "attach one nominal": _each(some, lambda key: attach([key], by=by)),
        "Splink: block and score one against all (peer)": _each(some[:20], _splink()),
        "decide about one person and who is on their records": _each(some, _decide(by)),
        "hand in one row of custody: check, take in, attach, decide": _each(*_hand_in(draw, by)),
    }
    for work, took in rows.items():
        at = took[int(0.95 * len(took))] if len(took) >= _ONE else None
        figures = (statistics.median(took), at, took[-1])
        table.add_row(work, str(len(took)), *("-" if each is None else f"{1000 * each:.0f}" for each in figures))
    (took,) = _each([batch], lambda keys: attach(keys, by=by))
    console = Console(width=110)
    console.print(table)
    console.print(
        f"{len(batch):,} nominals in one batch: {took:.1f} s, {len(batch) / took:,.0f} a second; {len(keys):,} held."
    )


def _each(drawn: Iterable[Any], work: Callable[[Any], object]) -> list[float]:
    """Return how many seconds each took, the shortest first."""
    took = []
    for each in drawn:
        began = time.perf_counter()
        work(each)
        took.append(time.perf_counter() - began)
    return sorted(took)


def _decide(by: Any) -> Callable[[int], object]:
    from django.utils import timezone

    from muniment.people.models import Belonging
    from muniment.retention import policy_now
    from muniment.retention.actions.reschedule import reschedule

    policy, on = policy_now.policy(), timezone.localdate()

    def decide(key: int) -> object:
        people = Belonging.objects.filter(nominal=key, until=None).values_list("prime_id", flat=True)
        return reschedule(policy, people=set(people), records=(), by=by, on=on)

    return decide


def _hand_in(draw: random.Random, by: Any) -> tuple[list[str], Callable[[str], object]]:
    """Return rows of the demonstration's custody export, and what hands one in; all are known, and none changes."""
    from muniment.cli import demo
    from muniment.core import places
    from muniment.workbench import arrivals

    feed, (export,) = next(
        each for each in demo.exports_of(next((places.home() / "world").iterdir())) if each[0].id == "westvale-custody"
    )
    rows = export.read_text(encoding="utf-8").splitlines(keepends=True)

    def hand_in(row: str) -> object:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / export.name
            file.write_text(row, encoding="utf-8")
            return arrivals.arrive(feed, file, by=by)

    return draw.sample(rows, _ONE), hand_in


def _splink() -> Callable[[int], object]:
    from muniment.batch.connecting import connect
    from muniment.batch.matching import scoring
    from muniment.batch.matching.keys import number
    from muniment.people import linkage_models, nominal_tables
    from muniment.records import staging

    published = linkage_models.published()
    model = published.scales.model
    with staging.snapshot() as rows_of:
        people = nominal_tables.read(rows_of, on=published.scales.on).standardised
    connection = connect()
    connection.register("given", people)
    connection.execute("create temp table persons as from given where partition = 'policing'")
    scoring.prepare_people(connection, "persons", model)
    connection.execute(
        "create temp table keyed as select person_id, unnest(keys) as key from persons; "
        "create temp table stops as select unnest($1) as key",
        [sorted(number("policing", key) for key in model.stop_keys)],
    )

    def score(key: int) -> object:
        connection.execute(
            "create or replace table candidates as select distinct '0' as match_key, least(a.person_id, b.person_id) "
            "as join_key_l, greatest(a.person_id, b.person_id) as join_key_r from keyed a join keyed b using (key) "
            f"where a.person_id = {int(key)} and b.person_id <> a.person_id and key not in (from stops)"
        )
        return scoring.score(connection, model, "candidates", published.scales.least)

    return score


if __name__ == "__main__":
    main()
