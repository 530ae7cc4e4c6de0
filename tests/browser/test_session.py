"""A session ends after idle time and after its limit; a warning comes five minutes before, shared across tabs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from factories.screens import WIDTHS, Watch, faults_on
from muniment.core.models import User

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
