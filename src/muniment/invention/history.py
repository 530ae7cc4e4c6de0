"""What happened in the invented world: crimes, arrests, reports, certificates, and who had a part in them."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from muniment.invention import days
from muniment.invention.material import FORCES, Mask, Material, Numbers, Texts, texts
from muniment.invention.population import People

NOBODY = -1
FIRST_YEAR = 1990
_YEAR = 365.25
Weights = npt.NDArray[np.float64]


@dataclass
class Crimes:
    """Crimes and their outcome, one line each; `suspect`, `victim`, `witness` are people or NOBODY."""

    force: Numbers
    reported: Numbers
    happened: Numbers
    happened_until: Numbers
    offence: Numbers
    victim: Numbers
    suspect: Numbers
    witness: Numbers
    outcome: Texts
    dealt: Numbers  # day of charge, caution, conviction or decision
    months: Numbers  # of custody; 0 none
    released: Numbers
    arrested: Numbers  # day, or NEVER
    place: Numbers  # address

    def __len__(self) -> int:
        """Return the number of crimes."""
        return len(self.force)


@dataclass
class Happenings:
    """Matters of one kind with one or two people: reports, incidents, referrals, certificates, files."""

    person: Numbers
    other: Numbers
    on: Numbers
    until: Numbers
    kind: Numbers


@dataclass
class History:
    """Everything that the systems are about."""

    crimes: Crimes
    intelligence: Happenings
    domestic: Happenings
    children: Happenings
    firearms: Happenings
    operations: Happenings
    staff: Happenings
    invoices: Happenings
    vehicles: Happenings
    casework: Happenings


# The tail of those who offend often has an end: the most prolific have some hundreds of offences, not thousands.
MOST = 400.0


def make(people: People, material: Material, rng: Generator, as_at: date) -> History:
    """Return a history of some three decades up to a day."""
    today = days.number(as_at)
    weight = np.minimum(rng.pareto(1.6, len(people)), MOST) * (rng.random(len(people)) < 0.13)
    crimes = _crimes(people, material, rng, today, weight)
    adults = np.flatnonzero(people.born < today - int(19 * _YEAR))
    couples = np.flatnonzero((people.place == 1) & (people.parent == NOBODY))
    westvale = couples[people.force[couples] == 1]
    northshire = adults[people.force[adults] == 0]
    young = np.flatnonzero((people.parent != NOBODY) & (people.force == 2) & (people.born > today - int(30 * _YEAR)))
    return History(
        crimes,
        intelligence=_intelligence(people, rng, today, weight),
        domestic=_domestic(westvale, people, rng, today),
        children=_children(young, people, rng, today),
        firearms=_certificates(northshire, rng, today),
        operations=_operations(people, rng, today, weight),
        staff=_staff(adults, people, rng, today),
        invoices=_corporate(len(people) // 20, rng, today),
        vehicles=_corporate(max(12, len(people) // 160), rng, today),
        casework=_casework(adults, rng, today, len(people)),
    )


def _dates(count: int, rng: Generator, today: int) -> Numbers:
    """Return days over three decades, more of them lately, none on the last day."""
    first = days.number(date(FIRST_YEAR, 1, 1))
    span = today - first
    drawn = first + (span * np.sqrt(rng.random(count) * 0.96 + 0.04)).astype(np.int64)
    return np.minimum(drawn, today - 1)


def _draw(rng: Generator, pools: list[Numbers], chances: list[Weights | None], force: Numbers) -> Numbers:
    out = np.full(len(force), NOBODY)
    for index, pool in enumerate(pools):
        mine = np.flatnonzero(force == index)
        if len(pool):
            out[mine] = rng.choice(pool, len(mine), p=chances[index])
    return out


def _suspects(people: People, rng: Generator, on: Numbers, force: Numbers, weight: Weights) -> Numbers:
    """Draw who did it, mostly of the force's own people, mostly between 14 and 40."""
    pools = [np.flatnonzero((people.force == index) & (weight > 0)) for index in range(3)]
    chances = [weight[pool] / weight[pool].sum() for pool in pools]
    out = np.full(len(on), NOBODY)
    for _ in range(7):
        open_ = np.flatnonzero(out == NOBODY)
        near = np.where(rng.random(len(open_)) < 0.85, force[open_], rng.integers(0, 3, len(open_)))
        drawn = _draw(rng, pools, list(chances), near)
        age = (on[open_] - people.born[drawn]) / _YEAR
        likely = np.where(age < 10, 0, np.where(age < 14, 0.25, np.where(age < 40, 1.0, np.where(age < 60, 0.3, 0.08))))
        alive = people.died[drawn] > on[open_]
        keep = (rng.random(len(open_)) < likely) & alive & (drawn != NOBODY)
        out[open_[keep]] = drawn[keep]
    return out


