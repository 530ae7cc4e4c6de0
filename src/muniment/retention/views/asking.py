"""Open a review of a person because somebody asks for one, not because it is due."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core.models import Controller, User
from muniment.core.verdicts import Refused
from muniment.core.visits import controllers_of, opens, visitor
from muniment.people.views.person import opened
from muniment.retention import doubt, queries
from muniment.retention.actions import review as reviewing
from muniment.retention.models import PersonDecision


class AskForm(forms.Form):
    """For which force or office the review is."""

    controller = forms.ModelChoiceField(
        label="For which force or office",
        queryset=Controller.objects.none(),
        empty_label="Choose",
        error_messages={"required": "Choose the force or office whose records are to be reviewed"},
    )


@opens("review.work")
def ask_review(request: HttpRequest, reference: str) -> HttpResponse:
    """Open a review of a person as they are made up now, or go to the one that waits."""
    assert isinstance(request.user, User)
    prime, shown = opened(request, reference, "ask_review")
    mine = [each.pk for each in controllers_of(request.user, "review.work")]
    holding = PersonDecision.objects.filter(prime=prime, controller__in=mine).values("controller")
    form = AskForm(request.POST or None)
    form.fields["controller"].queryset = found = Controller.objects.filter(pk__in=holding)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            review = reviewing.ask(prime, form.cleaned_data["controller"], by=visitor(request))
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            messages.success(request, f"{review.reference} is open, of the person as they are made up now.")
            return redirect("review", review.reference)
    more = {
        "form": form,
        "waiting": [each for each in queries.open_reviews(prime) if each.controller_id in mine],
        "may": found.exists(),
        "joined": doubt.joined_under(prime, mine),
        "page_title": f"Open a review – {prime.reference}",
    }
    return TemplateResponse(request, "retention/ask_review.html", shown | more, status=422 if form.errors else 200)
