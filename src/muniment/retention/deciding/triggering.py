"""What has people looked at besides the clock, found while decisions are published: by a run and by a call alike.

Each is said once, as a `ReviewTrigger`; one that no review is about opens one. What came on a restricted record opens
none: that somebody is looked at again would tell of it. What each force's review is about is its own (ADR 20).
"""

import json
from datetime import date
from typing import Any

from muniment.people import carried
from muniment.retention.policies import review_policy

# Before the decisions are replaced: a group that moves although neither policy nor who makes up the person has changed.
GROUP_MOVED = """
INSERT INTO retention_reviewtrigger (prime_id, controller_id, code, about, dated, was_group, now_group)
SELECT held.prime_id, held.controller_id, 'group_moved', 'group:' || held.prime_id || ':' || %(run)s, %(day)s,
    held."group", d."group"
FROM {persons} d JOIN core_controller c ON c.code = d.controller
JOIN retention_persondecision held ON held.prime_id = d.person_id AND held.controller_id = c.id
JOIN (SELECT b.prime_id, encode(sha256(convert_to(string_agg(b.nominal_id::text, ',' ORDER BY b.nominal_id), 'UTF8')),
        'hex') AS digest FROM people_belonging b WHERE b.until IS NULL AND {of_b} GROUP BY b.prime_id) m
    ON m.prime_id = held.prime_id
WHERE %(group_moves)s AND held."group" IS DISTINCT FROM d."group" AND held.policy_version = %(policy)s
    AND held.membership_digest = m.digest AND NOT EXISTS (
        SELECT 1 FROM people_belonging b JOIN records_involvement i ON i.nominal_id = b.nominal_id
        JOIN records_record r ON r.id = i.record_id JOIN core_scope s ON s.id = r.scope_id
        WHERE b.prime_id = held.prime_id AND b.until IS NULL AND s.restriction <> '')
ON CONFLICT (controller_id, about) DO NOTHING
"""

# Known before: an older record of the same force tells of them.
_KNOWN_BEFORE = """EXISTS (
    SELECT 1 FROM people_belonging was JOIN records_involvement old ON old.nominal_id = was.nominal_id
    JOIN records_record o ON o.id = old.record_id JOIN records_sourcesystem os ON os.id = o.system_id
    WHERE was.prime_id = d.prime_id AND was.until IS NULL AND os.controller_id = d.controller_id
        AND o.seen_first < {since})
"""
_NOT_LOOKED_AT_SINCE = """NOT EXISTS (
    SELECT 1 FROM retention_review done WHERE done.prime_id = d.prime_id AND done.controller_id = d.controller_id
        AND done.state = 'decided' AND {since})
"""

