"""What a review decides of a request: for each national database, why the rest stays, and the words of the reply."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from muniment.core import content
from muniment.core.verdicts import Verdict, refused, unless
from muniment.people.models import PrimePerson
from muniment.records.models import Nominal
from muniment.retention import anonymity
from muniment.retention.models import PersonRequest
from muniment.retention.policies.request_policy import RequestPolicy
from muniment.retention.requests.telling import Item

ACRO, IMAGES, ERASURE = "acro_deletion", "image_deletion", "erasure_request"
MOST = 4000  # characters of the words of a reply
_WHAT = "the reply to {}"
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class There:
    """What is decided of a national database: whether its entry is deleted, and on what ground."""

    deletes: bool
    ground: str


@dataclass(frozen=True)
class Answer:
    """What is decided of one request. `keeping` says why whatever stays does; `items` is what it may tell of."""

    databases: Mapping[str, There] = field(default_factory=dict)
    keeping: str = ""
    words: str = ""
    items: tuple[Item, ...] = ()


def is_answered(request: PersonRequest, answer: Answer | None, prime: PrimePerson, said: RequestPolicy) -> Verdict:
    """Say whether an answer says all that its request asks, and nothing that a reply must not say.

    `prime` is the person as they are made up now, who may bear another reference than when the request came.
    """
    what = _WHAT.format(request.reference)
    if answer is None:
        return refused(f"Answer the request {request.reference}: it has come to this review.")
    verdict = unless(bool(answer.words.strip()), f"Give the reasons that {what} states.")
    if request.kind == ACRO:
        for code in request.databases:
            there = answer.databases.get(code)
            known = (said.grounds if there.deletes else said.grounds_to_keep) if there else {}
            verdict &= unless(
                there is not None and there.ground in known, f"Decide of {code.upper()} for {what}, and on what ground."
            )
    else:
        verdict &= unless(
            answer.keeping in said.keeping_now(request.regime), f"Choose why whatever stays is kept, for {what}."
        )
    return verdict & can_be_said(answer.words, prime, said)


def can_be_said(text: str, prime: PrimePerson, said: RequestPolicy) -> Verdict:
    """Refuse words that name somebody else on the person's records, or speak of what no reply speaks of."""
    spoken = " ".join(_WORD.findall(text.casefold()))
    found = [each for each in said.told.not_said if f" {each.casefold()} " in f" {spoken} "]
    verdict = unless(
        not found, f"Write the reply without {', '.join(map(repr, found))}: it neither confirms nor denies such things."
    )
    if not anonymity.names_nobody(text, _others(prime)):
        verdict &= refused("Write the reply without the names and dates of birth of others on these records.")
    return verdict


def _others(prime: PrimePerson) -> anonymity.Known:
    """Return what would name the other people on a person's records; a name that they share names the person."""
    own = Nominal.objects.filter(belongings__prime=prime, belongings__until__isnull=True)
    records = own.values("involvements__record_id")
    rest = Nominal.objects.filter(involvements__record_id__in=records).exclude(pk__in=own.values("pk")).distinct()
    theirs, others = anonymity.known(*_named(own)), anonymity.known(*_named(rest))
    return anonymity.Known(others.names - theirs.names, others.births - theirs.births)


def _named(nominals: Iterable[Nominal]) -> tuple[list[str], list[Any]]:
    every = list(nominals)
    names = [
        name
        for each in every
        for name in (each.forename, each.middle_names, each.surname, each.full_name, *each.aliases)
    ]
    return names, [each.born_earliest for each in every if each.born_earliest == each.born_latest]


def kept(request: PersonRequest) -> Answer | None:
    """Return what was decided of a request; None where nothing was, or it can be opened no more."""
    text = content.opened(request.answer) if request.answer else None
    if not text:
        return None
    held = json.loads(text)
    return Answer(
        {code: There(**each) for code, each in held["databases"].items()},
        held["keeping"],
        held["words"],
        tuple(Item(**each) for each in held["items"]),
    )


def as_text(answer: Answer) -> str:
    """Return an answer as it is kept, encrypted."""
    there = {code: {"deletes": each.deletes, "ground": each.ground} for code, each in answer.databases.items()}
    held = {
        "databases": there,
        "keeping": answer.keeping,
        "words": answer.words.strip(),
        "items": [each.as_json() for each in answer.items],
    }
    return json.dumps(held, sort_keys=True)
