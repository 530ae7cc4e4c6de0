"""Who has to sign in with more than a password."""

from allauth.mfa.models import Authenticator
from django.utils import timezone

from muniment.core import access
from muniment.core.models import User


def is_missing(user: User) -> bool:
    """Whether a role of the user's asks for a second factor and they have set none up. Recovery codes are none."""
    asked = access.declaration().second_factor
    held = {each.role for each in access.assignments(user, timezone.localdate())}
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(held & asked) and not Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists()
