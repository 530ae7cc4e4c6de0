"""What stands beside a request on the page of its review: what it asks, what is presumed, what the records hold."""

from collections.abc import Iterable
from dataclasses import dataclass

from muniment.core import words
from muniment.people.shown.chronology import Entry
from muniment.retention.models import PersonRequest, RequestReply
from muniment.retention.policies import elsewhere
from muniment.retention.policies.request_policy import RequestKind, RequestPolicy
from muniment.retention.requests import answers, replies, telling
from muniment.retention.reviews import assessment

_NOT_VERIFIED = " (not verified)"


@dataclass(frozen=True)
class Beside:
    """A request, its kind, and the evidence as lines; `told` is how many records its reply can tell of.

    `is_refused` says that a letter that refuses it is drafted: once that has gone it needs no answer.
    """

    request: PersonRequest
    kind: RequestKind
    grounds: tuple[str, ...]
    evidence: tuple[str, ...]
    told: int
    is_refused: bool


def of(
    requests: Iterable[PersonRequest], entries: list[Entry], said: RequestPolicy, national: elsewhere.Elsewhere
) -> list[Beside]:
    """Return what stands beside each request; the answer is the reviewer's."""
    return [_of(each, entries, said, national) for each in requests]


def _of(request: PersonRequest, entries: list[Entry], said: RequestPolicy, national: elsewhere.Elsewhere) -> Beside:
    own = [entry for entry in entries if entry.record.system.controller_id == request.controller_id]
    items = replies.about(request.kind, telling.items(own, request.controller_id, said), said)
    if request.kind == answers.ACRO:
        evidence = [*_there(request, own, national), *_eligible(own)]
    elif request.kind == answers.IMAGES:
        evidence = [f"{item.what}, {item.when}: {_presumption(item.class_id, said)}" for item in items] or [
            "No custody image of which the person may be told is held here."
        ]
    else:
        evidence = [f"{item.what}, {item.when}" for item in items]
        evidence = evidence or ["No record here is one that the person may be told of."]
    grounds = tuple(said.grounds.get(code, code) for code in request.grounds)
    is_refused = request.replies.filter(about=RequestReply.About.REFUSAL, sent_on=None).exists()
    return Beside(request, said.kinds[request.kind], grounds, tuple(evidence), len(items), is_refused)


def _presumption(class_id: str, said: RequestPolicy) -> str:
    found = said.presumptions.get(class_id)
    if found is None:
        return "no presumption is known of it"
    label = str(found["label"])
    return f"{label[:1].lower()}{label[1:]}{'' if found['verified'] else _NOT_VERIFIED}"


def _there(request: PersonRequest, own: list[Entry], national: elsewhere.Elsewhere) -> list[str]:
    """Say by which records here each database may hold an entry, and what the schedule says of them."""
    lines = []
    for each in national.national:
        if each.code in request.databases:
            found = [entry for entry in own if (known := telling.class_of(entry)) and each.takes(known)]
            titles = dict.fromkeys(words.class_title(telling.class_of(entry)) for entry in found)
            held = (
                f"{len(found)} record{'' if len(found) == 1 else 's'} here: {'; '.join(titles)}"
                if found
                else "no record of it here"
            )
            lines.append(f"{each.title}: {held}")
    return lines


def _eligible(own: list[Entry]) -> list[str]:
    convicted = assessment.convicted_roles()
    found = [
        entry for entry in own if any(part.role in convicted or part.result == "convicted" for part in entry.parts)
    ]
    if not found:
        return ["No conviction by a court is recorded here."]
    named = ", ".join(entry.record.reference for entry in found)
    return [f"Found against the person: {named}. A conviction by a court is not eligible; a caution is."]
