"""What was recorded about a person: enquiries, requests, appeals; recording one, and its end."""

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import words
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import actions_of, opens, visitor
from muniment.people.views.person import opened
from muniment.retention import queries
from muniment.retention.actions import subject_event
from muniment.retention.forms.events import CloseForm, EventForm
from muniment.retention.holds import gone
from muniment.retention.policies import request_policy


@opens("event.record")
def person_events(request: HttpRequest, reference: str) -> HttpResponse:
    """List what was recorded about a person; take a new event, or the end of an open one."""
    prime, shown = opened(request, reference, "person_events")
    by, verb = visitor(request), request.POST.get("do")
    on = timezone.localdate()
    assert isinstance(request.user, User)
    asks = request_policy.on(on).kinds if "request.record" in actions_of(request.user) else ()
    kinds = tuple(kind for kind in subject_event.kinds(on) if kind not in asks)  # those have a form of their own
    form = EventForm(kinds, request.POST if verb == "record" else None)
    closing = CloseForm(request.POST if verb == "close" else None)
    if form.is_valid():
        given = form.cleaned_data
        if _done(form, lambda: subject_event.record(prime, by=by, **given)):
            messages.success(request, "Recorded. What follows from it is worked out within a minute.")
            if went := gone.of_person(prime):
                messages.warning(request, f"Of this person some had gone before: {gone.in_words(went)}")
            return redirect("person_events", prime.reference)
    if closing.is_valid():
        event = queries.events_about(prime).filter(pk=closing.cleaned_data["event"]).first()
        if event is None:
            raise Http404
        if _done(closing, lambda: subject_event.close(event, by=by, closed=closing.cleaned_data["closed"])):
            messages.success(request, "The end is recorded. What follows from it is worked out within a minute.")
            return redirect("person_events", prime.reference)
    return TemplateResponse(
        request,
        "retention/events.html",
        {
            **shown,
            "page_title": f"Enquiries and requests – {prime.reference}",
            "form": form,
            "closing": closing,
            "events": queries.events_about(prime),
            "today": words.typed(on),
        },
        status=422 if form.errors or closing.errors else 200,
    )


def _done(form: Form, act: Callable[[], object]) -> bool:
    try:
        act()
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error(None, reason)
        return False
    return True
