"""Find people."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.visits import opens, visitor
from muniment.people import finding


class FindForm(forms.Form):
    """One box."""

    q = forms.CharField(
        label="Name, date of birth, postcode or reference",
        help_text="Names in any order. Misspelt names and nicknames are found. For example: bob smith 12/5/1980",
        max_length=200,
        error_messages={"required": "Enter a name, a date of birth, a postcode or a reference"},
    )


@opens("person.find")
def find(request: HttpRequest) -> HttpResponse:
    """Search, and list who fits best."""
    form = FindForm(request.GET if "q" in request.GET else None)
    found: list[finding.Found] = []
    asked = form.is_bound and form.is_valid()
    if asked:
        found = finding.search(finding.ask(form.cleaned_data["q"]))
        # What was typed is personal data: the audit keeps how many were shown and who, not the words.
        audit.record(
            visitor(request),
            "person.find",
            detail={"found": len(found), "shown": [each.prime.reference for each in found]},
        )
    return TemplateResponse(
        request,
        "workbench/find.html",
        {"form": form, "found": found, "asked": asked, "most": finding.MOST, "page_title": "Find people"},
    )
