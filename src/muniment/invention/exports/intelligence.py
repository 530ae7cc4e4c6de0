"""Intelligence of Northshire as JSON lines, graded 3x5x2 today and 5x5x5 in old reports."""

from datetime import date

import numpy as np

from muniment.invention import days, writers
from muniment.invention.history import NOBODY
from muniment.invention.material import texts
from muniment.invention.world import World

_CHANGED_ON = days.number(date(2016, 7, 1))  # forces moved from 5x5x5 to 3x5x2 in 2016
_SUBJECTS = (
    "said to be selling class A from the address at weekends",
    "associating again with those in the earlier report",
    "seen driving without a licence",
    "thought to be handling cycles and tools",
    "said to carry a knife when out at night",
    "no longer at the address; now with a relative",
)


def export(world: World) -> None:
    """Write the intelligence reports."""
    reports = world.history.intelligence
    rng = world.rng("northshire/intelligence")
    known = np.flatnonzero(reports.on < world.full)
    on = days.written(reports.on, "%Y-%m-%d")
    person, other = world.nominals["intelligence.person"], world.nominals["intelligence.other"]
    source, assessed = rng.integers(1, 4, len(on)), rng.integers(0, 5, len(on))
    protest = rng.random(len(on)) < 0.01
    unmarked = world.spoilt("unknown_code", len(on), rng)
    subjects = texts(list(_SUBJECTS))[reports.kind]
    entries = []
    for at in known.tolist():
        old = reports.on[at] < _CHANGED_ON
        grade = "ABCDE"[assessed[at]]
        entries.append(
            {
                "urn": f"NI/{at + 1:06d}",
                "submitted": on[at],
                "grading": {"scheme": "5x5x5", "value": f"{'ABCE'[source[at]]}{assessed[at] + 1}1"}
                if old
                else {"scheme": "3x5x2", "value": f"{source[at]}{grade}{'P' if at % 3 else 'C'}"},
                "marking": "RESTRICTED?" if unmarked[at] else "OFFICIAL-SENSITIVE",
                "restriction": "COVERT" if at % 97 == 0 else "",
                "kind": "protest" if protest[at] else "report",
                "purposes": ["PP3", "PP4"],
                "text": f"Subject is {subjects[at]}.",
                "subjects": [
                    _subject(world, int(nominal), role)
                    for nominal, role in ((person[at], "INTEL_SUBJECT"), (other[at], "ASSOCIATE"))
                    if nominal != NOBODY
                ],
            }
        )
    writers.write_lines(world.folder("northshire", "intelligence") / f"intel-{days.day_of(world.full)}.jsonl", entries)


def _subject(world: World, nominal: int, role: str) -> dict[str, object]:
    fields = world.register.fields
    return {
        "id": world.register.reference[nominal],
        "role": role,
        "name": f"{fields['forename'][nominal]} {fields['surname'][nominal].strip()}",
        "aliases": fields["aliases"][nominal],
        "dob": fields["born"][nominal],
        "sex": fields["sex"][nominal],
        "address": fields["address"][nominal],
        "postcode": fields["postcode"][nominal],
        "phone": fields["phone"][nominal],
        "pncid": fields["pncid"][nominal],
    }
