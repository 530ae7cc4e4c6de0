"""What sources answer: taken where it is typed, naming nobody, because it is printed on the certificate."""

import re

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import WORKER, approved, by
from muniment.core.verdicts import Refused
from muniment.records.models import Nominal
from muniment.retention.actions import destruction, disposal
from muniment.retention.models import Certificate

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def told(life):
    return disposal.instruct(approved(life), by=WORKER).instructions.select_related("system").order_by("pk")


def send(life, instruction, said, note):
    page = reverse("answer", args=[instruction.order.reference, instruction.system_id])
    return sign_in(life.cast["rowan"]).post(page, {"said": said, "note": note})


def test_a_note_that_names_someone_is_refused_at_its_field_and_stays(life, told):
    first = told[0]
    person = Nominal.objects.first()
    field = f"note-{first.system_id}"
    for named in (person.surname, person.forename.upper(), f"{person.born_earliest:%d/%m/%Y}"):
        note = f"Looked twice for {named}"
        answer = send(life, first, "not_found", note)
        assert answer.status_code == 422
        assert f'href="#{field}">Write the note without' in answer.text
        control = re.search(rf'<input[^>]*id="{field}"[^>]*>', answer.text)[0]
        assert f'value="{note}"' in control and f"{field}-error" in control
        assert re.search(r'<option value="not_found" selected>', answer.text), "the answer that was chosen stays too"
        with pytest.raises(Refused, match="certificate"):
            disposal.answer(first, by=by(life, "rowan"), said="not_found", note=note)
    first.refresh_from_db()
    assert (first.answer, first.note) == ("", "")


def test_a_note_that_names_nobody_is_printed(life, told):
    first, second = told
    assert (
        "it is printed on the certificate"
        in sign_in(life.cast["rowan"]).get(reverse("disposal", args=[first.order.reference])).text
    )
    assert send(life, first, "supplier", "Ticket 12 of 14/06/2026").status_code == 302
    assert send(life, second, "done", "").status_code == 302
    destruction.work(by=WORKER)
    assert "Ticket 12 of 14/06/2026" in {each["note"] for each in Certificate.objects.get().body["sources"]}


@pytest.mark.parametrize(
    ("said", "note", "field", "says"),
    [
        ("", "Ticket 12", "said", "Choose what the source answered"),
        ("supplier", "", "note", "Say what the source told you"),
        ("done", "x" * 256, "note", "Write the note in 255 characters or fewer"),
    ],
)
def test_an_answer_that_is_not_whole_says_so_at_its_field(life, told, said, note, field, says):
    answer = send(life, told[0], said, note)
    assert answer.status_code == 422
    assert f'href="#{field}-{told[0].system_id}">{says}' in answer.text
    assert answer.text.count("There is a problem") == 1