def _victims(people: People, rng: Generator, on: Numbers, force: Numbers, child: Mask) -> Numbers:
    pools = [np.flatnonzero(people.force == index) for index in range(3)]
    prone = rng.pareto(3.0, len(people)) + 0.3
    chances = [prone[pool] / prone[pool].sum() if len(pool) else prone[:0] for pool in pools]
    out = np.full(len(on), NOBODY)
    for _ in range(6):
        open_ = np.flatnonzero(out == NOBODY)
        near = np.where(rng.random(len(open_)) < 0.9, force[open_], rng.integers(0, 3, len(open_)))
        drawn = _draw(rng, pools, list(chances), near)
        age = (on[open_] - people.born[drawn]) / _YEAR
        fits = np.where(child[open_], (age > 0.2) & (age < 16), age > np.where(rng.random(len(open_)) < 0.9, 16, 4))
        keep = fits & (people.died[drawn] > on[open_])
        out[open_[keep]] = drawn[keep]
    return out


def _crimes(people: People, material: Material, rng: Generator, today: int, weight: Weights) -> Crimes:
    count = int(len(people) * 1.25)
    offences = material.offences
    force = rng.choice(3, size=count, p=(0.40, 0.35, 0.25))
    reported = np.sort(_dates(count, rng, today))
    lag = np.where(rng.random(count) < 0.85, rng.integers(0, 4, count), rng.integers(5, 2500, count))
    happened = reported - lag
    offence = rng.choice(len(offences.cjs), size=count, p=offences.weight / offences.weight.sum())
    named = rng.random(count) < offences.named[offence]
    suspect = np.where(named, _suspects(people, rng, happened, force, weight), NOBODY)
    victim = _victims(people, rng, reported, force, offences.victim[offence] == "child")
    victim = np.where((offences.victim[offence] == "none") | (victim == suspect), NOBODY, victim)
    witness = _victims(people, rng, reported, force, np.zeros(count, np.bool_))
    witness = np.where((rng.random(count) < 0.22) & (witness != victim) & (witness != suspect), witness, NOBODY)
    outcome, dealt, months, released = _outcomes(offences.custody[offence], suspect != NOBODY, reported, rng, today)
    taken = (suspect != NOBODY) & (rng.random(count) < 0.72) & (outcome != "COMMUNITY_RESOLUTION")
    place = people.home(np.maximum(np.where(victim != NOBODY, victim, suspect), 0), happened)
    return Crimes(
        force=force, reported=reported, happened=happened,
        happened_until=np.where(rng.random(count) < 0.3, np.minimum(happened + 1, reported), happened),
        offence=offence, victim=victim, suspect=suspect, witness=witness, outcome=outcome, dealt=dealt,
        months=months, released=released, place=place,
        arrested=np.where(taken, np.minimum(reported + rng.integers(0, 25, count), today - 1), days.NEVER),
    )  # fmt: skip


def _outcomes(
    custody: Weights, named: Mask, reported: Numbers, rng: Generator, today: int
) -> tuple[Texts, Numbers, Numbers, Numbers]:
    count = len(named)
    words = ["NFA", "CONVICTED", "CAUTIONED", "COMMUNITY_RESOLUTION", "PENALTY_NOTICE", "ACQUITTED"]
    outcome = rng.choice(texts(words), count, p=(0.46, 0.27, 0.12, 0.07, 0.03, 0.05))
    outcome = np.where(named, outcome, np.where(rng.random(count) < 0.985, "UNDETECTED", "CANCELLED"))
    courts = np.isin(outcome, ["CONVICTED", "ACQUITTED"])
    dealt = reported + np.where(courts, rng.integers(70, 520, count), rng.integers(1, 160, count))
    unfinished = dealt >= today
    outcome = np.where(unfinished, np.where(courts, "CHARGED", "PENDING"), outcome)
    dealt = np.where(unfinished, np.where(courts, np.minimum(reported + 20, today - 1), days.NEVER), dealt)
    jailed = (outcome == "CONVICTED") & (rng.random(count) < custody)
    length = np.clip(np.exp(rng.normal(2.0, 0.9, count) + custody * 1.6), 1, 400).astype(np.int64)
    months = np.where(jailed, length, 0)
    released = np.where(jailed, dealt + (months * 30.44 / 2).astype(np.int64), days.NEVER)
    return outcome, dealt, months, np.where(released < today, released, days.NEVER)


def _happenings(person: Numbers, other: Numbers, on: Numbers, until: Numbers, kind: Numbers) -> Happenings:
    order = np.argsort(on, kind="stable")
    return Happenings(person[order], other[order], on[order], until[order], kind[order])


