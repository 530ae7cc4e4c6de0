"""A covert enquiry from its beginning to the page of its auditor, in a real browser."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from factories.screens import Looks
from muniment.core import audit
from muniment.core.models import User

OPERATION = "Operation Invented 12"


@pytest.mark.django_db(transaction=True)
def test_an_enquiry_and_its_auditor(cast: dict[str, User], sign_in_on: Callable[..., Page], looks: Looks) -> None:
    page = sign_in_on(cast["thorn"], purpose="COMPLAINT")
    page.goto(f"{reverse('purpose')}?next={reverse('find')}")
    looks.at("purpose")
    page.get_by_label("Covert or counter-corruption enquiry").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".govuk-error-summary li")).to_have_count(2)
    looks.at("enquiry-empty")
    page.get_by_label("Operation or enquiry").fill(OPERATION)
    page.get_by_label("Authority").fill("Head of counter-corruption, 3 March 2026")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(lambda address: address.endswith(reverse("find")))
    expect(page.locator(".app-header__user")).to_contain_text(OPERATION)
    looks.at("find")
    page.get_by_label("Name, date of birth, address, postcode, registration mark or reference").fill("smith")
    page.get_by_role("button", name="Find").click()
    page.goto(reverse("reviews"))
    looks.at("refused")
    page.get_by_role("button", name="Sign out").click()
    audit.seal()

    page = sign_in_on(cast["teasel"], purpose="AUDIT")
    page.goto(reverse("audit"))
    looks.at("audit")
    for word in (OPERATION, "enquiry.begin", "person.find", "Covert"):
        assert word not in page.locator("body").inner_text()
    page.get_by_role("button", name="Sign out").click()

    page = sign_in_on(cast["yarrow"], purpose="AUDIT")
    page.get_by_role("link", name="Covert audit").click()
    looks.at("covert-audit")
    table = page.locator("main table")
    for word in (OPERATION, "Head of counter-corruption", "enquiry.begin", "person.find", "enquiry.end"):
        expect(table).to_contain_text(word)
    looks.require_no_faults()
