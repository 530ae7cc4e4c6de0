"""The invented world in one place, as the exporters need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.random import Generator

from muniment.invention import days
from muniment.invention.history import NOBODY, Crimes, History
from muniment.invention.material import FORCES, Mask, Material, Numbers, Texts, texts
from muniment.invention.nominals import SYSTEMS, Appearances, Register, register
from muniment.invention.population import Addresses, People

_SUMMARIES = (
    'Reported by telephone. Informant says "it was there last night".',
    "Seen on camera; footage requested.\nNo reply from the premises yet.",
    "Victim does not wish to make a statement, and was given the reference.",
    "House to house done; nothing seen, nothing heard.",
    "Known to each other; see earlier log.",
    "Property recovered and returned. Photographs taken.",
    'Offender said "I was never here"; account recorded on body-worn video.',
    "Passed to the neighbourhood team for information.",
)
CRIME_SYSTEMS = ("northshire/crime", "westvale/crime", "southmere/records")
CUSTODY_SYSTEMS = ("northshire/custody", "westvale/custody", "southmere/custody")


@dataclass
class World:
    """Everything invented, and where and when its exports are made."""

    people: People
    addresses: Addresses
    material: Material
    history: History
    register: Register
    nominals: Mapping[str, Numbers]  # of each part of the history, such as crimes.suspect
    out: Path
    as_at: date
    seed: int

    @property
    def today(self) -> int:
        """The day of the last exports."""
        return days.number(self.as_at)

    @property
    def full(self) -> int:
        """The day of the full exports, a fortnight before the last."""
        return self.today - 14

    def rng(self, part: str) -> Generator:
        """Return the random numbers of one part, the same whatever the other parts draw."""
        return np.random.default_rng([self.seed, *part.encode()])

    def person(self, nominals: Numbers, field: str) -> Texts:
        """Return a field of nominals, empty for NOBODY."""
        return np.where(nominals == NOBODY, "", self.register.fields[field][np.maximum(nominals, 0)])

    def reference(self, nominals: Numbers) -> Texts:
        """Return the references of nominals, empty for NOBODY."""
        return np.where(nominals == NOBODY, "", self.register.reference[np.maximum(nominals, 0)])

    def by_now(self, values: Numbers) -> Numbers:
        """Return days as the full exports can know them: what comes later has not come."""
        past: Numbers = np.where(values < self.full, values, days.NEVER)
        return past

    def folder(self, controller: str, system: str) -> Path:
        """Return the folder of a system's exports, made when missing."""
        folder = self.out / controller / system
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def spoilt(self, defect: str, count: int, rng: Generator) -> Mask:
        """Return which of so many rows have a defect of rows."""
        hit: Mask = rng.random(count) < float(self.material.defects["rows"][defect])
        return hit


def appear(
    people: People, addresses: Addresses, material: Material, history: History, rng: Generator
) -> tuple[Register, dict[str, Numbers]]:
    """Enter people into the systems that they come to the notice of."""
    crimes, found = history.crimes, Appearances()
    crime_systems = np.array([SYSTEMS.index(system) for system in CRIME_SYSTEMS])
    custody_systems = np.array([SYSTEMS.index(system) for system in CUSTODY_SYSTEMS])
    taken = np.where(crimes.arrested < days.NEVER, crimes.suspect, NOBODY)
    sets = {
        "crimes.victim": found.add(crime_systems[crimes.force], crimes.victim, crimes.reported),
        "crimes.suspect": found.add(crime_systems[crimes.force], crimes.suspect, crimes.reported),
        "crimes.witness": found.add(crime_systems[crimes.force], crimes.witness, crimes.reported),
        "custody": found.add(custody_systems[crimes.force], taken, crimes.arrested),
    }
    for name, system, part in (
        ("intelligence", "northshire/intelligence", history.intelligence),
        ("domestic", "westvale/domestic-abuse", history.domestic),
        ("children", "southmere/child-protection", history.children),
        ("firearms", "northshire/firearms", history.firearms),
        ("operations", "tricounty/operations", history.operations),
        ("staff", "northshire/hr", history.staff),
        ("casework", "northshire-commissioner/casework", history.casework),
    ):
        sets[f"{name}.person"] = found.add(system, part.person, part.on)
        sets[f"{name}.other"] = found.add(system, part.other, part.on)
    *settled, per_set = found.settle(material, rng)
    held = register((settled[0], settled[1], settled[2]), people, addresses, material, rng)
    return held, {name: per_set[number] for name, number in sets.items()}


def summaries(count: int, rng: Generator) -> Texts:
    """Return short invented narratives, some of several lines and with quotation marks."""
    return rng.choice(texts(list(_SUMMARIES)), count)


def outcome_on(crimes: Crimes, day: int) -> Texts:
    """Return the outcomes as they stood on a day: what was decided later was pending then."""
    later = crimes.dealt > day
    return np.where(later, "PENDING", crimes.outcome).astype(object)


def british(iso: Texts) -> Texts:
    """Return ISO dates, partial ones too, with the day first: 31/01/1990, 01/1990, 1990."""
    distinct, inverse = np.unique(iso.astype(str), return_inverse=True)
    written = texts(["/".join(reversed(text.split("-"))) for text in distinct.tolist()])
    out: Texts = written[inverse]
    return out


__all__ = ["CRIME_SYSTEMS", "CUSTODY_SYSTEMS", "FORCES", "World", "appear", "british", "outcome_on", "summaries"]
