"""The part of the page of a request that is about its time: by when and why, who asked, and more time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from muniment.core import purposes
from muniment.retention.actions import request_times
from muniment.retention.forms.requests import ArrivedForm, ExtensionForm, IdentityLetterForm, LiftingForm
from muniment.retention.models import PersonRequest, Restriction
from muniment.retention.policies.request_policy import RequestPolicy
from muniment.retention.requests import deadlines, letters, restrictions
from muniment.retention.requests.letters import About


def shown(found: PersonRequest, said: RequestPolicy, sent: Mapping[str, forms.Form]) -> dict[str, Any]:
    """Return what the page shows of the time of a request; `sent` are forms that had errors, by their name."""
    on = timezone.localdate()
    clock = deadlines.of(found, said)
    told: dict[str, Any] = {
        "clock": clock,
        "extension_reason": said.extension_reasons.get(found.extension_reason, ""),
        "can_ask_who": letters.can_be_written(found, About.IDENTITY, on),
        "can_extend": letters.can_be_written(found, About.EXTENSION, on),
        "has_extension": said.kinds[found.kind].regimes[found.regime].extension,
        "asking_who": sent.get(About.IDENTITY) or IdentityLetterForm(),
        "extending": sent.get(About.EXTENSION) or ExtensionForm(said),
        "arriving": sent.get("arrived") or ArrivedForm(),
        "sent_back": set(sent),
        "restriction": Restriction.objects.filter(request=found).first(),
        "restricted_because": "",
        "lifting": sent.get(About.LIFTING) or LiftingForm(),
    }
    if told["restriction"]:
        told["restricted_because"] = restrictions.in_words([told["restriction"]])
        told["restricting"], told["restricted_for"] = said.restriction, purposes.in_words(said.restriction.purposes)
        told["compared_for"] = purposes.in_words(said.restriction.comparing)
    if found.waits_for_identity and not found.closed_on:
        until = request_times.waits_until(found, said)
        told |= {"waits_until": until, "can_lapse": on > until, "waiting": said.waiting}
        assert found.identity_asked_on is not None
        told["chase_on"] = found.identity_asked_on + timedelta(days=said.waiting.chase_after_days)
    return told
