"""What falls due in ten years: as many as are decided, nobody whom the reader may not see, another schedule beside."""

import csv
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO

import openpyxl
import pytest
import typer
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from factories.cast import sign_in
from factories.deeds import decide, place, propose
from factories.exports import Source, row
from factories.lives import BY, NOW
from factories.spreadsheets import nothing_beside, open_rows
from factories.spreadsheets import rows as rows_of
from muniment.batch.retention.sampled import Size
from muniment.cli import foresee as command
from muniment.core import policy_in_force
from muniment.core.actors import from_user
from muniment.core.models import AuditEvent, BatchRun, Content, Controller, Scope
from muniment.core.verdicts import Refused
from muniment.engine import policy
from muniment.engine.policy.model import Length
from muniment.records.models import Record
from muniment.retention.actions import beside
from muniment.retention.actions.beside import carry_out
from muniment.retention.actions.estimate import estimate
from muniment.retention.actions.foresee import ask, foresee, keep_up
from muniment.retention.foresight import counted, foreseen_tables, foresight_tables, workload
from muniment.retention.foresight.foresight_workbook import About
from muniment.retention.foresight.shown import Estimated
from muniment.retention.models import (
    ForeseenCount,
    ForesightAsked,
    KeptBacklog,
    KeptException,
    PersonDecision,
    RecordDecision,
    Review,
)
from muniment.retention.schedule.other_schedules import Against

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

LEAP = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02", "REPORTED": "2024-02-29"}
HIDDEN = {"FORENAME": "Bramble", "SURNAME": "Unseen", "BORN": "1961-04-03", "REPORTED": "2022-07-31"}
ELSEWHERE = {"FORENAME": "Sedge", "SURNAME": "Elsewhere", "BORN": "1955-11-30", "REPORTED": "2022-07-31"}


@pytest.fixture
def lives(own_life, tmp_path):
    """The person of the life, whose review is overdue; one of 29 February; one sealed; one of a force far away."""
    own_life.crime.send([row("C9", "P9", **LEAP)], on="2026-07-01")
    sealed = Source(tmp_path, system="intelligence", kind="delta", partition="sealed")
    sealed.send([row("S1", "S1", **HIDDEN)], on="2026-07-01")
    far = Source(tmp_path, controller="cheshire", system="street-level", kind="delta")
    far.send([row("W1", "WP1", **ELSEWHERE)], on="2026-07-01")
    own_life.run()
    return own_life


def said(run, reviewers=2):
    return foresight_tables.forecast(run, counted.Wanted(), reviewers, workload.pace(NOW))


def rows(forecast, code):
    tables = (*forecast.tables, foresight_tables.by_month(forecast.years), *forecast.compared)
    (table,) = (table for table in tables if table.code == code)
    return {name: tuple(numbers) for name, *numbers in table.rows}


def test_every_decision_is_in_one_place_and_a_hold_stops(lives):
    place(lives, records=[Record.objects.get(reference="CU1").pk])
    lives.run()
    made = said(foresee(policy.load(), by=BY))
    for subject, decisions in (("person", PersonDecision.objects), ("record", RecordDecision.objects)):
        assert made.total[subject] == decisions.count() == 4 + (subject == "record")
        ahead = ForeseenCount.objects.filter(subject=subject, month=date(2030, 2, 1))
        assert ahead.aggregate(Sum("number"))["number__sum"] == decisions.filter(due="2030-02-28").count() == 1
    whole, apart = rows(made, "by-year")["In all"], rows(made, "apart")
    assert sum(whole[:2]) + sum(people for people, _ in apart.values()) == made.total["person"]
    assert sum(whole[2:]) + sum(records for _, records in apart.values()) == made.total["record"]
    assert apart["Stopped by a hold"] == (1, 1), "the custody record, and its person with it"
    assert rows(made, "by-year")["Overdue now"] == (0, 0, 1, 0), "the crime of the person who is held is looked at"
    # 29 February 2024 and six years is 28 February 2030; 31 July 2022 and six is 31 July 2028, of two people.
    months = {name: due for name, due in rows(made, "by-month").items() if any(due)}
    assert months == {"July 2028": (2, 0, 2, 0), "February 2030": (1, 0, 1, 0)}


