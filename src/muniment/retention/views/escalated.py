"""What is said of a review that waited too long and was put before somebody: taken up, or left where it is."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from muniment.core.visits import carry_out, opens, visitor
from muniment.retention.actions import escalating
from muniment.retention.forms.reviews import EscalationForm
from muniment.retention.views.review import found_review


@require_POST
@opens("review.work")
def take_up_escalated(request: HttpRequest, reference: str) -> HttpResponse:
    """Take up a review that was escalated to the reader."""
    found = found_review(reference)
    taking = partial(escalating.take_up, found, by=visitor(request))
    carry_out(request, taking, "It is with you.", refusal="review.refused", of=found.reference)
    return redirect("review", reference)


@require_POST
@opens("review.work")
def send_back_escalated(request: HttpRequest, reference: str) -> HttpResponse:
    """Say why a review that was escalated stays with whoever has it."""
    found, form = found_review(reference), EscalationForm(request.POST)
    form.is_valid()
    sending = partial(escalating.send_back, found, by=visitor(request), reason=form.cleaned_data.get("note", ""))
    carry_out(request, sending, "It stays where it is.", refusal="review.refused", of=found.reference)
    return redirect("review", reference)
