"""Say why you look; kept for the task until changed."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme

from muniment.core import audit, purposes
from muniment.core.visits import opens, visitor


class PurposeForm(forms.Form):
    """One question."""

    purpose = forms.ChoiceField(
        label="Why are you looking?",
        choices=purposes.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why you are looking"},
    )


@opens("", purpose=False)
def purpose(request: HttpRequest) -> HttpResponse:
    """Ask for the access purpose and go on to where the user was going."""
    after = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}):
        after = "/"
    form = PurposeForm(request.POST or None, initial={"purpose": request.session.get("purpose")})
    if request.method == "POST" and form.is_valid():
        request.session["purpose"] = form.cleaned_data["purpose"]
        audit.record(visitor(request), "access.purpose")
        return redirect(after)
    return TemplateResponse(request, "workbench/purpose.html", {"form": form, "page_title": "Why are you looking?"})