def test_each_sees_the_counts_of_whom_they_may_see(lives):
    foresee(policy.load(), by=BY)
    page = reverse("falls_due")
    assert sign_in(lives.cast["robin"]).get(page).status_code == 403
    # Whoever works with the force sees its records, and decisions about people of their own force alone.
    for name, reviews, records in (("rowan", 2, 3), ("bryony", 1, 1), ("wren", 0, 3), ("clover", 0, 0)):
        answer = sign_in(lives.cast[name]).get(page)
        assert answer.status_code == 200
        due = answer.context["main"].rows[-1]
        assert (due[1], due[3]) == (reviews, records), f"{name} sees {due}"
    far = sign_in(lives.cast["rowan"]).get(page, {"controller": "cheshire"})
    assert far.context["main"].rows[-1][1:] == (0, 0, 0, 0)


def test_the_page_is_narrowed_counted_and_given_as_files(lives):
    client, page = sign_in(lives.cast["rowan"]), reverse("falls_due")
    assert "Nothing has been foreseen yet" in client.get(page).text
    run = foresee(policy.load(), by=BY)
    assert client.get(page, {"group": "1"}).context["main"].rows[-1][1:] == (0, 0, 3, 0)
    assert client.get(page, {"area": "CUSTODY"}).context["main"].rows[-1][1:] == (2, 0, 1, 0)
    assert "With 0 reviewers what waits is worked off never" in client.get(page, {"reviewers": "0"}).text
    assert (
        "With 1 reviewer what waits is worked off by the end of November 2026"
        in client.get(page, {"reviewers": "1"}).text
    )
    wrong = client.get(page, {"reviewers": "many"})
    assert (wrong.status_code, "as a whole number" in wrong.text) == (422, True)
    size = sum(len(each.ciphertext) for each in Content.objects.filter(owner__startswith="record:"))
    stored = ForeseenCount.objects.filter(subject="record").aggregate(Sum("bytes"), Sum("measured"))
    assert stored == {"bytes__sum": size, "measured__sum": Record.objects.count()}
    file = client.get(reverse("falls_due_file", args=["people-by-group"]), {"controller": "northshire"})
    (line,) = csv.DictReader(file.text.splitlines())
    assert (line["Name"], line["Overdue now"], line["2030"], line["In all"]) == ("Group 3", "1", "1", "2")
    assert (line["As on"], line["Policy"], line["Given to"]) == ("2026-11-22", policy.load().version, "Rowan Invented")
    assert line["Figures of"] == "Northshire Police (fictional)"
    event = AuditEvent.objects.get(action="foresight.export")
    assert (event.actor, event.subject, event.detail["table"]) == ("rowan", f"run {run.pk}", "people-by-group")
    assert client.get(reverse("falls_due_file", args=["nothing"])).status_code == 404
    given = client.get(reverse("falls_due_workbook"), {"controller": "northshire", "reviewers": "1"})
    nothing_beside(given.content)
    book = openpyxl.load_workbook(BytesIO(given.content))
    about = {name.value: value.value for name, value in book["About"].iter_rows(min_row=2)}
    assert (about["Figures of"], about["Given to"], about["Policy"], about["Reviewers"]) == (
        "Northshire Police (fictional)", "Rowan Invented", policy.load().version, 1
    )  # fmt: skip
    assert "not counted" in about["What is counted"] and about["Marking"] == "OFFICIAL-SENSITIVE"
    by_group = {name.value: [cell.value for cell in rest] for name, *rest in book["People by group"].iter_rows()}
    assert by_group["Group 3"] == [int(line[head]) for head in book_heads(book["People by group"])[1:]]
    heads = book_heads(book["Reviewers and hours"])
    assert {"Hours, least", "Hours, most"} <= set(heads)
    assert {cell.data_type for row in book["Reviewers and hours"].iter_rows(min_row=3) for cell in row[1:]} == {"n"}
    assert AuditEvent.objects.filter(action="foresight.export", detail__form="xlsx", actor="rowan").exists()
    assert sign_in(lives.cast["robin"]).get(reverse("falls_due_workbook")).status_code == 403


