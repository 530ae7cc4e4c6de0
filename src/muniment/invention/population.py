"""The people of the invented world: families, addresses, moves, identifiers that no real person has."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.random import Generator

from muniment.engine.values.identifiers import check_letter
from muniment.invention import days
from muniment.invention.material import FORCES, Mask, Material, Numbers, Texts, ranked, texts

_FORCE_SHARES = (0.40, 0.35, 0.25)
_HOUSEHOLD_SIZES = (0.30, 0.33, 0.16, 0.15, 0.06)
_YEAR = 365.25


@dataclass
class Addresses:
    """Addresses by number; hostels come first and have many people."""

    text: Texts
    postcode: Texts
    force: Numbers
    hostels: int


@dataclass
class People:
    """Everyone, one line a person; days are numbers since 1970."""

    sex: Numbers  # 0 male, 1 female
    born: Numbers
    forename: Texts
    middle: Texts
    surname: Texts
    former_surname: Texts  # empty for who never changed it
    ethnicity: Texts
    origin: Texts  # of the names of the household
    occupation: Texts
    birth_place: Texts
    household: Numbers
    place: Numbers  # in the household: 0 and 1 adults, then children
    force: Numbers
    homes: Numbers  # people x 3 addresses, in order
    moves: Numbers  # people x 2 days
    phone: Texts
    email: Texts
    ni_number: Texts
    driver_number: Texts
    pncid: Texts  # filled in when first arrested
    cro: Texts
    died: Numbers
    protected: Mask
    twin: Numbers  # the other twin, or -1
    parent: Numbers  # the first adult of the household for its children, else -1

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.sex)

    def home(self, people: Numbers, on: Numbers) -> Numbers:
        """Return the addresses of people on days."""
        moved = (on[:, None] >= self.moves[people]).sum(axis=1)
        home: Numbers = self.homes[people, moved]
        return home


@dataclass(frozen=True)
class _Families:
    """Who belongs together: `first` is the first adult of everyone's household, `force_of` goes by household."""

    sex: Numbers
    born: Numbers
    household: Numbers
    first: Numbers
    is_child: Mask
    partner: Mask
    force_of: Numbers
    twin: Numbers  # the other twin, or -1


def make(count: int, material: Material, rng: Generator, as_at: date) -> tuple[People, Addresses]:
    """Return so many people and the addresses that they live at or have lived at."""
    today = days.number(as_at)
    sizes = rng.choice(5, size=count, p=_HOUSEHOLD_SIZES) + 1
    households = int(np.searchsorted(np.cumsum(sizes), count)) + 1
    household = np.repeat(np.arange(households), sizes[:households])[:count]
    start = np.concatenate([[0], np.flatnonzero(np.diff(household)) + 1])
    place = np.arange(count) - np.repeat(start, np.diff(np.append(start, count)))
    first = np.repeat(start, np.diff(np.append(start, count)))
    single = rng.random(households) < 0.2
    is_child = (place >= 2) | ((place == 1) & single[household])
    born = _births(count, first, is_child, rng, today)
    twin = _twins(born, is_child, place, rng)
    force_of = rng.choice(3, size=households, p=_FORCE_SHARES)
    sex = rng.integers(0, 2, count)
    partner = (place == 1) & ~is_child
    sex[partner] = np.where(rng.random(partner.sum()) < 0.95, 1 - sex[first[partner]], sex[first[partner]])
    family = _Families(sex, born, household, first, is_child, partner, force_of, twin)
    names = _names(material, rng, family)
    addresses, homes, moves = _homes(material, rng, family, today)
    landline = 200_000 + rng.permutation(800_000)
    personal = rng.random(count) < 0.72
    number = np.where(personal, landline[np.arange(count) % 400_000], landline[400_000 + household % 400_000])
    phone = texts([f"01632{digits:06d}" for digits in number.tolist()])
    drama = rng.random(count) < 0.02
    phone[drama] = [f"07700900{digits:03d}" for digits in rng.integers(0, 1000, drama.sum()).tolist()]
    in_hostel = homes[:, 2] < addresses.hostels
    phone[in_hostel] = [f"01632100{hostel:03d}" for hostel in homes[in_hostel, 2].tolist()]
    elderly = (today - born) / _YEAR
    died = np.where(
        rng.random(count) < np.clip((elderly - 62) / 60, 0, 0.7), today - rng.integers(30, 5000, count), days.NEVER
    )
    people = People(
        sex=sex, born=born, household=household, place=place, force=force_of[household], homes=homes,
        moves=moves, phone=phone, died=died, twin=twin, parent=np.where(is_child, first, -1),
        protected=rng.random(count) < 0.0012, pncid=_empty(count), cro=_empty(count),
        email=_emails(names["forename"], names["surname"], rng),
        ni_number=texts([f"QQ{digits:06d}{'ABCD'[digits % 4]}" for digits in range(count)]),
        driver_number=_driver_numbers(names, sex, born), **names,
    )  # fmt: skip
    return people, addresses