# What has come lately and tells of something recent is little, and each further step is asked of that alone.
_ARRIVED = f"""
WITH fresh AS MATERIALIZED (
    SELECT i.nominal_id, i.role, i.row_id, r.id AS record_id, r.seen_first FROM records_record r
    JOIN core_scope scope ON scope.id = r.scope_id AND scope.restriction = ''
    JOIN records_involvement i ON i.record_id = r.id AND i.withdrawn_on IS NULL AND i.role = ANY(%(roles)s)
    WHERE r.seen_first > %(day)s::date - %(within)s AND r.seen_first <= %(day)s{{and_theirs}}
        AND coalesce(i.dated, i.happened_latest, (
            SELECT max(upper(day) - 1) FROM records_recorddates told CROSS JOIN LATERAL unnest(told.days) AS day
            WHERE told.record_id = r.id AND lower(day) <= r.seen_first)) > r.seen_first - %(within)s
), of_whom AS MATERIALIZED (
    SELECT f.*, b.prime_id FROM fresh f JOIN people_belonging b ON b.nominal_id = f.nominal_id AND b.until IS NULL
    WHERE {{of_b}}
), life AS MATERIALIZED (
    SELECT was.prime_id, s.controller_id, min(o.seen_first) AS seen_first,
        min(coalesce(old.dated, old.happened_latest)) AS earliest
    FROM (SELECT DISTINCT prime_id FROM of_whom) p
    JOIN people_belonging was ON was.prime_id = p.prime_id AND was.until IS NULL
    JOIN records_involvement old ON old.nominal_id = was.nominal_id
    JOIN records_record o ON o.id = old.record_id JOIN records_sourcesystem s ON s.id = o.system_id
    GROUP BY was.prime_id, s.controller_id
), known AS MATERIALIZED (
    SELECT w.*, d.controller_id, coalesce(d."group", 0) AS "group",
        (SELECT min(each.earliest) FROM life each WHERE each.prime_id = w.prime_id) AS earliest
    FROM of_whom w JOIN retention_persondecision d ON d.prime_id = w.prime_id
    JOIN life ON life.prime_id = d.prime_id AND life.controller_id = d.controller_id
        AND life.seen_first < w.seen_first
)
INSERT INTO retention_reviewtrigger (prime_id, controller_id, code, about, dated, record_id)
SELECT DISTINCT ON (d.controller_id, d.nominal_id, d.record_id) d.prime_id, d.controller_id, t.code,
    'record:' || d.record_id || ':' || d.nominal_id, d.seen_first, d.record_id
FROM known d JOIN records_sourcerow told_by ON told_by.id = d.row_id
JOIN records_intake came ON came.id = told_by.first_intake_id
JOIN jsonb_to_recordset(%(arrivals)s::jsonb)
    AS t (place int, code text, roles text[], groups int[], historical_before date) ON d.role = ANY(t.roles)
    AND (d."group" = ANY(t.groups) OR d.earliest < t.historical_before)
WHERE {_NOT_LOOKED_AT_SINCE.format(since="done.decided_at > came.at")}
ORDER BY d.controller_id, d.nominal_id, d.record_id, t.place
ON CONFLICT (controller_id, about) DO NOTHING
"""  # noqa: S608

# Of some people: said so that it is they who are looked for, and not everything that has come.
_THEIRS = """
        AND i.nominal_id IN (
            SELECT b.nominal_id FROM people_belonging b WHERE b.until IS NULL AND b.prime_id = ANY(%(people)s))"""

_FLAGGED = f"""
INSERT INTO retention_reviewtrigger (prime_id, controller_id, code, about, dated)
SELECT DISTINCT ON (d.controller_id, b.prime_id, f.flag, f.start) d.prime_id, d.controller_id, f.flag,
    'flag:' || b.nominal_id || ':' || f.flag || ':' || f.start, f.start
FROM records_nominalflag f JOIN records_nominal n ON n.id = f.nominal_id
JOIN core_scope scope ON scope.id = n.scope_id AND scope.restriction = ''
JOIN people_belonging b ON b.nominal_id = f.nominal_id AND b.until IS NULL AND {{of_b}}
JOIN retention_persondecision d ON d.prime_id = b.prime_id
WHERE f.flag = ANY(%(flags)s) AND f.start > %(day)s::date - %(within)s AND f.start <= %(day)s
    AND {_KNOWN_BEFORE.format(since="f.start")}
    AND {_NOT_LOOKED_AT_SINCE.format(since="done.decided_at::date > f.start")}
ORDER BY d.controller_id, b.prime_id, f.flag, f.start, b.nominal_id
ON CONFLICT (controller_id, about) DO NOTHING
"""  # noqa: S608

# A request waits for a decision that answers it, whatever was decided between its receipt and its recording.
_HAPPENED = f"""
INSERT INTO retention_reviewtrigger (prime_id, controller_id, code, about, dated, event_id, by)
SELECT DISTINCT ON (d.controller_id, e.id) d.prime_id, d.controller_id, e.kind, 'event:' || e.id, e.dated, e.id, e.by
FROM retention_subjectevent e JOIN {carried.joined("e", "made_at")} AND {{of_b}}
JOIN retention_persondecision d ON d.prime_id = b.prime_id
WHERE (e.kind = ANY(%(events)s) OR e.kind = ANY(%(while_open)s) AND e.closed IS NULL)
    AND ({_NOT_LOOKED_AT_SINCE.format(since="(done.decided_at > e.made_at OR done.decided_at::date > e.dated)")}
        OR EXISTS (SELECT 1 FROM retention_personrequest q WHERE q.event_id = e.id AND q.controller_id = d.controller_id
            AND q.closed_on IS NULL AND q.review_id IS NULL))
ORDER BY d.controller_id, e.id, d.prime_id
ON CONFLICT (controller_id, about) DO NOTHING
"""  # noqa: S608

