"""The procedure is generated from the policy in force, and kept as controlled versions that two people make."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import make_cast, sign_in
from muniment.core.actors import from_user
from muniment.core.models import AuditEvent, Controller, RuleAdoption
from muniment.core.verdicts import Refused
from muniment.engine.policy import PolicyError
from muniment.engine.policy.model import Length
from muniment.retention.actions import adopting, issuing
from muniment.retention.models import Procedure
from muniment.retention.policies import policy_now
from muniment.retention.schedule import procedure, procedure_print

pytestmark = pytest.mark.django_db(databases="__all__")
COMMITS = pytest.mark.django_db(transaction=True, databases="__all__")  # refusals are written apart

PAPER = "Retention policy of the force, section 3, of 1 December 2026"


@pytest.fixture
def cast(controllers):
    return make_cast(controllers)


def by(cast, name):
    return from_user(cast[name])


def adopt(controllers, cast, rule="CRI-INC", **more):
    given = {"start": timezone.localdate(), "authority": PAPER, **more}
    asked = adopting.ask(adopting.Proposal(controllers["northshire"], rule, **given), by=by(cast, "rowan"))
    adopting.complete(asked, by=by(cast, "ash"))


def today(controllers):
    return procedure.document(controllers["northshire"], timezone.localdate())


def table(document, caption):
    blocks = (block for section in document.sections for block in section["blocks"] if block["kind"] == "table")
    return next(block for block in blocks if block["caption"] == caption)


def row_of(document, caption, name):
    return next(row for row in table(document, caption)["rows"] if name in row[0])


def test_it_says_what_is_adopted_of_the_schedule_and_what_is_not(controllers, cast):
    before = row_of(today(controllers), "Crime", "(CRI-INC)")
    assert before[1] == "7 years" and before[3] == "Dispose, after a review: neither verified nor adopted"
    assert any("CRI-INC" in row for row in table(today(controllers), "Classes and rules")["rows"])
    adopt(controllers, cast, length=Length(months=96))
    after = row_of(today(controllers), "Crime", "(CRI-INC)")
    assert (after[1], after[3], after[4]) == ("8 years", "Dispose, by itself", f"Adopted: {PAPER}")
    assert not any("CRI-INC" in row for row in table(today(controllers), "Classes and rules")["rows"])
    other = procedure.document(controllers["westvale"], timezone.localdate())
    assert row_of(other, "Crime", "(CRI-INC)") == before, "each adopts for itself"


def test_group_3_is_as_adopted_and_the_mode_is_said(controllers, cast):
    def group_3():
        return table(today(controllers), "Groups")["rows"][2]

    assert group_3()[3] == "A person reviews"
    adopt(controllers, cast, rule="PER-G3B")
    assert group_3()[3] == "Dispose"
    for mode, said in (("advisory", "advises only"), ("live", "carries out")):
        Controller.objects.filter(code="northshire").update(mode=mode)
        controllers["northshire"].refresh_from_db()
        assert said in today(controllers).sections[0]["blocks"][0]["text"]


def test_every_switch_of_the_policy_is_in_it(controllers):
    rules = policy_now.policy().on(timezone.localdate(), "northshire")
    document = today(controllers)
    assert len(table(document, "Warnings")["rows"]) == len(rules.settings["flags"]["kinds"])
    assert len(table(document, "Events")["rows"]) == len(rules.settings["events"]["kinds"])
    tables = [block for section in document.sections for block in section["blocks"] if block["kind"] == "table"]
    classes = [
        row for each in tables if each["heads"][-1] == "Authority" and len(each["heads"]) == 5 for row in each["rows"]
    ]
    assert len(classes) == len(rules.classes)
    for each in tables:
        assert all(len(row) == len(each["heads"]) for row in each["rows"])
    assert document.asked, "what the force has to say is asked, and not made up"


def test_what_a_force_says_for_itself_takes_the_place_of_what_is_asked(controllers):
    said = {"from": timezone.localdate(), "text": "The head of information management.", "controller": "northshire"}
    form = {"title": "T", "sections": [{"title": "S", "parts": [{"given": [said], "ask": "Who owns it."}]}]}
    on = timezone.localdate()
    assert procedure.document(controllers["northshire"], on, form).asked == []
    assert procedure.document(controllers["westvale"], on, form).asked == ["Who owns it."]
    assert procedure.document(controllers["northshire"], on - timedelta(days=1), form).asked == ["Who owns it."]
    with pytest.raises(PolicyError, match="nobody works out"):
        procedure.document(
            controllers["northshire"], on, {"title": "T", "sections": [{"title": "S", "parts": [{"live": "x"}]}]}
        )


def test_one_drafts_another_issues_and_versions_are_numbered(controllers, cast):
    force = controllers["northshire"]
    drafted = issuing.draft(force, by=by(cast, "rowan"))
    with pytest.raises(Refused, match="waits already"):
        issuing.draft(force, by=by(cast, "ash"))
    with pytest.raises(Refused, match="someone else"):
        issuing.issue(drafted, by=by(cast, "rowan"))
    for name in ("sorrel", "linden"):
        with pytest.raises(Refused):
            issuing.issue(drafted, by=by(cast, name))
    issuing.issue(drafted, by=by(cast, "ash"))
    with pytest.raises(Refused, match="already"):
        issuing.withdraw(drafted, by=by(cast, "ash"))
    adopt(controllers, cast)
    second = issuing.draft(force, by=by(cast, "ash"))
    issuing.issue(second, by=by(cast, "rowan"))
    found = Procedure.objects.order_by("pk").values_list("number", "issued_by")
    assert list(found) == [(1, "ash"), (2, "rowan")]
    assert Procedure.objects.get(number=1).body != Procedure.objects.get(number=2).body, "the first stays as it was"
    events = AuditEvent.objects.filter(action__startswith="procedure.").order_by("pk").values_list("action", flat=True)
    assert list(events) == ["procedure.draft", "procedure.issue"] * 2


def test_a_draft_that_the_policy_has_left_behind_is_not_issued(controllers, cast):
    drafted = issuing.draft(controllers["northshire"], by=by(cast, "rowan"))
    adopt(controllers, cast)
    with pytest.raises(Refused, match="says otherwise"):
        issuing.issue(drafted, by=by(cast, "ash"))
    issuing.withdraw(drafted, by=by(cast, "ash"))
    assert not Procedure.objects.get().waits


@COMMITS
def test_it_is_read_drafted_and_issued_on_pages_and_printed(controllers, cast):
    rowan, ash, sorrel = (sign_in(cast[name]) for name in ("rowan", "ash", "sorrel"))
    page = rowan.get(reverse("procedures"))
    assert "No version has been issued" in page.text and "To be completed" in page.text
    assert reverse("draft_procedure") in page.text
    assert reverse("draft_procedure") not in sorrel.get(reverse("procedures")).text
    assert sorrel.post(reverse("draft_procedure"), {"controller": "northshire"}).status_code == 403
    assert rowan.get(reverse("procedures"), {"controller": "nowhere"}).status_code == 404
    answer = rowan.post(reverse("draft_procedure"), {"controller": "northshire"})
    assert answer.url == f"{reverse('procedures')}?controller=northshire"
    reference = Procedure.objects.get().reference
    drafted = reverse("procedure", args=[reference])
    assert drafted in rowan.get(answer.url).text
    rowan.post(reverse("issue_procedure", args=[reference]))
    assert Procedure.objects.get().waits, "one's own"
    assert "Not issued: a draft by rowan" in ash.get(drafted).text
    ash.post(reverse("issue_procedure", args=[reference]))
    assert "Version 1, issued" in ash.get(drafted).text
    assert "Version 1 says what the policy says today" in ash.get(reverse("procedures")).text
    printed = ash.get(reverse("procedure_pdf", args=[reference]))
    assert printed.content.startswith(b"%PDF") and printed["Content-Type"] == "application/pdf"
    assert procedure_print.as_pdf(Procedure.objects.get()) == printed.content, "the same bytes each time"
    assert not re.search(r"\{[%{]|None|&lt;", ash.get(drafted).text), "nothing is left unsaid by the templates"
    assert not RuleAdoption.objects.exists()
