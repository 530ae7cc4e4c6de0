"""What the owners of sources are to be told of judgements about two of their own nominals."""

from collections.abc import Collection, Sequence

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from muniment.core import access
from muniment.core.models import User
from muniment.people.handing_over import array
from muniment.people.models import Judgement, SourceAdvice
from muniment.records.models import Nominal

# A source that has merged two whom a judgement keeps apart is asked, once, to take it back.
_MERGED_IN_SPITE = """
INSERT INTO people_sourceadvice (judgement_id, asked, sent_by, answer, answered_by)
SELECT j.id, 'take_back', '', '', '' FROM people_judgement j
JOIN records_nominal l ON l.id = j.left_id JOIN records_nominal r ON r.id = j.right_id AND r.system_id = l.system_id
WHERE j.superseded_at IS NULL AND j.verdict = 'different'
    AND (l.merged_into = r.reference OR r.merged_into = l.reference)
    AND NOT EXISTS (SELECT 1 FROM people_sourceadvice a WHERE a.judgement_id = j.id AND a.asked = 'take_back')
"""
_OF_SOME = " AND (j.left_id = ANY(%(keys)s) OR j.right_id = ANY(%(keys)s))"


def waiting() -> QuerySet[SourceAdvice]:
    """Return what is to be told, or was and is not answered: of judgements that stand, or that no longer do."""
    stands = Q(judgement__superseded_at__isnull=True) | Q(asked=SourceAdvice.Asked.FORGET)
    of_pair = ("judgement__left__system__controller", "judgement__right")
    return (
        SourceAdvice.objects.filter(stands, answer="")
        .select_related(*of_pair)
        .order_by("judgement__left__system", "pk")
    )


def waiting_for(user: User) -> QuerySet[SourceAdvice]:
    """Return what a user may tell the sources of: those of their own forces, each of which tells its own."""
    own = access.controllers_for(user, "match.judge", timezone.localdate())
    return waiting().filter(judgement__left__system__controller__in=own)


def are_merged(one: Nominal, two: Nominal) -> bool:
    """Whether their own system holds the two to be one."""
    if one.system_id != two.system_id:
        return False
    return one.merged_into == two.reference or two.merged_into == one.reference


def ask_for_merges_back(keys: Sequence[int] | None = None) -> int:
    """Ask the sources to take back what they have merged in spite of a judgement; return how many pairs.

    With `keys`, look at pairs with one of these nominals alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MERGED_IN_SPITE + ("" if keys is None else _OF_SOME), {"keys": array(keys or ())})
        return int(cursor.rowcount)


def follow(judgement: Judgement, before: Collection[Judgement]) -> None:
    """Write down what the owner is to be told of a new judgement, and that what they were told before has passed.

    `before` are the judgements of the pair that it takes the place of.
    """
    if judgement.left.system_id != judgement.right.system_id:
        return
    merged = are_merged(judgement.left, judgement.right)
    if judgement.verdict == Judgement.Verdict.DIFFERENT:
        _ask(judgement, before, SourceAdvice.Asked.TAKE_BACK if merged else SourceAdvice.Asked.KEEP_APART)
    elif judgement.verdict == Judgement.Verdict.SAME and not merged:
        _ask(judgement, before, SourceAdvice.Asked.JOIN)
    else:
        take_back(before)


def _ask(judgement: Judgement, before: Collection[Judgement], asked: str) -> None:
    """Ask the owner for something, unless they have been asked for it before and did not say otherwise."""
    same = SourceAdvice.objects.filter(judgement__in=before, asked=asked)
    if not same.exclude(answer=SourceAdvice.Answer.OTHERWISE).update(judgement=judgement):
        SourceAdvice.objects.create(judgement=judgement, asked=asked)


def take_back(judgements: Collection[Judgement]) -> None:
    """Write down that what the owner was told of these judgements no longer stands; what was not sent needs nothing."""
    for each in judgements:
        if (
            SourceAdvice.objects.filter(judgement=each, sent_at__isnull=False)
            .exclude(asked=SourceAdvice.Asked.FORGET)
            .exists()
        ):
            SourceAdvice.objects.get_or_create(judgement=each, asked=SourceAdvice.Asked.FORGET)
