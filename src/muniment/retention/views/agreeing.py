"""The second person: agreeing to what another decided in a review, or sending it back."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from muniment.core.visits import carry_out, opens, visitor
from muniment.retention.actions import agreeing
from muniment.retention.forms.reviews import DisagreeForm
from muniment.retention.views.review import found_review


@require_POST
@opens("review.agree")
def agree_review(request: HttpRequest, reference: str) -> HttpResponse:
    """Agree to a decision that waits for a second person."""
    found = found_review(reference)
    act = partial(agreeing.agree, found, by=visitor(request), seen=request.POST.get("seen", ""))
    carry_out(request, act, f"{found.reference} is decided: you have agreed.", refusal="review.refused", of=reference)
    return redirect(f"{reverse('review', args=[reference])}{_query(request)}")


@require_POST
@opens("review.agree")
def return_review(request: HttpRequest, reference: str) -> HttpResponse:
    """Send a decision back to whoever took it."""
    found, form = found_review(reference), DisagreeForm(request.POST)
    form.is_valid()
    act = partial(agreeing.send_back, found, by=visitor(request), note=form.cleaned_data.get("note", ""))
    said = f"{found.reference} is with {found.decided_by} again."
    carry_out(request, act, said, refusal="review.refused", of=reference)
    return redirect(f"{reverse('review', args=[reference])}{_query(request)}")


def _query(request: HttpRequest) -> str:
    return f"?{request.GET.urlencode()}" if request.GET else ""
