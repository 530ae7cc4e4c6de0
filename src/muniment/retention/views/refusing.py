"""Refusing a request, or charging for it, without waiting for its review; what was paid, and what was not."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core.visits import carry_out, opens, visitor
from muniment.retention.actions import request_times
from muniment.retention.forms.refusals import PaidForm
from muniment.retention.policies import request_policy
from muniment.retention.views import request_refusals, requests

_REFUSED = "request.refused"


@require_POST
@opens("request.reply")
def refuse_request(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """Draft the letter that refuses a request for a reason, or asks for a fee instead."""
    found, by, said = (
        requests.found_request(request, reference),
        visitor(request),
        request_policy.on(timezone.localdate()),
    )
    if code not in said.refusals:
        raise Http404
    form = request_refusals.form(found, said.refusals[code], said, request.POST)

    def write(_: Mapping[str, Any]) -> None:
        request_times.write(found, form.as_written(), by=by)

    if requests.done(form, "words", write, by=by, of=found):
        return redirect("request", found.reference)
    return requests.page(request, found, other={request_refusals.named(code): form})


@require_POST
@opens("request.record")
def pay_fee(request: HttpRequest, reference: str) -> HttpResponse:
    """Record when the fee of a request was paid."""
    found, by = requests.found_request(request, reference), visitor(request)
    form: forms.Form = PaidForm(request.POST)

    def pay(given: Mapping[str, Any]) -> None:
        request_times.pay(found, by=by, paid_on=given["paid_on"])

    if requests.done(form, "paid_on", pay, by=by, of=found):
        return redirect("request", found.reference)
    return requests.page(request, found, other={"paid": form})


@require_POST
@opens("request.record")
def close_unpaid(request: HttpRequest, reference: str) -> HttpResponse:
    """Close a request whose fee was not paid."""
    found = requests.found_request(request, reference)
    close = partial(request_times.close_unpaid, found, by=visitor(request))
    carry_out(
        request, close, "Recorded: the fee was not paid, and the request is over.", refusal=_REFUSED, of=found.reference
    )
    return redirect("request", found.reference)
