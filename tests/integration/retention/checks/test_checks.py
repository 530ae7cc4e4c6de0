"""What the schedule decides by itself is checked on samples, and what is found may stand against disposals."""

import csv
import hashlib
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import asked_for, by, decide
from factories.spreadsheets import rows
from muniment.core.models import AuditEvent, Content, Controller
from muniment.core.verdicts import Refused
from muniment.records.models import Record
from muniment.retention.actions import batching, checking
from muniment.retention.actions.checking import Answer
from muniment.retention.checks import sampled
from muniment.retention.models import DecisionSample, RecordDecision, SampledDecision
from muniment.retention.policies import check_policy

pytestmark = pytest.mark.django_db(databases="__all__")

WRONG = Answer("wrong", "retain", None, None, "missing_record", "A later arrest is on paper alone.")


@pytest.fixture
def clock(clocked, db):
    return clocked


def northshire():
    return Controller.objects.get(code="northshire")


def wanted(**more):
    given = {"about": "record", "partition": "policing", "outcomes": ("dispose", "retain", "review"), "by_group": True}
    return sampled.Wanted(northshire(), **given | more)


def drawn(life, **more):
    return checking.draw(wanted(**more), 20, by=by(life, "ash"))


def answered(life, *said):
    """Return a sample of which each decision was answered so, what is wrong by a second person too."""
    sample = drawn(life)
    for item, given in zip(sample.items.order_by("place"), said, strict=True):
        checking.answer(item, given, by=by(life, "rowan"))
        if given.said == "wrong":
            checking.look_again(item, agrees=True, note="", by=by(life, "sorrel"))
    return sample


def test_a_sample_is_of_what_nobody_decided_and_is_drawn_again_by_its_seed(clock):
    sample = drawn(clock)
    assert sample.size == sum(each["population"] for each in sample.frame) == 2
    assert sampled.repeat(sample) == sampled.Repeated(2, 0, 0)
    assert sampled.frame(wanted(outcomes=("retain",))) == []
    event = AuditEvent.objects.get(action="check.draw")
    assert (event.controller, event.detail["seed"]) == ("northshire", sample.seed)


def test_anybody_can_work_out_which_decisions_a_seed_takes(clock):
    keys = list(RecordDecision.objects.values_list("record_id", flat=True))
    for seed in range(5):
        first = min(keys, key=lambda key: hashlib.sha256(f"{seed}|{key}".encode()).digest())
        stratum = sampled.frame(wanted())[0].code
        assert [each.subject for each in sampled.take(wanted(), seed, {stratum: 1})] == [first]


def test_what_a_review_stands_behind_is_no_automatic_decision(clock):
    assert sampled.frame(wanted(about="person"))
    asked_for(clock)
    decide(clock, "retain", next_review=timezone.localdate().replace(year=timezone.localdate().year + 2))
    assert sampled.frame(wanted(about="person")) == []
    assert sampled.frame(wanted()) == []
    with pytest.raises(Refused, match="nothing of that to draw"):
        drawn(clock)


def test_restricted_records_are_in_no_sample_but_the_enclaves(clock):
    scope = Record.objects.get(reference="C1").scope
    scope.restriction = "PROTECTED"
    scope.save()
    assert sum(each.population for each in sampled.frame(wanted())) == 1
    assert "sealed" not in sampled.partitions(clock.cast["ash"])
    with pytest.raises(Refused, match="of what you may see"):
        drawn(clock, partition="sealed")


def test_two_people_find_what_is_wrong_and_its_direction_is_worked_out(clock):
    sample = drawn(clock)
    item = sample.items.get(place=1)
    with pytest.raises(Refused, match="Say what the cause is"):
        checking.answer(item, Answer("wrong", "retain", reason="A later arrest is on paper."), by=by(clock, "rowan"))
    checking.answer(item, WRONG, by=by(clock, "rowan"))
    with pytest.raises(Refused, match="rowan has checked"):
        checking.answer(item, Answer("right"), by=by(clock, "ash"))
    with pytest.raises(Refused, match="someone else looks again"):
        checking.look_again(item, agrees=True, note="", by=by(clock, "rowan"))
    with pytest.raises(Refused, match="not find it wrong"):
        checking.look_again(item, agrees=False, note="", by=by(clock, "ash"))
    assert [sampled.found(each) for each in sample.items.order_by("place")] == ["destroys", ""]
    checking.look_again(item, agrees=False, note="The paper is about another person.", by=by(clock, "ash"))
    assert sampled.found(sample.items.get(place=1)) == "unsure", "on what two disagree nobody can say"
    assert Content.objects.filter(owner=f"check:{item.pk}").count() == 2


