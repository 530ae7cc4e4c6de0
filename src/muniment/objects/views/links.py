"""Who and what is linked to a person, in two steps: a chart, and the same as a table."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from muniment.core import audit, words
from muniment.core.govuk_fields import DayField
from muniment.core.visits import actions_open, opens, visitor
from muniment.objects.network import KINDS, LATEST, Asked
from muniment.objects.network_shown import MOST, network
from muniment.people.views.person import opened
from muniment.records.models import Involvement


class LinksForm(forms.Form):
    """How to narrow the links."""

    steps = forms.ChoiceField(label="Steps", required=False, choices=[("", "Two"), ("1", "One: direct only")])
    kind = forms.ChoiceField(label="Linked by", required=False, choices=[("", "Everything"), *KINDS.items()])
    role = forms.ChoiceField(label="Part in the record", required=False)
    since = DayField(label="Happened from", required=False)
    until = DayField(label="Happened until", required=False)

    def __init__(self, given: Any, roles: list[str]) -> None:
        """Offer the parts that the person has had."""
        super().__init__(given)
        said = sorted((words.say("role", code), code) for code in roles)
        self.fields["role"].choices = [("", "Any"), *((code, label) for label, code in said)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Return what was entered; the days in their order."""
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and since > until:
            self.add_error("until", "Enter a day on or after the first")
        return given

    def asked(self, *, with_objects: bool) -> Asked:
        """Return what is asked for; what is wrongly entered narrows nothing."""
        given = self.cleaned_data
        return Asked(
            kinds=frozenset([given["kind"]] if given.get("kind") else KINDS),
            role=given.get("role", ""),
            since=given.get("since"),
            until=given.get("until"),
            steps=1 if given.get("steps") == "1" else 2,
            with_objects=with_objects,
        )


@opens("person.view")
def person_links(request: HttpRequest, reference: str) -> HttpResponse:
    """Show who and what is linked, narrowed as is asked; the chart is drawn from the same links."""
    prime, shown = opened(request, reference, "person_links")
    parts = Involvement.objects.filter(nominal__in=shown["nominals"]).order_by("role")
    form = LinksForm(request.GET, list(parts.values_list("role", flat=True).distinct()))
    form.is_valid()
    asked = form.asked(with_objects="object.view" in actions_open(request))
    found = network(prime, shown["who"].name, asked, visitor(request).purpose)
    told = {line.reference: line for line in found.lines}
    audit.record(visitor(request), "person.links", subject=prime.reference, detail={"shown": sorted(told)})
    nodes = [{**node, "href": _href(node)} for node in found.nodes]
    return TemplateResponse(
        request,
        "objects/links.html",
        {
            **shown,
            "form": form,
            "found": found,
            "lines": [(line, _href({"kind": line.node.kind, "reference": line.reference})) for line in found.lines],
            "chart": {"nodes": nodes, "edges": list(found.edges)},
            "drawn": sum(node.get("reference", "") in told for node in nodes),
            "most": MOST,
            "latest": LATEST,
        },
        status=422 if form.errors else 200,
    )


def _href(node: dict[str, Any]) -> str:
    return reverse(node["kind"], args=[node["reference"]]) if node.get("reference") else ""
