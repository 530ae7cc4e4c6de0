"""A rule is adopted by two people, from a day on; the schedule says so to anyone, and the next run follows."""

import csv
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from factories.cast import make_cast, sign_in
from factories.deeds import place
from factories.exports import Source, row
from factories.lives import BY
from muniment.core import policy_in_force
from muniment.core.actors import Actor, from_user
from muniment.core.models import AuditEvent, Controller, RuleAdoption
from muniment.core.verdicts import Refused
from muniment.engine.policy.model import Length
from muniment.records.models import Record
from muniment.retention.actions import adopting, effects
from muniment.retention.models import ForeseenMove, PersonDecision, Review
from muniment.retention.policies import policy_now

pytestmark = pytest.mark.django_db(databases="__all__")
COMMITS = pytest.mark.django_db(transaction=True, databases="__all__")  # refusals are written apart

PAPER = "Retention policy of the force, section 3, of 1 December 2026"
WEEK = timedelta(days=7)


@pytest.fixture
def cast(controllers):
    return make_cast(controllers)


def proposal(controllers, rule="CRI-INC", **more):
    given = {"controller": controllers["northshire"], "start": timezone.localdate() + WEEK, "authority": PAPER}
    return adopting.Proposal(rule=rule, **given | more)


def by(cast, name):
    return from_user(cast[name])


def adopted(controllers, cast, **more):
    asked = adopting.ask(proposal(controllers, **more), by=by(cast, "rowan"))
    adopting.complete(asked, by=by(cast, "ash"))
    return asked


def rules(on, code="northshire"):
    return policy_now.policy().on(on, code)


def test_what_one_asks_another_completes_and_it_applies_from_its_day_to_that_force_alone(controllers, cast):
    start = timezone.localdate() + WEEK
    asked = adopting.ask(proposal(controllers, length=Length(months=96)), by=by(cast, "rowan"))
    assert not rules(start).is_automatic("CRI-INC"), "nobody has completed it"
    with pytest.raises(Refused, match="someone else"):
        adopting.complete(asked, by=by(cast, "rowan"))
    before = policy_now.policy().version
    adopting.complete(asked, by=by(cast, "ash"))
    assert policy_now.policy().version != before, "decisions of before are of another policy"
    assert policy_in_force.load().version == policy_now.policy().version
    assert not rules(start - timedelta(days=1)).is_automatic("CRI-INC")
    assert rules(start).is_automatic("CRI-INC")
    assert rules(start).terms["CRI-INC"].length == Length(months=96)
    assert not rules(start, "westvale").is_automatic("CRI-INC")
    assert not rules(start, None).is_automatic("CRI-INC")
    with pytest.raises(Refused, match="already"):
        adopting.complete(asked, by=by(cast, "ash"))
    events = AuditEvent.objects.filter(action__startswith="schedule.").values_list("action", "subject", "actor")
    assert list(events.order_by("pk")) == [
        ("schedule.ask", asked.reference, "rowan"),
        ("schedule.adopt", asked.reference, "ash"),
    ]


def test_a_later_adoption_takes_its_place_from_its_day_and_an_end_ends_it(controllers, cast):
    today = timezone.localdate()
    adopted(controllers, cast, start=today, length=Length(months=96))
    adopted(controllers, cast, start=today + WEEK, length=Length(months=120))
    adopted(controllers, cast, start=today + 2 * WEEK, ends=True)
    found = [rules(today + after * WEEK) for after in range(3)]
    assert [each.terms["CRI-INC"].length for each in found] == [Length(months=m) for m in (96, 120, 84)]
    assert [each.is_automatic("CRI-INC") for each in found] == [True, True, False]


