"""Settings that contradict each other, reported before the site is served."""

from typing import Any

from django.conf import settings
from django.core import checks


def production(**_: Any) -> list[checks.CheckMessage]:
    """Warn where records are real and signing in is weaker than it can be."""
    found: list[checks.CheckMessage] = []
    if settings.DEMONSTRATION:
        return found
    if not settings.SECOND_FACTOR:
        found.append(
            checks.Warning(
                "Roles that see much of others sign in with a password alone.",
                hint="Leave out MUNIMENT_SECOND_FACTOR, or say yes.",
                id="muniment.W001",
            )
        )
    if not settings.SECURE_COOKIES:
        found.append(
            checks.Warning(
                "Sessions and passwords travel in clear, and passkeys do not work.",
                hint="Say MUNIMENT_HTTPS=yes and put a server that ends HTTPS in front.",
                id="muniment.W002",
            )
        )
    if settings.DEBUG:
        found.append(
            checks.Error("Faults show records in the browser.", hint="Leave out MUNIMENT_DEBUG.", id="muniment.E001")
        )
    return found


def connect() -> None:
    """Register the check."""
    checks.register(production, checks.Tags.security)
