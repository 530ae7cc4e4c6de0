"""How well published prime places and vehicles fit the truth of an invented world.

Pairs are those of ways of writing that records tell of: two that records of one place, or one vehicle, write, and that
are published as one. The truth is of the records; what else a place is told of by is not counted.
"""

from collections import Counter, defaultdict
from pathlib import Path

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.engine.matching.interval import exact
from muniment.evaluation import world
from muniment.objects.kinds import THINGS, Thing
from muniment.records import staging

_COLUMNS = ("controller", "system", "reference", "number")
_TOLD = """
SELECT DISTINCT c.code AS controller, s.code AS system, r.reference, m.id AS member, m.partition, b.prime_id AS prime
FROM {link} l JOIN {member} m ON m.id = l.{column} JOIN {belonging} b ON b.member_id = m.id AND b.until IS NULL
JOIN records_record r ON r.id = l.record_id
JOIN records_sourcesystem s ON s.id = r.system_id JOIN core_controller c ON c.id = s.controller_id
"""


def measure(folder: Path, *, by: Actor) -> list[world.Pairs]:
    """Return how the pairs of places and of vehicles fit. Raise NoTruth when the world does not tell of them."""
    scores = [_pairs(thing, folder) for thing in THINGS.values()]
    audit.record(by, "objects.evaluate", detail={each.of: each.joined for each in scores})
    return scores


def _pairs(thing: Thing, folder: Path) -> world.Pairs:
    known = world.read_table(folder, thing.several, _COLUMNS).to_pylist()
    truth = {(each["controller"], each["system"], each["reference"]): each["number"] for each in known}
    joined: dict[int, set[tuple[int, int]]] = defaultdict(set)
    true: dict[tuple[str, int], set[int]] = defaultdict(set)
    for line in staging.read(_TOLD.format(**thing.names())).to_pylist():
        number = truth.get((line["controller"], line["system"], line["reference"]))
        if number is not None:
            joined[line["prime"]].add((line["member"], number))
            true[line["partition"], number].add(line["member"])
    every = sum(_of(len(group)) for group in joined.values())
    right = sum(_of(count) for group in joined.values() for count in Counter(number for _, number in group).values())
    same = sum(_of(len(group)) for group in true.values())
    lower, upper = exact(right, every)
    return world.Pairs(
        of=thing.several,
        joined=every,
        false_joins=every - right,
        precision=right / every if every else None,
        lower=lower,
        upper=upper,
        true_pairs=same,
        recall=right / same if same else None,
    )


def _of(number: int) -> int:
    return number * (number - 1) // 2