def give_identifiers(people: People, first_arrest: Numbers, as_at: date) -> None:
    """Give PNCIDs and CRO numbers of the test range to who was ever arrested, in the year of the first arrest."""
    arrested = np.flatnonzero(first_arrest < days.number(as_at) + 1)
    order = arrested[np.argsort(first_arrest[arrested], kind="stable")]
    years = days.years(first_arrest[order]).tolist()
    used: dict[int, int] = {}
    for person, year in zip(order.tolist(), years, strict=True):
        serial = used[year] = used.get(year, 0) + 1
        short = f"{year % 100:02d}"
        people.pncid[person] = f"{year}/{9_000_000 + serial}{check_letter(int(f'{short}{9_000_000 + serial}'))}"
        if serial < 100_000:
            people.cro[person] = f"{900_000 + serial - 1}/{short}{check_letter(int(f'{short}{900_000 + serial - 1}'))}"


def _empty(count: int) -> Texts:
    return texts([""] * count)


def _births(count: int, first: Numbers, is_child: Mask, rng: Generator, today: int) -> Numbers:
    age = np.clip(rng.normal(46, 18, count), 18, 93)
    born = (today - age * _YEAR - rng.integers(0, 365, count)).astype(np.int64)
    second = ~is_child & (np.arange(count) != first)
    born[second] = np.minimum(born[first[second]] + (rng.normal(0, 4, second.sum()) * _YEAR).astype(np.int64),
                              today - int(18 * _YEAR))  # fmt: skip
    children = born[first] + (rng.uniform(19, 38, count) * _YEAR).astype(np.int64)
    late = today - rng.integers(100, 6000, count)
    born[is_child] = np.where(children < today - 60, children, late)[is_child]
    return born


def _twins(born: Numbers, is_child: Mask, place: Numbers, rng: Generator) -> Numbers:
    twin = np.full(len(born), -1)
    second = np.flatnonzero(is_child[1:] & is_child[:-1] & (place[1:] > 1) & (rng.random(len(born) - 1) < 0.035)) + 1
    for child in second.tolist():
        if twin[child - 1] == -1:
            born[child] = born[child - 1]
            twin[child], twin[child - 1] = child - 1, child
    return twin


def _names(material: Material, rng: Generator, family: _Families) -> dict[str, Texts]:
    sex, born, household, first = family.sex, family.born, family.household, family.first
    is_child, partner = family.is_child, family.partner
    count = len(sex)
    known = material.names["origins"]
    origins = list(known.values())
    shares = np.array([origin["share"] for origin in origins])
    origin = rng.choice(len(origins), size=household.max() + 1, p=shares / shares.sum())[household]
    surname, forename, middle, second = (_empty(count) for _ in range(4))
    ethnicity = _empty(count)
    for index, entry in enumerate(origins):
        mine = np.flatnonzero(origin == index)
        surname[mine] = _surnames(entry, material, rng, len(mine))
        codes = list(entry["ethnicity"])
        chances = np.array(list(entry["ethnicity"].values()))
        ethnicity[mine] = rng.choice(texts(codes), len(mine), p=chances / chances.sum())
        for code, key in enumerate(("male", "female")):
            ours = mine[sex[mine] == code]
            for target in (forename, middle, second):
                target[ours] = _forenames(entry[key], days.years(born[ours]), rng)
    former = _empty(count)
    changes = partner & (rng.random(count) < 0.62) & (sex == 1)
    former[changes] = surname[changes]
    surname[changes] = surname[first[changes]]
    surname[is_child] = surname[first[is_child]]
    double = rng.random(count) < 0.015
    surname[double & ~is_child] = [
        f"{name}-{other}"
        for name, other in zip(
            surname[double & ~is_child], rng.choice(material.surnames, (double & ~is_child).sum()), strict=True
        )
    ]
    namesake = is_child & (sex == 0) & (sex[first] == 0) & (rng.random(count) < 0.06)
    forename[namesake] = forename[first[namesake]]
    _tell_twins_apart(family.twin, forename, middle, second)
    middles = rng.random(count)
    middle = np.where(middles < 0.28, "", np.where(middles < 0.88, middle, middle + " " + second))
    occupations, births = material.names["occupations"], material.names["birth_places"]
    return {
        "forename": forename,
        "middle": middle,
        "surname": surname,
        "former_surname": former,
        "ethnicity": ethnicity,
        "origin": texts(list(known))[origin],
        "occupation": rng.choice(texts(occupations), count, p=ranked(len(occupations))),
        "birth_place": rng.choice(texts(births), count, p=ranked(len(births))),
    }


def _tell_twins_apart(twin: Numbers, forename: Texts, *others: Texts) -> None:
    """Give who would bear the forename of their twin another, because no parents give one to both."""
    for two in np.flatnonzero((twin >= 0) & (twin < np.arange(len(twin)))).tolist():
        taken = forename[twin[two]]
        if forename[two] == taken:
            forename[two] = next((names[two] for names in others if names[two] != taken), taken)


