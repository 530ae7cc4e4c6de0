"""Who is who in truth, written apart: the pipeline never reads it, tests and benchmarks do."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from muniment.invention import days, things
from muniment.invention.exports.crime import PATTERNS, references
from muniment.invention.material import Numbers, texts
from muniment.invention.nominals import SYSTEMS
from muniment.invention.population import People
from muniment.invention.world import World


def write(world: World) -> None:
    """Write OUT/truth: nominals to people, people as they are, and pairs that look alike and are two."""
    folder = world.out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "nominals.parquet", _nominals(world))
    people = world.people
    _write(
        folder / "people.parquet",
        {
            "person": np.arange(len(people)),
            "forename": people.forename,
            "middle_names": people.middle,
            "surname": people.surname,
            "born": days.written(people.born, "%Y-%m-%d"),
            "ethnicity": people.ethnicity,
            "origin": people.origin,
            "protected": people.protected,
        },
    )
    _write(folder / "look_alikes.parquet", _look_alikes(world))
    for name, number in (("places", _places(world)), ("vehicles", things.involved(world)[0])):
        _write(folder / f"{name}.parquet", _of_crimes(world, number))


def _write(path: Path, columns: dict[str, object]) -> None:
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), path, compression="zstd")


def _nominals(world: World) -> dict[str, object]:
    held = world.register
    controller = texts([system.split("/")[0] for system in SYSTEMS])
    system = texts([system.split("/")[1] for system in SYSTEMS])
    return {
        "controller": controller[held.system],
        "system": system[held.system],
        "reference": held.reference,
        "person": held.person,
    }


def _places(world: World) -> Numbers:
    return things.property_of(world)[world.history.crimes.place]


def _of_crimes(world: World, number: Numbers) -> dict[str, object]:
    """Return of which number the place, or the vehicle, of each crime is that has one, where systems tell of both."""
    found: dict[str, list[object]] = {"controller": [], "system": [], "reference": [], "number": []}
    for force, (controller, pattern) in enumerate(PATTERNS.items()):
        mine = np.flatnonzero(world.history.crimes.force == force)
        held = number[mine] >= 0
        found["reference"] += references(world, force, pattern)[held].tolist()
        found["number"] += number[mine][held].tolist()
        found["controller"] += [controller] * int(held.sum())
        found["system"] += ["crime"] * int(held.sum())
    return dict(found)


def _look_alikes(world: World) -> dict[str, object]:
    people = world.people
    twins = np.flatnonzero(people.twin > np.arange(len(people)))
    child = np.flatnonzero(people.parent >= 0)
    named = child[
        (people.forename[child] == people.forename[people.parent[child]])
        & (people.surname[child] == people.surname[people.parent[child]])
    ]
    # Children of one household stand side by side.
    younger = child[1:][(people.parent[child][1:] == people.parent[child][:-1]) & (people.twin[child][1:] < 0)]
    kinds = {
        "twins": (twins, people.twin[twins]),
        "brothers and sisters": (younger - 1, younger),
        "parent and child of one name": (people.parent[named], named),
        "namesakes born on one day": _neighbours(people, "%Y-%m-%d"),
        "namesakes born in one year": _neighbours(people, "%Y"),
    }
    return {
        "person_a": np.concatenate([first for first, _ in kinds.values()]),
        "person_b": np.concatenate([second for _, second in kinds.values()]),
        "why": texts([why for why, (first, _) in kinds.items() for _ in first]),
    }


def _neighbours(people: People, born: str) -> tuple[Numbers, Numbers]:
    """Return pairs of one forename, surname and birth as written; of three such people the first two and last two."""
    births = days.written(people.born, born)
    key = np.array([f"{a}|{b}|{c}" for a, b, c in zip(people.forename, people.surname, births, strict=True)])
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    return order[same], order[same + 1]
