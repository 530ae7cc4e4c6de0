"""What sources answer: taken where it is typed, naming nobody, because it is printed on the certificate."""

import re

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import WORKER, approved, by, place
from muniment.core.verdicts import Refused
from muniment.engine import policy
from muniment.records.models import Nominal, Record
from muniment.retention.actions import destruction, disposal
from muniment.retention.disposals import certificates
from muniment.retention.models import Certificate, SourceInstruction

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


LINKED = "Its source answered 'Cannot: another force is linked': it stays, and a person looks again."


def answer_both(life, told, one, two):
    disposal.answer(told[0], by=by(life, "rowan"), said=one, note="Ticket number 12")
    disposal.answer(told[1], by=by(life, "rowan"), said=two, note="Ticket number 12")


def page_of(life, order):
    return sign_in(life.cast["ash"]).get(reverse("disposal", args=[order.reference])).text


def test_policy_names_answers_that_sources_can_give():
    for setting in policy.load().settings["source_answers"]:
        assert set(setting.content["kept_here"]) <= set(SourceInstruction.Answer.values) - {"done"}


def test_what_another_force_is_linked_to_stays_and_the_rest_goes(life, told):
    order = told[0].order
    gone, kept = (order.items.get(system=each.system_id).reference for each in told)
    answer_both(life, told, "done", "linked")
    assert destruction.work(by=WORKER)["certified"] == 1
    assert set(Record.objects.values_list("reference", flat=True)) == {kept}
    certificate = Certificate.objects.get()
    assert [each["reference"] for each in certificate.body["destroyed"]] == [gone]
    assert [(each["reference"], each["because"]) for each in certificate.body["kept"]] == [(kept, LINKED)]
    assert not certificate.is_provisional, "of what is destroyed nothing is left at a source"
    order.refresh_from_db()
    assert order.state == "certified"
    page = page_of(life, order)
    assert "<strong>1 kept here.</strong>" in page
    assert "Its records stay here, for a person to look at again." in page
    file = reverse("work_file", args=[order.reference, told[1].system_id])
    assert f'href="{file}"' not in page
    assert sign_in(life.cast["rowan"]).get(file).status_code == 404, "what stays here is not deleted there"


def test_where_everything_is_linked_the_order_stops(life, told):
    order = told[0].order
    answer_both(life, told, "linked", "linked")
    assert destruction.work(by=WORKER)["refused"] == 1
    order.refresh_from_db()
    assert (order.state, order.stopped_by) == ("stopped", LINKED)
    assert Record.objects.count() == 2 and not Certificate.objects.exists()
    assert "Nothing was destroyed here by it." in page_of(life, order)


@pytest.mark.parametrize(
    ("said", "words"),
    [("supplier", "provisional: 1 at a source still"), ("not_found", "provisional: 1 not found at source")],
)
def test_an_order_says_that_its_certificate_is_provisional(life, told, said, words):
    order = told[0].order
    answer_both(life, told, "done", said)
    destruction.work(by=WORKER)
    assert Certificate.objects.get().is_provisional
    assert f"<strong>{words}.</strong>" in page_of(life, order)
    assert f"<strong>{words}</strong>" in sign_in(life.cast["ash"]).get(reverse("disposals")).text
    file = reverse("work_file", args=[order.reference, told[1].system_id])
    assert sign_in(life.cast["rowan"]).get(file).status_code == 200, "there is work left for that source"
    disposal.answer(told[1], by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    assert not Certificate.objects.get().is_provisional
    assert "provisional" not in page_of(life, order)


def test_a_linked_source_does_not_keep_another_answer_from_making_the_certificate_final(life, told):
    answer_both(life, told, "supplier", "linked")
    destruction.work(by=WORKER)
    certificate = Certificate.objects.get()
    assert certificate.is_provisional
    assert certificates.waiting(certificate) == [told[0].system.title]
    disposal.answer(told[0], by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    assert not Certificate.objects.get().is_provisional


def waiting_for_sources(life):
    """Return the order that home leads to as waiting for a source, None where it leads to none."""
    client = sign_in(life.cast["rowan"])
    found = [each for each in client.get(reverse("home")).context["awaits"] if "source" in each.words]
    if not found:
        return None
    (figure,) = found
    listed = client.get(figure.href).context["lines"]
    assert len(listed) == figure.number, "the figure leads to what it counts"
    return listed[0][0]


def test_home_leads_to_what_waits_for_a_source_until_it_has_deleted(life, told):
    order = told[0].order
    assert waiting_for_sources(life) == order
    answer_both(life, told, "done", "supplier")
    assert waiting_for_sources(life) is None, "every source has answered: the next step is here"
    destruction.work(by=WORKER)
    assert waiting_for_sources(life) == order, "its certificate is provisional"
    disposal.answer(told[1], by=by(life, "rowan"), said="done", note="")
    assert waiting_for_sources(life) is None


def test_home_leads_to_an_undone_order_whose_source_has_not_answered(life, told):
    order = told[0].order
    place(life)
    disposal.undo(order, by=by(life, "rowan"), note="The inquest needs them.")
    assert waiting_for_sources(life) == order
