"""Say why you look; kept for the task until changed."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from muniment.core import audit, purposes
from muniment.core.models import User
from muniment.core.visits import actions_of, end_enquiry, opens, visitor


class PurposeForm(forms.Form):
    """One question; the covert purpose is offered to those alone who may make covert enquiries."""

    purpose = forms.ChoiceField(
        label="Why are you looking?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why you are looking"},
    )

    def __init__(self, user: User, *arguments: object, **named: object) -> None:
        """Offer what the user may choose."""
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        covert = "enquiry.covert" in actions_of(user)
        self.fields["purpose"].choices = purposes.choices(covert=covert)  # type: ignore[attr-defined]


class EnquiryForm(forms.Form):
    """Which covert enquiry, and who authorised it."""

    reference = forms.CharField(
        label="Operation or enquiry",
        help_text="Its name or reference. It is kept with everything that you open.",
        max_length=80,
        error_messages={"required": "Enter the name or reference of the operation or enquiry"},
    )
    authority = forms.CharField(
        label="Authority",
        help_text="Who authorised it, and when. For example: Head of counter-corruption, 3 March 2026",
        max_length=200,
        error_messages={"required": "Enter who authorised it, and when"},
    )


def _after(request: HttpRequest) -> str:
    after = request.GET.get("next", "/")
    return after if url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}) else "/"


@opens("", purpose=False)
def purpose(request: HttpRequest) -> HttpResponse:
    """Ask for the access purpose and go on to where the user was going; a covert enquiry has one more step."""
    assert isinstance(request.user, User)
    after = _after(request)
    form = PurposeForm(request.user, request.POST or None, initial={"purpose": request.session.get("purpose")})
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["purpose"] == purposes.COVERT:
            return redirect(f"{reverse('covert_enquiry')}?{urlencode({'next': after})}")
        end_enquiry(request)
        request.session["purpose"] = form.cleaned_data["purpose"]
        audit.record(visitor(request), "access.purpose")
        return redirect(after)
    return TemplateResponse(request, "workbench/purpose.html", {"form": form, "page_title": "Why are you looking?"})


@opens("enquiry.covert", purpose=False)
def covert_enquiry(request: HttpRequest) -> HttpResponse:
    """Begin a covert enquiry: from here on every event of the task is in the covert audit alone."""
    form = EnquiryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        end_enquiry(request)
        given = form.cleaned_data
        request.session["purpose"], request.session["enquiry"] = purposes.COVERT, given["reference"]
        audit.record(
            visitor(request), "enquiry.begin", subject=given["reference"], detail={"authority": given["authority"]}
        )
        return redirect(_after(request))
    return TemplateResponse(
        request, "workbench/covert_enquiry.html", {"form": form, "page_title": "Covert or counter-corruption enquiry"}
    )
