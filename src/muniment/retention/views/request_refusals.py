"""The part of the page of a request that is about refusing it, or charging for it, before its review is decided."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from muniment.retention.actions import request_times
from muniment.retention.forms.refusals import PaidForm, RefusalForm
from muniment.retention.models import PersonRequest
from muniment.retention.policies.request_policy import Refusal, RequestPolicy
from muniment.retention.requests import letters, refusals
from muniment.retention.requests.letters import About

_NAMED = "refusal:"


def named(code: str) -> str:
    """Return by which name the page knows the form of a reason."""
    return f"{_NAMED}{code}"


def form(found: PersonRequest, refusal: Refusal, said: RequestPolicy, sent: Any = None) -> RefusalForm:
    """Return the form of a reason; with a fee where one can be asked for it today."""
    charged = refusal.is_charged and letters.can_be_written(found, About.FEE, timezone.localdate())
    return RefusalForm(refusal, refusals.fee_of(found, said) if charged else None, sent)


def shown(found: PersonRequest, said: RequestPolicy, sent: Mapping[str, forms.Form]) -> dict[str, Any]:
    """Return what the page shows of refusing and of the fee; `sent` are forms that had errors, by their name."""
    on = timezone.localdate()
    can = letters.can_be_written(found, About.REFUSAL, on)
    told: dict[str, Any] = {
        "refusing": [
            _Line(each, found, sent.get(named(each.code)) or form(found, each, said), named(each.code) in sent)
            for each in (refusals.possible(found, said).values() if can else ())
        ],
        "refused": refusals.in_words(found, said),
        "fee_told": refusals.fee_in_words(found),
        "fee": refusals.fee_of(found, said),
        "paying": sent.get("paid") or PaidForm(),
    }
    if found.waits_for_fee and not found.closed_on:
        until = request_times.fee_waits_until(found, said)
        told |= {"fee_until": until, "can_close_unpaid": on > until, "waiting": said.waiting}
    return told


class _Line:
    """A reason for which a request can be refused, as the page offers it."""

    def __init__(self, refusal: Refusal, found: PersonRequest, form: forms.Form, is_sent_back: bool) -> None:
        self.refusal, self.form, self.is_sent_back = refusal, form, is_sent_back
        self.authority, self.verified = refusal.authority[found.regime], refusal.verified[found.regime]
        self.fields = [form[name] for name in form.fields if name.startswith("shown_")]
