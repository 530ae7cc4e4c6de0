"""The statements by which deletions, merges and seals at source are followed.

As in `intake_sql`: whole sets, in the transaction of an intake, after the fate of its rows was decided. Nothing is
lost: what was told is kept, and what came before or after is told again by it.
"""

from muniment.records.object_sql import FATES_WRITTEN
from muniment.records.withdrawal_sql import TELLING, TOLD

# An undated event that is known is told anew where what it did has been undone since: by the contrary, or, a deletion,
# by a row of what it deleted. One that a newer file tells is known by that, and a file that was taken in before tells
# nothing anew.
TOLD_ANEW = f"""
WITH told AS (
    SELECT e.*, named."table", told.as_of FROM records_sourceevent e {TOLD}
    WHERE e.system_id = %(system)s AND (e.entity, e.reference) IN (SELECT entity, reference FROM {{events}})
), known AS (
    SELECT DISTINCT ON (kind, entity, reference, "into") kind, entity, reference, "into", row_id, as_of FROM told
    WHERE dated IS NULL AND "table" = %(table)s ORDER BY kind, entity, reference, "into", as_of DESC, id DESC
), latest AS (
    SELECT DISTINCT ON (entity, reference) entity, reference, kind, "into" FROM told
    WHERE kind IN ('merge', 'unmerge') AND as_of <= %(as_of)s ORDER BY entity, reference, as_of DESC, id DESC
), there AS (
    SELECT 'record' AS entity, reference FROM records_record WHERE system_id = %(system)s AND withdrawn_on IS NULL
        AND reference IN (SELECT reference FROM {{events}} WHERE kind = 'delete')
    UNION ALL
    SELECT 'nominal', reference FROM records_nominal WHERE system_id = %(system)s AND withdrawn_on IS NULL
        AND reference IN (SELECT reference FROM {{events}} WHERE kind = 'delete')
), sent AS (
    SELECT 'record' AS entity, s.reference, min(s.row) AS row
    FROM {{records}} s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN} GROUP BY s.reference
    UNION ALL
    SELECT 'nominal', s.reference, min(s.row)
    FROM {{nominals}} s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN} GROUP BY s.reference
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY entity, reference, kind IN ('merge', 'unmerge') ORDER BY row) AS turn
    FROM {{events}}
), judged AS (
    SELECT s.row, known.row_id, known.as_of > %(as_of)s
        OR (known.as_of = %(as_of)s AND EXISTS (
            SELECT 1 FROM records_intake WHERE system_id = %(system)s AND "table" = %(table)s
                AND digest = %(digest)s AND as_of = %(as_of)s AND id <> %(intake)s))
        OR CASE s.kind WHEN 'seal' THEN true
            WHEN 'delete' THEN there.reference IS NULL
                AND (sent.reference IS NULL OR (%(in_order)s AND sent.row > s.row))
            ELSE s.turn = 1 AND (latest.kind, latest."into") = (known.kind, known."into") END AS stands
    FROM numbered s
    JOIN known ON (known.kind, known.entity, known.reference, known."into")
        = (s.kind, s.entity, s.reference, coalesce(s."into", ''))
    LEFT JOIN latest ON (latest.entity, latest.reference) = (s.entity, s.reference)
    LEFT JOIN there ON (there.entity, there.reference) = (s.entity, s.reference)
    LEFT JOIN sent ON (sent.entity, sent.reference) = (s.entity, s.reference)
    WHERE s.dated IS NULL
)
UPDATE fate f SET
    fate = CASE WHEN j.stands THEN 'unchanged' ELSE 'accepted' END,
    row_id = CASE WHEN j.stands THEN j.row_id WHEN f.fate = 'accepted' THEN f.row_id
        ELSE nextval('records_sourcerow_id_seq') END,
    key = CASE WHEN j.stands OR f.fate = 'accepted' THEN f.key ELSE f.key || '@' || %(intake)s END
FROM judged j WHERE f.row = j.row
"""  # noqa: S608

# What an older file deletes and a newer one has told of since is there. Each row is looked up by its key.
_TOLD_SINCE = """
(SELECT max(as_of) FROM records_intake WHERE system_id = %(system)s) > %(as_of)s AND EXISTS (
    SELECT 1 FROM (
        SELECT held.row_id UNION ALL SELECT told.row_id FROM ({telling}) told WHERE told.id = held.id) telling
    WHERE (SELECT as_of FROM records_intake WHERE id = (
        SELECT last_intake_id FROM records_sourcerow WHERE id = telling.row_id AND withdrawn_on IS NULL)) > %(as_of)s)
"""

