"""A real browser on a real server: Debian's Chromium on pytest-django's live server."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from factories.cast import PASSWORD
from factories.screens import Looks
from muniment.core.models import User

# Chromium's own sandbox does not run as root, and a small /dev/shm ends it.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
TIMEOUT_MS = 15_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once for all tests."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("Chromium is missing: run `make test`, which installs it, or apt-get install chromium.")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Open an empty page whose addresses begin at the live server. An error in a script fails the test."""
    context = browser.new_context(base_url=live_server.url, locale="en-GB", timezone_id="Europe/London")
    context.set_default_timeout(TIMEOUT_MS)
    errors: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def looks(page: Page, live_server: LiveServer, tmp_path: Path) -> Looks:
    """Return what looks at each page on a way, at both widths."""
    cache.clear()  # sign-ins are limited to so many a minute
    return Looks(page, str(live_server), tmp_path)


@pytest.fixture
def sign_in_on(page: Page) -> Callable[..., Page]:
    """Return a function that signs a user in on the page and says why they look."""

    def signed(user: User, *, purpose: str = "RETENTION_REVIEW") -> Page:
        page.goto(reverse("account_login"))
        page.fill("input[name=login]", user.username)
        page.fill("input[name=password]", PASSWORD)
        page.locator("main button[type=submit]").first.click()
        page.wait_for_url(lambda address: reverse("account_login") not in address)
        page.goto(reverse("purpose"))
        page.check(f"input[name=purpose][value={purpose}]")
        page.locator("main button[type=submit]").first.click()
        page.wait_for_url(lambda address: reverse("purpose") not in address)
        return page

    return signed
