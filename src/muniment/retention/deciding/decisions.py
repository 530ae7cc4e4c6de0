"""What a run or a call has decided, written down, and the reviews that it opens and closes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from muniment.engine.retention.persons import TRIGGERED
from muniment.people.handing_over import array
from muniment.retention.deciding import stakes, triggering

_PERSONS = """
INSERT INTO retention_persondecision AS held (prime_id, controller_id, "group", clear_from, due, kept_until, outcome,
    rule, driving_involvement_id, missing, because, policy_version, membership_digest, run_id)
SELECT d.person_id, c.id, d."group", d.clear_from, d.due, d.kept_until, d.outcome, coalesce(d.rule, ''),
    d.driving_involvement, d.missing, d.because, %(policy)s, m.digest, %(run)s
FROM {persons} d JOIN core_controller c ON c.code = d.controller
JOIN (SELECT b.prime_id, encode(sha256(convert_to(string_agg(b.nominal_id::text, ',' ORDER BY b.nominal_id), 'UTF8')),
        'hex') AS digest FROM people_belonging b WHERE b.until IS NULL AND {of_b} GROUP BY b.prime_id) m
    ON m.prime_id = d.person_id
ON CONFLICT (prime_id, controller_id) DO UPDATE SET "group" = excluded."group", clear_from = excluded.clear_from,
    due = excluded.due, kept_until = excluded.kept_until, outcome = excluded.outcome, rule = excluded.rule,
    driving_involvement_id = excluded.driving_involvement_id, missing = excluded.missing, because = excluded.because,
    policy_version = excluded.policy_version, membership_digest = excluded.membership_digest, run_id = excluded.run_id
WHERE (held."group", held.clear_from, held.due, held.kept_until, held.outcome, held.rule, held.missing, held.because,
       held.policy_version, held.membership_digest)
    IS DISTINCT FROM (excluded."group", excluded.clear_from, excluded.due, excluded.kept_until, excluded.outcome,
       excluded.rule, excluded.missing, excluded.because, excluded.policy_version, excluded.membership_digest)
"""

# Before what was decided of whoever was retired goes: they were in another group than those with whom they are one now.
_JOINED = """
INSERT INTO retention_groupsjoined AS held (was_id, controller_id, "group", other_group)
SELECT gone.prime_id, gone.controller_id, gone."group", stays."group" FROM retention_persondecision gone
JOIN people_primeperson p ON p.id = gone.prime_id AND p.redirects_to_id IS NOT NULL AND {of_p}
JOIN retention_persondecision stays ON stays.prime_id = p.redirects_to_id AND stays.controller_id = gone.controller_id
WHERE gone."group" IS DISTINCT FROM stays."group"
ON CONFLICT (was_id, controller_id) DO UPDATE
SET "group" = excluded."group", other_group = excluded.other_group, at = excluded.at
"""

_PERSONS_GONE = """
DELETE FROM retention_persondecision held WHERE {of_held} AND NOT EXISTS (
    SELECT 1 FROM {persons} d JOIN core_controller c ON c.code = d.controller
    WHERE d.person_id = held.prime_id AND c.id = held.controller_id)
"""

_RECORDS = """
INSERT INTO retention_recorddecision AS held (record_id, resolved_class, due, outcome, rule, driving_prime_id,
    missing, because, policy_version, run_id)
SELECT d.record_id, coalesce(d.class_id, ''), d.due, d.outcome, coalesce(d.rule, ''), d.driving_person, d.missing,
    d.because, %(policy)s, %(run)s
FROM {records} d JOIN records_record live ON live.id = d.record_id -- what was destroyed meanwhile is left out
ON CONFLICT (record_id) DO UPDATE SET resolved_class = excluded.resolved_class, due = excluded.due,
    outcome = excluded.outcome, rule = excluded.rule, driving_prime_id = excluded.driving_prime_id,
    missing = excluded.missing, because = excluded.because, policy_version = excluded.policy_version,
    run_id = excluded.run_id
WHERE (held.resolved_class, held.due, held.outcome, held.rule, held.driving_prime_id, held.missing, held.because,
       held.policy_version)
    IS DISTINCT FROM (excluded.resolved_class, excluded.due, excluded.outcome, excluded.rule,
       excluded.driving_prime_id, excluded.missing, excluded.because, excluded.policy_version)
"""

# Risk: what goes wrong if nobody looks. The group leads; a person never reviewed and long overdue follows.
_OPEN_REVIEWS = """
INSERT INTO retention_review (prime_id, controller_id, kind, trigger, due, risk, state, allocated_to, waiting_for,
    outcome, kept_records, decided_by, membership_digest, version)
