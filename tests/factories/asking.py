"""Requests for deletion and erasure about the one person of a life, and what answers them."""

import json

from django.utils import timezone

from factories.deeds import by, decide, prime_of
from muniment.core.models import Controller
from muniment.retention.actions import replying
from muniment.retention.actions import requests as requesting
from muniment.retention.models import PersonRequest
from muniment.retention.requests import replies
from muniment.retention.requests.answers import Answer, There

WORDS = "The caution is old, and nothing has been recorded against you since."
ANSWERS = {
    "acro_deletion": Answer(
        {
            "pnc": There(deletes=True, ground="public_interest"),
            "ndnad": There(deletes=True, ground="public_interest"),
            "ident1": There(deletes=False, ground="biometrics_law"),
        },
        words=WORDS,
    ),
    "image_deletion": Answer(keeping="convicted", words=WORDS),
    "erasure_request": Answer(keeping="evidence", words=WORDS),
}
REGIMES = {"acro_deletion": "rdp", "image_deletion": "cir", "erasure_request": "le"}


def asks(life, kind, received_on=None, **more):
    of_acro = {"databases": ("pnc", "ndnad", "ident1"), "grounds": ("no_crime",)} if kind == "acro_deletion" else {}
    asked = requesting.Asked(kind, REGIMES[kind], "person", received_on or timezone.localdate(), **of_acro, **more)
    northshire = Controller.objects.get(code="northshire")
    return requesting.record(prime_of("P1"), northshire, asked, by=by(life, "hazel"))


def decided(life, *kinds, outcome="dispose", **more):
    """Record requests of these kinds and answer them by one decision."""
    made = [asks(life, kind) for kind in kinds]
    done = decide(life, outcome, requests={each.pk: ANSWERS[each.kind] for each in made}, **more)
    return done, *(PersonRequest.objects.get(pk=each.pk) for each in made)


def kept_until_next_year():
    return {"next_review": timezone.localdate().replace(year=timezone.localdate().year + 1, day=1)}


def drafted(life, request, words=WORDS):
    draft = replying.draft(request, words, by=by(life, "hazel"))
    return draft, json.loads(replies.as_file(replies.body_of(draft)))


def sent(life, draft):
    replying.look(draft, by=by(life, "ash"))
    return replying.send(draft, by=by(life, "hazel"), sent_on=timezone.localdate())
