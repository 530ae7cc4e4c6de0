"""What is known here of nominals that go: all that was derived of them, and what was said of them."""

from collections.abc import Collection

from django.db import connection

_FORGET = (
    "DELETE FROM people_sourceadvice a USING people_judgement j"
    " WHERE j.id = a.judgement_id AND (j.left_id = ANY(%(keys)s) OR j.right_id = ANY(%(keys)s))",
    "DELETE FROM people_checkedpair c USING people_judgement j"
    " WHERE j.id = c.judgement_id AND (j.left_id = ANY(%(keys)s) OR j.right_id = ANY(%(keys)s))",
    # Its reference in its source names someone; what is left names nobody.
    "UPDATE people_primeperson SET anchor_id = NULL, anchor_key = 'destroyed|' || id WHERE anchor_id = ANY(%(keys)s)",
    "DELETE FROM people_searchtoken WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_label l USING people_samplepair p WHERE p.id = l.pair_id"
    " AND (p.left_id = ANY(%(keys)s) OR p.right_id = ANY(%(keys)s))",
    "DELETE FROM people_samplepair WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)",
    "DELETE FROM people_reservepair WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)",
    "DELETE FROM people_heldchange WHERE nominal_id = ANY(%(keys)s) OR anchor_id = ANY(%(keys)s)",
    "DELETE FROM people_matchedge WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)",
    "DELETE FROM people_loosejoin WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)",
    "DELETE FROM people_standardised WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_belonging WHERE nominal_id = ANY(%(keys)s)",
)
_UNSAY = (
    "DELETE FROM people_judgement WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)"
    " RETURNING reason_id, withdrawal_id"
)


def forget(nominals: Collection[int]) -> set[int]:
    """Forget nominals, by key; return the keys of the content that gave the reasons for judgements of them."""
    keys = {"keys": sorted(nominals)}
    with connection.cursor() as cursor:
        for statement in _FORGET:
            cursor.execute(statement, keys)
        cursor.execute(_UNSAY, keys)
        return {key for row in cursor.fetchall() for key in row if key}
