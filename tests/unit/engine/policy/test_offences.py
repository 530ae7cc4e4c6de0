"""Where an offence falls."""

from datetime import date

import pytest

from muniment.engine import policy as policies
from muniment.engine.policy.offences import base_code, may_mean, normal_class

DAY = date(2026, 11, 22)


def group(cjs: str | None = None, ho_class: str | None = None, maximum: float | None = None) -> int | None:
    return policies.load().offences.group(cjs, ho_class, None, DAY, maximum).group


@pytest.mark.parametrize(
    ("ho_class", "expected"),
    [
        ("001/01", 1), ("019/08", 1), ("034/01", 1), ("056/02", 1), ("066/53", 1), ("005/01", 1),
        ("008/06", 2), ("105/01", 2), ("008/77", 2), ("065/00", 2), ("066/01", 2), ("092/30", 2), ("088/09", 2),
        ("046/00", 3), ("149/00", 3), ("193/01", 3), ("053/40", 3), ("803/01", 3),
        ("000/00", None), ("099/99", None), ("999/99", None), ("777/77", None), ("nonsense", None),
    ],
)  # fmt: skip
def test_classes(ho_class: str, expected: int | None) -> None:
    assert group(ho_class=ho_class) == expected


@pytest.mark.parametrize(
    ("ho_class", "expected"),
    [("022/12", 2), ("023/06", 2), ("023/12", 2), ("071/17", 2), ("071/06", 2), ("070/23", 2), ("022/06", 1)],
)
def test_offences_whose_maximum_is_below_ten_years_are_not_serious(ho_class: str, expected: int) -> None:
    assert group(ho_class=ho_class) == expected


def test_a_code_beats_a_class_and_an_unplaced_code_leaves_the_class() -> None:
    assert group("TH68010", "019/08") == 3
    assert group("ZZ99999", "019/08") == 1
    assert group("ZZ99999") is None


def test_aiding_and_attempting_follow_the_offence_where_the_list_gives_no_class() -> None:
    assert policies.load().offences.cjs_classes["OF61016B"] == "000/00"
    assert group("OF61016B") == 1


def test_a_class_that_mixes_takes_the_strictest() -> None:
    assert group(ho_class="008/00") == 1


def test_a_maximum_for_the_facts_decides_among_specified_offences_only() -> None:
    assert group(ho_class="071/08", maximum=7) == 2
    assert group(ho_class="046/00", maximum=14) == 3


def test_maxima_are_dated_and_the_stricter_counts() -> None:
    table = policies.load().offences
    assert table.group(None, "008/65", date(2015, 1, 1), date(2017, 4, 2)).group == 2
    assert table.group(None, "008/65", date(2015, 1, 1), date(2017, 4, 3)).group == 1
    assert table.group(None, "086/02", date(1990, 1, 1), date(1995, 1, 1)).group == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("046/00", "046/00"), ("46/0", "046/00"), ("04600", "046/00"), (" 8/6 ", "008/06"), ("A/1", None)],
)
def test_forms_of_a_class(text: str, expected: str | None) -> None:
    assert normal_class(text) == expected


def test_the_base_of_an_inchoate_code() -> None:
    assert (base_code("OF61016B"), base_code("OF61016")) == ("OF61016", None)


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("22/12", "022", True),
        ("02212", "22/12", True),
        ("022", "022/12", True),
        ("22/13", "022/12", False),
        ("122/12", "22", False),
        ("223/01", "22", False),
        ("Wounding", "wound", True),
        ("022.12", "022", True),
    ],
)
def test_classes_are_compared_by_what_they_mean(text, wanted, expected):
    assert may_mean(text, wanted) is expected
