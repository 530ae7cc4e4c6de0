"""What has been said of pairs of nominals, by people and by sources, and who has been shown as one person."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from django.db import connection

from muniment.engine.matching import standing as stands
from muniment.engine.matching.grouping import Pair, Sayings
from muniment.people.handing_over import array

# What people and sources have said about pairs: a person's judgement, a merge at source, and a merge that its source
# has taken back.
_SAID = """
SELECT j.left_id AS "left", j.right_id AS "right", j.verdict FROM people_judgement j
WHERE j.superseded_at IS NULL AND j.verdict IN ('same', 'different'){judged}
UNION {all}
SELECT gone.id, kept.id, 'same' FROM records_nominal gone
JOIN records_nominal kept ON kept.system_id = gone.system_id AND kept.reference = gone.merged_into
WHERE gone.merged_into <> ''{merged} AND NOT EXISTS (
    SELECT 1 FROM people_judgement j WHERE j.superseded_at IS NULL AND j.verdict = 'different'
        AND j.left_id = least(gone.id, kept.id) AND j.right_id = greatest(gone.id, kept.id))
UNION
SELECT gone.id, kept.id, 'taken-back' FROM records_sourceevent e
JOIN records_nominal gone ON gone.system_id = e.system_id AND gone.reference = e.reference
JOIN records_nominal kept ON kept.system_id = e.system_id AND kept.reference = e."into"
WHERE e.entity = 'nominal' AND e.kind = 'merge'{merged}
    AND gone.merged_into <> kept.reference AND kept.merged_into <> gone.reference
"""

# What was said of two before one of them was sealed joins them no more.
_OF_ONE_PARTITION = """
SELECT said."left", said."right", said.verdict FROM ({said}) said
JOIN records_nominal one ON one.id = said."left" JOIN records_nominal two ON two.id = said."right"
JOIN core_scope ones ON ones.id = one.scope_id JOIN core_scope twos ON twos.id = two.scope_id
WHERE ones.partition = twos.partition
"""

JUDGEMENTS = _OF_ONE_PARTITION.format(said=_SAID.format(all="ALL", judged="", merged=""))

# Of some, by the one side and by the other: a condition on either would have everything looked through.
_OF_SOME = _OF_ONE_PARTITION.format(
    said="\nUNION\n".join(
        _SAID.format(all="", judged=f" AND j.{judged} = ANY(%(keys)s)", merged=f" AND {merged}.id = ANY(%(keys)s)")
        for judged, merged in (("left_id", "gone"), ("right_id", "kept"))
    )
)

# Users have been shown these as one; where nothing else joins them the system proposes a cut. One stands for all of a
# partition, whichever: the founder may have been sealed or destroyed.
STANDING = """
SELECT "left", "right" FROM (
    SELECT min(b.nominal_id) OVER (PARTITION BY b.prime_id, scope.partition) AS "left", b.nominal_id AS "right"
    FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id JOIN core_scope scope ON scope.id = n.scope_id
    WHERE b.until IS NULL
) shown WHERE "left" <> "right"
"""

# Everyone of the same people, with their partitions. Each prime record is read once, however many of it are asked for.
_SHOWN_WITH = """
SELECT b.prime_id, scope.partition, b.nominal_id FROM (
    SELECT DISTINCT prime_id FROM people_belonging WHERE until IS NULL AND nominal_id = ANY(%(keys)s)
) own
JOIN people_belonging b ON b.prime_id = own.prime_id AND b.until IS NULL
JOIN records_nominal n ON n.id = b.nominal_id JOIN core_scope scope ON scope.id = n.scope_id
"""


class Said:
    """What has been said of pairs with any of some nominals, looked up for one after the other."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._pairs: dict[str, set[Pair]] = defaultdict(set)

    def look_up(self, keys: Collection[int]) -> Sayings:
        """Return what has been said of pairs with any of these."""
        pairs: dict[str, set[Pair]] = defaultdict(set)
        with connection.cursor() as cursor:
            cursor.execute(_OF_SOME, {"keys": array(keys)})
            for left, right, verdict in cursor.fetchall():
                pairs[verdict].add((left, right))
                self._pairs[verdict].add((left, right))
        return _as_sayings(pairs)

    def of_all(self) -> Sayings:
        """Return what has been said of pairs with any of those who were looked up."""
        return _as_sayings(self._pairs)


def _as_sayings(pairs: Mapping[str, set[Pair]]) -> Sayings:
    return Sayings(*(tuple(sorted(pairs.get(verdict, ()))) for verdict in ("same", "different", stands.TAKEN_BACK)))


class Shown:
    """Who has been shown as one person with any of some nominals, looked up for one after the other."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._groups: dict[tuple[int, str], set[int]] = defaultdict(set)
        self._found: set[int] = set()

    def look_up(self, keys: Collection[int]) -> set[int]:
        """Return everyone who is of one prime record with any of these and was not found so before."""
        asked = set(keys) - self._found  # with whoever was found came all who are one with them
        if not asked:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(_SHOWN_WITH, {"keys": array(asked)})
            rows = cursor.fetchall()
        for prime, partition, nominal in rows:
            self._groups[prime, partition].add(nominal)
        found = {nominal for _, _, nominal in rows}
        self._found |= found
        return found

    def pairs(self) -> list[Pair]:
        """Return pairs that lead to everyone who has been shown as one person with any of those looked up."""
        return sorted((min(group), other) for group in self._groups.values() for other in group - {min(group)})