def book_heads(page):
    return [cell.value for cell in page[1]]


DRAFT = """
controller: northshire
adoptions:
  - {rule: PER-G3B, from: 2027-04-01, authority: Draft for the board, adopters: [One Person, Another Person]}
"""


def test_a_draft_of_adoptions_is_asked_for_on_the_page(lives):
    foresee(policy.load(), by=BY)
    folder = policy_in_force.adoptions_folder() / "drafts"
    folder.mkdir()
    (folder / "group-3-by-time.yaml").write_text(DRAFT)
    (folder / "broken.yaml").write_text("adoptions: []")
    client, page = sign_in(lives.cast["rowan"]), reverse("ask_beside")
    assert sign_in(lives.cast["bryony"]).post(page, {"draft": "broken"}).status_code == 403
    with pytest.raises(Refused, match="role"):
        ask(by=from_user(lives.cast["bryony"]), draft="broken")
    for wrong in ({}, {"as_on": "1 1 2020", "draft": "broken"}, {"draft": "gone"}):
        assert client.post(page, wrong).status_code == 422
    for name in ("group-3-by-time", "broken"):
        assert client.post(page, {"draft": name}).status_code == 302
    assert "This has been asked for and waits" in client.post(page, {"draft": "broken"}).text
    assert carry_out(by=BY) == {"forecasts_made": 2, "forecasts_estimated": 0}
    assert carry_out(by=BY) == {"forecasts_made": 0, "forecasts_estimated": 0}
    good, bad = ForesightAsked.objects.order_by("pk")
    assert "does not say whose adoptions it holds" in bad.refused
    assert "does not say whose adoptions" in client.get(reverse("falls_due")).text
    shown = client.get(reverse("falls_due"), {"run": good.run_id})
    assert "They differ most in" in shown.text and "under both schedules, by year. In force" in shown.text
    assert "under both schedules" not in client.get(reverse("falls_due")).text, "where there is one, one is drawn"
    beside = shown.context["compared"][0]
    assert {line[0]: line[1:5] for line in beside.rows}["2030"] == (1, 0, 0, 1), "by the clock instead of a review"


def test_the_worker_foresees_what_was_scheduled_once_and_again_after_the_next_schedule(lives):
    assert [keep_up(by=BY)["kept_up"] for _ in range(2)] == [1, 0]
    lives.run()
    assert [keep_up(by=BY)["kept_up"] for _ in range(2)] == [1, 0]
    folder = policy_in_force.adoptions_folder()
    (folder / "northshire.yaml").write_text(DRAFT)
    assert keep_up(by=BY)["kept_up"] == 0, "what is published is not of the policy in force"


def longer(loaded, rule, years):
    terms = tuple(replace(each, length=Length(12 * years)) for each in loaded.classes[rule].values)
    return replace(loaded, classes={**loaded.classes, rule: replace(loaded.classes[rule], values=terms)}, _cache={})


def test_another_schedule_beside_it_as_worked_out_by_hand(lives):
    loaded = policy.load()
    before = [*PersonDecision.objects.values(), *RecordDecision.objects.values(), *Review.objects.values()]
    run = foresee(loaded, by=BY, against=Against(longer(loaded, "PER-G3A", 13), "thirteen years"))
    assert before == [*PersonDecision.objects.values(), *RecordDecision.objects.values(), *Review.objects.values()]
    made = said(run)
    # 1 March 2015 and 13 years is overdue no more but due in 2028; 2022 and 13 is 2035; 2024 and 13 lies beyond.
    beside = {name: due[:2] for name, due in rows(made, "side-by-side").items() if any(due[:2])}
    assert beside == {"Overdue now": (1, 0), "2028": (2, 1), "2030": (1, 0), "2035": (0, 2)}
    assert rows(made, "changed-people") == {"Group 3": (4, 3, 0, 4, 1)}, "all later; one is kept meanwhile"
    monthly = {row[0]: row[1:3] for row in made.months[0].rows if any(row[1:3])}
    assert monthly["March 2028"] == (0, 1)
    shown = sign_in(lives.cast["rowan"]).get(reverse("falls_due"), {"run": run.pk})
    assert "thirteen years" in shown.text
    assert {line[0]: line[1:3] for line in shown.context["compared"][0].rows}["2028"] == (0, 1)


