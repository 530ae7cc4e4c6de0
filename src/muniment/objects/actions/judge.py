"""Judge whether two places, or two vehicles, are one; a person's word beats every level of agreement."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.matching.policy import today
from muniment.core import access, audit, content, reasons
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.engine.matching import words as policy_words
from muniment.objects import said as saying
from muniment.objects.kinds import Thing
from muniment.people.actions.judge import OTHERWISE, WHY, Said, is_strong_enough, may_be_taken_back

_JUDGE_LOCK = 7_130_010


def judge(thing: Thing, pair: tuple[Any, Any], said: Said, *, by: Actor) -> Any:
    """Record what a person decided about a pair; an earlier judgement is superseded, never overwritten.

    The prime records follow with the worker's next round. A judgement on stronger evidence stands until it is
    reopened. What says otherwise is named first; said in spite of it, the others have to be looked at again.
    """
    if by.user:
        access.may(by.user, "object.judge", on=timezone.localdate()).require()
    known = policy_words.in_force(today()).evidence
    left, right = sorted(pair, key=lambda member: int(member.pk))
    check = unless(said.verdict in saying.VERDICTS, f"Say whether the two are one {thing.title}.")
    check &= unless(said.evidence in known, "Say what the judgement rests on.")
    check &= reasons.is_given(said.reason, WHY)
    check &= unless(left.pk != right.pk, "These are one and the same.")
    check &= unless(left.partition == right.partition, "These are kept apart and never compared.")
    check.require()
    with transaction.atomic():
        _take_turns()
        standing = thing.judgement._default_manager.filter(left=left, right=right, superseded_at__isnull=True)
        before: Any = standing.first()
        is_strong_enough(before, said.evidence, known, f"one {thing.title}").require()
        otherwise = saying.contradiction(thing, left.pk, right.pk, said.verdict)
        unless(otherwise is None or otherwise.digest == said.despite, OTHERWISE).require()
        standing.update(superseded_at=timezone.now())
        kept = content.store(
            f"{thing.name}:{left.pk}:{right.pk}", "reason", said.reason.strip(), scope_id=_scope(thing, left)
        )
        judgement = thing.judgement._default_manager.create(
            left=left, right=right, verdict=said.verdict, evidence=said.evidence, reason=kept, by=by.name
        )
        again = [each.pk for each in otherwise.overruled] if otherwise else []
        reopened = thing.judgement._default_manager.filter(pk__in=again, reopened_at__isnull=True)
        reopened.update(reopened_at=timezone.now())
        _stand_again(thing, {left.pk, right.pk})
        detail = {"verdict": said.verdict, "evidence": said.evidence, "reopened": again}
        audit.record(by, "object.judge", subject=_subject(thing, left.pk, right.pk), detail=detail)
    return judgement


def _take_turns() -> None:
    """Let one judge at a time: what speaks against a judgement is what stands when it is recorded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_JUDGE_LOCK])


def _scope(thing: Thing, member: Any) -> int:
    """Return the scope of something that the member is of and the judge may see: the reason is as guarded as that."""
    links = thing.link._default_manager.filter(**{thing.name: member}).select_related("record", "nominal")
    link: Any = links.order_by("pk")[:1].get()
    return int(link.record.scope_id if link.record_id else link.nominal.scope_id)


def withdraw(thing: Thing, judgement: Any, *, by: Actor, reason: str) -> None:
    """Take back one's own judgement: the pair is as if nobody had judged it; what was said stays on record."""
    if by.user:
        access.may(by.user, "object.judge", on=timezone.localdate()).require()
    with transaction.atomic():
        _take_turns()
        held: Any = thing.judgement._default_manager.select_related("left", "right").get(pk=judgement.pk)
        may_be_taken_back(held, by, reason).require()
        held.withdrawal = content.store(
            f"{thing.name}:{held.left_id}:{held.right_id}",
            "withdrawal",
            reason.strip(),
            scope_id=_scope(thing, held.left),
        )
        held.superseded_at, held.is_followed = timezone.now(), False
        held.save(update_fields=["withdrawal", "superseded_at", "is_followed"])
        _stand_again(thing, {held.left_id, held.right_id})
        subject = _subject(thing, held.left_id, held.right_id)
        audit.record(by, "object.withdraw", subject=subject, detail={"verdict": held.verdict})


def _stand_again(thing: Thing, members: set[int]) -> None:
    """Let judgements stand again that were reopened by what no longer says otherwise."""
    for each in saying.around(thing, members):
        if each.reopened_at and not saying.contradiction(thing, each.left_id, each.right_id, each.verdict):
            each.reopened_at = None
            each.save(update_fields=["reopened_at"])


def _subject(thing: Thing, left: int, right: int) -> str:
    return f"{thing.several} {left} and {right}"
