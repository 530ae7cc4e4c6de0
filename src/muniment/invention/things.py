"""Vehicles, and places as people write them down: what a crime system holds beside people, and what is so in truth.

No mark and no VIN can be a real vehicle's: no mark with the age identifier 01 was ever issued, and no maker has a VIN
that begins with 0. Property references begin with 999, which none that is in use does.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from muniment.invention.history import NOBODY
from muniment.invention.material import Mask, Numbers, Texts, texts
from muniment.invention.world import World

_MAKES = (
    ("FORD", "FIESTA"), ("VAUXHALL", "CORSA"), ("VOLKSWAGEN", "GOLF"), ("BMW", "320"), ("AUDI", "A3"),
    ("NISSAN", "QASHQAI"), ("TOYOTA", "YARIS"), ("MERCEDES-BENZ", "A180"), ("KIA", "CEED"), ("FORD", "TRANSIT"),
)  # fmt: skip
_OTHERWISE = {"VOLKSWAGEN": "VW", "MERCEDES-BENZ": "MERCEDES", "GREY": "GRAY"}
_COLOURS = ("BLACK", "GREY", "WHITE", "BLUE", "RED", "SILVER", "GREEN")
_LETTERS = "ABCDEFGHJKLMNOPRSTUVWXYZ"
_LIKE = {"0": "O", "1": "I", "B": "8", "S": "5", "O": "0"}
_SHORT = (
    (r"\bStreet\b", "St"), (r"\bRoad\b", "Rd"), (r"\bAvenue\b", "Ave."), (r"\bLane\b", "Ln"), (r"\bClose\b", "Cl"),
    (r"\bDrive\b", "Dr"), (r"\bCrescent\b", "Cres"), (r"\bGrove\b", "Gr"), (r"\bTerrace\b", "Terr"),
    (r"\bGardens\b", "Gdns"), (r"\bCourt\b", "Ct"), (r"\bPlace\b", "Pl"),
)  # fmt: skip


@dataclass(frozen=True)
class Vehicles:
    """Every vehicle by number: its own mark, VIN, make, model and colour, and whose it is."""

    mark: Texts
    vin: Texts
    make: Texts
    model: Texts
    colour: Texts
    keeper: Numbers


def vehicles(world: World) -> Vehicles:
    """Return the vehicles of the world: of half the adults; a few marks were moved from one to another."""
    rng = world.rng("vehicles")
    adults = np.flatnonzero(world.people.parent == NOBODY)
    keeper = adults[rng.random(len(adults)) < 0.5]
    count = len(keeper)
    signs = rng.integers(0, len(_LETTERS), (count, 5)).tolist()
    mark = texts(
        [f"{''.join(_LETTERS[at] for at in row[:2])}01{''.join(_LETTERS[at] for at in row[2:])}" for row in signs]
    )
    moved = np.flatnonzero(rng.random(max(count - 1, 0)) < 0.02)[::2]
    mark[moved + 1] = mark[moved]
    kind = rng.integers(0, len(_MAKES), count)
    make, model = (texts([each[at] for each in _MAKES])[kind] for at in (0, 1))
    colour = texts(list(_COLOURS))[rng.integers(0, len(_COLOURS), count)]
    vin = texts([f"0MUNMENT{number:09d}" for number in range(count)])
    return Vehicles(mark, vin, make, model, colour, keeper)


def involved(world: World) -> tuple[Numbers, Mask]:
    """Return the vehicle in each crime, NOBODY for none, and whether it is the suspect's; else it is the victim's."""
    rng, crimes = world.rng("vehicles/crimes"), world.history.crimes
    own, keeper = np.full(len(world.people), NOBODY), vehicles(world).keeper
    own[keeper] = np.arange(len(keeper))
    of_suspect, of_victim = (
        np.where(person == NOBODY, NOBODY, own[np.maximum(person, 0)]) for person in (crimes.suspect, crimes.victim)
    )
    chance = rng.random(len(crimes))
    used = (of_suspect != NOBODY) & (chance < 0.3)
    hurt = (of_victim != NOBODY) & ~used & (chance > 0.9)
    return np.where(used, of_suspect, np.where(hurt, of_victim, NOBODY)), used


def told(world: World, mine: Numbers, rng: Generator) -> dict[str, Texts]:
    """Return what some crimes tell of their vehicles, as people write it: mark, VIN, make, model, colour and role."""
    every, (vehicle, used) = vehicles(world), involved(world)
    at, used = vehicle[mine], used[mine]
    is_told, chance = at != NOBODY, rng.random((len(mine), 4))

    def of(values: Texts, share: float, column: int) -> Texts:
        return np.where(is_told & (chance[:, column] < share), values[np.maximum(at, 0)], "")

    mark = of(every.mark, 1.0, 0)
    mark = texts([_as_written(text, spot) for text, spot in zip(mark, chance[:, 0].tolist(), strict=True)])
    plain = of(every.make, 0.9, 2), of(every.colour, 0.8, 3)
    make, colour = (
        np.where(chance[:, 1] < 0.2, texts([_OTHERWISE.get(word, word) for word in words]), words) for words in plain
    )
    return {
        "mark": mark,
        "vin": of(every.vin, 0.4, 1),
        "make": make,
        "model": of(every.model, 0.5, 2),
        "colour": colour,
        "role": np.where(~is_told, "", np.where(used, "used_in", "damaged")).astype(object),
    }


def _as_written(mark: str, spot: float) -> str:
    if not mark:
        return ""
    if spot < 0.06:  # one sign misread for another
        places = [at for at, sign in enumerate(mark) if sign in _LIKE]
        at = places[int(spot * 1000) % len(places)]
        return mark[:at] + _LIKE[mark[at]] + mark[at + 1 :]
    if spot < 0.3:
        return mark.lower()
    return f"{mark[:4]} {mark[4:]}" if spot < 0.7 else mark


def locations(world: World, mine: Numbers, rng: Generator) -> tuple[Texts, Texts]:
    """Return the addresses and postcodes of some crimes as people write them down."""
    place = world.history.crimes.place[mine]
    chances = rng.random((len(mine), 3)).tolist()
    known = zip(world.addresses.text[place], world.addresses.postcode[place], chances, strict=True)
    written = [_location(text, code, *chance) for text, code, chance in known]
    return texts([text for text, _ in written]), texts([code for _, code in written])


def _location(text: str, code: str, shape: float, end: float, case: float) -> tuple[str, str]:
    if shape < 0.4:
        for long, short in _SHORT:
            text = re.sub(long, short, text)
    if found := re.match(r"Flat (\d+), ([^,]+)(.*)", text):
        flat, house, rest = found.groups()
        forms = (text, f"Apt {flat}, {house}{rest}", f"{house}, Flat {flat}{rest}", f"Flat {flat} {house}{rest}")
        text = forms[int(shape * 4)]
    if end < 0.15:
        text = text.rsplit(", ", 1)[0]  # the town is left to the postcode
    elif end < 0.3:
        text, code = f"{text} {code[:-3]} {code[-3:]}", ""
    elif end < 0.36:
        code = ""
    return (text.upper() if case < 0.25 else text.replace(",", "") if case < 0.3 else text), code


def properties(world: World, mine: Numbers, rng: Generator) -> Texts:
    """Return the property references of the places of some crimes, where the system has one: of one in four."""
    place = world.history.crimes.place[mine]
    has = rng.random(len(mine)) < 0.25
    return np.where(has, texts([f"999{number:09d}" for number in property_of(world)[place].tolist()]), "")


def property_of(world: World) -> Numbers:
    """Return for each address the number of its property: two that are written alike are one."""
    written = [f"{text}|{code}" for text, code in zip(world.addresses.text, world.addresses.postcode, strict=True)]
    _, numbers = np.unique(np.array(written), return_inverse=True)
    return numbers