def test_a_disposal_under_way_is_no_review_that_waits(own_life):
    propose(own_life)
    made = said(foresee(policy.load(), by=BY))
    assert made.now.reviews == 0
    assert rows(made, "apart")["A disposal is proposed or under way"][0] == 1


def test_the_command_prints_the_numbers_of_the_page(lives, tmp_path, capsys):
    out, draft = tmp_path / "board.csv", tmp_path / "by-time.yaml"
    draft.write_text(DRAFT)
    command.foresee(day="", against=str(draft), reviewers=1, as_json=True, out=out)
    told = json.loads(capsys.readouterr().out)
    assert told["tables"]["by-year"]["rows"][-1] == ["In all", 4, 0, 5, 0]
    assert told["tables"]["side-by-side"]["rows"][0] == ["Overdue now", 1, 0, 0, 1, 2, 0, 0, 2]
    assert told["against"] == "the adoptions in by-time.yaml"
    with out.open() as file:
        figures = {(line["Table"], line["Row"], line["Column"]): line["Figure"] for line in csv.DictReader(file)}
    assert figures["What falls due", "In all", "People to review"] == "4"
    board = tmp_path / "board.xlsx"
    run = counted.runs().get()
    command.write(board, run, said(run), About(workload.pace(NOW), 1, "every force and office", "", NOW))
    nothing_beside(board.read_bytes())
    book = openpyxl.load_workbook(board)
    assert [cell.value for cell in list(book["What falls due"].iter_rows())[-1]] == ["In all", 4, 0, 5, 0]
    assert "Side by side, month by month" in book.sheetnames
    assert book["Month by month"]["A2"].value == datetime(2026, 11, 1)
    with pytest.raises(typer.Exit):
        command.foresee(day="", against="", reviewers=1, as_json=True, out=tmp_path / "none" / "board.xlsx")
    assert "There is no folder" in capsys.readouterr().err
    with pytest.raises(typer.Exit) as stopped:
        command.foresee(day="", against="nowhere", reviewers=None, as_json=False, out=None)
    assert stopped.value.exit_code == 2
    assert "no policy folder, no file of adoptions and no day" in capsys.readouterr().err


def test_a_forecast_takes_the_place_of_the_last(own_life):
    first = foresee(policy.load(), by=BY)
    second = foresee(policy.load(), by=BY)
    assert list(counted.runs()) == [second]
    assert not ForeseenCount.objects.filter(run=first).exists()


def test_nothing_is_foreseen_before_a_schedule(db):
    with pytest.raises(Refused, match="muniment schedule"):
        foresee(policy.load(), by=BY)


def test_what_was_decided_month_by_month_stays_to_be_compared(own_life):
    north, on = Controller.objects.get(code="northshire"), date(2026, 11, 22)
    foresee(policy.load(), by=BY)
    kept = KeptBacklog.objects.get(controller=north, group=3)
    assert (kept.made_on, kept.waiting, kept.decided) == (on, 1, 0)
    days = (("2026-08-30", 120, 5), ("2026-09-12", 90, 40), ("2026-09-30", 70, 20), ("2026-10-31", 60, 25))
    told = {"controller": north, "scopes": kept.scopes, "group": 3}
    for day, waiting, decided in days:
        KeptBacklog.objects.create(made_on=day, waiting=waiting, decided=decided, **told)
    behind = counted.behind(counted.Wanted(), on)
    assert [(each.waiting, each.decided, each.is_whole) for each in behind] == [
        (120, 5, False), (70, 60, True), (60, 25, True), (1, 0, False)
    ]  # fmt: skip
    assert counted.behind(counted.Wanted(group="1"), on) == []
    page = sign_in(own_life.cast["rowan"]).get(reverse("falls_due")).text
    assert "At the pace of the last whole month, 25 reviews" in page
    decide(own_life, "retain", next_review=timezone.localdate() + timedelta(days=90))
    Review.objects.update(decided_at="2026-11-10T12:00:00Z")
    foresee(policy.load(), by=BY)
    kept = KeptBacklog.objects.get(made_on=on)
    assert (kept.waiting, kept.decided) == (0, 1), "since the last day that was kept, and once a day"