def test_an_adoption_here_takes_the_place_of_one_in_a_file_and_leaves_its_others(controllers, cast):
    (policy_in_force.adoptions_folder() / "northshire.yaml").write_text(
        "controller: northshire\nadoptions:\n"
        + "".join(
            f"- {{rule: {rule}, from: 2020-01-01, period: {{value: 9, unit: years}}, authority: {PAPER!r},"
            " adopters: [A, B]}\n"
            for rule in ("CRI-INC", "CRI-UND-O")
        )
    )
    start = timezone.localdate() + WEEK
    adopted(controllers, cast, ends=True)
    assert rules(date(2021, 1, 1)).terms["CRI-INC"].length == Length(months=108)
    assert rules(start - timedelta(days=1)).is_automatic("CRI-INC")
    assert not rules(start).is_automatic("CRI-INC")
    assert rules(start).is_automatic("CRI-UND-O")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rule": "CRI-NONE"}, "no class or rule"),
        ({"start": date(2026, 1, 1)}, "from today on"),
        ({"ends": True}, "is not adopted"),
        ({"authority": "ok"}, "Name the document"),
        ({"length": Length()}, "above zero"),
        ({"rule": "CUS-BIO-CONV", "length": Length(months=12)}, "has no period"),
        ({"rule": "CUS-BIO-SMP", "length": Length(months=12)}, "latest day"),
    ],
)
def test_what_the_schedule_does_not_allow_is_refused_and_says_why(controllers, cast, given, why):
    with pytest.raises(Refused, match=why):
        adopting.ask(proposal(controllers, **given), by=by(cast, "rowan"))
    assert not RuleAdoption.objects.exists()


def test_group_3_has_one_policy(controllers, cast):
    adopted(controllers, cast, rule="PER-G3B")
    today = timezone.localdate()
    # On that day, after it, and before it: then both would be adopted from it on.
    for start in (today + WEEK, today + 2 * WEEK, today):
        with pytest.raises(Refused, match="group 3 has one policy"):
            adopting.ask(proposal(controllers, rule="PER-G3A", start=start), by=by(cast, "rowan"))
    adopted(controllers, cast, rule="PER-G3B", start=today + 3 * WEEK, ends=True)
    with pytest.raises(Refused, match="group 3 has one policy"):
        adopting.ask(proposal(controllers, rule="PER-G3A", start=today + 2 * WEEK), by=by(cast, "rowan"))
    adopted(controllers, cast, rule="PER-G3A", start=today + 3 * WEEK)
    assert "PER-G3B" not in rules(today + 3 * WEEK).adopted


def test_what_was_allowed_when_it_was_asked_and_is_no_longer_is_not_completed(controllers, cast):
    asked = adopting.ask(proposal(controllers), by=by(cast, "rowan"))
    RuleAdoption.objects.filter(pk=asked.pk).update(start=date(2026, 1, 1))
    asked.refresh_from_db()
    with pytest.raises(Refused, match="from today on"):
        adopting.complete(asked, by=by(cast, "ash"))


def test_only_those_of_the_force_who_may_and_one_at_a_time(controllers, cast):
    for name in ("sorrel", "wren", "teasel"):
        with pytest.raises(Refused):
            adopting.ask(proposal(controllers), by=by(cast, name))
    with pytest.raises(Refused, match="signed in"):
        adopting.ask(proposal(controllers), by=Actor("a command"))
    asked = adopting.ask(proposal(controllers), by=by(cast, "rowan"))
    with pytest.raises(Refused, match="already"):
        adopting.ask(proposal(controllers), by=by(cast, "ash"))
    for name in ("linden", "sorrel"):
        with pytest.raises(Refused):
            adopting.complete(asked, by=by(cast, name))
    adopting.refuse(asked, by=by(cast, "ash"), why="The document says ten years.")
    adopting.ask(proposal(controllers), by=by(cast, "ash"))


def test_anyone_reads_the_schedule_and_what_has_changed_between_two_days(controllers, cast):
    start = timezone.localdate() + WEEK
    adopted(controllers, cast, length=Length(months=96))
    reader = Client()
    page = reader.get(reverse("schedule"), {"controller": "northshire", "on": f"{start:%d %m %Y}"})
    assert page.status_code == 200
    assert "Adopted" in page.text
    assert "What you look at is recorded" not in page.text
    asked = {"controller": "northshire", "on": f"{start:%d %m %Y}", "since": f"{timezone.localdate():%d %m %Y}"}
    page = reader.get(reverse("schedule"), asked)
    assert [change.entry.id for change in page.context["changes"]] == ["CRI-INC"]
    assert "8 years" in page.text and "adopted since" in page.text and page.text.count(PAPER) == 2
    assert "the schedule says the same" in reader.get(reverse("schedule"), {**asked, "controller": ""}).text
    assert reader.get(reverse("adoptions")).status_code == 302, "who adopted what is for who is signed in"
    assert not AuditEvent.objects.filter(action="schedule.view").exists()
    sign_in(cast["rowan"]).get(reverse("schedule"))
    assert AuditEvent.objects.get(action="schedule.view").actor == "rowan"