SELECT d.prime_id, d.controller_id, CASE WHEN d.rule = %(triggered)s THEN 'triggered'
        WHEN EXISTS (SELECT 1 FROM retention_review r WHERE r.state = 'decided' AND r.prime_id = d.prime_id
            AND r.controller_id = d.controller_id) THEN 'scheduled' ELSE 'initial' END, d.rule,
    coalesce(d.due, %(day)s),
    CASE d."group" WHEN 1 THEN 300 WHEN 2 THEN 200 WHEN 3 THEN 100 ELSE 50 END
        + least(99, greatest(0, (%(day)s::date - coalesce(d.due, %(day)s::date)) / 365 * 5)),
    'open', '', '', '', '{{}}', '', d.membership_digest, 1
FROM retention_persondecision d
WHERE d.outcome IN ('review', 'escalate') AND (d.due IS NULL OR d.due <= %(day)s) AND {of_d}
    AND NOT EXISTS (SELECT 1 FROM retention_review r WHERE r.prime_id = d.prime_id
        AND r.controller_id = d.controller_id AND r.state NOT IN ('decided', 'closed'))
    AND NOT EXISTS (SELECT 1 FROM retention_review r WHERE r.prime_id = d.prime_id
        AND r.controller_id = d.controller_id AND r.state = 'decided' AND r.next_review > %(day)s)
    AND NOT EXISTS (SELECT 1 FROM retention_disposalorder o WHERE o.prime_id = d.prime_id
        AND o.controller_id = d.controller_id AND o.state IN ('proposed', 'approved', 'instructed', 'destroyed'))
"""

# A review goes where its person went. One that somebody has begun goes with what they answered, and one that nobody has
# touched gives way to it; of several, the oldest goes on and the others are closed.
_BEGUN = (
    "(state IN ('started', 'parked', 'referred', 'agreeing')"
    " OR state = 'open' AND (kind = 'explicit' OR EXISTS (SELECT 1 FROM retention_reviewtrigger own"
    " WHERE own.review_id = retention_review.id)))"
)
_FOLLOW_MERGES = (
    f"""
    UPDATE retention_review waiting SET state = 'closed'
    WHERE state = 'open' AND kind <> 'explicit' AND {{of_waiting}} AND EXISTS (
        SELECT 1 FROM (SELECT * FROM retention_review WHERE {_BEGUN}) begun
        JOIN people_primeperson p ON p.id = begun.prime_id
        WHERE p.redirects_to_id = waiting.prime_id AND begun.controller_id = waiting.controller_id)
    """,  # noqa: S608
    f"""
    WITH following AS (
        SELECT DISTINCT ON (p.redirects_to_id, begun.controller_id) begun.id, p.redirects_to_id, begun.controller_id
        FROM (SELECT * FROM retention_review WHERE {_BEGUN}) begun JOIN people_primeperson p ON p.id = begun.prime_id
        WHERE p.redirects_to_id IS NOT NULL AND {{of_p}} ORDER BY p.redirects_to_id, begun.controller_id, begun.id
    )
    UPDATE retention_review held SET prime_id = f.redirects_to_id FROM following f
    WHERE held.id = f.id AND NOT EXISTS (
        SELECT 1 FROM retention_review other WHERE other.prime_id = f.redirects_to_id
            AND other.controller_id = f.controller_id AND other.state NOT IN ('decided', 'closed'))
    """,  # noqa: S608
    """
    UPDATE retention_review held SET state = 'closed' FROM people_primeperson p
    WHERE p.id = held.prime_id AND p.redirects_to_id IS NOT NULL AND {of_p} AND held.state NOT IN ('decided', 'closed')
    """,
)

# A review nobody has touched, of a person for whom none is due any more.
_CLOSE_REVIEWS = f"""
UPDATE retention_review r SET state = 'closed'
WHERE r.state = 'open' AND r.kind <> 'explicit' AND {{of_r}} AND NOT EXISTS (
    SELECT 1 FROM retention_persondecision d WHERE d.prime_id = r.prime_id AND d.controller_id = r.controller_id
        AND d.outcome IN ('review', 'escalate') AND (d.due IS NULL OR d.due <= %(day)s))
    AND NOT EXISTS ({triggering.KEEPS_OPEN})