def test_what_waits_in_the_enclave_is_counted_for_it_alone(lives):
    foresee(policy.load(), by=BY)
    kept = KeptBacklog.objects.get()
    inside = Scope.objects.filter(controller=kept.controller, partition="sealed").values_list("pk", flat=True)
    told = {"made_on": kept.made_on, "controller": kept.controller, "decided": 0}
    KeptBacklog.objects.create(scopes=list(inside), group=1, waiting=7, **told)
    assert _worked_off(lives.cast["rowan"]) == [("November 2026", 1, 0)]
    assert _worked_off(lives.cast["bryony"]) == [("November 2026", 7, 0)]
    assert _worked_off(lives.cast["wren"]) == []


def test_exceptions_of_many_are_told_as_counted_last_of_whom_the_reader_may_see(lives, monkeypatch):
    def told():
        shown = sign_in(lives.cast["rowan"]).get(reverse("due_disposals")).context["exceptions"]
        return [*shown.causes, *shown.nobody], shown.counted_at

    foresee(policy.load(), by=BY)
    anew, at = told()
    assert anew
    assert at is None
    one = KeptException.objects.first()
    inside = Scope.objects.filter(controller=one.controller, partition="sealed").values_list("pk", flat=True)
    KeptException.objects.create(
        counted_at=one.counted_at, controller=one.controller, scopes=list(inside), of="people", kind="fact",
        code="offence", number=7, reviews=7,
    )  # fmt: skip
    monkeypatch.setattr("muniment.retention.disposals.due.MOST", 0)
    assert told() == (anew, one.counted_at)


def _worked_off(user):
    """Return what waited and was decided by the page, as whoever reads it may see."""
    forecast = sign_in(user).get(reverse("falls_due")).context["forecast"]
    (table,) = (each for each in forecast.tables if each.code == "worked-off")
    return list(table.rows)


def figures(forecast, code):
    """Return the other schedule's figures of a table: each the number, or the least and the most of its interval."""
    (table,) = (each for each in forecast.compared if each.code == code)
    return {
        name: [(each.least, each.most) if isinstance(each, Estimated) else each for each in rest]
        for name, *rest in table.rows
    }


