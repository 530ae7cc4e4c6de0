"""A session ends after idle time and after its limit; a warning comes five minutes before, shared across tabs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from factories.screens import WIDTHS, Watch, faults_on
from factories.small_world import make_small_world
from muniment.core.models import User
from muniment.retention.models import Review
from muniment.retention.reviews import drafts

WARNING = 5 * 60
TITLE = "You will be signed out soon"


@pytest.mark.django_db(transaction=True)
def test_the_warning_is_shared_across_tabs(
    cast: dict[str, User], sign_in_on: Callable[..., Page], settings: Any, live_server: object
) -> None:
    settings.SESSION_COOKIE_AGE = WARNING + 12
    page = sign_in_on(cast["rowan"])
    other = page.context.new_page()
    other.goto(reverse("home"))
    for each in (page, other):
        expect(each.get_by_role("dialog", name=TITLE)).to_be_visible(timeout=30_000)
    watch = Watch(page, str(live_server))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert faults_on(page, watch) == []
    with page.expect_response(lambda answer: answer.url.endswith(reverse("stay"))):
        page.get_by_role("button", name="Stay signed in").click()
    for each in (page, other):
        expect(each.get_by_role("dialog", name=TITLE)).to_be_hidden(timeout=4_000)
    other.close()


@pytest.mark.django_db(transaction=True)
def test_the_limit_of_a_session_cannot_be_put_off(
    cast: dict[str, User], sign_in_on: Callable[..., Page], settings: Any
) -> None:
    settings.SESSION_ABSOLUTE_AGE = WARNING + 60
    page = sign_in_on(cast["rowan"])
    settings.SESSION_ABSOLUTE_AGE = WARNING
    page.goto(reverse("home"))
    dialog = page.get_by_role("dialog", name=TITLE)
    expect(dialog).to_contain_text("as long as one session lasts", timeout=20_000)
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_hidden()
    dialog.get_by_role("button", name="Close this message").click()
    expect(dialog).to_be_hidden()
    settings.SESSION_ABSOLUTE_AGE = 0
    page.goto(reverse("home"))
    assert reverse("account_login") in page.url


@pytest.mark.django_db(transaction=True)
def test_what_was_entered_is_asked_about_and_saved_when_the_session_ends(
    cast: dict[str, User], sign_in_on: Callable[..., Page], settings: Any
) -> None:
    make_small_world()
    review = Review.objects.filter(state="open", controller__code="northshire").first()
    assert review is not None
    page, asked = sign_in_on(cast["rowan"]), []
    address = reverse("review", args=[review.reference])
    page.goto(address)
    page.get_by_label("Reason for the decision").fill("Half a thought")
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Holds").first.click()
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    assert page.url.endswith(address)
    # As if nothing had been done for almost all of the time.
    almost = settings.SESSION_COOKIE_AGE - 12
    page.evaluate(f"localStorage.setItem('muniment-seen', String(Date.now() - {almost} * 1000))")
    page.wait_for_url(lambda reached: reverse("account_login") in reached, timeout=30_000)
    expect(page.locator("main")).to_contain_text("You were signed out because nothing was done for 30 minutes.")
    expect(page.locator("main")).to_contain_text("What you had entered was saved.")
    assert asked == ["beforeunload"], "the end of a session asks nothing"
    review.refresh_from_db()
    assert drafts.of(review).typed["reason"] == "Half a thought"


@pytest.mark.django_db(transaction=True)
def test_who_comes_back_after_the_end_is_told_so(
    cast: dict[str, User], sign_in_on: Callable[..., Page], settings: Any
) -> None:
    page = sign_in_on(cast["rowan"])
    settings.SESSION_ABSOLUTE_AGE = 0
    page.goto(reverse("holds"))
    expect(page.locator("main")).to_contain_text("You were signed out because one session lasts")
    page.context.clear_cookies()
    page.goto(reverse("holds"))
    expect(page.locator("main")).not_to_contain_text("You were signed out")
