"""The part of the page of a request that is about refusing it, or charging for it, before its review is decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils import timezone

from muniment.retention.actions import request_times
from muniment.retention.forms.refusals import SHOWN, PaidForm, RefusalForm
from muniment.retention.models import PersonRequest
from muniment.retention.policies.request_policy import Refusal, RequestPolicy
from muniment.retention.requests import attached, letters, refusals
from muniment.retention.requests.letters import About

_NAMED = "refusal:"
_OTHERS = 10  # other requests about the person that are listed


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
            _line(each, found, said, sent) for each in (refusals.possible(found, said).values() if can else ())
        ],
        "can_charge": bool(letters.can_be_written(found, About.FEE, on)),
        "others": [_other(each, said) for each in (attached.others(found)[:_OTHERS] if can else ())],
        "refused": refusals.in_words(found, said),
        "fee_told": refusals.fee_in_words(found),
        "fee": refusals.fee_of(found, said),
        "paying": sent.get("paid") or PaidForm(),
    }
    if found.waits_for_fee and not found.closed_on:
        until = request_times.fee_waits_until(found, said)
        told |= {"fee_until": until, "can_close_unpaid": on > until, "waiting": said.waiting}
    return told


def _other(each: PersonRequest, said: RequestPolicy) -> tuple[PersonRequest, str, str]:
    return each, said.kinds[each.kind].title, attached.standing(each, each.replies.order_by("-pk"))


@dataclass(frozen=True)
class _Line:
    """A reason for which a request can be refused, as the page offers it, and why no fee can be asked for instead."""

    refusal: Refusal
    authority: str
    verified: bool
    form: forms.Form
    fields: list[BoundField]
    is_sent_back: bool
    no_fee: tuple[str, ...]


def _line(each: Refusal, found: PersonRequest, said: RequestPolicy, sent: Mapping[str, forms.Form]) -> _Line:
    asking = sent.get(named(each.code)) or form(found, each, said)
    charged = letters.can_be_written(found, About.FEE, timezone.localdate())
    return _Line(
        each,
        each.authority[found.regime],
        each.verified[found.regime],
        asking,
        [asking[name] for name in asking.fields if name.startswith(SHOWN)],
        named(each.code) in sent,
        tuple(charged.reasons) if each.is_charged else (),
    )
