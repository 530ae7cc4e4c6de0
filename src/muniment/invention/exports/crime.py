"""Crime as three systems export it: Northshire's CSV, Westvale's JSON lines, Southmere's XML."""

import csv
from collections.abc import Iterator
from typing import Any

import numpy as np

from muniment.invention import days, things, writers
from muniment.invention.history import NOBODY, Crimes
from muniment.invention.material import Mask, Numbers, Texts
from muniment.invention.world import World, british, outcome_on, summaries

_ROLES = {
    "CONVICTED": "CONVICTED",
    "CAUTIONED": "CAUTIONED",
    "CHARGED": "CHARGED",
    "ACQUITTED": "ACQUITTED",
}
_OUTCOME_TYPES = {
    "CHARGED": "1", "CONVICTED": "1C", "ACQUITTED": "1A", "CAUTIONED": "3", "PENALTY_NOTICE": "6",
    "COMMUNITY_RESOLUTION": "8", "NFA": "15", "UNDETECTED": "18", "PENDING": "0", "CANCELLED": "C",
}  # fmt: skip

_PAPERLESS = 2010  # the year in which Northshire began to keep crimes without paper

# How the references of crimes are written by the forces whose systems tell of vehicles.
PATTERNS = {"northshire": "NS/{number:06d}/{year:02d}", "westvale": "WV{year:02d}-{number:06d}"}


def export(world: World) -> None:
    """Write all crime exports: a full one of each force, then what changed."""
    _northshire(world)
    _westvale(world)
    _southmere(world)


def references(world: World, force: int, pattern: str) -> Texts:
    """Return the crime references of a force, for its crimes in order."""
    mine = np.flatnonzero(world.history.crimes.force == force)
    years = days.years(world.history.crimes.reported[mine]).tolist()
    out = np.empty(len(mine), dtype=object)
    out[:] = [pattern.format(number=number, year=year % 100) for number, year in enumerate(years, 1)]
    return out


def changes(world: World, mine: Numbers, since: int, until: int) -> tuple[Mask, Mask]:
    """Return which crimes are new and which have another outcome between two days."""
    crimes = world.history.crimes
    new = (crimes.reported[mine] >= since) & (crimes.reported[mine] < until)
    earlier, later = outcome_on(crimes, since)[mine], outcome_on(crimes, until)[mine]
    return new, ~new & (crimes.reported[mine] < since) & (earlier != later)


