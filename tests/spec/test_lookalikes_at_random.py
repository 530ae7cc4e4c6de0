"""Families and namesakes made up at random: none of them is joined without a person."""

from datetime import date
from itertools import combinations

import jellyfish
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories.matching_cases import ROOT, Record, pairs, resolve_apart

pytestmark = pytest.mark.xdist_group("matching_cases")  # one world, and one model of it
ORIGINS = yaml.safe_load((ROOT / "examples" / "demonstration" / "world" / "names.yaml").read_text())["origins"]
FORENAMES = {
    sex: sorted({name for each in ORIGINS.values() for era in each[sex].values() for name in era})
    for sex in ("male", "female")
}
SURNAMES = sorted({name for each in ORIGINS.values() for name in each.get("surnames", ["Lookalike", "Namesake"])})
BEGIN, END = date(1940, 2, 2), date(2015, 12, 31)
HOME = ("address", "postcode", "phone", "email")

Set = list[Record]


def sounds_like(one: str, two: str) -> bool:
    """Whether two forenames may be one name in two spellings, which no parents give to two children."""
    return jellyfish.metaphone(one) == jellyfish.metaphone(two)


@st.composite
def homes(draw: st.DrawFn) -> Record:
    """A home as several systems may hold it, with what everybody in it shares; some of it is not known."""
    number, letters = draw(st.integers(1, 99)), draw(st.text("ABDEFGHJLN", min_size=2, max_size=2))
    known = {
        "surname": draw(st.sampled_from(SURNAMES)),
        "address": f"{number} Random Row Norbridge",
        "postcode": f"NH7{number % 9 + 1} 9{letters}",
        "phone": f"01632 96{draw(st.integers(0, 9999)):04d}",
        "email": f"family{number}@example.org",
        "middle_names": draw(st.sampled_from(["", "Zebulonius", *FORENAMES["female"][:30]])),
        "born": str(draw(st.dates(min_value=BEGIN, max_value=END))),
    }
    missing = draw(st.sets(st.sampled_from([*HOME, "middle_names"])))
    return {field: value for field, value in known.items() if field not in missing}


@st.composite
def twins(draw: st.DrawFn) -> Set:
    """Two or three of one birth, of whom systems know the sex or not, and each other's names as middle names."""
    home = draw(homes())
    sexes = draw(st.sampled_from([("male", "male"), ("female", "female"), ("male", "female"), ("male",) * 3]))
    names = [draw(st.sampled_from(FORENAMES[sex])) for sex in sexes]
    if any(sounds_like(*pair) for pair in combinations(names, 2)):
        names = [*("Callum", "Rhys", "Owen")[: len(names)]]
    tell_sex, cross = draw(st.booleans()), draw(st.booleans())
    return [
        {
            **home,
            "forename": name,
            **({"sex": sex[0].upper()} if tell_sex else {}),
            **({"middle_names": names[place - 1]} if cross else {}),
        }
        for place, (name, sex) in enumerate(zip(names, sexes, strict=True))
    ]


@st.composite
def generations(draw: st.DrawFn) -> Set:
    """A parent and a child of one name who share everything but the date of birth, which may be missing."""
    home = draw(homes())
    person = {**home, "forename": draw(st.sampled_from(FORENAMES["male"])), "sex": "M"}
    other = draw(
        st.sampled_from(
            ["", *(str(int(home["born"][:4]) - years) + home["born"][4:8] + "11" for years in (17, 20, 30))]
        )
    )
    return [person, {**person, "born": other}]


@st.composite
def namesakes(draw: st.DrawFn) -> Set:
    """Two people of one name, born on one day, in two homes of one district."""
    one, two = draw(homes()), draw(homes())
    sex = draw(st.sampled_from(["male", "female"]))
    same = {
        "forename": draw(st.sampled_from(FORENAMES[sex])),
        "surname": one["surname"],
        "born": one["born"],
        "sex": sex[0].upper(),
        "birth_place": "Norbridge",
        "occupation": "Labourer",
        "middle_names": draw(st.sampled_from(["", "Ann", "John", "Mohammed"])),
    }
    apart = {field: value for field, value in two.items() if value != one.get(field)}  # no home is both of theirs
    return [{**one, **same}, {**apart, **same}]


@st.composite
def unknown_days(draw: st.DrawFn) -> Set:
    """Two people of one name in one home, both born on a day that stands for not known."""
    home = draw(homes())
    born = draw(
        st.sampled_from(
            ["1900-01-01", "1970-01-01", home["born"][:4] + "-01-01", home["born"][:4], home["born"][:7], ""]
        )
    )
    return [{**home, "forename": draw(st.sampled_from(FORENAMES["male"])), "sex": "M", "born": born}] * 2


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(twins(), generations(), namesakes(), unknown_days()), min_size=40, max_size=60))
def test_no_lookalikes_made_up_at_random_are_joined(sets: list[Set]) -> None:
    resolution = resolve_apart(sets)
    first, joined = 1, []
    for people in sets:
        found = pairs(resolution, [str(place) for place in range(len(people))], first)
        joined += [(people[one], people[two]) for (one, two), how in found.items() if how == "joined"]
        first += len(people)
    assert joined == []
