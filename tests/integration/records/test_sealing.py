"""What its source seals goes behind the wall, with its narratives, whether it was held before or comes later."""

import pytest

from factories.exports import Source, row
from muniment.core.models import Content, Scope
from muniment.records.models import Nominal, Record

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def deltas(controllers, tmp_path):
    return Source(tmp_path, kind="delta")


def seal(reference, entity):
    return row(reference, ACTION="S", ENTITY=entity)


def sealed(found):
    return Scope.objects.get(pk=found.scope_id).partition == "sealed"


@pytest.mark.parametrize("first", ["told", "sealed"])
def test_a_person_is_sealed_whichever_comes_first(deltas, first):
    files = [[row("C1", "P1")], [seal("P1", "nominal")]]
    for day, rows in enumerate(files if first == "told" else reversed(files), 1):
        deltas.send(rows, on=f"2026-06-0{day}")
    assert sealed(Nominal.objects.get(reference="P1"))
    assert not sealed(Record.objects.get(reference="C1"))


@pytest.mark.parametrize("first", ["told", "sealed"])
def test_a_record_is_sealed_with_its_narratives(deltas, first):
    files = [[row("C1", "P1", TEXT="Where she lives now"), row("C2", "P2", TEXT="Another")], [seal("C1", "record")]]
    for day, rows in enumerate(files if first == "told" else reversed(files), 1):
        deltas.send(rows, on=f"2026-06-0{day}")
    one, other = Record.objects.get(reference="C1"), Record.objects.get(reference="C2")
    assert sealed(one) and not sealed(other)
    assert [sealed(text) for text in Content.objects.filter(owner__startswith=f"record:{one.pk}:")] == [True]
    assert [sealed(text) for text in Content.objects.filter(owner__startswith=f"record:{other.pk}:")] == [False]


def test_what_is_sealed_stays_sealed_when_it_is_sent_again(deltas):
    deltas.send([row("C1", "P1", TEXT="Where she lives now")], on="2026-06-01")
    deltas.send([seal("C1", "record"), seal("P1", "nominal")], on="2026-06-02")
    deltas.send([row("C1", "P1", TITLE="Changed", TEXT="Where she lives since")], on="2026-06-03")
    one = Record.objects.get(reference="C1")
    assert sealed(one) and sealed(Nominal.objects.get(reference="P1"))
    assert all(sealed(text) for text in Content.objects.filter(owner__startswith=f"record:{one.pk}:"))


@pytest.mark.parametrize("days", ["11", "12", "21"])
@pytest.mark.parametrize("order", [("Y", ""), ("", "Y")])
def test_a_person_whom_any_row_tells_of_as_sealed_is_sealed(controllers, tmp_path, order, days):
    partition = "partition: {from: INTO, map: {Y: sealed}, unknown: blank}"
    source = Source(tmp_path, kind="delta").amend(("role: ROLE\n", f"role: ROLE\n        {partition}\n"))
    rows = [row(f"C{at}", "P1", INTO=said) for at, said in enumerate(order)]
    for day in sorted(set(days)) if days == "11" else days:
        source.send(rows if days == "11" else [rows[int(day) - 1]], on=f"2026-06-0{day}")
    assert sealed(Nominal.objects.get(reference="P1"))