def test_a_sample_is_closed_once_all_is_checked_and_its_figures_stand(clock):
    sample = drawn(clock)
    one, two = sample.items.order_by("place")
    checking.answer(one, WRONG, by=by(clock, "rowan"))
    with pytest.raises(Refused, match=r"1 of it nobody has checked.*1 of it wait"):
        checking.close(sample, by=by(clock, "ash"))
    checking.answer(two, Answer("right"), by=by(clock, "rowan"))
    checking.look_again(one, agrees=True, note="", by=by(clock, "sorrel"))
    with pytest.raises(Refused, match="do not let you"):
        checking.close(sample, by=by(clock, "rowan"))
    checking.close(sample, by=by(clock, "ash"))
    sample.refresh_from_db()
    with pytest.raises(Refused, match="closed"):
        checking.answer(two, WRONG, by=by(clock, "rowan"))
    SampledDecision.objects.all().delete()  # those whom it counts go in the course of time
    told = sampled.results(sample)
    assert (told.checked, dict(told.causes)) == (2, {"missing_record": 1})
    assert told.rate("destroys").value == told.harmful().value == 0.5


def test_what_was_found_stands_against_disposals_until_a_later_sample_says_otherwise(clock, monkeypatch):
    assert sampled.stands_against(northshire()).allowed, "nothing was checked"
    sample = answered(clock, WRONG, Answer("right"))
    assert sampled.stands_against(northshire()).allowed, "it is not closed"
    checking.close(sample, by=by(clock, "ash"))
    (said,) = sampled.stands_against(northshire()).reasons
    assert f"sample {sample.pk}" in said and "policy allows 5.0 %" in said
    with pytest.raises(Refused, match="may not let records go by the clock"):
        batching.propose(northshire(), "", by=by(clock, "rowan"), reason="Clear period over, nothing against it.")
    assert sampled.stands_against(Controller.objects.get(code="westvale")).allowed
    DecisionSample.objects.filter(pk=sample.pk).update(partition="sealed")
    assert sampled.stands_against(northshire()).allowed, "what was found in the enclave is told there alone"
    DecisionSample.objects.filter(pk=sample.pk).update(partition="policing")
    checking.close(answered(clock, Answer("right"), Answer("right")), by=by(clock, "ash"))
    assert not sampled.stands_against(northshire()).allowed, "two that are right leave much open"
    mild = check_policy.on(timezone.localdate())
    monkeypatch.setattr(check_policy, "on", lambda day: type(mild)(**vars(mild) | {"harmful": 0.9}))
    assert sampled.stands_against(northshire()).allowed


def test_the_pages_lead_through_a_check_and_give_the_board_its_figures(clock):
    ash, rowan, sorrel = (sign_in(clock.cast[name]) for name in ("ash", "rowan", "sorrel"))
    form = {"controller": "northshire", "about": "record", "outcomes": ["dispose"], "partition": "policing"}
    ash.post(reverse("checks"), form | {"size": "20"})
    sample = DecisionSample.objects.get()
    waiting = rowan.get(reverse("next_decision", args=[sample.pk]))
    page = rowan.get(waiting["Location"])
    assert "Is this decided rightly?" in page.text and "Every record and date that it rests on" in page.text
    told = {"said": "wrong", "should": "retain", "cause": "missing_record", "reason": WRONG.reason}
    onward = rowan.post(waiting["Location"], told)
    rowan.post(rowan.get(onward["Location"])["Location"], {"said": "right"})
    again = sorrel.get(reverse("next_decision", args=[sample.pk]))["Location"]
    assert WRONG.reason in sorrel.get(again).text
    sorrel.post(again, {"agrees": "yes", "note": ""})
    ash.post(reverse("close_sample", args=[sample.pk]))
    page = ash.get(reverse("check_sample", args=[sample.pk])).text
    assert "50.0 %" in page and "Above policy" in page and "<svg" in page
    assert "leaves it open" in ash.get(reverse("home")).text
    given = list(csv.reader(io.StringIO(ash.get(reverse("check_sample_csv", args=[sample.pk])).text)))
    assert ["Would destroy what should be kept", "0.5000"] in [line[:2] for line in given]
    assert ash.get(reverse("check_sample_pdf", args=[sample.pk])).content.startswith(b"%PDF")
    rates = rows(ash.get(reverse("check_sample_xlsx", args=[sample.pk])).content, "Rates")
    assert ["Would destroy what should be kept", 50] in [row[:2] for row in rates]
    actions = set(AuditEvent.objects.filter(action__startswith="check.").values_list("action", flat=True))
    assert {"check.draw", "check.decision", "check.answer", "check.second", "check.close", "check.export"} <= actions


@pytest.mark.parametrize("name", ["wren", "robin", "bryony"])
def test_another_force_sees_nothing_of_a_sample(clock, name):
    sample = drawn(clock)
    client = sign_in(clock.cast[name])
    seen = client.get(reverse("check_sample", args=[sample.pk])).status_code
    assert seen == {"wren": 404, "robin": 403}.get(name, 200)
    if name != "bryony":
        assert client.get(reverse("check_decision", args=[sample.pk, 1])).status_code in {403, 404}