"""  # noqa: S608

# What waits grows older, and its person may have come to another group.
_RISK = """
UPDATE retention_review r SET risk = now.risk FROM (
    SELECT r.id, CASE d."group" WHEN 1 THEN 300 WHEN 2 THEN 200 WHEN 3 THEN 100 ELSE 50 END
        + least(99, greatest(0, (%(day)s::date - r.due) / 365 * 5)) AS risk
    FROM retention_review r
    JOIN retention_persondecision d ON d.prime_id = r.prime_id AND d.controller_id = r.controller_id
    WHERE r.state NOT IN ('decided', 'closed') AND {of_r}
) now WHERE now.id = r.id AND now.risk <> r.risk
"""

# What somebody has answered or decided about people who are made up otherwise now; a decision, while it counts and none
# has been taken since about them as they are called now.
_DOUBT = """
UPDATE retention_review r SET doubted_at = CASE WHEN told.is_doubtful THEN now() END
FROM (
    SELECT r.id, r.membership_digest IS DISTINCT FROM m.digest AND NOT EXISTS (
        SELECT 1 FROM retention_review later WHERE r.state = 'decided' AND later.state = 'decided'
            AND later.controller_id = r.controller_id AND later.decided_at > r.decided_at
            AND later.prime_id IN (r.prime_id, p.redirects_to_id)) AS is_doubtful
    FROM retention_review r JOIN people_primeperson p ON p.id = r.prime_id
    LEFT JOIN (
        SELECT b.prime_id, encode(sha256(convert_to(string_agg(b.nominal_id::text, ',' ORDER BY b.nominal_id), 'UTF8')),
            'hex') AS digest FROM people_belonging b WHERE b.until IS NULL AND {of_b} GROUP BY b.prime_id
    ) m ON m.prime_id = r.prime_id
    WHERE {of_r} AND (r.state IN ('started', 'parked', 'referred', 'agreeing')
        OR r.state = 'decided' AND r.next_review > %(day)s)
) told
WHERE told.id = r.id AND (r.doubted_at IS NOT NULL) <> told.is_doubtful
"""

_DUE = """
SELECT count(*) FILTER (WHERE outcome IN ('review', 'escalate') AND (due IS NULL OR due <= %(day)s)),
    count(*) FILTER (WHERE outcome = 'dispose' AND due <= %(day)s) FROM retention_persondecision
"""


# How statements are carried out, with what they take: it returns how many rows each has changed.
Send = Callable[[Sequence[str], Mapping[str, Any]], list[int]]


def one_by_one(cursor: Any) -> Send:
    """Return what carries statements out each for itself, as suits those about everyone."""

    def send(statements: Sequence[str], given: Mapping[str, Any]) -> list[int]:
        counts = []
        for each in statements:
            cursor.execute(each, given)
            counts.append(cursor.rowcount)
        return counts

    return send


def publish(
    send: Send, names: dict[str, str], parameters: dict[str, Any], people: Collection[int] | None = None
) -> dict[str, int]:
    """Publish decisions about everyone, or about some people; return how many of each kind changed.

    `names` are tables with the decisions about `persons` and `records`, as the schedule makes them; `parameters` the
    policy, the run and the day.
    """
    given = parameters | {"people": None if people is None else array(sorted(people)), "triggered": TRIGGERED}
    given |= triggering.parameters(parameters["day"])
    steps = _steps(names, of_some=people is not None)
    changed = {what: 0 for what, _ in steps if what}
    for (what, _), count in zip(steps, send([text for _, text in steps], given), strict=True):
        if what:
            changed[what] += count
    return changed


def _steps(names: dict[str, str], *, of_some: bool) -> list[tuple[str, str]]:
    """Return the statements in their order, each with what its rows count as, if they count."""
    within = {f"of_{row}": _within(f"{row}.{key}", of_some) for row, key in _PEOPLE_OF.items()}
    within["of_p"] = _OF_MERGED if of_some else "true"
    written = [
        ("", _JOINED),
        ("", triggering.GROUP_MOVED),
        ("changed_people", _PERSONS),
        ("", _PERSONS_GONE),
        ("changed_records", _RECORDS),
    ]
    if not of_some:
        written = [("", "SET LOCAL enable_nestloop = off"), *written, ("", "SET LOCAL enable_nestloop = on")]
    closing = [("reviews_closed" if "SET state = 'closed'" in text else "", text) for text in _FOLLOW_MERGES]
    opening = [("reviews_opened", _OPEN_REVIEWS), *(("", text) for text in triggering.noting(of_some=of_some))]
    steps = [
        *written,
        *closing,
        ("reviews_closed", _CLOSE_REVIEWS),
        ("", _DOUBT),
        *opening,
        ("reviews_opened", triggering.OPEN),
        ("", triggering.BELONG),
        ("", _RISK),
        ("", stakes.say(of_some=of_some)),
    ]
    return [(what, text.format(**names, **within)) for what, text in steps]


def due(cursor: Any, parameters: dict[str, Any]) -> dict[str, int]:
    """Return how many people are due for review and for disposal."""
    cursor.execute(_DUE, parameters)
    review, disposal = cursor.fetchone()
    return {"due_review": review, "due_disposal": disposal}


# Where a statement says whom it is about: the row and its column.
_PEOPLE_OF = {
    "b": "prime_id",
    "held": "prime_id",
    "waiting": "prime_id",
    "r": "prime_id",
    "d": "prime_id",
    "t": "prime_id",
}


def _within(column: str, of_some: bool) -> str:
    return f"{column} = ANY(%(people)s)" if of_some else "true"


# By the one and by the other: a condition on either would have everyone looked through who was ever merged.
_OF_MERGED = """p.id = ANY (ARRAY(
    SELECT id FROM people_primeperson WHERE id = ANY(%(people)s)
    UNION SELECT id FROM people_primeperson WHERE redirects_to_id = ANY(%(people)s)))"""
