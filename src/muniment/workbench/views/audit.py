"""The audit, for auditors: who did and looked at what, when and why; and the audit of covert enquiries, for theirs."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from muniment.core import audit as auditing
from muniment.core.govuk_fields import DayField
from muniment.core.models import AuditEvent, AuditLeaf, CovertEvent, CovertLeaf
from muniment.core.visits import opens, visitor


class AuditForm(forms.Form):
    """How to narrow the audit."""

    actor = forms.CharField(label="Who", required=False, max_length=150)
    action = forms.CharField(label="What they did", required=False, max_length=80)
    subject = forms.CharField(label="To what", required=False, max_length=200)
    since = DayField(label="From", required=False)
    until = DayField(label="Until", required=False)


@dataclass(frozen=True)
class _Part:
    """A part of the audit as its readers see it."""

    title: str
    events: Any
    leaves: Any
    is_covert: bool


_ORDINARY = _Part("Audit", AuditEvent, AuditLeaf, is_covert=False)
_COVERT = _Part("Audit of covert enquiries", CovertEvent, CovertLeaf, is_covert=True)


@opens("audit.view", purpose=False)
def audit(request: HttpRequest) -> HttpResponse:
    """List events, newest first; looking at the audit is an event too."""
    return _show(request, _ORDINARY)


@opens("audit.covert", purpose=False)
def covert_audit(request: HttpRequest) -> HttpResponse:
    """List the events of covert enquiries; that somebody read them is itself covert."""
    return _show(request, _COVERT)


def _said(detail: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says besides, without lists: whom a search showed is for those who ask about it."""
    return {name: value for name, value in detail.items() if not isinstance(value, list | dict)}


def _show(request: HttpRequest, part: _Part) -> HttpResponse:
    form = AuditForm(request.GET)
    form.is_valid()
    events = part.events.objects.order_by("-pk")
    for name in ("actor", "action", "subject"):
        if value := form.cleaned_data.get(name):
            events = events.filter(**{f"{name}__icontains": value})
    for name, how in (("since", "gte"), ("until", "lte")):
        if value := form.cleaned_data.get(name):
            events = events.filter(**{f"at__date__{how}": value})
    narrowed = {name: bool(value) for name, value in form.cleaned_data.items()}
    auditing.record(visitor(request), "audit.view", detail=narrowed, covert=part.is_covert)
    page = Paginator(events, 50).get_page(request.GET.get("page"))
    last = part.leaves.objects.order_by("-number").values("event_id")[:1]
    leaf = part.leaves.objects.filter(event_id=OuterRef("pk"))
    return TemplateResponse(
        request,
        "workbench/audit.html",
        {
            "form": form,
            "page": page,
            "said": [(event, {} if part.is_covert else _said(event.detail)) for event in page],
            "part": part,
            "sealed_until": part.events.objects.filter(pk__in=last).values_list("at", flat=True).first(),
            "unsealed": part.events.objects.filter(~Exists(leaf)).count(),
            "page_title": part.title,
        },
    )