def _surnames(origin: dict[str, list[str]], material: Material, rng: Generator, count: int) -> Texts:
    own = origin.get("surnames")
    if own is None:
        return rng.choice(material.surnames, count, p=material.surname_weights)
    return rng.choice(texts(own), count, p=ranked(len(own)))


def _forenames(eras: dict[int, list[str]], years: Numbers, rng: Generator) -> Texts:
    starts = np.array(sorted(eras))
    era = np.abs(years[:, None] - starts[None, :]).argmin(axis=1)
    out = _empty(len(years))
    for index, start in enumerate(starts.tolist()):
        mine = era == index
        out[mine] = rng.choice(texts(eras[start]), mine.sum(), p=ranked(len(eras[start])))
    return out


def _homes(material: Material, rng: Generator, family: _Families, today: int) -> tuple[Addresses, Numbers, Numbers]:
    household, force_of, born, is_child = family.household, family.force_of, family.born, family.is_child
    count, households = len(household), len(force_of)
    hostels = max(1, count // 4000)
    total = hostels + households * 2 + count
    force = np.concatenate([np.arange(hostels) % 3, force_of, force_of, np.zeros(count, np.int64)])
    leaving = rng.random(count) < 0.15
    other = np.where(rng.random(count) < 0.75, force_of[household], rng.integers(0, 3, count))
    force[hostels + 2 * households :] = other
    addresses = _addresses(material, rng, force, hostels, total)
    old, new = hostels + household, hostels + households + household
    own = hostels + 2 * households + np.arange(count)
    moved = (rng.random(households) < 0.45)[household]
    move_on = (today - rng.integers(200, 9000, households))[household]
    homes = np.stack([old, np.where(moved, new, old), np.where(moved, new, old)], axis=1)
    moves = np.stack([np.where(moved, move_on, days.NEVER), np.full(count, days.NEVER)], axis=1)
    grown = born + rng.integers(6700, 10_500, count)
    leaves = leaving | (is_child & (rng.random(count) < 0.6))
    leaves &= (grown < today) & (grown > np.where(moved, move_on, 0))
    homes[leaves, 2] = own[leaves]
    moves[leaves, 1] = grown[leaves]
    hostel = (rng.random(count) < 0.008) & (born < today - 7000)
    homes[hostel, 2] = rng.integers(0, hostels, hostel.sum())
    moves[hostel, 1] = np.maximum(
        today - rng.integers(100, 2500, hostel.sum()), np.where(moved, move_on, 0)[hostel] + 1
    )
    return addresses, homes, np.maximum.accumulate(moves, axis=1)


def _addresses(material: Material, rng: Generator, force: Numbers, hostels: int, total: int) -> Addresses:
    places = [material.names["places"][name] for name in FORCES]
    street = rng.integers(0, len(material.streets), total)
    number = rng.integers(1, 140, total)
    flat = rng.random(total) < 0.12
    text, postcode = _empty(total), _empty(total)
    for index in range(total):
        place = places[force[index]]
        near = street[index]
        prefix = f"Flat {number[index] % 9 + 1}, " if flat[index] else ""
        town = place["towns"][near % len(place["towns"])]
        text[index] = f"{prefix}{number[index]} {material.streets[near]}, {town}"
        letters = "ABDEFGHJLNPQRSTUWXYZ"
        end = f"{letters[near // 9 % 20]}{letters[(near // 180 + number[index] // 40) % 20]}"
        postcode[index] = f"{place['postcode_area']}{near % 38 + 1} {near // 38 % 9 + 1}{end}"
    for index in range(hostels):
        text[index] = f"Harbour House Hostel {index + 1}, {text[index]}"
    return Addresses(text, postcode, force, hostels)


def _emails(forename: Texts, surname: Texts, rng: Generator) -> Texts:
    tails = rng.integers(1, 9999, len(forename)).tolist()
    plain = [name.replace("'", "").lower() for name in surname]
    return texts(
        [
            f"{a.lower()}.{b}{n}@example.{'org' if n % 2 else 'com'}"
            for a, b, n in zip(forename, plain, tails, strict=True)
        ]
    )


def _driver_numbers(names: dict[str, Texts], sex: Numbers, born: Numbers) -> Texts:
    out = []
    parts = zip(names["surname"], names["forename"], names["middle"], sex.tolist(), born.tolist(), strict=True)
    for surname, forename, middle, code, day in parts:
        on = days.day_of(day)
        stem = "".join(filter(str.isalpha, surname)).upper()[:5].ljust(5, "9")
        month = on.month + (50 if code else 0)
        initials = forename[:1].upper() + (middle[:1].upper() or "9")
        out.append(f"{stem}{on.year // 10 % 10}{month:02d}{on.day:02d}{on.year % 10}{initials}9QQ")
    return texts(out)