@COMMITS
def test_it_is_asked_for_completed_and_refused_on_pages(controllers, cast):
    rowan, ash, sorrel = (sign_in(cast[name]) for name in ("rowan", "ash", "sorrel"))
    given = {
        "controller": "northshire",
        "rule": "CRI-INC",
        "what": "adopt",
        "start": f"{timezone.localdate() + WEEK:%d %m %Y}",
        "value": "8",
        "unit": "years",
        "authority": PAPER,
    }
    form = rowan.get(reverse("ask_adoption"), {"rule": "CRI-INC"}).text
    assert "Adopt it" in form and "End its adoption" in form
    assert rowan.post(reverse("ask_adoption"), {**given, "authority": ""}).status_code == 422
    assert rowan.post(reverse("ask_adoption"), {**given, "what": ""}).status_code == 422
    assert "has no period" in rowan.post(reverse("ask_adoption"), {**given, "rule": "CUS-BIO-CONV"}).text
    assert rowan.post(reverse("ask_adoption"), {**given, "controller": "westvale"}).status_code == 422
    answer = rowan.post(reverse("ask_adoption"), given)
    asked = RuleAdoption.objects.get()
    assert answer.url == reverse("adoption", args=[asked.reference])
    assert "someone else completes it" in rowan.get(answer.url).text
    to_complete = reverse("complete_adoption", args=[asked.reference])
    assert to_complete in ash.get(answer.url).text
    assert to_complete not in sorrel.get(answer.url).text
    assert to_complete not in rowan.get(answer.url).text
    assert sorrel.post(to_complete).status_code == 403
    rowan.post(to_complete)
    assert RuleAdoption.objects.get().waits
    assert ash.post(reverse("refuse_adoption", args=[asked.reference]), {"why": "no"}).status_code == 422
    ash.post(to_complete)
    assert RuleAdoption.objects.get().completed_by == "ash"
    assert "Completed by ash" in ash.get(reverse("adoptions")).text


@COMMITS
def test_what_it_moves_is_shown_before_it_is_completed(own_life):
    """A shop thief whose review is overdue would go by the clock, and the record with them, were PER-G3B adopted."""
    cast, northshire = own_life.cast, Controller.objects.get(code="northshire")
    given = {"start": timezone.localdate() + WEEK, "authority": PAPER}
    decided = list(PersonDecision.objects.order_by("pk").values_list("group", "outcome", "due"))
    assert (3, "review") in [each[:2] for each in decided]
    asked = adopting.ask(adopting.Proposal(northshire, "PER-G3B", **given), by=by(cast, "rowan"))
    page = reverse("adoption", args=[asked.reference])
    assert "It is not worked out yet" in sign_in(cast["ash"]).get(page).text
    with pytest.raises(Refused, match="not worked out yet"):
        adopting.complete(asked, by=by(cast, "ash"))
    assert (effects.work_out(by=BY), effects.work_out(by=BY)) == (1, 0)
    people, _, turned = effects.tables(asked, effects.run_of(asked))
    assert [(row[0], row[-1]) for row in people.rows] == [("Group 3", 1)]
    assert any("People" in str(row[0]) and row[-1] == 1 for row in turned.rows), turned.rows
    assert list(PersonDecision.objects.order_by("pk").values_list("group", "outcome", "due")) == decided
    assert sign_in(cast["ash"]).get(page).context["moves"][0].rows == people.rows
    assert not any(table.rows for table in sign_in(cast["clover"]).get(page).context["moves"]), "she sees none of them"
    other = adopting.ask(adopting.Proposal(northshire, "HR-RAD", **given), by=by(cast, "rowan"))
    effects.work_out(by=BY)
    page = reverse("adoption", args=[other.reference])
    assert "It moves none of them" in sign_in(cast["ash"]).get(page).text
    completed(other, cast)
    with pytest.raises(Refused, match="not worked out yet"):
        adopting.complete(asked, by=by(cast, "ash"))
    effects.work_out(by=BY)
    completed(asked, cast)
    asked.refresh_from_db()
    assert effects.tables(asked, effects.run_of(asked)), "what was shown stays to be read"


def completed(asked, cast):
    adopting.complete(asked, by=by(cast, "ash"), shown=effects.digest(effects.run_of(asked)))


