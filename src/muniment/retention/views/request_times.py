"""What moves the time of a request: letters before the reply, what establishes who asked, and its silent end."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core.visits import carry_out, opens, visitor
from muniment.retention.actions import request_times, restricting
from muniment.retention.forms.requests import ArrivedForm, ExtensionForm, IdentityLetterForm, LiftingForm
from muniment.retention.policies import request_policy
from muniment.retention.requests.letters import About, Written
from muniment.retention.views import requests

_REFUSED = "request.refused"


@require_POST
@opens("request.reply")
def write_letter(request: HttpRequest, reference: str, about: str) -> HttpResponse:
    """Draft a letter that goes before the reply: who they are is asked, or more time is needed."""
    found, by = requests.found_request(request, reference), visitor(request)
    form: forms.Form
    if about == About.IDENTITY:
        form = IdentityLetterForm(request.POST)
    elif about == About.EXTENSION:
        form = ExtensionForm(request_policy.on(timezone.localdate()), request.POST)
    elif about == About.LIFTING:
        form = LiftingForm(request.POST)
    else:
        raise Http404

    def write(given: Mapping[str, Any]) -> None:
        request_times.write(found, Written(about, given["words"], given.get("reason", "")), by=by)

    if requests.done(form, "words", write, by=by, of=found):
        return redirect("request", found.reference)
    return requests.page(request, found, other={about: form})


@require_POST
@opens("request.record")
def establish_identity(request: HttpRequest, reference: str) -> HttpResponse:
    """Record when what establishes who asked arrived."""
    found, by, form = requests.found_request(request, reference), visitor(request), ArrivedForm(request.POST)

    def establish(given: Mapping[str, Any]) -> None:
        request_times.establish(found, by=by, received_on=given["received_on"])

    if requests.done(form, "received_on", establish, by=by, of=found):
        return redirect("request", found.reference)
    return requests.page(request, found, other={"arrived": form})


@require_POST
@opens("request.reply")
def keep_restriction(request: HttpRequest, reference: str) -> HttpResponse:
    """Record that somebody looked at a restriction again, and that it stays."""
    found = requests.found_request(request, reference)
    keep = partial(restricting.keep, found, by=visitor(request))
    carry_out(request, keep, "Recorded: the restriction stays.", refusal=_REFUSED, of=found.reference)
    return redirect("request", found.reference)


@require_POST
@opens("request.record")
def lapse_request(request: HttpRequest, reference: str) -> HttpResponse:
    """Close a request whose asker did not send what establishes who they are."""
    found = requests.found_request(request, reference)
    lapse = partial(request_times.lapse, found, by=visitor(request))
    carry_out(request, lapse, "Recorded: the request is over.", refusal=_REFUSED, of=found.reference)
    return redirect("request", found.reference)
