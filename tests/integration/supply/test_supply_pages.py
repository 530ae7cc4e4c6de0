"""The pages of what was given: who sees what, approval, answers, and what of a person was given to whom."""

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import prime_of
from factories.supplies import agree, answer, send_corrections, supply
from muniment.core.models import AuditEvent
from muniment.supply import policy_now
from muniment.supply.models import Notice, Supply

pytestmark = pytest.mark.xdist_group("supply")


@pytest.fixture
def given(life, out):
    agree()
    return supply(life, out)


@pytest.mark.parametrize(
    ("user", "status"), [("sedge", 200), ("ash", 200), ("rowan", 200), ("teasel", 200), ("robin", 403), ("nettle", 403)]
)
def test_who_opens_the_list(life, given, user, status):
    client = sign_in(life.cast[user])
    assert client.get(reverse("supplies")).status_code == status
    assert client.get(reverse("supply", args=[given.reference])).status_code == status


def test_another_force_sees_nothing_of_it(life, given):
    client = sign_in(life.cast["wren"])
    assert given.reference not in client.get(reverse("supplies")).text
    assert client.get(reverse("supply", args=[given.reference])).status_code == 404
    assert client.get(reverse("supply", args=["S0000001-X"])).status_code == 404


def test_a_supply_shows_its_basis_and_gives_its_manifest_and_no_data(life, given):
    client = sign_in(life.cast["ash"])
    page = client.get(reverse("supply", args=[given.reference])).text
    assert "Invented for tests." in page and "T-1" in page and "Marlow" not in page
    answered = client.get(reverse("supply_manifest", args=[given.reference]))
    assert answered.json() == given.manifest and "attachment" in answered["Content-Disposition"]
    assert AuditEvent.objects.filter(action="export.manifest", subject=given.reference).exists()


def test_a_person_shows_to_whom_they_were_given(life, given):
    client = sign_in(life.cast["rowan"])
    marlow = prime_of("P1").reference
    assert "What was given to whom" in client.get(reverse("person", args=[marlow])).text
    page = client.get(reverse("person_supplies", args=[marlow])).text
    assert given.reference in page and "2 records that you may see" in page and "They have this" in page
    other = client.get(reverse("person_supplies", args=[prime_of("S1").reference])).text
    assert "Nothing that you may see was given to anybody" in other
    assert client.get(reverse("person_supplies", args=[prime_of("S3").reference])).status_code == 404


def test_a_second_person_approves_or_returns_with_a_reason(life, out, monkeypatch):
    limited = policy_now.on
    monkeypatch.setattr(
        policy_now, "on", lambda day: limited(day).__class__(**{**vars(limited(day)), "approval_above": 0})
    )
    agree()
    waiting = supply(life, out)
    client = sign_in(life.cast["ash"])
    assert "to give records, to approve" in client.get(reverse("home")).text
    page = reverse("supply", args=[waiting.reference])
    assert "Approve or return" in client.get(page).text
    assert "Approve or return" not in sign_in(life.cast["sedge"]).get(page).text
    assert sign_in(life.cast["sedge"]).post(reverse("approve_supply", args=[waiting.reference])).status_code == 403
    empty = client.post(reverse("return_supply", args=[waiting.reference]), {"note": ""})
    assert empty.status_code == 422 and "Say why you return it" in empty.text
    client.post(reverse("return_supply", args=[waiting.reference]), {"note": "Too many: ask for crime only."})
    assert Supply.objects.get().state == "returned"
    late = client.post(reverse("approve_supply", args=[waiting.reference]), follow=True)
    assert "It does not wait for approval: returned by the approver." in late.text


def test_answers_are_recorded_on_the_page_of_the_delivery(life, given, out):
    agree(gives={"person": ["forename"], "event": "all", "link": "all"})
    delivery = send_corrections(life, out.with_name("corrections"))
    client = sign_in(life.cast["sedge"])
    first, *rest = delivery.notices.order_by("pk")
    assert first.number in client.get(reverse("corrections")).text
    assert "not confirmed" in client.get(reverse("home")).text
    address = reverse("answer_notice", args=[first.number])
    wrong = client.post(address, {f"{first.number}-said": "cannot"})
    assert wrong.status_code == 422 and "Say why the recipient cannot do it" in wrong.text
    client.post(address, {f"{first.number}-said": "cannot", f"{first.number}-note": "Locked by <b>a case</b>."})
    listed = client.get(reverse("corrections")).text
    assert "They cannot: Locked by &lt;b&gt;a case&lt;/b&gt;." in listed
    told = client.post(reverse("confirm_delivery", args=[delivery.reference]), follow=True).text
    assert f"{len(rest)} answers are recorded as done." in told
    assert [each.number for each in Notice.objects.exclude(answer="done")] == [first.number]
    answer(life, first)
    assert "Everything is confirmed." in client.get(reverse("corrections")).text
    assert sign_in(life.cast["rowan"]).get(reverse("corrections")).status_code == 403
    assert first.reference not in sign_in(life.cast["rowan"]).get(reverse("supply", args=[delivery.reference])).text
