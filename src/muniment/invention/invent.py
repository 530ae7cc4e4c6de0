"""Inventing a world and exporting it, the same bytes for the same seed."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from muniment.invention import exports, history, material, population, truth
from muniment.invention.world import World, appear

Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


def invent(
    persons: int,
    seed: int,
    out: Path,
    *,
    as_at: date = date(2026, 11, 22),
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write the exports of an invented world of so many people under `out`, and its truth under `out/truth`.

    Return how many people, nominals, crimes and files there are. Raise ValueError for fewer than 50 people.
    """
    if persons < 50:
        raise ValueError("An invented world needs at least 50 people for its systems to have something in them.")
    tell = progress or (lambda step, done, total: None)
    steps = len(exports.EXPORTERS) + 3
    tell("people", 0, steps)
    tables = material.load(material.demonstration())
    people, addresses = population.make(persons, tables, _rng(seed, 1), as_at)
    tell("what happened", 1, steps)
    events = history.make(people, tables, _rng(seed, 2), as_at)
    population.give_identifiers(people, history.first_arrests(events.crimes, persons), as_at)
    held, nominals = appear(people, addresses, tables, events, _rng(seed, 3))
    world = World(people, addresses, tables, events, held, nominals, out, as_at, seed)
    for number, (name, export) in enumerate(exports.EXPORTERS.items(), 2):
        tell(name, number, steps)
        export(world)
    tell("truth", steps - 1, steps)
    truth.write(world)
    tell("done", steps, steps)
    files = sum(1 for path in out.rglob("*") if path.is_file() and path.parent.name != "truth")
    return {"people": persons, "nominals": len(held.person), "crimes": len(events.crimes), "files": files}


def _rng(seed: int, part: int) -> np.random.Generator:
    return np.random.default_rng([seed, part])