def test_another_schedule_is_estimated_at_once_and_then_counted(lives, monkeypatch):
    loaded = policy.load()
    folder = policy_in_force.adoptions_folder() / "drafts"
    folder.mkdir()
    (folder / "group-3-by-time.yaml").write_text(DRAFT)
    everything, some = Size(persons=1000, records=1000, least=1), Size(persons=2, records=2, least=1)
    other = Against(longer(loaded, "PER-G3A", 13), "thirteen years")
    assert estimate(loaded, by=BY, against=other, size=everything) is None, "nothing is foreseen yet"
    foresee(loaded, by=BY)
    assert estimate(loaded, by=BY, against=other) is None, "so few are decided exactly at once"
    # Where everybody is drawn, an estimate says what is counted.
    whole = said(estimate(loaded, by=BY, against=other, size=everything))
    exact = said(foresee(loaded, by=BY, against=other))
    assert [each.rows for each in (*whole.compared, *whole.months)] == [
        each.rows for each in (*exact.compared, *exact.months)
    ]
    assert (whole.estimated.people, whole.estimated.of_people, exact.estimated) == (4, 4, None)
    # What is drawn of a few is said with an interval, which holds what is so, on the page and in every file.
    monkeypatch.setattr(foreseen_tables, "_DRAWN_PERSONS", foreseen_tables._DRAWN_PERSONS + " LIMIT 2")
    run = estimate(loaded, by=BY, against=other, size=some)
    made = said(run)
    assert made.total == exact.total
    for code in ("side-by-side", "changed-people"):
        for name, numbers in figures(made, code).items():
            for told, so in zip(numbers, figures(exact, code)[name], strict=True):
                assert told == so or told[0] <= so <= told[1], f"{code} {name}: {told} and {so}"
    assert any(isinstance(each, tuple) for each in figures(made, "side-by-side")["2028"])
    client = sign_in(lives.cast["rowan"])
    page = client.get(reverse("falls_due"), {"run": run.pk})
    told = page.context["forecast"].estimated
    assert (told.of_people, made.estimated.of_people) == (2, 4), "of those whom the reader sees"
    assert "Estimate, not counted" in page.text and told.words in page.text
    every_file_says_that_it_is_estimated(client, run)
    robin = sign_in(lives.cast["robin"])
    assert {robin.get(reverse(name)).status_code for name in ("falls_due_pdf", "falls_due_open")} == {403}
    # Whoever sees none of those drawn is told of none.
    assert (
        "a sample, of which you see nothing"
        in sign_in(lives.cast["clover"]).get(reverse("falls_due"), {"run": run.pk}).text
    )
    # The worker estimates first; who looks at the estimate later is shown what has taken its place.
    monkeypatch.setattr(beside, "SIZE", everything)
    ask(by=from_user(lives.cast["rowan"]), draft="group-3-by-time")
    assert carry_out(by=BY) == {"forecasts_made": 1, "forecasts_estimated": 1}
    first = BatchRun.objects.get(versions__against="the adoptions in group-3-by-time.yaml", state="replaced")
    assert first.versions["estimated"] == {"person": ["northshire"], "record": ["northshire"]}
    later = client.get(reverse("falls_due"), {"run": first.pk})
    assert later.context["run"].pk == ForesightAsked.objects.get().run_id
    assert "Estimate, not counted" not in later.text


def every_file_says_that_it_is_estimated(client, run):
    file = client.get(reverse("falls_due_file", args=["side-by-side"]), {"run": run.pk})
    line = next(csv.DictReader(file.text.splitlines()))
    assert "Estimate, not counted" in line["Other figures"]
    assert int(line["People to review, other, least"]) <= int(line["People to review, other, most"])
    given = client.get(reverse("falls_due_open"), {"run": run.pk})
    about = dict(open_rows(given.content, "About")[1:])
    assert "Estimate, not counted" in about["Figures of the other schedule"]
    assert about["Given to"] == "Rowan Invented"
    heads = open_rows(given.content, "Side by side")[0]
    assert {f"People to review, other, {name}" for name in ("estimate", "least", "most")} <= set(heads)
    book = client.get(reverse("falls_due_workbook"), {"run": run.pk}).content
    for sheet in ("Side by side", "What falls due"):
        here, there = (each(book if each is rows_of else given.content, sheet) for each in (rows_of, open_rows))
        assert [[each for each in row if each is not None] for row in here] == [
            [each for each in row if each is not None] for row in there
        ], "the same figures in both forms"
    drawn = client.get(reverse("falls_due"), {"run": run.pk}).text
    assert "Other, estimated: for a review" in drawn and "as high as its estimates" in drawn
    printed = client.get(reverse("falls_due_pdf"), {"run": run.pk})
    document = PdfReader(BytesIO(printed.content)).trailer["/Root"]["/StructTreeRoot"]["/K"][0].get_object()
    kinds = [each.get_object()["/S"] for each in document["/K"]]
    assert kinds.count("/Figure") == 4 and kinds.count("/Table") > 10, "both schedules are drawn too"
    assert printed.content.startswith(b"%PDF") and printed["Content-Type"] == "application/pdf"
    assert printed.content == client.get(reverse("falls_due_pdf"), {"run": run.pk}).content, "the same bytes each time"
    forms = AuditEvent.objects.filter(action="foresight.export", actor="rowan", detail__table="all")
    assert {each.detail["form"] for each in forms} == {"xlsx", "ods", "pdf"}
