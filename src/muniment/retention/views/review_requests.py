"""The part of the page of a review that is about requests: the fields by which it answers them, and the evidence."""

from collections.abc import Mapping
from typing import Any

from django.forms import BoundField
from django.utils import timezone

from muniment.people.shown.chronology import Entry
from muniment.retention.forms.requests import RequestAnswersForm, typed_of
from muniment.retention.models import Review
from muniment.retention.policies import elsewhere, request_policy
from muniment.retention.requests import answers, attached
from muniment.retention.requests import beside as evidence
from muniment.retention.requests.beside import Beside

Line = tuple[Beside, list[BoundField], BoundField | None, BoundField]


def form(found: Review, sent: Any, typed: Mapping[str, str]) -> RequestAnswersForm:
    """Return the fields by which a review answers its requests, with what was typed or decided of them before."""
    on = timezone.localdate()
    titles = {each.code: each.title for each in elsewhere.on(on).national}
    before = typed_of(attached.to_answer(found))
    return RequestAnswersForm(found, request_policy.on(on), titles, sent, initial={**before, **typed})


def beside(asking: RequestAnswersForm, entries: list[Entry]) -> list[Line]:
    """Return each request with its evidence and its fields."""
    on = timezone.localdate()
    return [
        (
            each,
            [asking[f"there_{each.request.pk}_{code}"] for code in each.request.databases],
            None if each.request.kind == answers.ACRO else asking[f"keeping_{each.request.pk}"],
            asking[f"words_{each.request.pk}"],
        )
        for each in evidence.of(asking.requests, entries, request_policy.on(on), elsewhere.on(on))
    ]
