"""Open a review of a person because somebody asks for one, not because it is due."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core.models import Controller, User
from muniment.core.verdicts import Refused
from muniment.core.visits import controllers_of, opens, visitor
from muniment.people.views.person import opened
from muniment.retention import queries
from muniment.retention.actions import review as reviewing
from muniment.retention.deciding import doubt
from muniment.retention.forms.reviews import NeedForm
from muniment.retention.models import PersonDecision
from muniment.retention.policies import review_policy


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
    form, need = AskForm(request.POST or None), _need(request)
    form.fields["controller"].queryset = found = Controller.objects.filter(pk__in=holding)  # type: ignore[attr-defined]
    if request.method == "POST" and all([form.is_valid(), need.is_valid()]):
        said = reviewing.Need(need.cleaned_data["need"], need.cleaned_data["why"])
        try:
            review = reviewing.ask(prime, form.cleaned_data["controller"], by=visitor(request), need=said)
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            messages.success(request, f"{review.reference} is open, of the person as they are made up now.")
            return redirect("review", review.reference)
    more = {
        "form": form,
        "need": need,
        "waiting": [each for each in queries.open_reviews(prime) if each.controller_id in mine],
        "may": found.exists(),
        "joined": doubt.joined_under(prime, mine),
        "page_title": f"Open a review – {prime.reference}",
    }
    return TemplateResponse(
        request, "retention/ask_review.html", shown | more, status=422 if form.errors or need.errors else 200
    )


def _need(request: HttpRequest) -> NeedForm:
    return NeedForm(review_policy.on(timezone.localdate()).needs, request.POST or None)