# What a deletion, merge, unmerge or seal at source does here: nothing is lost, everything is followed.
EVENTS = (
    """
    INSERT INTO records_sourceevent (system_id, row_id, kind, entity, reference, "into", dated, applied_at)
    SELECT %(system)s, f.row_id, s.kind, s.entity, s.reference, coalesce(s."into", ''), s.dated, now()
    FROM {events} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted' ORDER BY s.row
    """,
    *(
        f"""
        UPDATE records_{entity} held SET withdrawn_on = coalesce(s.dated, %(as_of)s)
        FROM {{events}} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted'
        WHERE s.kind = 'delete' AND s.entity = '{entity}'
            AND held.system_id = %(system)s AND held.reference = s.reference
            AND NOT (%(in_order)s AND EXISTS (
                SELECT 1 FROM {{{entity}s}} after WHERE after.reference = s.reference AND after.row > s.row))
            AND NOT ({_TOLD_SINCE.format(telling=telling)})
        """  # noqa: S608
        for entity, telling in TELLING.items()
    ),
)

# The last that was told of a person holds, whenever it came; who was not held yet is merged when they come.
MERGES = f"""
UPDATE records_nominal held SET merged_into = CASE last.kind WHEN 'merge' THEN last."into" ELSE '' END
FROM (
    SELECT DISTINCT ON (e.reference) e.reference, e.kind, e."into" FROM records_sourceevent e {TOLD}
    WHERE e.system_id = %(system)s AND e.entity = 'nominal' AND e.kind IN ('merge', 'unmerge')
    ORDER BY e.reference, told.as_of DESC, e.id DESC
) last
WHERE held.system_id = %(system)s AND held.reference = last.reference AND last.reference IN (
    SELECT reference FROM nominal_of WHERE fresh
    UNION ALL SELECT s.reference FROM {{events}} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted')
"""  # noqa: S608

# What events name that is not held (yet).
NAMED_IN_VAIN = """
SELECT count(*) FROM {events} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted'
WHERE NOT EXISTS (
        SELECT 1 FROM records_record r
        WHERE s.entity = 'record' AND r.system_id = %(system)s AND r.reference = s.reference)
    AND NOT EXISTS (
        SELECT 1 FROM records_nominal n
        WHERE s.entity = 'nominal' AND n.system_id = %(system)s AND n.reference = s.reference)
"""

# What is to be sealed: what an event of the file seals, what a row says is sealed, whatever other rows say of the same,
# and what a file sealed before it came.
SEALING = f"""
INSERT INTO sealing (entity, reference)
SELECT s.entity, s.reference FROM {{events}} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted'
WHERE s.kind = 'seal'
UNION
SELECT s.entity, s.reference FROM (
    SELECT row, 'record' AS entity, reference FROM {{records}} WHERE partition = 'sealed'
    UNION ALL SELECT row, 'nominal', reference FROM {{nominals}} WHERE partition = 'sealed'
) s JOIN fate f ON f.row = s.row AND (f.fate IN {FATES_WRITTEN} OR f.older)
UNION
SELECT e.entity, e.reference FROM records_sourceevent e WHERE e.system_id = %(system)s AND e.kind = 'seal' AND (
    (e.entity = 'record' AND e.reference IN (SELECT reference FROM record_of WHERE fresh))
    OR (e.entity = 'nominal' AND e.reference IN (SELECT reference FROM nominal_of WHERE fresh)))
"""  # noqa: S608

SEALED = (
    """
    INSERT INTO core_scope (controller_id, partition, area, marking, restriction)
    SELECT DISTINCT was.controller_id, 'sealed', was.area, was.marking, was.restriction
    FROM sealing s
    JOIN (SELECT 'record' AS entity, reference, scope_id FROM records_record WHERE system_id = %(system)s
          UNION ALL SELECT 'nominal', reference, scope_id FROM records_nominal WHERE system_id = %(system)s) held
        ON held.entity = s.entity AND held.reference = s.reference
    JOIN core_scope was ON was.id = held.scope_id
    ON CONFLICT DO NOTHING
    """,
    *(
        f"""
        UPDATE records_{entity} held SET scope_id = sealed.id
        FROM sealing s, core_scope was, core_scope sealed
        WHERE s.entity = '{entity}'
            AND held.system_id = %(system)s AND held.reference = s.reference AND was.id = held.scope_id
            AND sealed.controller_id = was.controller_id AND sealed.partition = 'sealed'
            AND sealed.area = was.area AND sealed.marking = was.marking
            AND sealed.restriction = was.restriction AND sealed.id <> was.id
        """  # noqa: S608
        for entity in ("record", "nominal")
    ),
    # The narratives of a record go behind the wall with it; its owners are a range, as in SAID_BEFORE.
    """
    UPDATE core_content text SET scope_id = r.scope_id
    FROM sealing s JOIN records_record r ON r.system_id = %(system)s AND r.reference = s.reference
    WHERE s.entity = 'record' AND text.owner >= 'record:' || r.id || ':' AND text.owner < 'record:' || r.id || ';'
        AND text.scope_id <> r.scope_id
    """,
)
