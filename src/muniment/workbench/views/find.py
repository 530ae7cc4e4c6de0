"""Find people."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.visits import actions_open, opens, visitor
from muniment.objects import finding as things_finding
from muniment.people.shown import finding


class FindForm(forms.Form):
    """One box."""

    q = forms.CharField(
        label="Name, date of birth, address, postcode, registration mark or reference",
        help_text="Names in any order. Misspelt names and nicknames are found. For example: bob smith 12/5/1980. Of a"
        " mark that is known in part, write ? for a sign that is not: AB1? CDE.",
        max_length=200,
        error_messages={"required": "Enter a name, a date of birth, an address, a postcode, a mark or a reference"},
    )


@opens("person.find")
def find(request: HttpRequest) -> HttpResponse:
    """Search, and list who fits best."""
    form = FindForm(request.GET if "q" in request.GET else None)
    found: list[finding.Found] = []
    things: list[things_finding.Found] = []
    asked = form.is_bound and form.is_valid()
    if asked:
        found = finding.search(finding.ask(form.cleaned_data["q"]))
        if "object.view" in actions_open(request):
            things = things_finding.open_to(visitor(request).purpose, things_finding.search(form.cleaned_data["q"]))
        # What was typed is personal data: the audit keeps how many were shown and who, not the words.
        audit.record(
            visitor(request),
            "person.find",
            detail={
                "found": len(found) + len(things),
                "shown": [each.prime.reference for each in found] + [each.prime.reference for each in things],
            },
        )
    return TemplateResponse(
        request,
        "workbench/find.html",
        {
            "form": form,
            "found": found,
            "things": things,
            "things_first": any(each.is_sure for each in things),
            "asked": asked,
            "most": finding.MOST,
            "page_title": "Find people, places and vehicles",
        },
    )
