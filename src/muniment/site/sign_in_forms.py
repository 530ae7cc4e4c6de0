"""The forms of signing in, in our words: each error says what to do."""

from typing import Any, ClassVar

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, LoginWebAuthnForm
from django import forms

from muniment.site import sign_ins


class _Said(forms.Form):
    """A form whose errors say what to do: by field, what to say when it is empty."""

    empty: ClassVar[dict[str, str]] = {}

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for name, words in self.empty.items():
            self.fields[name].error_messages["required"] = words
            self.fields[name].help_text = ""  # the library's own leads to pages that are closed


class SignIn(_Said, LoginForm):
    """Username and password."""

    empty: ClassVar = {"login": "Enter your username", "password": "Enter your password"}


class ConfirmByPassword(_Said, ReauthenticateForm):
    """The password once more."""

    empty: ClassVar = {"password": "Enter your password"}


class NewPassword(_Said, ChangePasswordForm):
    """A new password, twice."""

    empty: ClassVar = {
        "oldpassword": "Enter the password that you have now",
        "password1": "Enter a new password",
        "password2": "Enter the new password again",
    }


class ByCode(_Said, AuthenticateForm):
    """A code, after the password."""

    empty: ClassVar = {"code": "Enter a code"}


class ConfirmByCode(_Said, ReauthenticateByCodeForm):
    """A code once more."""

    empty: ClassVar = {"code": "Enter a code"}


class AddApp(_Said, ActivateTOTPForm):
    """The first code of an authenticator app."""

    empty: ClassVar = {"code": "Enter the code that the app shows"}


class AddKey(AddWebAuthnForm):
    """A key, as a passkey or beside the password."""

    passwordless = forms.BooleanField(
        label="Use it instead of the password (a passkey)",
        help_text="It then asks for a PIN, finger or face. Without this it is asked for after the password.",
        required=False,
        initial=True,
    )


class ByPasskey(LoginWebAuthnForm):
    """A passkey alone; one that is refused is audited, as a wrong password is."""

    def clean_credential(self) -> Authenticator:
        """Return the authenticator that the answer proves."""
        try:
            return super().clean_credential()
        except (forms.ValidationError, KeyError, TypeError, ValueError) as error:  # an odd answer is no fault of ours
            sign_ins.passkey_refused()
            raise get_adapter().validation_error("incorrect_code") from error