# A trigger waits while no review is about it, or one that was closed without a decision.
WAITS = """(t.review_id IS NULL OR EXISTS (
    SELECT 1 FROM retention_review gone WHERE gone.id = t.review_id AND gone.state = 'closed'))
    AND NOT (t.code = ANY(%(while_open)s) AND EXISTS (
        SELECT 1 FROM retention_subjectevent e WHERE e.id = t.event_id AND e.closed IS NOT NULL))
"""

# What keeps an untouched review open, whatever the clock says.
KEEPS_OPEN = """
SELECT 1 FROM retention_reviewtrigger t LEFT JOIN retention_subjectevent e ON e.id = t.event_id
WHERE t.review_id = r.id AND NOT (t.code = ANY(%(while_open)s) AND e.closed IS NOT NULL)
"""

_FOLLOW = f"""
UPDATE retention_reviewtrigger t SET prime_id = p.redirects_to_id FROM people_primeperson p
WHERE p.id = t.prime_id AND p.redirects_to_id IS NOT NULL AND {{of_p}} AND {WAITS}
"""  # noqa: S608

OPEN = f"""
INSERT INTO retention_review (prime_id, controller_id, kind, trigger, due, risk, state, allocated_to, waiting_for,
    outcome, kept_records, decided_by, membership_digest, version)
SELECT DISTINCT ON (t.prime_id, t.controller_id) t.prime_id, t.controller_id, 'triggered', t.code, t.dated,
    CASE d."group" WHEN 1 THEN 300 WHEN 2 THEN 200 WHEN 3 THEN 100 ELSE 50 END, 'open', '', '', '', '{{{{}}}}', '',
    d.membership_digest, 1
FROM retention_reviewtrigger t
JOIN retention_persondecision d ON d.prime_id = t.prime_id AND d.controller_id = t.controller_id
WHERE {WAITS} AND {{of_t}}
    AND NOT EXISTS (SELECT 1 FROM retention_review r WHERE r.prime_id = t.prime_id
        AND r.controller_id = t.controller_id AND r.state NOT IN ('decided', 'closed'))
    AND NOT EXISTS (SELECT 1 FROM retention_disposalorder o WHERE o.prime_id = t.prime_id
        AND o.controller_id = t.controller_id AND o.state IN ('proposed', 'approved', 'instructed', 'destroyed'))
ORDER BY t.prime_id, t.controller_id, t.dated, t.id
"""  # noqa: S608

BELONG = f"""
UPDATE retention_reviewtrigger t SET review_id = r.id FROM retention_review r
WHERE r.prime_id = t.prime_id AND r.controller_id = t.controller_id AND r.state NOT IN ('decided', 'closed')
    AND {{of_r}} AND {WAITS}
"""  # noqa: S608


def parameters(day: date) -> dict[str, Any]:
    """Return what the statements here ask for, as policy has it on a day."""
    switches = review_policy.on(day)
    arrivals = [
        {
            "place": place,
            **each,
            "historical_before": str(before) if (before := each.get("historical_before")) else None,
        }
        for place, each in enumerate(switches.arrivals)
    ]
    return {
        "arrivals": json.dumps(arrivals),
        "roles": sorted({role for each in switches.arrivals for role in each["roles"]}),
        "within": switches.within_days,
        "flags": list(switches.flags),
        "events": list(switches.events),
        "while_open": list(switches.while_open),
        "group_moves": switches.group_moves,
    }


def noting(*, of_some: bool) -> list[str]:
    """Return the statements that note what has come and happened to everyone, or some people."""
    theirs = _THEIRS if of_some else ""
    return [_ARRIVED.replace("{and_theirs}", theirs), _FLAGGED, _HAPPENED, _FOLLOW]
