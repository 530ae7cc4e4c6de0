"""What forces hold about themselves: staff, invoices, vehicles, and the casework of a commissioner's office."""

from datetime import date

import numpy as np
import pyarrow as pa

from muniment.invention import days, writers
from muniment.invention.material import Numbers, Texts, texts
from muniment.invention.world import World, british

_POSTS = ("Police constable", "Police sergeant", "Detective constable", "Records officer", "Control room operator")
_MAKES = ("Vauxhall Astra", "Ford Transit", "Peugeot 308", "Skoda Octavia", "Volvo V90")
_CASES = ("Correspondence", "Casework", "Freedom of information", "Subject access", "Complaint review")
_SUPPLIERS = ("Harbour Stationery", "Ridge Catering", "Moor Lane Tyres", "Beacon Cleaning", "Old Mill Electrical")


def export(world: World) -> None:
    """Write the four corporate systems."""
    _staff(world)
    _invoices(world)
    _vehicles(world)
    _casework(world)


def _staff(world: World) -> None:
    staff = world.history.staff
    nominals = world.nominals["staff.person"]
    person = world.person
    writers.write_csv(
        world.folder("northshire", "hr") / f"Personnel {days.day_of(world.full):%d-%m-%Y}.csv",
        {
            "Staff number": world.reference(nominals),
            "Surname": person(nominals, "surname"),
            "First name": person(nominals, "forename"),
            "Date of birth": british(person(nominals, "born")),
            "Gender": person(nominals, "sex"),
            "NI number": world.people.ni_number[staff.person],
            "Address": person(nominals, "address"),
            "Postcode": person(nominals, "postcode"),
            "Post": texts(list(_POSTS))[staff.kind],
            "Joined": days.written(staff.on, "%d/%m/%Y"),
            "Left": days.written(world.by_now(staff.until), "%d/%m/%Y"),
        },
        encoding="utf-16",
        delimiter="\t",
    )


def _year_ends(values: Numbers) -> list[date]:
    ends = []
    for value in values.tolist():
        on = days.day_of(value)
        ends.append(date(on.year + (on.month > 3), 3, 31))
    return ends


def _invoices(world: World) -> None:
    invoices = world.history.invoices
    known = np.flatnonzero(invoices.on < world.full - 400)  # only closed years are archived
    rng = world.rng("westvale/finance")
    writers.write_parquet(
        world.folder("westvale", "finance") / f"invoices_{days.day_of(world.full):%Y_%m_%d}.parquet",
        {
            "document": texts([f"INV{at + 1:07d}" for at in known.tolist()]),
            "supplier": texts(list(_SUPPLIERS))[invoices.kind[known] % len(_SUPPLIERS)],
            "posted": pa.array(invoices.on[known].astype("datetime64[D]")),
            "year_end": pa.array(_year_ends(invoices.on[known]), pa.date32()),
            "amount": pa.array(np.round(rng.lognormal(5, 1, len(known)), 2)),
        },
    )


def _vehicles(world: World) -> None:
    vehicles = world.history.vehicles
    known = np.flatnonzero(vehicles.on < world.full)
    gone = world.by_now(vehicles.until[known])
    writers.write_workbook(
        world.folder("southmere", "fleet") / f"Fleet list {days.day_of(world.full)}.xlsx",
        "Vehicles",
        {
            "Fleet no": [f"F{at + 1:04d}" for at in known.tolist()],
            "Make": texts(list(_MAKES))[vehicles.kind[known] % len(_MAKES)],
            "Bought": [days.day_of(day) for day in vehicles.on[known].tolist()],
            "Disposed": ["" if day >= days.NEVER else days.day_of(day) for day in gone.tolist()],
            "Mileage": [int(value) for value in (vehicles.on[known] * 37 % 140_000).tolist()],
        },
    )


def _casework(world: World) -> None:
    cases = world.history.casework
    known = np.flatnonzero(cases.on < world.full)
    nominals = world.nominals["casework.person"][known]
    name: Texts = world.person(nominals, "forename") + " " + world.person(nominals, "surname")
    writers.write_workbook(
        world.folder("northshire-commissioner", "casework") / f"Casework log {days.day_of(world.full)}.xlsx",
        "Cases",
        {
            "Case": [f"PCC-{at + 1:05d}" for at in known.tolist()],
            "Type": texts(list(_CASES))[cases.kind[known]],
            "Received": [days.day_of(day) for day in cases.on[known].tolist()],
            "Closed": [
                "" if day >= days.NEVER else days.day_of(day) for day in world.by_now(cases.until[known]).tolist()
            ],
            "Correspondent no": world.reference(nominals),
            "Correspondent": name,
            "Correspondent address": world.person(nominals, "address"),
            "Correspondent e-mail": world.person(nominals, "email"),
        },
    )
