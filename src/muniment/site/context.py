"""What every page knows."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from muniment.core import purposes
from muniment.core.models import User
from muniment.core.visits import actions_open
from muniment.site import second_factors
from muniment.workbench import demonstration

# Address name, words, and the action that opens it; the first that leads to the page is marked as current.
NAVIGATION = (
    ("home", "Home", ""),
    ("find", "Find", "person.find"),
    ("reviews", "Reviews", "review.work"),
    ("requests", "Requests", "request.view"),
    ("disposals", "Disposals", "disposal.view"),
    ("holds", "Holds", "hold.place"),
    ("matches", "Possible matches", "match.judge"),
    ("linkage", "Linkage", "linkage.view"),
    ("supplies", "Given", "export.view"),
    ("intakes", "Intake", "intake.view"),
    ("schedule", "Schedule", "schedule.view"),
    ("falls_due", "What falls due", "foresight.view"),
    ("checks", "Checks", "check.view"),
    ("audit", "Audit", "audit.view"),
    ("covert_audit", "Covert audit", "audit.covert"),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the marking, the navigation and the access purpose of a page."""
    found: dict[str, Any] = {
        "marking": "OFFICIAL-SENSITIVE",
        "demonstration": settings.DEMONSTRATION,
        "idle_seconds": settings.SESSION_COOKIE_AGE,
        "idle_minutes": settings.SESSION_COOKIE_AGE // 60,
        "limit_hours": settings.SESSION_ABSOLUTE_AGE // 3600,
    }
    user = getattr(request, "user", None)
    if isinstance(user, User):
        enquiry = request.session.get("enquiry", "")
        found["may"] = actions_open(request)
        found["navigation"] = _navigation(found["may"], request.path)
        found["limit_seconds"] = _until_limit(request)
        found["second_factor_wanted"] = lambda: settings.SECOND_FACTOR and second_factors.is_missing(user)
        found["purpose_words"] = purposes.words(request.session.get("purpose", "")) + (enquiry and f", {enquiry}")
    elif settings.DEMONSTRATION:
        found["demonstration_users"] = demonstration.USERS
        found["demonstration_password"] = demonstration.PASSWORD
    return found


def _until_limit(request: HttpRequest) -> int:
    """Return the seconds until the session ends however busy it is."""
    began = float(request.session.get("began", time.time()))
    return max(0, int(began + settings.SESSION_ABSOLUTE_AGE - time.time()))


def _navigation(may: frozenset[str], path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for name, text, action in NAVIGATION:
        if not action or action in may:
            href = reverse(name)
            items.append(
                {"href": href, "text": text, "current": path == href or (name != "home" and path.startswith(href))}
            )
    return items