HIDDEN = {"FORENAME": "Bramble", "SURNAME": "Unseen", "BORN": "1961-04-03"}


@COMMITS
def test_each_that_moves_is_listed_for_who_completes_it_and_only_what_was_seen_is_completed(own_life, tmp_path):
    cast, northshire = own_life.cast, Controller.objects.get(code="northshire")
    sealed = Source(tmp_path, system="intelligence", kind="delta", partition="sealed")
    sealed.send([row("S1", "S1", **HIDDEN)], on="2026-07-01")
    own_life.run()
    asked = adopting.ask(
        adopting.Proposal(northshire, "PER-G3B", timezone.localdate() + WEEK, PAPER), by=by(cast, "rowan")
    )
    listed, file = (reverse(name, args=[asked.reference]) for name in ("adoption_moves", "adoption_moves_file"))
    ash = sign_in(cast["ash"])
    assert ash.get(listed).status_code == 404, "it is not worked out"
    effects.work_out(by=BY)
    review, run = Review.objects.get(prime__belongings__nominal__reference="P1"), effects.run_of(asked)
    page = ash.get(listed)
    person, *records = page.context["lines"]
    assert (person.reference, person.looked, person.review) == (
        review.prime.reference, "Would go by itself", review.reference
    )  # fmt: skip
    assert {each.reference for each in records} <= {"C1", "CU1"}
    assert all(each.people == (review.prime.reference,) for each in records)
    hidden = PersonDecision.objects.exclude(prime=review.prime).get()
    assert ForeseenMove.objects.filter(run=run, prime=hidden.prime).exists(), "the worker sees them"
    assert hidden.prime.reference not in page.text and "S1" not in page.text
    assert page.context["numbers"] == {"person": 1, "record": len(records), "goes": 1 + len(records)}
    assert f"policy {run.versions['policy']}" in page.text
    (line, *_) = csv.DictReader(ash.get(file).text.lstrip("\ufeff").splitlines())
    assert (line["Reference"], line["Comes to, with it"], line["Group"]) == (review.prime.reference, "Dispose", "3")
    assert (line["Policy"], line["Given to"]) == (run.versions["policy"], "Ash Invented")
    event = AuditEvent.objects.get(action="schedule.moves_file")
    assert (event.actor, event.subject, event.detail["rows"]) == ("ash", asked.reference, 1 + len(records))
    after = {"after": f"person-{review.prime_id}"}
    assert [each.reference for each in ash.get(listed, after).context["lines"]] == [each.reference for each in records]
    for narrow, number in (
        ({"direction": "goes", "subject": "person"}, 1),
        ({"direction": "later"}, 0),
        ({"group": "3"}, 1),
        ({"group": "1"}, 0),
        ({"after": f"person-{hidden.prime_id}", "group": "3"}, 1),  # whom they do not see stands at no place
    ):
        assert len(ash.get(listed, narrow).context["lines"]) == number, narrow
    assert ash.get(listed, {"group": "3", "subject": "record"}).status_code == 422
    for name in ("sorrel", "teasel", "linden"):
        assert sign_in(cast[name]).get(listed).status_code == 403, name
    shown = ash.get(reverse("adoption", args=[asked.reference]))
    assert (listed in shown.text, shown.context["shown"]) == (True, effects.digest(run))

    place(own_life, records=[Record.objects.get(reference="C1").pk])
    own_life.run()
    to_complete = reverse("complete_adoption", args=[asked.reference])
    assert "not worked out yet" in ash.post(to_complete, {"shown": shown.context["shown"]}, follow=True).text
    effects.work_out(by=BY)
    refused = ash.post(to_complete, {"shown": shown.context["shown"]}, follow=True)
    assert "has changed since" in refused.text and RuleAdoption.objects.get().waits
    assert [each.reference for each in ash.get(listed).context["lines"]] == ["CU1"], "what is held moves no more"
    assert set(ForeseenMove.objects.values_list("run", flat=True)) == {effects.run_of(asked).pk}
    ash.post(to_complete, {"shown": refused.context["shown"]})
    assert RuleAdoption.objects.get().completed_by == "ash"
    assert ash.get(listed).status_code == 404
    effects.work_out(by=BY)
    assert not ForeseenMove.objects.exists(), "whom it moved is kept as long as it waits"
