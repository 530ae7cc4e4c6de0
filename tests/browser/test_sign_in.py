"""Signing in, in a real browser."""

from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import Page

from muniment.core.models import User


def test_sign_in_leads_home(cast: dict[str, User], sign_in_on: Callable[..., Page]) -> None:
    page = sign_in_on(cast["rowan"])
    assert page.get_by_role("heading", level=1).first.inner_text()
    assert page.get_by_role("link", name="Reviews", exact=True).is_visible()


def test_wrong_password_is_refused_in_words(cast: dict[str, User], page: Page) -> None:
    page.goto(reverse("account_login"))
    page.fill("input[name=login]", "rowan")
    page.fill("input[name=password]", "not the password")
    page.locator("main button[type=submit]").first.click()
    assert "not correct" in page.locator("main").inner_text()
