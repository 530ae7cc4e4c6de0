"""What hangs on each possible match, worked out from what is decided about its two people (`people.stakes`)."""

from muniment.people.stakes import GOES_SOON, MOST_YEARS, PER_GROUP, WRONGLY_ONE

_NO_GROUP = 4  # of who is suspected of nothing

# By the one side and by the other: a condition on either would have every pair looked through.
_OF_SOME = """e.id = ANY (ARRAY(
    SELECT e.id FROM people_belonging b JOIN people_matchedge e ON e.left_id = b.nominal_id
    WHERE b.until IS NULL AND b.prime_id = ANY(%(people)s)
    UNION SELECT e.id FROM people_belonging b JOIN people_matchedge e ON e.right_id = b.nominal_id
    WHERE b.until IS NULL AND b.prime_id = ANY(%(people)s)))
"""

# Of every pair that waits for a person: what hangs on it, as far as it has changed. What is decided about somebody on a
# restricted record counts for nothing here: whoever judges may not know of it, and the order of a list would tell.
_SAY = f"""
WITH waiting AS (
    SELECT e.id, e.stake, one.prime_id AS one, two.prime_id AS two FROM people_matchedge e
    JOIN people_belonging one ON one.nominal_id = e.left_id AND one.until IS NULL
    JOIN people_belonging two ON two.nominal_id = e.right_id AND two.until IS NULL
    WHERE e.needs_person AND {{of_pair}}
), concerned AS (
    SELECT one AS prime_id FROM waiting UNION SELECT two FROM waiting
), restricted AS (
    SELECT DISTINCT b.prime_id FROM concerned JOIN people_belonging b USING (prime_id)
    JOIN records_involvement i ON i.nominal_id = b.nominal_id JOIN records_record r ON r.id = i.record_id
    JOIN core_scope scope ON scope.id = r.scope_id WHERE b.until IS NULL AND scope.restriction <> ''
), person AS (
    SELECT d.prime_id, coalesce(min(d."group"), {_NO_GROUP}) AS "group", max(d.due) AS due,
        bool_or(d.outcome IN ('review', 'escalate', 'dispose') AND (d.due IS NULL OR d.due <= %(day)s)) AS goes
    FROM retention_persondecision d JOIN concerned USING (prime_id)
    WHERE d.prime_id NOT IN (SELECT prime_id FROM restricted)
    GROUP BY d.prime_id
), said AS (
    SELECT w.id, CASE WHEN w.one = w.two THEN {WRONGLY_ONE} WHEN p.prime_id IS NULL OR q.prime_id IS NULL THEN 0 ELSE
        {GOES_SOON} * (p.goes <> q.goes)::int + {PER_GROUP} * abs(p."group" - q."group")
        + CASE WHEN p.due IS NULL AND q.due IS NULL THEN 0 WHEN p.due IS NULL OR q.due IS NULL THEN {MOST_YEARS}
            ELSE least({MOST_YEARS}, abs(p.due - q.due) / 365) END END AS stake
    FROM waiting w LEFT JOIN person p ON p.prime_id = w.one LEFT JOIN person q ON q.prime_id = w.two
)
UPDATE people_matchedge e SET stake = said.stake FROM said WHERE said.id = e.id AND e.stake <> said.stake
"""  # noqa: S608


def say(*, of_some: bool) -> str:
    """Return the statement that brings up to date, as of a day, what hangs on pairs: everyone's, or some people's."""
    return _SAY.replace("{of_pair}", _OF_SOME if of_some else "true")
