"""Going back: what is returned, undone, stopped and released, through the pages and as the web's own role."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import WORKER, answered, approved, ask, by, decide, place, propose
from muniment.core.verdicts import Refused
from muniment.records.models import Involvement, Nominal, Record
from muniment.retention.actions import destruction, disposal, hold
from muniment.retention.deciding import letting_go
from muniment.retention.deciding.afresh import Decided
from muniment.retention.models import DisposalItem, Hold, Review

pytestmark = pytest.mark.django_db(databases="__all__")
PASSED = date(2021, 3, 1)


def post(life, who, view, order, **given):
    answer = sign_in(life.cast[who]).post(reverse(view, args=[order.reference]), given, follow=True)
    assert answer.status_code == 200
    order.refresh_from_db()
    return answer.text


@pytest.mark.parametrize(
    ("who", "view", "reach", "state"),
    [
        ("ash", "send_back", propose, "returned"),
        ("rowan", "undo", propose, "undone"),
        ("ash", "undo", approved, "undone"),
    ],
)
def test_an_order_can_go_back_and_its_records_into_another(life, who, view, reach, state):
    order = reach(life)
    post(life, who, view, order, note="Look at the custody record")
    assert (order.state, life.review.state) == (state, "started")
    assert {item.kept_because for item in order.items.all()} <= {"Undone", "Returned by the approver"}
    assert propose(life).items.count() == order.items.count() == 2


def test_a_stopped_order_can_be_undone(life):
    order = approved(life)
    place(life)
    order.refresh_from_db()
    assert order.state == "stopped"
    post(life, "ash", "undo", order, note="The inquest needs it")
    assert order.state == "undone"


def test_a_hold_is_released_by_those_whose_records_it_binds(life):
    held = place(life)
    for name in ("wren", "linden"):
        with pytest.raises(Refused):
            hold.ask_release(held, by=by(life, name), reason="Not ours")
        assert sign_in(life.cast[name]).get(reverse("hold", args=[held.reference])).status_code in {403, 404}
    held.refresh_from_db()
    assert held.release_asked_by == ""


@pytest.mark.parametrize(
    ("reach", "state", "review"), [(approved, "undone", "started"), (answered, "stopped", "decided")]
)
def test_a_released_hold_gives_back_what_no_source_was_told_of(life, reach, state, review):
    order = reach(life)
    held = place(life)
    hold.ask_release(held, by=by(life, "hazel"), reason="Inquest over, letter of today")
    held.refresh_from_db()
    hold.release(held, by=by(life, "ash"))
    order.refresh_from_db()
    assert (order.state, Review.objects.get(pk=order.review_id).state) == (state, review)
    assert (held.reference in order.note) == (state == "undone")


def test_what_a_source_did_is_recorded_though_the_order_is_stopped(life):
    order = disposal.instruct(approved(life), by=WORKER)
    place(life)
    instruction = order.instructions.first()
    disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")
    file = reverse("work_file", args=[order.reference, instruction.system_id])
    assert sign_in(life.cast["rowan"]).get(file).status_code == 302, "a stopped order tells nobody to delete"
    instruction.refresh_from_db()
    assert instruction.answer == "done"
    disposal.undo(order, by=by(life, "rowan"), note="The inquest needs it")
    assert sign_in(life.cast["rowan"]).get(file).status_code == 302, "nor does one that was given up"
    disposal.answer(instruction, by=by(life, "rowan"), said="not_found", note="Gone before the recall")
    instruction.refresh_from_db()
    assert instruction.answer == "not_found", "what a source did is the truth, whatever became of the order"


def test_an_answer_can_be_corrected_until_the_records_are_gone(life):
    order = disposal.instruct(approved(life), by=WORKER)
    for each in order.instructions.all():
        disposal.answer(each, by=by(life, "rowan"), said="done", note="")
    first = order.instructions.first()
    disposal.answer(first, by=by(life, "rowan"), said="supplier", note="Ticket 12")
    disposal.answer(first, by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    with pytest.raises(Refused, match="cannot be taken back"):
        disposal.answer(first, by=by(life, "rowan"), said="supplier", note="Ticket 12")


def test_keeping_part_needs_something_kept(life):
    with pytest.raises(Refused, match="Tick what is to be kept"):
        decide(life, "part", next_review=timezone.localdate() + timedelta(days=400))
    assert life.review.state == "open"


@pytest.mark.parametrize("because", [(), ("PER-G1",)])
def test_where_no_clock_of_its_own_has_run_a_record_stays_six_years(life, because):
    due = PASSED if because else None
    decided = Decided("review", due, "PER-G1", (), because)
    today = timezone.localdate()
    assert not letting_go.may_go(decided, today + timedelta(days=1))
    assert not letting_go.may_go(decided, None)
    assert letting_go.may_go(decided, today)
    assert letting_go.may_go(Decided("review", PASSED, "PER-G3A", (), ("PER-G3A",)), today + timedelta(days=1))


def test_old_enough_is_six_years_after_the_latest_day_that_a_record_tells_of(life):
    crime = Record.objects.get(reference="C1")
    assert letting_go.old_enough([crime.pk]) == {crime.pk: date(2021, 3, 1)}
    crime.involvements.update(dated=date(2020, 2, 29))
    assert letting_go.old_enough([crime.pk]) == {crime.pk: date(2026, 2, 28)}
    crime.involvements.update(dated=None, happened_earliest=None, happened_latest=None)
    crime.dates_told.update(kinds=[], days=[])
    assert letting_go.old_enough([crime.pk]) == {}


@pytest.mark.parametrize("code", ["SX03001", "COML064C"])  # the second, a conspiracy, is in no list
def test_a_hold_on_an_offence_covers_it_in_either_scheme(life, code):
    Record.objects.filter(reference="C1").update(cjs=code, ho_class="")
    held = place(life, ho_classes=["019"])
    assert [each.record.reference for each in held.held.select_related("record")] == ["C1"]


@pytest.mark.parametrize("written", ["22/12", "022/12", "02212", " 22/12"])
@pytest.mark.parametrize("on", ["record", "involvement"])
def test_a_hold_on_a_class_covers_it_however_it_is_written(life, written, on):
    crime = Record.objects.get(reference="C1")
    Record.objects.filter(pk=crime.pk).update(cjs="", ho_class=written if on == "record" else "")
    crime.involvements.update(cjs="", ho_class=written if on == "involvement" else "")
    for wanted in ("022", "22", "022/12", "22/12", "02212"):
        assert covered(place(life, ho_classes=[wanted])) == ["C1"], wanted
    for other in ("022/13", "02", "221", "122/12"):
        assert covered(place(life, ho_classes=[other])) == [], other


@pytest.mark.parametrize("on", ["record", "involvement"])
def test_a_hold_on_a_code_covers_it_in_small_letters(life, on):
    crime = Record.objects.get(reference="C1")
    Record.objects.filter(pk=crime.pk).update(cjs="sx03001" if on == "record" else "")
    crime.involvements.update(cjs="sx03001" if on == "involvement" else "")
    assert covered(place(life, cjs=["SX03001"])) == covered(place(life, cjs=["sx03001 "])) == ["C1"]
    assert covered(place(life, ho_classes=["19"])) == ["C1"], "the class that the code has"


@pytest.mark.parametrize(
    "days",
    [
        {"happened_earliest": date(1983, 6, 1), "happened_latest": date(1985, 1, 1)},
        {"happened_earliest": date(1984, 5, 1), "happened_latest": None},
        {"happened_earliest": None, "happened_latest": date(1984, 5, 1)},
        {"dated": date(1984, 12, 31)},
    ],
)
def test_a_hold_between_days_covers_what_someone_did_in_them(life, days):
    crime = Record.objects.get(reference="C1")  # reported in 2015
    crime.involvements.update(**days)
    assert covered(place(life, **{"from": "1984-01-01", "until": "1984-12-31"})) == ["C1"]
    assert covered(place(life, **{"from": "1986-01-01", "until": "1990-12-31"})) == []
    assert covered(place(life, until="1984-12-31")) == ["C1"]
    assert covered(place(life, **{"from": "2015-03-01"})) == ["C1", "CU1"]


def test_a_hold_between_days_covers_what_bears_no_day(life):
    crime = Record.objects.get(reference="C1")
    crime.involvements.update(dated=None, happened_earliest=None, happened_latest=None)
    crime.dates_told.update(kinds=[], days=[])
    assert covered(place(life, **{"from": "1984-01-01", "until": "1984-12-31"})) == ["C1"]


def covered(held):
    return sorted(held.held.values_list("record__reference", flat=True))


def test_the_approver_reads_why_and_what(life):
    order = propose(life)
    page = sign_in(life.cast["ash"]).get(reverse("disposal", args=[order.reference])).text
    assert "No longer necessary for any policing purpose" in page
    assert "capacity to inflict serious harm" in page
    assert Record.objects.get(reference="C1").title in page


def test_the_approver_sees_who_else_is_on_a_record_and_every_answer_before_approving(life):
    crime = Record.objects.get(reference="C1")
    order = propose(life)
    client, page = sign_in(life.cast["ash"]), reverse("disposal", args=[order.reference])
    assert client.get(page).text.count("Nobody else that you may see is on it.") == 2
    part = crime.involvements.get()
    victim = Nominal.objects.create(
        **{name: getattr(part.nominal, name) for name in ("system", "scope", "row", "seen_first")},
        reference="P77",
        full_name="V",
    )
    Involvement.objects.create(record=crime, nominal=victim, role="VICTIM", row=part.row)
    shown = client.get(page).text
    assert "<strong>1 other on it.</strong>" in shown
    assert shown.count("Nobody else that you may see is on it.") == 1
    before, _, _ = shown.partition("Approve or return")
    asked = before.index("capacity to inflict serious harm")
    assert before.rfind("<details", 0, asked) <= before.rfind("</details>", 0, asked), "the answers are not folded"


@pytest.mark.parametrize(
    ("who", "records", "reasons"), [("ash", True, True), ("hazel", True, False), ("teasel", False, False)]
)
def test_an_order_tells_each_no_more_than_their_role_opens(life, who, records, reasons):
    order = propose(life)
    page = sign_in(life.cast[who]).get(reverse("disposal", args=[order.reference])).text
    assert "C1" in page, "who may see orders sees their references"
    assert (Record.objects.get(reference="C1").title in page) == records
    assert ("No longer necessary for any policing purpose" in page) == reasons
    assert ("capacity to inflict serious harm" in page) == reasons


def test_the_order_says_who_decided_when_the_review_has_gone(life):
    order = answered(life)
    destruction.work(by=WORKER)
    Review.objects.all().delete()
    order.refresh_from_db()
    page = sign_in(life.cast["rowan"]).get(reverse("disposal", args=[order.reference])).text
    assert order.review_reference in page and "decided by rowan" in page
    assert "adopted rule" not in page


def test_an_open_request_stops_what_was_returned_and_proposed_again(life):
    order = propose(life)
    post(life, "ash", "send_back", order, note="Look once more")
    ask(life)
    with pytest.raises(Refused, match="is open"):
        propose(life)
    assert DisposalItem.objects.filter(kept_because="").count() == 0
    assert Hold.objects.count() == 0


def test_a_hold_is_released_through_its_page_by_two(life):
    order = approved(life)
    held = place(life)
    sign_in(life.cast["hazel"]).post(reverse("ask_release", args=[held.reference]), {"note": "Inquest over"})
    page = reverse("hold", args=[held.reference])
    assert "someone else completes it" in sign_in(life.cast["hazel"]).get(page).text
    said = sign_in(life.cast["ash"]).post(reverse("release_hold", args=[held.reference]), follow=True).text
    assert "Released" in said
    order.refresh_from_db()
    assert (order.state, life.review.state) == ("undone", "started")


def test_an_auditor_reads_what_was_done_on_a_day(life):
    propose(life)
    page, today = reverse("audit"), timezone.localdate()
    auditor = sign_in(life.cast["teasel"])
    shown = auditor.get(page, {"action": "disposal.propose", "since": f"{today:%d %m %Y}"}).text
    assert "disposal.propose" in shown and "records: 2" in shown.lower()
    shown = auditor.get(page, {"action": "disposal.propose", "until": f"{today - timedelta(days=2):%d %m %Y}"}).text
    assert "No event fits" in shown


@pytest.mark.parametrize(
    ("who", "view", "reach", "did"),
    [("ash", "send_back", propose, "returned by the approver"), ("ash", "undo", approved, "undone")],
)
def test_a_review_says_who_sent_its_disposal_back_and_why(life, who, view, reach, did):
    order = reach(life)
    post(life, who, view, order, note="Look at the <custody> record")
    link = re.escape(f'href="{reverse("disposal", args=[order.reference])}">Disposal {order.reference}</a>')
    words = rf"{link} {did}: Look at the &lt;custody&gt; record \({who}, \d+ \w+ \d{{4}} at \d\d:\d\d\)"
    client = sign_in(life.cast["rowan"])
    page = client.get(reverse("review", args=[life.review.reference])).text
    assert re.search(rf"This review is open again\.</strong>\s+<a[^>]* {words}", page)
    assert re.search(words, client.get(reverse("reviews")).text)
    home = client.get(reverse("home"))
    assert re.search(words, home.text), "it awaits whoever decided it"
    (figure,) = (each for each in home.context["awaits"] if each.words == "review sent back to me")
    assert (figure.number, client.get(figure.href).context["page"].paginator.count) == (1, 1)
    assert "sent back to me" not in sign_in(life.cast["ash"]).get(reverse("home")).text
    propose(life)
    assert "sent back to me" not in client.get(reverse("home")).text
    assert "open again" not in client.get(reverse("review", args=[order.review.reference])).text


def test_the_reason_of_a_proposal_stays_beside_that_of_its_return(life):
    decision = life.review.prime.decisions.get()
    records = tuple(Record.objects.values_list("pk", flat=True))
    wanted = disposal.Proposal(decision.prime, decision.controller, records, note="Clear period over")
    order = disposal.propose(wanted, by=by(life, "rowan"))
    disposal.return_(order, by=by(life, "ash"), note="Look at the custody record")
    order.refresh_from_db()
    first, second = order.note.splitlines()
    assert first == "Clear period over"
    assert second.startswith("Look at the custody record (ash, ")


def test_a_review_does_not_go_back_to_who_may_not_work_it_any_more(life):
    order = propose(life)
    life.cast["rowan"].assignments.all().delete()
    disposal.return_(order, by=by(life, "ash"), note="Look at the custody record")
    assert (life.review.state, life.review.allocated_to) == ("started", "")
