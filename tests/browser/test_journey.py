"""From a review to a certificate, as three people do it, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from factories.small_world import make_small_world
from muniment.core.actors import Actor
from muniment.core.models import User
from muniment.people.queries import identity, nominals_of
from muniment.people.shown.chronology import chronology
from muniment.retention.actions import destruction
from muniment.retention.deciding import letting_go
from muniment.retention.models import DisposalOrder, Duty, Review
from muniment.retention.reviews import assessment

REASON = "Invented for a test: nothing in these records is necessary any more."


def _free_review() -> Review:
    """Return a waiting review of someone all of whose records are Northshire's and may go today, waiting for nobody."""
    for review in Review.objects.filter(state="open", controller__code="northshire").order_by("risk", "pk"):
        entries = chronology(review.prime)
        own = all(entry.record.system.controller_id == review.controller_id for entry in entries)
        born = identity(review.prime, list(nominals_of(review.prime))).born
        besides = letting_go.Besides.of_person([entry.record.pk for entry in entries], review.prime_id)
        free = all(besides.let_go(entry.record.pk, entry.record.decision) for entry in entries)
        alone = not besides.waiting and not besides.matches.unsettled
        if entries and own and born and free and alone:
            return review
    pytest.fail("The small world has no review of which everything may go: choose another seed.")


def _misspelt(review: Review) -> str:
    """Return the name without one letter inside, and the year of birth."""
    who = identity(review.prime, list(nominals_of(review.prime)))
    assert who.born is not None
    *first, last = who.name.split()
    return " ".join([*first, last[:2] + last[3:], who.born.text.split()[-1]])


def _say(page: Page) -> str:
    return page.locator(".moj-alert__content").first.inner_text()


def test_from_review_to_certificate(cast: dict[str, User], sign_in_on: Callable[..., Page], settings: Any) -> None:
    settings.COOLING_OFF_MINUTES = 0
    make_small_world()
    review = _free_review()
    person = reverse("person", args=[review.prime.reference])

    page = sign_in_on(cast["rowan"])
    page.goto(reverse("find"))
    page.get_by_label("Name, date of birth, address, postcode, registration mark or reference").fill(_misspelt(review))
    page.get_by_role("button", name="Find").click()
    page.locator(f"main a[href='{person}']").click()
    page.get_by_role("link", name=f"Open review {review.reference}").click()

    # Deciding without answers says what is missing beside each question, and keeps what was typed.
    page.get_by_label("Reason for the decision").fill(REASON)
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    expect(page.locator(".govuk-error-message")).to_have_count(len(assessment.asked(review.prime_id)) + 1)
    expect(page.get_by_label("Reason for the decision")).to_have_value(REASON)
    for key in assessment.asked(review.prime_id):
        page.locator(f"input[name=answer_{key}][value=no]").check()
    page.get_by_label("Dispose of everything").check()
    page.get_by_role("button", name="Decide").click()
    assert "waits for someone else's approval" in _say(page)
    expect(page.get_by_role("button", name="Next review")).to_be_visible()
    order = DisposalOrder.objects.get(review=review)
    page.get_by_role("link", name=f"Disposal {order.reference}").click()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()

    page = sign_in_on(cast["ash"])
    page.goto(reverse("disposal", args=[order.reference]))
    page.get_by_role("button", name="Approve").click()
    assert "cooling-off has begun" in _say(page)
    destruction.work(by=Actor("worker"))
    page.reload()
    for place in range(order.instructions.count()):
        page.get_by_label("Its answer").nth(place).select_option("done")
        page.get_by_role("button", name="Record the answer").nth(place).click()
        assert "answer is recorded" in _say(page)
    for duty in Duty.objects.filter(order=order, answer=""):  # national databases, by what is known of the person
        page.goto(reverse("duty", args=[duty.reference]))
        page.get_by_label("The answer").select_option("done")
        page.get_by_role("button", name="Record it").click()
        assert "answer is recorded" in _say(page)
    destruction.work(by=Actor("worker"))
    page.goto(reverse("disposal", args=[order.reference]))
    certificate = page.request.get(reverse("certificate", args=[order.reference]))
    assert certificate.ok
    assert certificate.body().startswith(b"%PDF")
    assert page.goto(person).status == 404  # type: ignore[union-attr]


def test_reviewers_see_each_other_and_open_requests(cast: dict[str, User], sign_in_on: Callable[..., Page]) -> None:
    """Who saves in a second tab learns what the first saved, and loses nothing of their own."""
    make_small_world()
    review = Review.objects.filter(state="open", controller__code="northshire").order_by("-risk").first()
    assert review is not None
    address = reverse("review", args=[review.reference])
    page = sign_in_on(cast["rowan"])
    page.goto(address)
    second = page.context.new_page()
    second.goto(address)
    second.locator("input[name=answer_vulnerable][value=yes]").check()
    second.locator("textarea[name=reason_vulnerable]").fill("Saved first.")
    second.get_by_role("button", name="Save and stay").click()
    assert "saved" in _say(second)
    page.locator("textarea[name=reason_vulnerable]").fill("Typed meanwhile.")
    page.get_by_role("button", name="Save and stay").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("You saved this review yourself")
    expect(page.locator("textarea[name=reason_vulnerable]")).to_have_value("Typed meanwhile.")
    expect(page.locator("main")).to_contain_text("Yes. Saved first.")
    page.get_by_role("button", name="Save and stay").click()
    assert "saved" in _say(page)
    _access_request_shows(page, review)


def _access_request_shows(page: Page, review: Review) -> None:
    """An open request stands on every page of its person until it is closed."""
    page.goto(reverse("person_events", args=[review.prime.reference]))
    page.get_by_label("What happened").select_option("sar")
    page.get_by_label("Day on which it happened").fill("1 2 2026")
    page.get_by_role("button", name="Record the event").click()
    for address in (reverse("person", args=[review.prime.reference]), reverse("review", args=[review.reference])):
        page.goto(address)
        expect(page.locator("main")).to_contain_text("Subject access request of 1 February 2026 is open")
    page.goto(reverse("person_events", args=[review.prime.reference]))
    page.get_by_text("Record that it ended").click()
    page.get_by_role("button", name="Record the end").click()
    page.goto(reverse("person", args=[review.prime.reference]))
    expect(page.locator("main")).not_to_contain_text("is open")
