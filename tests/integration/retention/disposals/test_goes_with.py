"""Before somebody approves, the page says what goes with the records; what goes then is that."""

from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import WORKER, answered
from muniment.core.models import Content
from muniment.records.models import Nominal
from muniment.retention.actions import destruction
from muniment.retention.disposals import goes_with

WORDS = ("2 nominals, whom no other record is about", "Nothing is left of this person", "2 narratives")


def page_of(life, order):
    return sign_in(life.cast["rowan"]).get(reverse("disposal", args=[order.reference])).content.decode()


def test_what_is_said_to_go_goes(life):
    order = answered(life)
    said, page = goes_with.of_order(order), page_of(life, order)
    assert [words for words in WORDS if words not in page] == []
    nominals, texts = Nominal.objects.count(), Content.objects.filter(kind="narrative").count()
    destruction.work(by=WORKER)
    order.refresh_from_db()
    assert len(said.nominals) == order.nominals_destroyed == nominals - Nominal.objects.count() == 2
    assert said.texts == texts - Content.objects.filter(kind="narrative").count() == 2
    assert (said.others, said.left_of_person) == (0, 0)
    assert "What goes with them" not in page_of(life, order)


def test_a_nominal_that_another_record_is_about_stays(life):
    order = answered(life)
    one = order.items.get(reference="C1")
    one.record = None  # as if it were not part of the order
    one.save()
    said = goes_with.of_order(order)
    assert [name.rpartition(" ")[2] for name in said.nominals] == ["D1"]
    assert (said.texts, said.left_of_person) == (1, 1)
