"""What a reply says, made of what was decided and of what has been done since: one body for page, paper and file."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from muniment.core import content, words
from muniment.core.verdicts import Verdict, unless
from muniment.retention.models import (
    Certificate,
    DisposalItem,
    DisposalOrder,
    Duty,
    PersonRequest,
    RequestReply,
    Review,
)
from muniment.retention.policies import elsewhere, request_policy
from muniment.retention.requests import answers, attached
from muniment.retention.requests.answers import ACRO, ERASURE, IMAGES, Answer
from muniment.retention.requests.telling import Item

DELETED, PROMISED, KEPT, RESTRICTED = "Deleted", "To be deleted", "Kept", "Kept, with its use restricted"
Body = Mapping[str, Any]


def can_be_drafted(request: PersonRequest) -> Verdict:
    """Say whether it is settled what a reply would say."""
    review = request.review
    verdict = unless(request.closed_on is None, "This request is over.")
    verdict &= unless(not request.waits_for_identity, "It is not established who asked: nothing is told yet.")
    if review is None or review.state != Review.State.DECIDED or request.answer_id is None:
        return verdict & unless(False, "The review that answers this request is not decided.")
    waiting = DisposalOrder.objects.filter(review=review, state__in=attached.SETTLING)
    return verdict & unless(
        not waiting.exists(),
        "The disposal that follows from the decision waits for a person: nobody can say yet what goes.",
    )


def compose(request: PersonRequest, answer: Answer, on: date) -> Body:
    """Return the body of a reply on a day: what it says of each thing, the reasons, and the rights of whoever asked.

    "Deleted" is said of what a final certificate proves, and of a national database that has said so itself.
    """
    said = request_policy.on(on)
    kind = said.kinds[request.kind]
    lines = _there(request, answer, said, on) if request.kind == ACRO else _here(request, answer, said)
    return {
        "reference": request.reference,
        "their_reference": request.their_reference,
        "title": kind.title,
        "regime": kind.regimes[request.regime].title,
        "to": kind.recipient,
        "controller": request.controller.name,
        "received": request.received_on.isoformat(),
        "drafted": on.isoformat(),
        "lines": lines,
        "words": answer.words.strip(),
        "sentence": said.told.sentence,
        "rights": list(said.rights[request.regime]),
        "is_final": all(line["decision"] != PROMISED for line in lines),
    }


@dataclass(frozen=True)
class _Fate:
    """What becomes of the records of a review, by the key of each; of any other it stays."""

    deleted: frozenset[int]
    promised: frozenset[int]

    def of(self, key: int) -> str:
        return DELETED if key in self.deleted else PROMISED if key in self.promised else KEPT


def _fate(review: Review | None) -> _Fate:
    final = Certificate.objects.filter(is_provisional=False).values("order")
    going = DisposalItem.objects.filter(order__review=review, kept_because="")
    gone = going.filter(destroyed_at__isnull=False, order__in=final).values_list("record_key", flat=True)
    to_go = going.filter(order__state__in=(*attached.UNDER_WAY, DisposalOrder.State.CERTIFIED))
    return _Fate(frozenset(gone), frozenset(to_go.values_list("record_key", flat=True)))


def _here(request: PersonRequest, answer: Answer, said: request_policy.RequestPolicy) -> list[dict[str, str]]:
    fate = _fate(request.review)
    because = said.keeping_of(request.regime).get(answer.keeping, "")
    kept = RESTRICTED if request.kind == ERASURE and said.restricts(answer.keeping) else KEPT
    lines = []
    for item in about(request.kind, answer.items, said):
        decision = fate.of(item.key)
        presumed = str(said.presumptions.get(item.class_id, {}).get("label", "")) if request.kind == IMAGES else ""
        stays = because if decision == KEPT else ""
        lines.append(
            {
                "what": item.what,
                "when": item.when,
                "decision": kept if decision == KEPT else decision,
                "presumption": _without_group(presumed),
                "ground": stays,
            }
        )
    return lines


def about(kind: str, items: Iterable[Item], said: request_policy.RequestPolicy) -> list[Item]:
    """Return of the records that may be told of those that a kind of request is about."""
    return [item for item in items if kind != IMAGES or said.is_image(item.class_id)]


def _without_group(presumption: str) -> str:
    """Return a presumption as far as it can be told: after how long somebody convicted is reviewed tells the group."""
    head, _, rest = presumption.partition(":")
    return head if rest and head == "Convicted" else presumption


def _there(
    request: PersonRequest, answer: Answer, said: request_policy.RequestPolicy, on: date
) -> list[dict[str, str]]:
    titles = {each.code: each.title for each in elsewhere.on(on).national}
    done = _done_there(request)
    lines = []
    for code in request.databases:
        there = answer.databases[code]
        decision = (DELETED if code in done else PROMISED) if there.deletes else KEPT
        ground = (said.grounds if there.deletes else said.grounds_to_keep)[there.ground]
        line = {"code": code, "what": titles.get(code, code), "when": "", "decision": decision, "presumption": ""}
        lines.append({**line, "ground_code": there.ground, "ground": ground})
    return lines


def _done_there(request: PersonRequest) -> set[str]:
    """Return the databases that have deleted: as recorded by hand, or as answered for a disposal of the review."""
    asked = Duty.objects.filter(order__review=request.review, where=Duty.Where.NATIONAL, place__in=request.databases)
    answers_of: dict[str, set[str]] = {}
    for place, answer in asked.values_list("place", "answer"):
        answers_of.setdefault(place, set()).add(answer)
    return {*request.done_there, *(place for place, found in answers_of.items() if found == {Duty.Answer.DONE})}


def as_text(body: Body) -> str:
    """Return a body as it is kept, encrypted, and as its digest is made of."""
    return json.dumps(body, sort_keys=True)


def digest(body: Body) -> str:
    """Return the digest of a body (SHA-256, hexadecimal)."""
    return hashlib.sha256(as_text(body).encode()).hexdigest()


def body_of(reply: RequestReply) -> Body | None:
    """Return the body of a reply as it was drafted; None where it can be opened no more."""
    text = content.opened(reply.body)
    return json.loads(text) if text else None


def is_still_so(reply: RequestReply) -> Verdict:
    """Say whether a draft says what would be said today: what was decided, or done, may have changed since."""
    request, body = reply.request, body_of(reply)
    verdict = can_be_drafted(request)
    answer = answers.kept(request)
    if not verdict or body is None or answer is None:
        return verdict & unless(
            body is not None and answer is not None, "This draft can be opened no more: draft it again."
        )
    drafted = date.fromisoformat(body["drafted"])
    now = compose(request, replace(answer, words=body["words"]), drafted)
    return verdict & unless(
        digest(now) == reply.digest, "What was decided or done has changed since this was drafted: draft it again."
    )


def as_file(body: Body) -> str:
    """Return the reply as a file for a machine: JSON, each national database by its code, no more than told."""
    decided = [
        {
            "database": line.get("code", ""),
            "what": line["what"],
            "when": line["when"],
            "decision": line["decision"],
            "ground": line.get("ground_code", ""),
            "ground_text": line["ground"],
        }
        for line in body["lines"]
    ]
    told = {key: body[key] for key in ("reference", "their_reference", "controller", "received", "drafted", "is_final")}
    return json.dumps({**told, "reasons": body["words"], "decisions": decided}, indent=2, ensure_ascii=False)


def heads(body: Body) -> tuple[str, ...]:
    """Return the heads of the table of a reply."""
    return (
        ("What", "When", "Decision", "Why")
        if any(line["when"] for line in body["lines"])
        else ("What", "Decision", "Why")
    )


def rows(body: Body) -> list[list[str]]:
    """Return the rows of the table of a reply, as its heads name them."""
    has_days = len(heads(body)) > len(("What", "Decision", "Why"))
    return [
        [line["what"], *([line["when"]] if has_days else []), line["decision"], _why(line)] for line in body["lines"]
    ]


def _why(line: Mapping[str, str]) -> str:
    return ". ".join(part for part in (line["presumption"], line["ground"]) if part)


def opening(body: Body) -> str:
    """Return the sentence with which a reply begins."""
    received, theirs = words.day(date.fromisoformat(body["received"])), body["their_reference"]
    yours = f" (your reference {theirs})" if theirs else ""
    return f"{body['controller']} has considered the request that it received on {received}{yours}: {body['regime']}."
