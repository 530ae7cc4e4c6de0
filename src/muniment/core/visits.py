"""A request as a visit: who comes, why, and whether they may."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from muniment.core import access, audit, purposes
from muniment.core.actors import Actor, from_user
from muniment.core.guards import UseRestricted
from muniment.core.models import Controller, Membership, User
from muniment.core.verdicts import Refused, Verdict, unless

View = Callable[..., HttpResponse]


def visitor(request: HttpRequest) -> Actor:
    """Return who makes the request, with the access purpose they gave and the covert enquiry they are in."""
    assert isinstance(request.user, User)
    return from_user(request.user, request.session.get("purpose", ""), request.session.get("enquiry", ""))


def in_enquiry(user: User, action: str) -> Verdict:
    """Say whether something may be done in a covert enquiry: only what leaves no trace that others see."""
    return access.may(user, "enquiry.covert", on=timezone.localdate()) & unless(
        action in {"", "enquiry.covert"} | access.declaration().covert,
        "This task is a covert enquiry, in which you only look: others would see the rest."
        " To do it, first change why you are looking.",
    )


def end_enquiry(request: HttpRequest) -> None:
    """Leave the covert enquiry that the task belongs to, if it does; what follows is ordinary again."""
    if request.session.get("enquiry"):
        by = visitor(request)
        audit.record(by, "enquiry.end", subject=by.enquiry)
        del request.session["enquiry"], request.session["purpose"]


def actions_of(user: User) -> frozenset[str]:
    """Return everything that a user may do today somewhere; read once a request."""
    found: frozenset[str] | None = getattr(user, "_actions", None)
    if found is None:
        roles = access.declaration().roles
        held = access.assignments(user, timezone.localdate())
        found = frozenset(action for each in held for action in roles[each.role].actions)
        user._actions = found  # type: ignore[attr-defined]
    return found


def actions_open(request: HttpRequest) -> frozenset[str]:
    """Return everything that the user may do in the task they are in."""
    assert isinstance(request.user, User)
    may = actions_of(request.user)
    return may & access.declaration().covert if request.session.get("enquiry") else may


def controllers_of(user: User, action: str) -> list[Controller]:
    """Return the controllers for which a user may do something today, joint units of theirs included."""
    known: dict[str, list[Controller]] = user.__dict__.setdefault("_controllers", {})  # many parts of a page ask
    if action not in known:
        roles, held = access.declaration().roles, access.assignments(user, timezone.localdate())
        own = {each.controller_id for each in held if action in roles[each.role].actions}
        joint = Membership.objects.filter(member__in=own).values("joint")
        known[action] = list(Controller.objects.filter(Q(pk__in=own) | Q(pk__in=joint)))
    return list(known[action])


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in page; whose session has ended learns there that it has."""
    answer = redirect_to_login(request.get_full_path())
    ended = getattr(request, "ended", "idle" if settings.SESSION_COOKIE_NAME in request.COOKIES else "")
    if ended:
        answer["Location"] += f"&{urlencode({'ended': ended})}"
    return answer


def carry_out(
    request: HttpRequest, act: Callable[[], object], said: str | Callable[[], str], *, refusal: str = "", of: str = ""
) -> None:
    """Do what was asked and say that it is done, or why it was refused; with `refusal` that is an event, `of` whom."""
    try:
        act()
        messages.success(request, said if isinstance(said, str) else said())
    except Refused as refused:
        if refusal:
            audit.record_apart(visitor(request), refusal, "refused", subject=of)
        for reason in refused.reasons:
            messages.error(request, reason)


def _restricted(request: HttpRequest, restricted: UseRestricted) -> HttpResponse:
    """Say that what was asked for does not open for the purpose given, why, and for which it does."""
    audit.record_apart(visitor(request), "access.restricted", "refused", subject=restricted.subject)
    shown = {
        "why": restricted.guard.words,
        "purposes": purposes.in_words(restricted.guard.purposes),
        "change": f"{reverse('purpose')}?{urlencode({'next': request.get_full_path()})}",
        "page_title": "Its use is restricted",
    }
    return TemplateResponse(request, "use_restricted.html", shown, status=403)


def opens(action: str, *, purpose: bool = True) -> Callable[[View], View]:
    """Let a view be opened only by who may do an action, signed in, and with an access purpose when it shows people."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
            if not isinstance(request.user, User):
                return _to_sign_in(request)
            if action:
                access.may(request.user, action, on=timezone.localdate()).require()
            if request.session.get("enquiry") and request.path != reverse("purpose"):
                in_enquiry(request.user, action).require()
            if purpose and not request.session.get("purpose"):
                return redirect(f"{reverse('purpose')}?{urlencode({'next': request.get_full_path()})}")
            try:
                return view(request, *arguments, **named)
            except UseRestricted as restricted:
                return _restricted(request, restricted)

        guarded.opens = action  # type: ignore[attr-defined]
        return guarded

    return decorate
