"""Custody as exported: pipe-delimited text of one supplier for two forces, JSON lines for the third."""

import numpy as np

from muniment.invention import days, writers
from muniment.invention.material import Numbers, Texts
from muniment.invention.world import World, british, outcome_on

_PREFIXES = ("NH", "WV", "SX")


def export(world: World) -> None:
    """Write the custody exports of the three forces, as they stood on the day of the full export."""
    crimes = world.history.crimes
    for force, controller in ((0, "northshire"), (2, "southmere")):
        mine = np.flatnonzero((crimes.force == force) & (crimes.arrested < world.full))
        _piped(world, mine, controller, _PREFIXES[force])
    _lines(world, np.flatnonzero((crimes.force == 1) & (crimes.arrested < world.full)))


def _numbers(mine: Numbers, prefix: str) -> Texts:
    out = np.empty(len(mine), dtype=object)
    out[:] = [f"{prefix}{number:07d}" for number in range(1, len(mine) + 1)]
    return out


def _disposal(world: World, mine: Numbers) -> Texts:
    outcome = outcome_on(world.history.crimes, world.full)[mine]
    return np.where(np.isin(outcome, ["PENALTY_NOTICE", "COMMUNITY_RESOLUTION", "UNDETECTED"]), "NFA", outcome)


def _released(world: World, mine: Numbers) -> Numbers:
    return world.history.crimes.arrested[mine] + (mine % 5 < 3)


def _piped(world: World, mine: Numbers, controller: str, prefix: str) -> None:
    crimes, offences = world.history.crimes, world.material.offences
    nominals = world.nominals["custody"][mine]
    person = world.person
    columns = {
        "CUSTODY_NO": _numbers(mine, prefix),
        "PERSON_NO": world.reference(nominals),
        "SURNAME": person(nominals, "surname"),
        "FORENAME": person(nominals, "forename"),
        "MIDDLE": person(nominals, "middle_names"),
        "ALIASES": person(nominals, "aliases"),
        "DOB": british(person(nominals, "born")),
        "SEX": person(nominals, "sex"),
        "ETHNICITY": person(nominals, "ethnicity"),
        "ADDRESS": person(nominals, "address"),
        "POSTCODE": person(nominals, "postcode"),
        "PHONE": person(nominals, "phone"),
        "PNCID": person(nominals, "pncid"),
        "CRO": person(nominals, "cro"),
        "DETAINED": days.written(crimes.arrested[mine], "%d-%b-%Y 09:30"),
        "RELEASED": days.written(_released(world, mine), "%d-%b-%Y 18:05"),
        "OFFENCE_CODE": offences.cjs[crimes.offence[mine]],
        "OFFENCE": offences.title[crimes.offence[mine]],
        "COMMITTED": days.written(crimes.happened[mine], "%d-%b-%Y"),
        "DISPOSAL": _disposal(world, mine),
    }
    folder = world.folder(controller, "custody")
    count = len(mine)
    writers.write_csv(
        folder / f"CUSTODY_{days.day_of(world.full):%Y%m%d}.txt",
        columns,
        delimiter="|",
        last=f"TRAILER|{count}\r\n",
    )


def _lines(world: World, mine: Numbers) -> None:
    crimes, offences = world.history.crimes, world.material.offences
    nominals = world.nominals["custody"][mine]
    numbers, disposal = _numbers(mine, "WVC"), _disposal(world, mine)
    detained = days.written(crimes.arrested[mine], "%Y-%m-%d")
    released = days.written(_released(world, mine), "%Y-%m-%d")
    happened = days.written(crimes.happened[mine], "%Y-%m-%d")
    fields = world.register.fields
    writers.write_lines(
        world.folder("westvale", "custody") / f"custody-{days.day_of(world.full)}.jsonl",
        (
            {
                "custody_number": numbers[at],
                "detained": detained[at],
                "released": released[at],
                "offence": {
                    "cjs": offences.cjs[crimes.offence[crime]],
                    "wording": offences.title[crimes.offence[crime]],
                    "on": happened[at],
                },
                "disposal": disposal[at],
                "detainee": {
                    "id": world.register.reference[nominal],
                    "name": f"{fields['surname'][nominal].strip()}, {fields['forename'][nominal]}"
                    f" {fields['middle_names'][nominal]}".strip(),
                    "dob": fields["born"][nominal],
                    "sex": fields["sex"][nominal],
                    "ethnicity": fields["ethnicity"][nominal],
                    "address": fields["address"][nominal],
                    "postcode": fields["postcode"][nominal],
                    "phone": fields["phone"][nominal],
                    "pncid": fields["pncid"][nominal],
                    "cro": fields["cro"][nominal],
                    "aliases": [fields["aliases"][nominal]] if fields["aliases"][nominal] else "",
                },
            }
            for at, (crime, nominal) in enumerate(zip(mine.tolist(), nominals.tolist(), strict=True))
        ),
    )
