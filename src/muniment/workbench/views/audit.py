"""The audit, for auditors: who did and looked at what, when and why."""

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from muniment.core import audit as auditing
from muniment.core.models import AuditEvent, AuditLeaf, AuditSeal
from muniment.core.visits import opens, visitor


class AuditForm(forms.Form):
    """How to narrow the audit."""

    actor = forms.CharField(label="Who", required=False, max_length=150)
    action = forms.CharField(label="What they did", required=False, max_length=80)
    subject = forms.CharField(label="To what", required=False, max_length=200)


@opens("audit.view", purpose=False)
def audit(request: HttpRequest) -> HttpResponse:
    """List events, newest first; looking at the audit is an event too."""
    form = AuditForm(request.GET)
    form.is_valid()
    events = AuditEvent.objects.filter(compartment="ordinary").order_by("-pk")
    for name, value in form.cleaned_data.items():
        if value:
            events = events.filter(**{f"{name}__icontains": value})
    auditing.record(visitor(request), "audit.view", detail={k: bool(v) for k, v in form.cleaned_data.items()})
    seal = AuditSeal.objects.order_by("-number").first()
    return TemplateResponse(
        request,
        "workbench/audit.html",
        {
            "form": form,
            "page": Paginator(events, 50).get_page(request.GET.get("page")),
            "seal": seal,
            "unsealed": AuditEvent.objects.count() - AuditLeaf.objects.count(),
            "page_title": "Audit",
        },
    )
