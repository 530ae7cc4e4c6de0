"""The lists of short and pet forms: what somebody is called leads to what they were named."""

import csv
from datetime import date
from itertools import chain

import pytest

from muniment.engine.matching import tables

ROOTS = tables.load(date(2026, 11, 27)).roots


@pytest.mark.parametrize(
    ("called", "named"),
    [
        ("NICKY", "NICOLA"), ("NIKKI", "NICOLA"), ("KATE", "CATHERINE"), ("GAZ", "GARETH"), ("BOB", "ROBERT"),
        ("TEL", "TERENCE"), ("JOCK", "JOHN"), ("DAI", "DAVID"), ("PIP", "PHILIPPA"), ("MO", "MOHAMMED"),
        ("GOSIA", "MALGORZATA"), ("SUKH", "SUKHVINDER"), ("TUNDE", "BABATUNDE"),
    ],
)  # fmt: skip
def test_a_short_form_and_the_name_have_a_root_in_common(called, named):
    assert ROOTS.get(called, {called}) & ROOTS.get(named, {named})


def test_no_pair_of_ours_is_said_twice():
    files = [tables.DIRECTORY / name for name in ("nicknames.csv", "nicknames_added.csv")]
    listed, ours = (list(csv.reader(file.read_text().splitlines()))[1:] for file in files)
    assert len(set(map(tuple, chain(listed, ours)))) == len(set(map(tuple, listed))) + len(ours)
