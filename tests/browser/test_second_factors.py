"""More than a password, in a real browser: an authenticator app, a passkey, recovery codes and a new password.

Chromium's own virtual authenticator stands for the key. Every page on the way is looked at as others are.
"""

import re
from collections.abc import Callable
from time import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect

from factories.cast import PASSWORD
from factories.screens import Looks
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, User
from muniment.workbench import accounts

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def code_of(secret: str) -> str:
    """Return the code that an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time()) // 30))


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def confirm_by_password(page: Page, looks: Looks, name: str = "") -> None:
    """Give the password again where the page asks for it."""
    if "reauthenticate" in page.url:
        if name:
            looks.at(name)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        button(page, "Continue")


def password(page: Page, user: User) -> None:
    page.goto(reverse("account_login"))
    page.fill("input[name=login]", user.username)
    page.fill("input[name=password]", PASSWORD)
    button(page, "Sign in")


def choose(page: Page, now: str) -> None:
    """Change the password."""
    page.get_by_label("Password now").fill(now)
    for label in ("New password", "New password again"):
        page.get_by_label(label, exact=True).fill("three invented words")
    button(page, "Change password")
    expect(page.locator(".moj-alert__content").first).to_have_text("Your password is changed.")


def last(number: int) -> list[tuple[str, str, str]]:
    """Return the last events of signing in: what, how it went, and by what factor."""
    events = AuditEvent.objects.filter(action__startswith="access.").order_by("pk")
    return [(each.action, each.outcome, each.detail.get("by", "")) for each in events][-number:]


def said() -> set[tuple[str, str, str]]:
    return set(last(1000))


@pytest.mark.django_db(transaction=True)
def test_an_authenticator_app_from_setting_up_to_removal(
    cast: dict[str, User], sign_in_on: Callable[..., Page], looks: Looks
) -> None:
    page = sign_in_on(cast["rowan"])
    page.get_by_role("link", name=re.compile("how you sign in")).click()
    looks.at("ways-none")
    page.get_by_role("link", name="Set up an authenticator app").click()
    confirm_by_password(page, looks, "confirm-password")
    looks.at("app")
    button(page, "Set up")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter the code that the app shows")
    looks.at("app-wrong")
    page.get_by_label("Code from the app").fill(code_of(page.locator(".app-key").inner_text()))
    secret = page.locator(".app-key").inner_text()
    button(page, "Set up")
    looks.at("codes")
    codes = page.locator(".app-codes code").all_inner_texts()
    assert len(codes) == 10
    assert secret not in Authenticator.objects.get(type="totp").data["secret"]

    button(page, "Sign out")
    cache.clear()
    password(page, cast["rowan"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    looks.at("code")
    page.get_by_label("Code", exact=True).fill("000000")
    button(page, "Continue")
    expect(page.locator(".govuk-error-summary")).to_contain_text("not right")
    looks.at("code-wrong")
    # The code of before is used up: one that was seen cannot be used again.
    page.get_by_label("Code", exact=True).fill(codes[0])
    button(page, "Continue")
    page.wait_for_url(lambda address: "accounts" not in address)

    page.goto(reverse("mfa_index"))
    looks.at("ways-app")
    page.get_by_role("link", name="See recovery codes").click()
    page.get_by_role("link", name="Use a code").click()
    looks.at("confirm-code")
    page.get_by_label("Code", exact=True).fill(codes[1])
    button(page, "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    assert codes[0] not in page.locator(".app-codes code").all_inner_texts()
    page.get_by_role("link", name="Make new codes").click()
    looks.at("new-codes")
    button(page, "Make new codes")
    page.goto(reverse("mfa_deactivate_totp"))
    looks.at("app-remove")
    button(page, "Remove authenticator app")
    expect(page.locator(".moj-alert__content").first).to_have_text("Your authenticator app is removed.")
    assert not Authenticator.objects.filter(user=cast["rowan"], type="totp").exists()

    assert said() >= {
        ("access.sign_in", "failed", "totp"),
        ("access.add_factor", "done", "totp"),
        ("access.add_factor", "done", "recovery_codes"),
        ("access.use_factor", "done", "recovery_codes"),
        ("access.renew_factor", "done", "recovery_codes"),
        ("access.remove_factor", "done", "totp"),
    }
    looks.require_no_faults()


@pytest.mark.django_db(transaction=True)
def test_a_code_signs_in(cast: dict[str, User], sign_in_on: Callable[..., Page], looks: Looks) -> None:
    page = sign_in_on(cast["rowan"])
    page.goto(reverse("mfa_activate_totp"))
    confirm_by_password(page, looks)
    secret = page.locator(".app-key").inner_text()
    page.get_by_label("Code from the app").fill(code_of(secret))
    button(page, "Set up")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    button(page, "Sign out")
    cache.clear()  # which also forgets the code that was used: a minute passes
    password(page, cast["rowan"])
    page.get_by_label("Code", exact=True).fill(code_of(secret))
    button(page, "Continue")
    page.wait_for_url(lambda address: "accounts" not in address)
    assert last(2) == [("access.use_factor", "done", "totp"), ("access.sign_in", "done", "")]


@pytest.mark.django_db(transaction=True)
def test_a_passkey_from_adding_to_removal(cast: dict[str, User], sign_in_on: Callable[..., Page], looks: Looks) -> None:
    page = sign_in_on(cast["robin"])
    browser = page.context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.goto(reverse("mfa_index"))
    page.get_by_role("link", name="Add a passkey or security key").click()
    confirm_by_password(page, looks)
    looks.at("key")
    page.get_by_label("Name", exact=True).fill("Work phone")
    button(page, "Add")
    expect(page.locator(".moj-alert__content").first).to_be_visible()
    assert Authenticator.objects.get(user=cast["robin"], type="webauthn").wrap().is_passwordless
    page.goto(reverse("mfa_list_webauthn"))
    looks.at("keys")

    button(page, "Sign out")
    cache.clear()
    page.goto(reverse("account_login"))
    looks.at("sign-in")
    button(page, "Sign in with a passkey")
    page.wait_for_url(lambda address: "accounts" not in address)
    assert last(2) == [("access.use_factor", "done", "webauthn"), ("access.sign_in", "done", "")]

    # After the password the key is asked for, too.
    button(page, "Sign out")
    cache.clear()
    password(page, cast["robin"])
    looks.at("code-or-key")
    button(page, "Use passkey or security key")
    page.wait_for_url(lambda address: "accounts" not in address)

    page.goto(reverse("mfa_list_webauthn"))
    page.get_by_role("link", name="Rename Work phone").click()
    page.get_by_role("link", name="Use a passkey").click()
    looks.at("confirm-key")
    button(page, "Use passkey or security key")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rename a passkey or security key")
    looks.at("key-rename")
    page.get_by_label("Name", exact=True).fill("Old phone")
    button(page, "Save")
    page.get_by_role("link", name="Remove Old phone").click()
    looks.at("key-remove")
    button(page, "Remove")
    expect(page.locator(".moj-alert__content").first).to_have_text("The key is removed.")
    assert ("access.add_factor", "done", "webauthn") in said()
    assert ("access.remove_factor", "done", "webauthn") in said()
    looks.require_no_faults()


@pytest.mark.django_db(transaction=True)
def test_a_passkey_that_nobody_holds_is_refused_in_words(cast: dict[str, User], page: Page, looks: Looks) -> None:
    """No key answers: the page says so, and nobody is in."""
    browser = page.context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.goto(reverse("account_login"))
    button(page, "Sign in with a passkey")
    expect(page.locator("[data-key-error]")).to_be_visible()
    looks.at("key-refused")
    looks.require_no_faults()


@pytest.mark.django_db(transaction=True)
def test_a_password_is_changed(cast: dict[str, User], sign_in_on: Callable[..., Page], looks: Looks) -> None:
    page = sign_in_on(cast["rowan"])
    page.goto(reverse("account_change_password"))
    confirm_by_password(page, looks)
    button(page, "Change password")
    expect(page.locator(".govuk-error-summary li")).to_have_count(3)
    looks.at("password-empty")
    page.get_by_label("Password now").fill("not this one")
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_label("New password again").fill("short")
    button(page, "Change password")
    expect(page.locator(".govuk-error-summary")).to_contain_text("12 characters")
    looks.at("password-wrong")
    choose(page, PASSWORD)
    assert ("access.change_password", "done", "") in said()
    cast["rowan"].refresh_from_db()
    assert cast["rowan"].check_password("three invented words")
    looks.require_no_faults()


@pytest.mark.django_db(transaction=True)
def test_a_password_that_someone_else_has_set_is_changed_first(cast: dict[str, User], page: Page, looks: Looks) -> None:
    given = accounts.reset(cast["rowan"], by=Actor("root (user)"))
    page.goto(reverse("account_login"))
    page.get_by_label("Username").fill("rowan")
    page.get_by_label("Password", exact=True).fill(given)
    button(page, "Sign in")
    for name in ("reviews", "mfa_index"):
        page.goto(reverse(name))
        assert page.url.endswith(reverse("account_change_password"))
    expect(page.locator("main")).to_contain_text("known to someone else")
    looks.at("password-given")
    choose(page, given)
    page.goto(reverse("purpose"))
    assert page.url.endswith(reverse("purpose"))
    looks.require_no_faults()


@pytest.mark.django_db(transaction=True)
def test_a_role_that_reaches_far_needs_a_second_factor(cast: dict[str, User], page: Page, settings, looks) -> None:  # type: ignore[no-untyped-def]
    settings.SECOND_FACTOR = True
    password(page, cast["rowan"])
    page.wait_for_url(lambda address: address.endswith(reverse("mfa_index")))
    looks.at("ways-wanted")
    page.goto(reverse("find"))
    assert page.url.endswith(reverse("mfa_index"))
    page.get_by_role("link", name="Set up an authenticator app").click()
    confirm_by_password(page, looks)
    page.get_by_label("Code from the app").fill(code_of(page.locator(".app-key").inner_text()))
    button(page, "Set up")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.goto(reverse("home"))
    assert page.url.endswith(reverse("home"))
    button(page, "Sign out")
    cache.clear()
    password(page, cast["robin"])  # an officer
    page.wait_for_url(lambda address: "accounts" not in address)
    looks.require_no_faults()
