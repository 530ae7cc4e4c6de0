"""What a force decides by hand is put beside the schedule before it leaves advisory mode, which two people do."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import WORKER, asked_for, by, decide
from factories.lives import NOW, ORGANISATION
from muniment.core import ledger
from muniment.core.models import AuditEvent, Controller
from muniment.core.verdicts import Refused
from muniment.engine import policy
from muniment.engine.policy.model import Overlay
from muniment.people.models import PrimePerson
from muniment.records.actions.organise import BadOrganisation, load_organisation
from muniment.records.models import Record
from muniment.retention.actions import changing_mode, checking, comparing, replay
from muniment.retention.actions.checking import Answer
from muniment.retention.actions.comparing import Given
from muniment.retention.checks import by_hand, leaving, sampled
from muniment.retention.disposals import sweeping
from muniment.retention.models import ManualDecision, ModeChange
from muniment.retention.policies import check_policy, policy_now

pytestmark = pytest.mark.django_db(databases="__all__")

HEAD = "system,reference,decision,decided_on,next_review,decided_by,reason"
PAPER = "Decision of the chief officers' board of 1 November 2026"
WHY = "The paper file was read: nothing speaks for keeping it."


@pytest.fixture
def clock(clocked, db, monkeypatch):
    """By the policy in force everything goes by the clock at Northshire."""
    adopted = policy.load().adopting([Overlay("northshire", everything=True, group_3="PER-G3B")])
    monkeypatch.setattr(policy_now, "policy", lambda: adopted)
    return clocked


@pytest.fixture
def mild(monkeypatch):
    """Limits that two decisions can keep: what holds is under test here, and not how many policy asks for."""
    said = check_policy.on(timezone.localdate())
    leaving_ = type(said.leaving)(least_compared=1, within_days=180, harmful=1.0, sample_within_days=180)
    monkeypatch.setattr(
        check_policy, "on", lambda day: type(said)(**vars(said) | {"harmful": 1.0, "leaving": leaving_})
    )


def northshire():
    return Controller.objects.get(code="northshire")


def given(*lines):
    return Given(northshire(), "decisions.csv", "\n".join([HEAD, *lines, ""]).encode())


def on(days=3):
    return (timezone.localdate() - timedelta(days=days)).isoformat()


def taken(life, *lines):
    return comparing.take_in(given(*lines), by=by(life, "rowan"))


def checked(life):
    wanted = sampled.Wanted(northshire(), "record", "policing", ("dispose",), False)
    sample = checking.draw(wanted, 20, by=by(life, "ash"))
    for item in sample.items.all():
        checking.answer(item, Answer("right"), by=by(life, "rowan"))
    checking.close(sample, by=by(life, "ash"))


def in_advisory_mode(life):
    changing_mode.go_back(northshire(), "The schedule is to be looked at again.", by=by(life, "ash"))


def test_each_decision_is_put_beside_what_would_have_been_decided_that_day(clock):
    prime = PrimePerson.objects.get(retired_at__isnull=True)
    file = taken(
        clock,
        f"crime,C1,keep,{on()},2031-01-01,Review officer,Still a risk",
        f"custody,CU1,dispose,{on()},,Review officer,",
        f",{prime.reference},dispose,{on()},,Review officer,",
    )
    assert (file.kept, file.refused) == (3, [])
    kept, went, person = ManualDecision.objects.order_by("pk")
    assert (kept.system, kept.decision, kept.differs) == ("dispose", "keep", True)
    assert (went.system, went.differs, person.prime_id) == ("dispose", False, prime.pk)
    told = leaving.agreement(northshire())
    assert (told.both.hits, told.both.of, told.harmful.hits, told.harmful.of, told.unsettled) == (2, 3, 1, 3, 1)


def test_a_record_put_beside_today_comes_out_as_the_run_stored_it(clock):
    for record in Record.objects.select_related("decision", "system__controller"):
        told = by_hand.beside(by_hand.Subject(northshire(), record=record), NOW)
        stored = record.decision
        assert (told.made.outcome, told.made.due, told.made.rule) == (stored.outcome, stored.due, stored.rule)
        assert told.explained().agrees


def test_before_its_day_had_come_the_schedule_kept_it(clock):
    due = Record.objects.get(reference="C1").decision.due
    day = due - timedelta(days=40)
    taken(clock, f"crime,C1,keep,{day},,Review officer,")
    assert [each.system for each in ManualDecision.objects.all()] == ["keep"]


def test_rows_that_cannot_be_used_are_refused_alone_and_tell_nothing(clock):
    Controller.objects.filter(code="westvale").update(name="Westvale")
    file = taken(
        clock,
        f"crime,C1,keep,{on()},,Review officer,",
        f"crime,C1,keep,{on()},,Review officer,",
        f"crime,NONE,keep,{on()},,Review officer,",
        f"nowhere,C1,keep,{on()},,Review officer,",
        f",P0000001-A,keep,{on()},,Review officer,",
        f"crime,C1,keep,{on()},,,",
    )
    assert file.kept == 1
    assert [line for line, _ in file.refused] == [3, 4, 5, 6, 7]
    assert "brought in already" in file.refused[0][1]
    assert file.refused[1][1] == file.refused[2][1], "what is not here and what may not be seen are answered alike"


def test_reviews_that_were_decided_here_count_too(clock):
    asked_for(clock)
    decide(clock, "dispose")
    assert comparing.take_reviews(northshire(), by=by(clock, "rowan")) == 1
    assert comparing.take_reviews(northshire(), by=by(clock, "rowan")) == 0
    (found,) = ManualDecision.objects.all()
    assert (found.decision, found.system, found.decided_by) == ("dispose", "dispose", "rowan")


def test_every_difference_is_settled_with_a_reason_by_a_page_that_shows_both(clock):
    taken(clock, f"crime,C1,keep,{on()},,Review officer,Still a risk to the shop")
    found = ManualDecision.objects.get()
    rowan = sign_in(clock.cast["rowan"])
    listed = rowan.get(reverse("manual", args=["northshire"])).text
    assert "Not settled" in listed and "C1" in listed
    url = reverse("manual_decision", args=["northshire", found.pk])
    page = rowan.get(url).text
    assert "Still a risk to the shop" in page and "May be disposed of since" in page
    assert rowan.post(url, {"settlement": "system", "reason": "no"}).status_code == 422
    assert leaving.agreement(northshire()).harmful.hits == 1
    rowan.post(url, {"settlement": "system", "reason": WHY})
    told = leaving.agreement(northshire())
    assert (told.harmful.hits, told.unsettled) == (0, 0), "the system was right: that is no error of it"
    assert AuditEvent.objects.filter(action="manual.settle", actor="rowan").exists()
    wren = sign_in(clock.cast["wren"])
    assert wren.get(url).status_code == wren.get(reverse("manual", args=["northshire"])).status_code == 404


def test_a_file_is_given_on_the_page_and_its_refused_lines_are_shown(clock):
    rowan = sign_in(clock.cast["rowan"])
    body = given(f"crime,C1,dispose,{on()},,Review officer,", f"crime,C1,maybe,{on()},,Officer,").data
    sent = rowan.post(reverse("manual", args=["northshire"]), {"file": SimpleUploadedFile("by-hand.csv", body)})
    page = rowan.get(sent["Location"]).text
    assert "1 decision was kept" in page and "keep or dispose" in page


def test_nobody_leaves_advisory_mode_before_everything_holds(clock):
    in_advisory_mode(clock)
    with pytest.raises(Refused, match=r"200 manual decisions.*sample of automatic decisions"):
        changing_mode.ask(northshire(), PAPER, by=by(clock, "rowan"))
    assert not ModeChange.objects.filter(to="live").exists()


def test_two_people_end_advisory_mode_and_one_goes_back_at_once(clock, mild):
    in_advisory_mode(clock)
    assert northshire().mode == "advisory"
    taken(clock, f"crime,C1,keep,{on()},,Review officer,", f"custody,CU1,dispose,{on()},,Review officer,")
    checked(clock)
    with pytest.raises(Refused, match="1 not settled"):
        changing_mode.ask(northshire(), PAPER, by=by(clock, "rowan"))
    difference = ManualDecision.objects.get(decision="keep")
    comparing.settle(difference, "policy", "Shops are to be kept for longer.", by=by(clock, "rowan"))
    asked = changing_mode.ask(northshire(), PAPER, by=by(clock, "rowan"))
    assert northshire().mode == "advisory", "nobody has agreed"
    with pytest.raises(Refused, match="someone else has to agree"):
        changing_mode.agree(asked, by=by(clock, "rowan"))
    with pytest.raises(Refused, match="do not let you"):
        changing_mode.agree(asked, by=by(clock, "wren"))
    changing_mode.agree(asked, by=by(clock, "ash"))
    assert northshire().mode == "live"
    asked.refresh_from_db()
    assert all(each["holds"] for each in asked.figures["conditions"])
    in_advisory_mode(clock)
    assert northshire().mode == "advisory"
    actions = AuditEvent.objects.filter(action__startswith="mode.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["mode.advisory", "mode.ask", "mode.live", "mode.advisory"]


def test_what_holds_no_more_cannot_be_agreed_to(clock, mild):
    in_advisory_mode(clock)
    taken(clock, f"custody,CU1,dispose,{on()},,Review officer,")
    checked(clock)
    asked = changing_mode.ask(northshire(), PAPER, by=by(clock, "rowan"))
    taken(clock, f"crime,C1,keep,{on()},,Review officer,")
    with pytest.raises(Refused, match="not settled"):
        changing_mode.agree(asked, by=by(clock, "ash"))
    assert northshire().mode == "advisory"


def test_a_restored_copy_follows_a_change_of_mode(clock):
    in_advisory_mode(clock)
    ledger.write_outside()
    lines = list(ledger.read(ledger.file()))
    Controller.objects.filter(code="northshire").update(mode="live")
    ModeChange.objects.all().delete()
    done = replay.Followed()
    replay._change_again(next(line for line in lines if line.kind == "mode"), done, by=WORKER)
    assert (northshire().mode, done.modes) == ("advisory", 1)


def test_a_decision_by_hand_goes_with_its_record(clock):
    taken(clock, f"crime,C1,keep,{on()},,Review officer,Still a risk")
    checked(clock)
    gone = sweeping.Gone()
    sweeping.delete_record(Record.objects.get(reference="C1"), gone)
    assert not ManualDecision.objects.exists()
    assert any(owner.startswith("manual:") for owner in gone.owners)


def test_the_organisation_file_makes_no_real_force_live(clock, tmp_path):
    text = ORGANISATION.read_text()
    file = tmp_path / "organisation.yaml"
    file.write_text(text.replace("kind: force, fictional: true, mode: live", "kind: force, mode: live"))
    with pytest.raises(BadOrganisation, match="take the line 'mode: live' out"):
        load_organisation(file, by=WORKER)
    assert (northshire().is_fictional, northshire().mode) == (True, "live"), "a wrong file changes nothing"
    file.write_text(text.replace("kind: force, fictional: true, mode: live", "kind: force"))
    load_organisation(file, by=WORKER)
    assert northshire().mode == "advisory", "what was live for being invented is not live as a real force"
