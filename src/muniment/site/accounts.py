"""Accounts are made by an administrator, and the secrets of second factors are encrypted."""

import base64
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.http import HttpRequest
from django.urls import reverse

from muniment.core import places


class ClosedAccounts(DefaultAccountAdapter):
    """Sign-in without sign-up."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": "Too many tries. Wait five minutes and try again.",
        "enter_current_password": "That is not the password that you have now",
        "incorrect_password": "That is not your password",
        "rate_limited": "Too many tries. Wait five minutes and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Go on to the work."""
        return reverse("home")


class SecondFactors(DefaultMFAAdapter):
    """Factors whose secrets lie encrypted in the database, under a key that does not."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That was not right. Try again with the newest code, or with your key.",
    }

    def get_totp_issuer(self) -> str:
        """Name the program beside the code in an authenticator app."""
        return "Muniment"

    def encrypt(self, text: str) -> str:
        """Encrypt a secret for the database."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret from the database."""
        return _box().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        """Suggest a name for a key."""
        return f"Key {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(bytes.fromhex(places.derived("web", "second factors"))))
