"""People as each system holds them: who is entered when, and with which defects."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from muniment.invention import days, slips
from muniment.invention.history import NOBODY
from muniment.invention.material import Mask, Material, Numbers, Texts, texts
from muniment.invention.population import Addresses, People

SYSTEMS = (
    "northshire/crime",
    "northshire/custody",
    "northshire/intelligence",
    "northshire/firearms",
    "westvale/crime",
    "westvale/custody",
    "westvale/domestic-abuse",
    "southmere/records",
    "southmere/custody",
    "southmere/child-protection",
    "tricounty/operations",
    "northshire/hr",
    "northshire-commissioner/casework",
)
_PREFIXES = ("N", "NC", "NI", "FA", "WV", "WC", "DA", "SM", "SC", "CP", "TC", "E", "PC")
_FIRST_NUMBER = 100_000


@dataclass
class Register:
    """Every nominal of every system; `system` indexes SYSTEMS, `fields` are what the system holds."""

    system: Numbers
    person: Numbers
    since: Numbers
    reference: Texts
    fields: Mapping[str, Texts]

    def of(self, system: str) -> Numbers:
        """Return the nominals of a system."""
        return np.flatnonzero(self.system == SYSTEMS.index(system))


class Appearances:
    """Collects who appears in which system and when; once all are known, tells the nominal of each."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._systems: list[Numbers] = []
        self._people: list[Numbers] = []
        self._days: list[Numbers] = []
        self._ends: list[int] = [0]

    def add(self, system: Numbers | str, people: Numbers, on: Numbers) -> int:
        """Note people in a system on days, NOBODY included, and return the number of this set."""
        index = np.full(len(people), SYSTEMS.index(system)) if isinstance(system, str) else system
        self._systems.append(index)
        self._people.append(people)
        self._days.append(on)
        self._ends.append(self._ends[-1] + len(people))
        return len(self._ends) - 2

    def settle(self, material: Material, rng: Generator) -> tuple[Numbers, Numbers, Numbers, list[Numbers]]:
        """Return system, person and first day of each nominal, and for each set the nominals in its order."""
        system, person, on = (np.concatenate(part) for part in (self._systems, self._people, self._days))
        real = np.flatnonzero(person != NOBODY)
        order = real[np.lexsort((on[real], person[real], system[real]))]
        known = (system[order][1:] == system[order][:-1]) & (person[order][1:] == person[order][:-1])
        again = rates(material, "second_nominal")[system[order]]
        fresh = np.concatenate([[True], ~known | (rng.random(len(order) - 1) < again[1:])])
        number = np.cumsum(fresh) - 1
        nominal = np.full(len(person), NOBODY)
        nominal[order] = number
        sets = [nominal[start:end] for start, end in zip(self._ends, self._ends[1:], strict=False)]
        first = order[fresh]
        return system[first], person[first], on[first], sets