def _northshire(world: World) -> None:
    rng = world.rng("northshire/crime")
    mine = np.flatnonzero(world.history.crimes.force == 0)
    columns = _flat(world, mine, world.full)
    folder = world.folder("northshire", "crime")
    before = world.history.crimes.reported[mine] < world.full
    known = {name: values[before] for name, values in columns.items()}
    surplus = _spoil_flat(world, known, rng)
    style: dict[str, Any] = {"encoding": "cp1252", "quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"}
    _write(world, f"crime_{days.day_of(world.full):%Y%m%d}.csv", known, surplus, style)
    middle, today = world.full + 7, world.today
    for since, until in ((world.full, middle), (middle, today)):
        latest = _flat(world, mine, until)
        new, updated = changes(world, mine, since, until)
        rows = new | updated
        part = {name: values[rows] for name, values in latest.items()}
        part["ACTION"] = np.where(new[rows], "I", "U").astype(object)
        part["INTO"] = np.full(rows.sum(), "", dtype=object)
        part["ACTION_DATE"] = np.full(rows.sum(), f"{days.day_of(until):%d/%m/%Y}", dtype=object)
        _append(part, _merges(world, first=since == world.full), until)
        if until == today:
            gone = columns["CRIME_NO"][before][rng.permutation(before.sum())[: max(2, before.sum() // 2000)]]
            _append(part, [("D", reference, "", "record") for reference in sorted(gone)], until)
        part = {name: part[name] for name in ("ACTION", "ENTITY", "INTO", "ACTION_DATE", *columns)}
        name = f"crime-changes_{days.day_of(until):%Y%m%d}.csv"
        writers.write_csv(folder / name, part, **style)


def _write(world: World, name: str, columns: dict[str, Texts], surplus: Mask, style: dict[str, Any]) -> None:
    writers.write_csv(world.folder("northshire", "crime") / name, columns, surplus=surplus, **style)


def _append(part: dict[str, Texts], events: list[tuple[str, str, str, str]], on: int) -> None:
    """Add rows that say what became of a reference: deleted, merged, taken apart again."""
    count = len(part["CRIME_NO"])
    if "ENTITY" not in part:
        part["ENTITY"] = np.full(count, "", dtype=object)
    extra = {
        "ACTION": [event[0] for event in events],
        "CRIME_NO": [event[1] for event in events],
        "INTO": [event[2] for event in events],
        "ENTITY": [event[3] for event in events],
        "ACTION_DATE": [f"{days.day_of(on):%d/%m/%Y}"] * len(events),
    }
    for name, values in part.items():
        more = np.empty(len(events), dtype=object)
        more[:] = extra.get(name, [""] * len(events))
        part[name] = np.concatenate([values, more])


def _merges(world: World, *, first: bool) -> list[tuple[str, str, str, str]]:
    """Return merges that Northshire makes, one in four of them wrong, and a week later the unmerging of those."""
    rng = world.rng("northshire/merges")
    held = world.register.of("northshire/crime")
    order = held[np.argsort(world.register.person[held], kind="stable")]
    same = np.flatnonzero(world.register.person[order][1:] == world.register.person[order][:-1])
    count = min(len(same), max(3, len(held) // 400))
    right = same[np.sort(rng.permutation(len(same))[:count])]
    wrong = np.sort(rng.permutation(len(order) - 1)[: max(1, count // 4)])
    wrong = wrong[world.register.person[order[wrong]] != world.register.person[order[wrong + 1]]]
    name = world.register.reference
    mistaken = [(name[order[at + 1]], name[order[at]]) for at in wrong.tolist()]
    if not first:
        return [("X", later, earlier, "nominal") for later, earlier in mistaken]
    good = [(name[order[at + 1]], name[order[at]]) for at in right.tolist()]
    return [("M", later, earlier, "nominal") for later, earlier in (*good, *mistaken)]


def _flat(world: World, mine: Numbers, day: int) -> dict[str, Texts]:
    """Return crimes as one flat row each, with a victim, a suspect and a witness in columns of their own."""
    crimes, offences = world.history.crimes, world.material.offences
    outcome = outcome_on(crimes, day)[mine]
    final = outcome == crimes.outcome[mine]
    dealt = np.where(final, crimes.dealt[mine], days.NEVER)
    offence = crimes.offence[mine]
    suspect = world.nominals["crimes.suspect"][mine]
    location, postcode = things.locations(world, mine, world.rng("northshire/locations"))
    columns: dict[str, Texts] = {
        "CRIME_NO": references(world, 0, PATTERNS["northshire"]),
        "REPORTED": days.written(crimes.reported[mine], "%d/%m/%Y"),
        "OCC_FROM": days.written(crimes.happened[mine], "%d/%m/%Y"),
        "OCC_TO": days.written(crimes.happened_until[mine], "%d/%m/%Y"),
        "HO_CLASS": offences.ho_class[offence],
        "CJS_CODE": offences.cjs[offence],
        "OFFENCE": offences.title[offence],
        "OUTCOME": _mapped(outcome, _OUTCOME_TYPES),
        "OUTCOME_DATE": days.written(dealt, "%d/%m/%Y"),
        "LOCATION": location,
        "POSTCODE": postcode,
        "PURPOSE": np.full(len(mine), "4", dtype=object),
        "GPMS": np.full(len(mine), "OFFICIAL-SENSITIVE", dtype=object),
    }
    columns |= _party(world, world.nominals["crimes.victim"][mine], "VIC")
    columns |= _party(world, suspect, "SUS")
    sentence = crimes.months[mine] * (final & (outcome == "CONVICTED"))
    out = np.where((sentence > 0) & (crimes.released[mine] < day), crimes.released[mine], days.NEVER)
    columns |= {
        "SUS_PNCID": world.person(suspect, "pncid"),
        "SUS_CRO": world.person(suspect, "cro"),
        "SUS_ALIAS": world.person(suspect, "aliases"),
        "SUS_STATUS": np.where(suspect == NOBODY, "", _mapped(outcome, _ROLES, "SUSPECT")),
        "SENTENCE": _sentences(sentence),
        "RELEASED": days.written(out, "%d/%m/%Y"),
    }
    columns |= _party(world, world.nominals["crimes.witness"][mine], "WIT")
    vehicle = things.told(world, mine, world.rng("northshire/vehicles"))
    columns |= {f"VEH_{name.upper()}": values for name, values in vehicle.items()}
    columns["LOC_UPRN"] = things.properties(world, mine, world.rng("northshire/properties"))
    columns["SUMMARY"] = summaries(len(crimes), world.rng("northshire/summaries"))[mine]
    return columns | _shelved(crimes.reported[mine])


def _shelved(reported: Numbers) -> dict[str, Texts]:
    """Return where the paper file of a crime stands: of every third of the years in which files were paper.

    It follows from the order of the crimes alone, so that nothing else of the world depends on it.
    """
    number = np.arange(len(reported))
    on_shelf = (days.years(reported) < _PAPERLESS) & (number % 3 == 0)
    place = np.empty(len(reported), dtype=object)
    place[:] = [f"Bay {at // 500 + 1}, box {at // 25 % 20 + 1}" for at in number.tolist()]
    return {
        "STORE_LOCATION": np.where(on_shelf, place, ""),
        "STORE_MEDIUM": np.where(on_shelf, "Paper file", "").astype(object),
    }


def _party(world: World, nominals: Numbers, prefix: str) -> dict[str, Texts]:
    middle = world.person(nominals, "middle_names")
    given = np.where(
        middle == "", world.person(nominals, "forename"), world.person(nominals, "forename") + " " + middle
    )
    return {
        f"{prefix}_ID": world.reference(nominals),
        f"{prefix}_SURNAME": world.person(nominals, "surname"),
        f"{prefix}_FORENAMES": given,
        f"{prefix}_DOB": british(world.person(nominals, "born")),
        f"{prefix}_SEX": world.person(nominals, "sex"),
        f"{prefix}_ETH": world.person(nominals, "ethnicity"),
        f"{prefix}_ADDR": world.person(nominals, "address"),
        f"{prefix}_PCODE": world.person(nominals, "postcode"),
        f"{prefix}_TEL": world.person(nominals, "phone"),
        f"{prefix}_EMAIL": world.person(nominals, "email"),
    }


def _mapped(values: Texts, table: dict[str, str], otherwise: str = "") -> Texts:
    distinct, inverse = np.unique(values.astype(str), return_inverse=True)
    words = np.empty(len(distinct), dtype=object)
    words[:] = [table.get(value, otherwise) for value in distinct.tolist()]
    out: Texts = words[inverse]
    return out


def _sentences(months: Numbers) -> Texts:
    distinct, inverse = np.unique(months, return_inverse=True)
    words = np.empty(len(distinct), dtype=object)
    words[:] = [
        "" if not value else f"{value // 12}y {value % 12}m" if value >= 12 else f"{value} months"
        for value in distinct.tolist()
    ]
    out: Texts = words[inverse]
    return out


def _spoil_flat(world: World, columns: dict[str, Texts], rng: np.random.Generator) -> Mask:
    """Put the defects of rows into a flat export, and return which rows get a field too many."""
    count = len(columns["CRIME_NO"])

    def hit(defect: str) -> Mask:
        return world.spoilt(defect, count, rng)

    columns["REPORTED"] = np.where(hit("required_missing"), "", columns["REPORTED"])
    columns["REPORTED"] = np.where(hit("absurd_date"), "31/12/9999", columns["REPORTED"])
    columns["PURPOSE"] = np.where(hit("purpose_missing"), "", columns["PURPOSE"])
    columns["OUTCOME"] = np.where(hit("unknown_code"), "ZZ", columns["OUTCOME"])
    columns["LOCATION"] = np.where(hit("formula"), '=HYPERLINK("http://example.org","map")', columns["LOCATION"])
    columns["LOCATION"] = np.where(hit("stray_nul"), "Unit\x00 4, Norbridge", columns["LOCATION"])
    columns["OFFENCE"] = columns["OFFENCE"].copy()
    writers.spoil(columns["OFFENCE"], hit("undecodable"))
    shared = np.flatnonzero(hit("shared_reference")[1:]) + 1
    columns["CRIME_NO"] = columns["CRIME_NO"].copy()
    columns["CRIME_NO"][shared] = columns["CRIME_NO"][shared - 1]
    return hit("wrong_fields")


def _westvale(world: World) -> None:
    rng = world.rng("westvale/crime")
    mine = np.flatnonzero(world.history.crimes.force == 1)
    folder = world.folder("westvale", "crime")
    before = world.history.crimes.reported[mine] < world.full
    entries = list(_objects(world, mine, world.full, before))
    for defect, change in (
        ("required_missing", {"reference": ""}),
        ("absurd_date", {"reported": "1066-10-14"}),
        ("unknown_code", {"outcome": "See log"}),
    ):
        for at in np.flatnonzero(world.spoilt(defect, len(entries), rng)).tolist():
            entries[at] |= change
    for at in np.flatnonzero(world.spoilt("shared_reference", len(entries) - 1, rng)).tolist():
        entries[at + 1]["reference"] = entries[at]["reference"]
    writers.write_lines(folder / f"crimes-{days.day_of(world.full)}.jsonl", entries)
    new, updated = changes(world, mine, world.full, world.today)
    later = [entry | {"change": "upsert"} for entry in _objects(world, mine, world.today, new | updated)]
    gone = rng.permutation(np.flatnonzero(before))[: max(2, before.sum() // 2500)]
    names = references(world, 1, PATTERNS["westvale"])
    on = str(days.day_of(world.today))
    later += [{"change": "delete", "reference": names[at], "changed_on": on} for at in sorted(gone.tolist())]
    writers.write_lines(folder / f"crimes-delta-{days.day_of(world.today)}.jsonl", later)


def _objects(world: World, mine: Numbers, day: int, wanted: Mask) -> Iterator[dict[str, Any]]:
    crimes, offences = world.history.crimes, world.material.offences
    names = references(world, 1, PATTERNS["westvale"])
    outcome = outcome_on(crimes, day)
    notes = summaries(len(crimes), world.rng("westvale/summaries"))
    vehicle = things.told(world, mine, world.rng("westvale/vehicles"))
    written = _written(crimes, day)
    roles = [("victim", "VICTIM"), ("suspect", ""), ("witness", "WITNESS")]
    for at in np.flatnonzero(wanted).tolist():
        crime = int(mine[at])
        final = outcome[crime] == crimes.outcome[crime]
        parties = []
        for part, role in roles:
            nominal = int(world.nominals[f"crimes.{part}"][crime])
            if nominal != NOBODY:
                party = _party_object(world, nominal)
                if not role:
                    party |= {"outcome": outcome[crime], "dealt": written["dealt"][crime] if final else ""}
                    if crimes.months[crime] and final:
                        party["sentence"] = {"months": int(crimes.months[crime]), "custodial": True,
                                             "released": written["released"][crime]}  # fmt: skip
                parties.append(party | {"role": role or _ROLES.get(outcome[crime], "SUSPECT")})
        offence = int(crimes.offence[crime])
        yield {
            "reference": names[at],
            "reported": f"{written['reported'][crime]}T{crime % 24:02d}:{crime % 60:02d}:00",
            "occurred": written["happened"][crime],
            "offence": {
                "cjs": offences.cjs[offence],
                "ho": offences.ho_class[offence],
                "wording": offences.title[offence],
            },
            "outcome": outcome[crime].replace("_", " ").capitalize(),
            "decided": written["dealt"][crime] if final else "",
            "purposes": ["PP3", "PP4"] if offence % 3 else ["PP4"],
            "location": {
                "text": world.addresses.text[crimes.place[crime]],
                "postcode": world.addresses.postcode[crimes.place[crime]],
            },
            "vehicle": {name: values[at] for name, values in vehicle.items()},
            "parties": parties,
            "summary": notes[crime],
        }


def _written(crimes: Crimes, day: int) -> dict[str, Texts]:
    """Return the days of crimes as ISO text, releases only as far as they had happened by a day."""
    text = {name: days.written(getattr(crimes, name), "%Y-%m-%d") for name in ("reported", "happened", "dealt")}
    return text | {"released": days.written(crimes.released, "%Y-%m-%d", crimes.released < day)}


def _party_object(world: World, nominal: int) -> dict[str, Any]:
    fields = world.register.fields
    return {
        "id": world.register.reference[nominal],
        "name": {
            "given": fields["forename"][nominal],
            "middle": fields["middle_names"][nominal],
            "family": fields["surname"][nominal].strip(),
            "also": [fields["aliases"][nominal]] if fields["aliases"][nominal] else "",
        },
        "dob": fields["born"][nominal],
        "sex": fields["sex"][nominal],
        "ethnicity": fields["ethnicity"][nominal],
        "address": fields["address"][nominal],
        "postcode": fields["postcode"][nominal],
        "phone": fields["phone"][nominal],
        "email": fields["email"][nominal],
        "pncid": fields["pncid"][nominal],
        "cro": fields["cro"][nominal],
    }


def _southmere(world: World) -> None:
    mine = np.flatnonzero(world.history.crimes.force == 2)
    folder = world.folder("southmere", "records")
    before = world.history.crimes.reported[mine] < world.full
    writers.write_xml(folder / f"occurrences_{days.day_of(world.full)}.xml", "export", _elements(world, mine, before))
    gone = world.rng("southmere/gone").permutation(np.flatnonzero(before))[: max(2, before.sum() // 1500)]
    names = references(world, 2, "IML-{number:07d}")
    count = len(gone)
    writers.write_csv(
        folder / f"housekeeping_{days.day_of(world.today)}.csv",
        {
            "What": np.array(["delete"] * count, dtype=object),
            "Entity": np.array(["record"] * count, dtype=object),
            "Reference": names[np.sort(gone)],
            "Into": np.array([""] * count, dtype=object),
            "On": np.array([str(days.day_of(world.today - 1))] * count, dtype=object),
        },
    )


def _elements(world: World, mine: Numbers, wanted: Mask) -> Iterator[str]:
    crimes, offences = world.history.crimes, world.material.offences
    names = references(world, 2, "IML-{number:07d}")
    outcome = outcome_on(crimes, world.full)
    written = _written(crimes, world.full)
    element = writers.element
    for at in np.flatnonzero(wanted).tolist():
        crime = int(mine[at])
        final = outcome[crime] == crimes.outcome[crime]
        offence = int(crimes.offence[crime])
        people = []
        for part, role in (("victim", "Aggrieved"), ("suspect", ""), ("witness", "Witness")):
            nominal = int(world.nominals[f"crimes.{part}"][crime])
            if nominal != NOBODY:
                inner = _person_element(world, nominal)
                if not role:
                    inner += element("disposal", outcome[crime], date=written["dealt"][crime] if final else "")
                    if crimes.months[crime] and final:
                        inner += element(
                            "sentence", f"{crimes.months[crime]} months", released=written["released"][crime]
                        )
                people.append(
                    f'<person id="{world.register.reference[nominal]}" role="{role or "Suspect"}">{inner}</person>'
                )
        yield (
            f'<occurrence id="{names[at]}">'
            + element("reported", written["reported"][crime])
            + element("occurred", written["happened"][crime])
            + element("offence", offences.title[offence], cjs=offences.cjs[offence], ho=offences.ho_class[offence])
            + element("result", outcome[crime])
            + element(
                "place",
                world.addresses.text[crimes.place[crime]],
                postcode=world.addresses.postcode[crimes.place[crime]],
            )
            + f"<persons>{''.join(people)}</persons></occurrence>"
        )


def _person_element(world: World, nominal: int) -> str:
    fields, element = world.register.fields, writers.element
    return "".join(
        element(name, fields[source][nominal])
        for name, source in (
            ("surname", "surname"), ("forename", "forename"), ("middle", "middle_names"), ("alias", "aliases"),
            ("dob", "born"), ("sex", "sex"), ("sde", "ethnicity"), ("job", "occupation"), ("born-in", "birth_place"),
            ("address", "address"), ("postcode", "postcode"), ("phone", "phone"), ("email", "email"),
            ("pncid", "pncid"), ("cro", "cro"), ("protected", "protected"),
        )
    )  # fmt: skip
