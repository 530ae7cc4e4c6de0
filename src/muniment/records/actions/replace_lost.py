"""Go on after the master key was lost: say of every text that nobody can open that it is lost, and ask for it again.

A text that cannot be opened is replaced by a sentence that says so, under a key that opens; the rows that gave it count
as changed, so that the next export of their source tells it again.
"""

from collections.abc import Sequence

from django.db import connection, connections, transaction
from django.utils import timezone

from muniment.core import audit, content, rotation
from muniment.core.actors import Actor
from muniment.core.models import Content
from muniment.core.verdicts import unless

LEAST_REASON = 10
_ASKED_AGAIN = "UPDATE records_sourcerow SET hash = 'lost' WHERE id = ANY(%s) RETURNING id"


def replace_lost(*, by: Actor, because: str) -> dict[str, int]:
    """Replace what no master key opens; return counts of owners, texts and source rows. Run again after a kill.

    Raise Refused without a reason, or when everything opens.
    """
    unless(len(because.strip()) >= LEAST_REASON, "Say in a sentence how the key was lost.").require()
    lost = list(rotation.lost_owners())
    unless(bool(lost), "Every key of content opens: nothing is lost.").require()
    done = {"owners": len(lost), "texts": 0, "rows_to_be_told_again": 0}
    for start in range(0, len(lost), rotation.TOGETHER):
        texts, rows = _replace(lost[start : start + rotation.TOGETHER])
        done["texts"] += texts
        done["rows_to_be_told_again"] += rows
    audit.record(by, "keys.replace_lost", detail=done | {"reason": because.strip()})
    return done


def _replace(owners: Sequence[str]) -> tuple[int, int]:
    """Write the texts first and the keys after: killed between, the keys are shut still, and both are written again."""
    keys = content.fresh_keys(owners)
    with transaction.atomic(), connection.cursor() as cursor:
        kept = list(Content.objects.filter(owner__in=owners))
        for each in kept:
            each.nonce, each.ciphertext = content.lost(each.owner, keys[each.owner].plain, timezone.localdate())
        Content.objects.bulk_update(kept, ["nonce", "ciphertext"], batch_size=1000)
        cursor.execute(_ASKED_AGAIN, [[int(each.split(":")[2]) for each in owners if each.startswith("record:")]])
        rows = len(cursor.fetchall())
    with transaction.atomic(using="keys"), connections["keys"].cursor() as cursor:
        changes = [(key.wrapped, owner) for owner, key in keys.items()]
        cursor.executemany("UPDATE core_contentkey SET wrapped = %s WHERE owner = %s", changes)
    return len(kept), rows
