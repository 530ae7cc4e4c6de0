"""Disposal everywhere: each record at each place that holds it is told, answered of, chased, and proven."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import WORKER, approved, by, place
from factories.exports import row
from muniment.core.models import LedgerEntry
from muniment.core.verdicts import Refused
from muniment.records.models import Nominal, Record
from muniment.retention.actions import answering, answers_file, destruction, disposal
from muniment.retention.disposals import certificates, work_of
from muniment.retention.elsewhere import reconciling
from muniment.retention.models import Certificate, DisposalItem, Duty
from muniment.retention.policies import elsewhere

pytestmark = pytest.mark.django_db(databases="__all__")


def told_order(life, **attributes):
    Record.objects.filter(reference="C1").update(attributes=attributes)
    return disposal.instruct(approved(life), by=WORKER)


def file_of(todo=None):
    """Return a work file as rows, each a mapping."""
    rows = work_of.lines(work_of.to_do() if todo is None else todo)
    return [dict(zip(work_of.HEADS, row, strict=True)) for row in rows]


def sent(rows, *, heads=work_of.HEADS, delimiter=","):
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def take(life, rows, **more):
    return answers_file.take(sent(rows, **more), by=by(life, "rowan"))


def test_a_work_file_says_it_in_the_terms_of_its_source(life):
    told_order(life)
    rows = {row["reference"]: row for row in file_of()}
    crime = rows["C1"]
    assert crime["in your terms"] == "crimes: REF = C1"
    assert crime["people to delete with it"] == "PERSON = P1"
    assert crime["people to leave"] == ""
    assert "supplier = Cannot: the supplier must do it" in crime["answers"]


def test_whom_other_records_are_about_is_to_be_left(life):
    order = told_order(life)
    DisposalItem.objects.filter(order=order, reference="C1").update(record=None)  # as if it were not of the order
    Nominal.objects.filter(reference="D1")
    Record.objects.get(reference="C1").involvements.update(nominal=Nominal.objects.get(reference="D1"))
    (row,) = [row for row in file_of() if row["reference"] == "CU1"]
    assert row["people to delete with it"] == ""
    assert row["people to leave"] == "PERSON = D1 (other records are about them)"


def test_good_rows_are_kept_and_bad_ones_refused_each_with_its_reason(life):
    order = told_order(life)
    one, two = file_of()
    one["answer"] = "Done"
    two |= {"answer": "supplier", "note": ""}
    stranger = two | {"duty": Duty(pk=999).reference, "answer": "done"}
    mangled = two | {"duty": one["duty"], "answer": "done"}
    person = Nominal.objects.first()
    (moved,) = take(life, [mangled]).refused
    assert "moved or changed" in moved[2]
    taken = take(life, [one, two, stranger, mangled, two | {"duty": "T12"}], delimiter=";")
    assert (taken.answered, [row for row, *_ in taken.refused]) == (1, [3, 4, 5, 6])
    whys = " ".join(why for *_, why in taken.refused)
    assert "Say what the source told you" in whys
    assert "No duty" in whys and "row 2 already" in whys and "wrong check character" in whys
    assert order.instructions.exclude(answer="").count() == 1
    again = take(life, [one, two | {"note": f"Ask {person.surname}"}])
    assert again.unchanged == 1 and "certificate" in again.refused[0][2]
    assert Duty.objects.filter(answer="").count() == 1
    take(life, [two | {"answer": "supplier", "note": "Ticket 12"}])
    (left,) = file_of()
    assert take(life, [left | {"answer": ""}]).unchanged == 1, "nothing new is said of it"
    assert take(life, [left | {"answer": "", "note": "Rang them"}]).chased == 1
    assert take(life, [left | {"answer": "", "note": "Rang them"}]).unchanged == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "lacks the columns"),
        (b"name,born\nx,y\n", "lacks the columns duty, order"),
        (b"duty,order,reference,answer,note\n", "no row below"),
        ("duty,order,reference,answer,note\nü".encode("latin-1"), "not UTF-8"),
        (b"x" * (answers_file.LARGEST + 1), "larger than"),
    ],
)
def test_a_wrong_file_is_refused_whole(life, data, says):
    with pytest.raises(answers_file.BadAnswers, match=says):
        answers_file.take(data, by=WORKER)


def test_a_file_sent_on_the_page_says_what_became_of_its_rows(life):
    told_order(life)
    one, two = file_of()
    one["answer"], two["answer"] = "done", "perhaps"
    client = sign_in(life.cast["rowan"])
    page = client.post(reverse("answers_file"), {"file": SimpleUploadedFile("back.csv", sent([one, two]))})
    assert page.status_code == 422
    assert "1 answer recorded, 1 row refused" in page.text
    assert "&#x27;perhaps&#x27; is no answer here: it can be done, supplier, linked, not_found." in page.text
    wrong = client.post(reverse("answers_file"), {"file": SimpleUploadedFile("back.csv", b"a,b\n1,2\n")})
    assert wrong.status_code == 422 and "Nothing of it was recorded" in wrong.text


def test_who_may_not_instruct_may_look_and_not_answer(life):
    order = told_order(life)
    duty = Duty.objects.first()
    client = sign_in(life.cast["teasel"])  # an auditor
    assert "Send answers back" not in client.get(reverse("elsewhere")).text
    assert client.post(reverse("duty", args=[duty.reference]), {"said": "done"}).status_code == 403
    assert client.post(reverse("answers_file"), {}).status_code == 403
    assert client.get(reverse("place_file", args=["northshire", "source", "crime"])).status_code == 403
    assert order.instructions.filter(answer="").count() == 2


def test_of_one_source_some_records_go_and_what_is_linked_stays(life):
    order = told_order(life)
    crime = Duty.objects.get(item__reference="C1")
    DisposalItem.objects.filter(reference="CU1").update(system=crime.item.system)  # both of one source
    Duty.objects.filter(item__reference="CU1").update(place="crime", title=crime.title)
    order.instructions.exclude(system=crime.item.system).delete()
    one, two = file_of()
    take(life, [one | {"answer": "done"}, two | {"answer": "linked", "note": "Westvale holds a part"}])
    (instruction,) = order.instructions.all()
    assert instruction.answer == "part"
    page = sign_in(life.cast["ash"]).get(reverse("disposal", args=[order.reference])).text
    assert "Not the same of every record" in page
    destruction.work(by=WORKER)
    left = set(Record.objects.values_list("reference", flat=True))
    assert left == {two["reference"]}
    assert not Certificate.objects.get().is_provisional


def test_a_shelf_is_told_and_proves_how_it_was_destroyed(life):
    order = told_order(life, Shelf_location="Bay 4, box 12", medium="Paper")
    shelf = Duty.objects.get(where="shelf")
    assert (shelf.location, shelf.medium, shelf.item.reference) == ("Bay 4, box 12", "Paper", "C1")
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    assert Record.objects.count() == 2, "nothing is destroyed here before the store has answered"
    with pytest.raises(Refused, match="Not answered yet: Store"):
        destruction.destroy(order, by=WORKER)
    with pytest.raises(Refused, match="by what method"):
        answering.answer_one(shelf, answering.Said("done"), by=by(life, "rowan"))
    page = reverse("duty", args=[shelf.reference])
    entered = {"said": "done", "method": "Shredded", "standard": "BS EN 15713", "witness": "Store keeper 2",
               "consignment": "Contractor 7, load 31"}  # fmt: skip
    client = sign_in(life.cast["rowan"])
    assert client.post(page, entered | {"witness": ""}).status_code == 422
    assert client.post(page, entered).status_code == 302
    destruction.work(by=WORKER)
    certificate = Certificate.objects.get()
    assert not certificate.is_provisional
    (said,) = [each for each in certificate.body["elsewhere"] if each["where"] == "Store"]
    assert said["location"] == "Bay 4, box 12 Paper"
    assert said["by_hand"] == (
        "method: Shredded; standard: BS EN 15713; witness: Store keeper 2; consignment: Contractor 7, load 31"
    )
    assert b"%PDF" in certificates.as_pdf(certificate)[:10]


def test_of_what_stays_here_no_store_is_waited_for(life):
    order = told_order(life, box="B7")
    crime = Duty.objects.get(where="source", item__reference="C1")
    for instruction in order.instructions.select_related("system"):
        said = "linked" if instruction.system_id == crime.item.system_id else "done"
        disposal.answer(instruction, by=by(life, "rowan"), said=said, note="Westvale holds a part")
    destruction.work(by=WORKER)
    assert [record.reference for record in Record.objects.all()] == ["C1"]
    assert not Certificate.objects.get().is_provisional
    assert [row for row in file_of() if row["place"] == "Store"] == []


def test_an_order_undone_says_what_a_store_has_destroyed_already(life):
    order = told_order(life, box="B7")
    shelf = Duty.objects.get(where="shelf")
    said = answering.Said("done", "The store was cleared", method="Shredded", witness="Keeper")
    answering.answer_one(shelf, said, by=by(life, "rowan"))
    place(life)
    disposal.undo(order, by=by(life, "rowan"), note="The inquest needs them.")
    page = sign_in(life.cast["ash"]).get(reverse("disposal", args=[order.reference])).text
    assert "Done elsewhere already, which cannot be undone: Store." in page
    assert file_of() == [], "nothing more is to be done of it"


def test_a_place_on_a_shelf_that_names_somebody_is_not_written_down(life):
    surname = Nominal.objects.first().surname
    told_order(life, shelf=f"Box of {surname}")
    assert surname not in Duty.objects.get(where="shelf").location


def test_a_national_database_is_told_where_the_class_calls_for_it_and_may_keep_its_entry(life):
    Nominal.objects.update(pncid="1990/0000001X")
    order = told_order(life)
    pnc = list(Duty.objects.filter(where="national"))
    assert pnc and {each.place for each in pnc} == {"pnc"}
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    assert Record.objects.count() == 2
    for each in pnc:
        answering.answer_one(each, answering.Said("stays", "Kept under the national rules"), by=by(life, "rowan"))
    destruction.work(by=WORKER)
    assert not Certificate.objects.get().is_provisional
    assert "Stays there under its own rules" in {each["answer"] for each in Certificate.objects.get().body["elsewhere"]}


def test_whoever_cannot_has_a_next_step_is_chased_and_the_certificate_tells_the_history(life):
    order = told_order(life)
    first, second = order.instructions.order_by("pk")
    disposal.answer(first, by=by(life, "rowan"), said="done", note="")
    disposal.answer(second, by=by(life, "rowan"), said="supplier", note="Ticket 12")
    duty = Duty.objects.get(answer="supplier")
    assert duty.next_step.startswith("Ask for the supplier's number")
    assert duty.next_on == timezone.localdate() + timedelta(days=28)
    destruction.work(by=WORKER)
    provisional = Certificate.objects.get()
    client = sign_in(life.cast["rowan"])
    assert "Only those that are late (0)" in client.get(reverse("elsewhere")).text
    Duty.objects.filter(pk=duty.pk).update(next_on=timezone.localdate() - timedelta(days=3))
    late = re.sub(r"<[^>]+>", "", client.get(reverse("elsewhere"), {"late": 1}).text)
    assert "Only those that are late" in late and "by 3 days" in late
    answering.answer_one(duty, answering.Said("", "Rang them, next week"), by=by(life, "rowan"))
    duty.refresh_from_db()
    assert (duty.chased, duty.answer) == (1, "supplier")
    assert duty.next_on > timezone.localdate()
    lines = LedgerEntry.objects.count()
    assert client.post(reverse("duty", args=[duty.reference]), {"said": "done"}).status_code == 302
    assert LedgerEntry.objects.count() == lines + 1, "a restored copy does not ask again"
    destruction.work(by=WORKER)
    final = Certificate.objects.get()
    (earlier,) = final.earlier.all()
    assert (earlier.digest, earlier.is_provisional) == (provisional.digest, True)
    assert final.digest != provisional.digest and final.issued_at > provisional.issued_at
    assert any("'Deleted at source' instead of 'Cannot: the supplier must do it'" in each for each in earlier.changes)
    assert earlier.changes[-1] == "Nothing is outstanding any more: it is final."
    page = client.get(reverse("disposal", args=[order.reference])).text
    assert "The certificate so far" in page and earlier.digest in page


def test_the_preview_says_every_other_effect(life):
    Record.objects.filter(reference="C1").update(attributes={"box": "B7"})
    Nominal.objects.update(pncid="1990/0000001X")
    order = approved(life)
    page = re.sub(r"\s+", " ", sign_in(life.cast["ash"]).get(reverse("disposal", args=[order.reference])).text)
    assert "2 links between people and these records go" in page
    assert "Nobody else loses anything" in page
    assert "National databases told: PNC / LEDS" in page
    assert "To take from shelves: B7" in page
    assert "none stands in the way" in page
    assert reconciling.reconcile().lines == []


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_is_sent_again_is_kept_out_found_and_held_against_its_answer(own_life):
    life = own_life
    order = disposal.instruct(approved(life), by=WORKER)
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    today = timezone.localdate()
    life.crime.send([row("C1", "P1"), row("C9")], on=today.isoformat())
    (again,) = reconciling.reconcile().again
    assert not again.contradicts and "made before its source answered" in again.why
    life.crime.send([row("C1", "P1", TITLE="Sent once more")], on=(today + timedelta(days=2)).isoformat())
    found = reconciling.reconcile()
    (again,) = found.again
    assert again.contradicts and not found.agrees
    assert (again.comeback.reference, again.comeback.times, again.item.order) == ("C1", 2, order)
    assert again.why.startswith("Re-sent after disposal: its source answered 'Done'")
    assert not Record.objects.filter(reference="C1").exists()
    (crime,) = [each for each in found.lines if each.title == "Crime recording"]
    assert (crime.destroyed, crime.sent_again, crime.contradicted, crime.shown_gone) == (1, 1, 1, 0)
    life.custody.amend(("kind: delta", "kind: full"))
    life.custody.send([row("CU9", "D9", ROLE="DETAINEE")], on=(today + timedelta(days=2)).isoformat())
    custody = [each for each in reconciling.reconcile().lines if each.title == "Custody"]
    assert [each.shown_gone for each in custody] == [1]
    life.custody.send([row("CU10")], on=(today + timedelta(days=3)).isoformat(), absence_limit=1)
    assert [each.withdrawn for each in reconciling.reconcile().lines if each.title == "Custody"] == [1]
    page = sign_in(life.cast["rowan"]).get(reverse("reconcile")).text
    assert "A source sends what it said that it had deleted." in page and "CU9" in page
    assert not Certificate.objects.get().is_provisional
    answering.answer_one(again.duty, answering.Said("supplier", "Hidden and not deleted"), by=by(life, "rowan"))
    assert destruction.work(by=WORKER)["certified"] == 1
    certificate = Certificate.objects.get()
    assert certificate.is_provisional and certificate.earlier.get().changes[-1] == "It is provisional again."
    told = sign_in(life.cast["ash"]).get(reverse("disposal", args=[order.reference])).text
    assert "Sent again by its source after it was destroyed here" in told
    stranger = sign_in(life.cast["clover"]).get(reverse("reconcile")).text
    assert "Nothing has been sent again." in stranger and "CU9" not in stranger


def test_a_store_begins_when_its_source_has_deleted_and_what_waits_for_what_is_said(life):
    order = told_order(life, box="B7")
    shelf, crime = Duty.objects.get(where="shelf"), Duty.objects.get(where="source", item__reference="C1")
    Duty.objects.update(asked_at=timezone.now() - timedelta(days=60))
    rows = {row["duty"]: row for row in work_of_rows()}
    assert shelf.reference not in rows and rows[crime.reference]["waits for it"] == "Store (B7)"
    client = sign_in(life.cast["rowan"])
    assert client.get(reverse("place_file", args=["northshire", "shelf", "shelf"])).status_code == 404
    assert "Only those that are late (2)" in client.get(reverse("elsewhere")).text
    assert "1 waits for its source" in re.sub(r"<[^>]+>", "", client.get(reverse("elsewhere")).text)
    page = client.get(reverse("duty", args=[shelf.reference])).text
    assert "When Crime recording has answered: Done" in page
    assert "Waits for Crime recording" in client.get(reverse("disposal", args=[order.reference])).text
    with pytest.raises(Refused, match="why it was done before"):
        answering.answer_one(shelf, answering.Said("done", method="Shredded", witness="Keeper"), by=by(life, "rowan"))
    with pytest.raises(Refused, match="nothing is to be asked for"):
        answering.answer_one(shelf, answering.Said("", "Rang them"), by=by(life, "rowan"))
    answering.answer_one(crime, answering.Said("supplier", "Ticket 12"), by=by(life, "rowan"))
    assert shelf.reference not in {row["duty"] for row in work_of_rows()}
    answering.answer_one(crime, answering.Said("done"), by=by(life, "rowan"))
    shelf.refresh_from_db()
    assert shelf.reference in {row["duty"] for row in work_of_rows()}
    assert shelf.asked_at > timezone.now() - timedelta(minutes=5), "nobody is late before they could begin"


def work_of_rows():
    return file_of(work_of.in_file())


def test_where_policy_says_together_a_store_waits_for_nobody(life, monkeypatch):
    told_order(life, box="B7")
    said = elsewhere.on(timezone.localdate())
    monkeypatch.setattr(elsewhere, "on", lambda _day: replace(said, source_first=()))
    assert "Store" in {row["place"] for row in work_of_rows()}