def _intelligence(people: People, rng: Generator, today: int, weight: Weights) -> Happenings:
    count = len(people) // 12
    on = _dates(count, rng, today)
    force = np.zeros(count, np.int64)
    person = _suspects(people, rng, on, force, weight)
    person = np.where(rng.random(count) < 0.12, NOBODY, person)
    other = np.where(rng.random(count) < 0.25, _suspects(people, rng, on, force, weight), NOBODY)
    other = np.where(other == person, NOBODY, other)
    return _happenings(person, other, on, np.full(count, days.NEVER), rng.integers(0, 6, count))


def _domestic(couples: Numbers, people: People, rng: Generator, today: int) -> Happenings:
    prone = couples[rng.random(len(couples)) < 0.10]
    each = np.repeat(prone, rng.integers(1, 5, len(prone)))
    on = _dates(len(each), rng, today)
    grown = (on - people.born[each] > 17 * _YEAR) & (on - people.born[each - 1] > 17 * _YEAR)
    each, on = each[grown], on[grown]
    swapped = rng.random(len(each)) < 0.3
    victim, other = np.where(swapped, each - 1, each), np.where(swapped, each, each - 1)
    until = on + rng.integers(5, 200, len(each))
    return _happenings(victim, other, on, np.where(until < today, until, days.NEVER), rng.integers(0, 10, len(each)))


def _children(young: Numbers, people: People, rng: Generator, today: int) -> Happenings:
    prone = young[rng.random(len(young)) < 0.05]
    each = np.repeat(prone, rng.integers(1, 4, len(prone)))
    on = people.born[each] + rng.integers(100, int(17.5 * _YEAR), len(each))
    known = (on < today) & (on > days.number(date(FIRST_YEAR, 1, 1)))
    each, on = each[known], on[known]
    until = np.minimum(on + rng.integers(10, 400, len(each)), today - 1)
    return _happenings(each, people.parent[each], on, until, rng.integers(0, 10, len(each)))


def _certificates(adults: Numbers, rng: Generator, today: int) -> Happenings:
    holders = adults[rng.random(len(adults)) < 0.02]
    on = _dates(len(holders), rng, today)
    until = on + np.where(rng.random(len(holders)) < 0.75, 1826, rng.integers(100, 1800, len(holders)))
    return _happenings(holders, np.full(len(holders), NOBODY), on, until, rng.integers(0, 12, len(holders)))


def _operations(people: People, rng: Generator, today: int, weight: Weights) -> Happenings:
    """Return links of the joint unit: `kind` is the operation, which all its people share."""
    operations = max(4, len(people) // 2500)
    began = np.maximum(_dates(operations, rng, today), days.number(date(2009, 4, 1)))
    members = rng.integers(4, 15, operations)
    kind = np.repeat(np.arange(operations), members)
    on = np.repeat(began, members)
    person = _suspects(people, rng, on, rng.integers(0, 3, len(on)), weight)
    found = person != NOBODY
    until = np.repeat(np.where(rng.random(operations) < 0.7, np.minimum(began + 600, today - 1), days.NEVER), members)
    return _happenings(person[found], np.full(found.sum(), NOBODY), on[found], until[found], kind[found])


def _staff(adults: Numbers, people: People, rng: Generator, today: int) -> Happenings:
    staff = adults[(rng.random(len(adults)) < 0.02) & (people.force[adults] == 0)]
    on = np.maximum(people.born[staff] + rng.integers(7000, 14_000, len(staff)), days.number(date(1985, 1, 1)))
    started = on < today - 30
    staff, on = staff[started], on[started]
    until = on + rng.integers(300, 11_000, len(staff))
    return _happenings(staff, np.full(len(staff), NOBODY), on, np.where(until < today, until, days.NEVER),
                       rng.integers(0, 5, len(staff)))  # fmt: skip


def _corporate(count: int, rng: Generator, today: int) -> Happenings:
    on = np.maximum(_dates(count, rng, today), days.number(date(2010, 4, 1)))
    until = on + rng.integers(400, 3500, count)
    return _happenings(np.full(count, NOBODY), np.full(count, NOBODY), on,
                       np.where(until < today, until, days.NEVER), rng.integers(0, 50, count))  # fmt: skip


def _casework(adults: Numbers, rng: Generator, today: int, size: int) -> Happenings:
    count = max(12, size // 150)
    person = rng.choice(adults, count)
    on = np.maximum(_dates(count, rng, today), days.number(date(2012, 11, 22)))
    until = on + rng.integers(5, 180, count)
    return _happenings(person, np.full(count, NOBODY), on, np.where(until < today, until, days.NEVER),
                       rng.integers(0, 5, count))  # fmt: skip


def first_arrests(crimes: Crimes, count: int) -> Numbers:
    """Return for everyone the day of the first arrest, NEVER for most."""
    first = np.full(count, days.NEVER)
    taken = crimes.arrested < days.NEVER
    np.minimum.at(first, crimes.suspect[taken], crimes.arrested[taken])
    return first


__all__ = ["FORCES", "NOBODY", "Crimes", "Happenings", "History", "first_arrests", "make"]
