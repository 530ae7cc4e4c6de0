"""Domestic abuse as Westvale keeps it in a workbook, child protection as Southmere exports it with a row a person."""

import numpy as np

from muniment.invention import days, writers
from muniment.invention.material import Mask, Numbers, Texts, texts
from muniment.invention.world import World, british

_RISKS = ("Standard", "Standard", "Standard", "Standard", "Standard", "Medium", "Medium", "Medium", "High", "High")


def export(world: World) -> None:
    """Write both registers."""
    _domestic(world)
    _children(world)


def _full_name(world: World, nominals: Numbers) -> Texts:
    name: Texts = world.person(nominals, "forename") + " " + world.person(nominals, "surname")
    return name


def _domestic(world: World) -> None:
    incidents = world.history.domestic
    known = incidents.on < world.full
    victim, other = world.nominals["domestic.person"][known], world.nominals["domestic.other"][known]
    count = int(known.sum())
    on = [days.day_of(day) for day in incidents.on[known].tolist()]
    kind = incidents.kind[known]
    formula = world.spoilt("formula", count, world.rng("westvale/domestic-abuse"))
    notes = np.where(formula, '=HYPERLINK("http://example.org")', "Officers attended; both spoken to apart.")
    writers.write_workbook(
        world.folder("westvale", "domestic-abuse") / f"DA register {days.day_of(world.full)}.xlsx",
        "Register",
        {
            "Ref": _references(world, known),
            "Date": on,
            "Crime?": texts(["Yes" if value < 4 else "No" for value in kind.tolist()]),
            "Risk": texts(list(_RISKS))[kind],
            "Closed": days.written(world.by_now(incidents.until[known]), "%d.%m.%Y"),
            "Victim name": _full_name(world, victim),
            "Victim DOB": british(world.person(victim, "born")),
            "Victim sex": world.person(victim, "sex"),
            "Victim address": world.person(victim, "address"),
            "Victim postcode": world.person(victim, "postcode"),
            "Victim phone": world.person(victim, "phone"),
            "Other party name": _full_name(world, other),
            "Other party DOB": british(world.person(other, "born")),
            "Other party sex": world.person(other, "sex"),
            "Other party phone": world.person(other, "phone"),
            "Notes": notes,
        },
        title="OFFICIAL-SENSITIVE when complete",
    )
    # The register has no numbers of its own for people: the feed makes them of the entry and the place in it.
    references = _references(world, incidents.on < days.NEVER)
    for part, label in (("person", "victim"), ("other", "party")):
        nominals = world.nominals[f"domestic.{part}"]
        world.register.reference[nominals] = [f"{reference}:{label}" for reference in references]


def _references(world: World, wanted: Mask) -> Texts:
    return texts([f"DA-{number:06d}" for number in (np.flatnonzero(wanted) + 1).tolist()])


def _children(world: World) -> None:
    referrals = world.history.children
    known = np.flatnonzero(referrals.on < world.full)
    child, parent = world.nominals["children.person"][known], world.nominals["children.other"][known]
    people = world.history.children.person[known]
    grown = days.written(days.add_years(world.people.born[people], 18), "%d/%m/%Y")
    number = texts([f"CP/{at + 1:06d}" for at in known.tolist()])
    serious = referrals.kind[known] < 2
    rows = {
        "REFERRAL": number,
        "RECEIVED": days.written(referrals.on[known], "%d/%m/%Y"),
        "CLOSED": days.written(world.by_now(referrals.until[known]), "%d/%m/%Y"),
        "RESULT": np.where(serious, "Investigation", "No further action").astype(object),
        "CHILD 18 ON": grown,
    }
    both = {name: np.concatenate([values, values]) for name, values in rows.items()}
    nominals = np.concatenate([child, parent])
    both |= {
        "CAPACITY": texts(["Child"] * len(child) + ["Parent"] * len(parent)),
        "PERSON ID": world.reference(nominals),
        "NAME": world.person(nominals, "surname") + ", " + world.person(nominals, "forename"),
        "BORN": british(world.person(nominals, "born")),
        "SEX": world.person(nominals, "sex"),
        "ETHNICITY": world.person(nominals, "ethnicity"),
        "ADDRESS": world.person(nominals, "address"),
        "POSTCODE": world.person(nominals, "postcode"),
        "TELEPHONE": world.person(nominals, "phone"),
    }
    order = np.argsort(both["REFERRAL"].astype(str), kind="stable")
    writers.write_csv(
        world.folder("southmere", "child-protection") / f"cp_referrals_{days.day_of(world.full)}.csv",
        {name: values[order] for name, values in both.items()},
        encoding="utf-8-sig",
        delimiter=";",
    )
