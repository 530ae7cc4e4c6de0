"""What every request passes: no caching, an absolute limit of a session, and the reader's scope."""

import logging
import time
from collections.abc import Callable

from allauth.core.exceptions import ImmediateHttpResponse, RateLimited, ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import logout
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from muniment.core import access, actors, audit, database
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import visitor
from muniment.site import second_factors

Handler = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)
_ANSWERED_ELSEWHERE = (Http404, ImmediateHttpResponse, RateLimited, ReauthenticationRequired)


def no_store(get_response: Handler) -> Handler:
    """Keep pages about people out of every cache; static files are served before this."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return handle


def absolute_session_limit(get_response: Handler) -> Handler:
    """End a session a fixed time after sign-in, however busy it is."""

    def handle(request: HttpRequest) -> HttpResponse:
        began = request.session.get("began")
        if request.user.is_authenticated and began and time.time() - began > settings.SESSION_ABSOLUTE_AGE:
            logout(request)
            request.ended = "limit"  # type: ignore[attr-defined]
        return get_response(request)

    return handle


def own_password(get_response: Handler) -> Handler:
    """Lead whose password someone else has set to the page where it is changed; until then nothing else opens."""
    left_open = ("account_change_password", "account_logout", "account_reauthenticate")

    def handle(request: HttpRequest) -> HttpResponse:
        asked = isinstance(request.user, User) and request.user.password_is_given
        if asked and request.path not in map(reverse, left_open):
            return redirect("account_change_password")
        return get_response(request)

    return handle


def second_factor(get_response: Handler) -> Handler:
    """Lead who may sign in with more than a password alone to the page where it is set up, when the setting asks it."""

    def handle(request: HttpRequest) -> HttpResponse:
        user, away = request.user, not request.path.startswith("/accounts/")
        if settings.SECOND_FACTOR and isinstance(user, User) and away and second_factors.is_missing(user):
            return redirect("mfa_index")
        return get_response(request)

    return handle


def within_scope(get_response: Handler) -> Handler:
    """Run the view, and render it, in one transaction as the web's role inside the reader's scope.

    Without a sitting there is no scope, and without a scope there are no rows. An error undoes what the view wrote;
    a refusal is written to the audit on a connection of its own.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        web = database.role_name("web")
        steps_down = connection.settings_dict["USER"] != web
        try:
            with transaction.atomic():
                if steps_down:
                    with connection.cursor() as cursor:
                        cursor.execute(f"SET ROLE {web}")
                try:
                    request.user_key = access.enter(request.session.get("sitting", ""))  # type: ignore[attr-defined]
                    response = get_response(request)
                    if response.status_code >= 500:
                        transaction.set_rollback(True)
                finally:
                    if steps_down and not connection.needs_rollback:
                        with connection.cursor() as cursor:
                            cursor.execute("RESET ROLE")
        finally:
            if steps_down and connection.connection and not connection.in_atomic_block:
                with connection.cursor() as cursor:
                    cursor.execute("RESET ROLE")
        return response

    def on_error(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, _ANSWERED_ELSEWHERE):
            return None
        if not isinstance(error, Refused):
            log.error("a view failed: %s", type(error).__name__)
            return None
        by = visitor(request) if isinstance(request.user, User) else actors.Actor("nobody")
        audit.record_apart(by, "access.refused", "refused", subject=request.path[:200])
        response = TemplateResponse(request, "refused.html", {"reasons": error.reasons}, status=403).render()
        transaction.set_rollback(True)  # after rendering, which reads
        return response

    handle.process_exception = on_error  # type: ignore[attr-defined]
    return handle