def rates(material: Material, defect: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the rate of a defect for each system."""
    tables = material.defects["nominals"]
    return np.array(
        [tables.get(system.split("/")[1], {}).get(defect, tables["default"].get(defect, 0.0)) for system in SYSTEMS]
    )


def register(
    found: tuple[Numbers, Numbers, Numbers], people: People, addresses: Addresses, material: Material, rng: Generator
) -> Register:
    """Return the nominals with what their systems hold of them, defects included."""
    system, person, since = found

    entry = _Entry(system, person, since, people, material, rng)
    hit = entry.hit
    fields = _names(entry) | _births(entry) | _contacts(entry, addresses) | _identifiers(entry)
    fields["sex"] = np.where(hit("sex_missing"), "", np.where(people.sex[person] == 1, "F", "M")).astype(object)
    fields["ethnicity"] = np.where(hit("ethnicity_missing"), "", people.ethnicity[person])
    fields["occupation"] = people.occupation[person]
    fields["birth_place"] = people.birth_place[person]
    fields["protected"] = np.where(people.protected[person], "Y", "")
    reference = np.empty(len(system), dtype=object)
    for index, prefix in enumerate(_PREFIXES):
        mine = np.flatnonzero(system == index)
        by_day = mine[np.argsort(since[mine], kind="stable")]
        reference[by_day] = [f"{prefix}{_FIRST_NUMBER + number}" for number in range(len(by_day))]
    return Register(system, person, since, reference, fields)


@dataclass(frozen=True)
class _Entry:
    """Nominals being entered: who, in which system, when, and by which error-prone hands."""

    system: Numbers
    person: Numbers
    since: Numbers
    people: People
    material: Material
    rng: Generator

    def hit(self, defect: str) -> Mask:
        """Return which nominals have a defect, at the rate of their system."""
        struck: Mask = self.rng.random(len(self.system)) < rates(self.material, defect)[self.system]
        return struck


def _names(entry: _Entry) -> dict[str, Texts]:
    person, people, rng, hit = entry.person, entry.people, entry.rng, entry.hit
    short_forms: dict[str, list[str]] = entry.material.names["short_forms"]
    forename = people.forename[person].copy()
    surname = people.surname[person].copy()
    former = people.former_surname[person]
    married = people.born[person] + 365 * 27
    earlier = (former != "") & ((entry.since < married) | hit("former_surname"))
    surname = np.where(earlier, former, surname)
    aliases = np.where((former != "") & ~earlier & (rng.random(len(person)) < 0.3), former, "")
    short = np.flatnonzero(hit("short_form"))
    for at in short.tolist():
        if choice := short_forms.get(forename[at]):
            forename[at] = choice[int(rng.integers(len(choice)))]
    slips.misspell(surname, np.flatnonzero(hit("typing_error")), rng)
    slips.misspell(forename, np.flatnonzero(hit("forename_error")), rng)
    middle = np.where(hit("middle_dropped"), "", people.middle[person])
    swapped = hit("names_swapped")
    forename, surname = np.where(swapped, surname, forename), np.where(swapped, forename, surname)
    false = np.flatnonzero(hit("alias_given"))
    aliases[false] = forename[false] + " " + surname[false]
    others = rng.integers(0, len(people), len(false))
    forename[false] = people.forename[others]
    keep = rng.random(len(false)) < 0.5
    surname[false] = np.where(keep, surname[false], people.surname[others])
    upper = hit("upper_case")
    out = {"forename": forename, "middle_names": middle, "surname": surname, "aliases": aliases}
    for name in ("forename", "middle_names", "surname"):
        out[name] = np.where(upper, texts([text.upper() for text in out[name]]), out[name])
    out["surname"] = np.where(hit("stray_spaces"), " " + out["surname"] + "  ", out["surname"])
    return out


def _births(entry: _Entry) -> dict[str, Texts]:
    """Return dates of birth as ISO text, partial ones as far as they are known."""
    person, people, rng, hit = entry.person, entry.people, entry.rng, entry.hit
    born = people.born[person].copy()
    slipped = hit("born_slip")
    change = rng.choice([-3653, -366, -31, -10, -1, 1, 10, 31, 365, 3653], len(person))
    born = np.where(slipped, born + change, born)
    text = days.written(born, "%Y-%m-%d")
    swapped = np.flatnonzero(hit("born_swapped"))
    for at in swapped.tolist():
        year, month, day = text[at].split("-")
        if int(day) <= 12:
            text[at] = f"{year}-{day}-{month}"
    default = hit("born_default")
    text = np.where(default, np.where(rng.random(len(person)) < 0.6, "1970-01-01", "1900-01-01"), text)
    partial = np.flatnonzero(hit("born_partial"))
    cut = np.where(rng.random(len(partial)) < 0.6, 4, 7).tolist()
    for at, length in zip(partial.tolist(), cut, strict=True):
        text[at] = text[at][:length]
    return {"born": np.where(hit("born_missing"), "", text)}


def _contacts(entry: _Entry, addresses: Addresses) -> dict[str, Texts]:
    person, people, rng, hit, since = entry.person, entry.people, entry.rng, entry.hit, entry.since
    when = np.where(hit("old_address"), since - rng.integers(400, 4000, len(person)), since)
    home = people.home(person, when)
    no_address = hit("address_missing")
    postcode = np.where(no_address | hit("postcode_missing"), "", addresses.postcode[home])
    slips.miscopy(postcode, np.flatnonzero(hit("postcode_slip") & (postcode != "")), rng, keep=2)
    phone = people.phone[person].copy()
    other = np.flatnonzero(hit("phone_other_form"))
    forms = rng.integers(0, 3, len(other)).tolist()
    for at, form in zip(other.tolist(), forms, strict=True):
        number = phone[at]
        phone[at] = (f"{number[:5]} {number[5:]}", f"+44{number[1:]}", f"({number[:5]}) {number[5:8]} {number[8:]}")[
            form
        ]
    return {
        "address": np.where(no_address, "", addresses.text[home]),
        "postcode": postcode,
        "phone": np.where(hit("phone_missing"), "", phone),
        "email": np.where(hit("email_missing"), "", people.email[person]),
    }


def _identifiers(entry: _Entry) -> dict[str, Texts]:
    person, people, rng, hit = entry.person, entry.people, entry.rng, entry.hit
    out = {}
    for name, values, keep in (("pncid", people.pncid, 6), ("cro", people.cro, 1)):
        column = np.where(hit("identifier_missing"), "", values[person])
        slips.miscopy(column, np.flatnonzero(hit("identifier_slip") & (column != "")), rng, keep=keep)
        out[name] = column
    out["ni_number"] = np.where(rng.random(len(person)) < 0.8, "", people.ni_number[person])
    out["driver_number"] = np.where(rng.random(len(person)) < 0.85, "", people.driver_number[person])
    return out
