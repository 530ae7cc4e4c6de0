"""The statements by which a staged batch becomes records, nominals and what hangs on them.

Every statement works on whole sets. `%(…)s` parameters: system, table, as_of, intake, pepper. `{name}` is a staged
table. A row's fate is decided first; what follows touches only rows that are accepted or updated.
"""

from typing import NamedTuple

from muniment.feeds.canonical import PERSON_TEXT_FIELDS
from muniment.records import object_sql
from muniment.records.withdrawal_sql import TELLING, TOLD

_WRITTEN = "('accepted', 'updated')"

# What was destroyed stays away: a record wherever it is named, a person in rows that name no record. A record that was
# not destroyed here is business of its own, whenever it happened, for which its people are held anew; they come by a
# row of their own, too, when a link to one that is held waits for them.
FATE = """
CREATE TEMPORARY TABLE fate ON COMMIT DROP AS
WITH numbered AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.key ORDER BY r.row) AS turn FROM {rows} r
), named AS (
    SELECT row, 'record' AS entity, reference FROM {records}
    UNION ALL SELECT row, 'record', record FROM {involvements}
    UNION ALL SELECT row, 'record', record FROM {objects} WHERE record IS NOT NULL
), buried AS (
    SELECT s.row FROM (
        SELECT row, entity, reference FROM named
        UNION ALL SELECT row, 'nominal', reference FROM (
            SELECT row, reference FROM {nominals} UNION ALL SELECT row, reference FROM {flags}
            UNION ALL SELECT row, nominal FROM {objects} WHERE nominal IS NOT NULL
        ) alone WHERE NOT EXISTS (SELECT 1 FROM named WHERE named.row = alone.row)
    ) s JOIN records_tombstone t ON t.system_id = %(system)s AND t.entity = s.entity
        AND t.reference_hash = encode(sha256(convert_to(%(pepper)s || s.reference, 'UTF8')), 'hex')
    WHERE t.entity = 'record' OR NOT EXISTS (
        SELECT 1 FROM records_quarantinename person
        WHERE person.system_id = %(system)s AND person.kind = 'nominal' AND person.name = s.reference
            AND (SELECT waiting.resolved_by_id IS NULL AND waiting.reasons @> '[{{"code": "unknown_reference"}}]'
                 FROM records_quarantine waiting WHERE waiting.id = person.waiting_id)
            AND (SELECT bool_or((SELECT true FROM records_record r
                                 WHERE r.system_id = %(system)s AND r.reference = linked.name))
                 FROM records_quarantinename linked
                 WHERE linked.waiting_id = person.waiting_id AND linked.kind = 'record'))
), judged AS (
    SELECT n.row, n.key, n.entity, n.hash, held.id,
        CASE WHEN n.row IN (SELECT row FROM buried) THEN 'suppressed'
             WHEN n.turn > 1 THEN 'unchanged'
             WHEN held.id IS NULL THEN 'accepted'
             WHEN held.hash = n.hash OR taken.as_of > %(as_of)s THEN 'unchanged'
             ELSE 'updated' END AS fate,
        n.turn = 1 AND held.hash <> n.hash AND taken.as_of > %(as_of)s AS older
    FROM numbered n
    -- One look into the index a row (a LIMIT keeps the planner to it): what the source holds besides costs nothing.
    LEFT JOIN LATERAL (
        SELECT h.id, h.hash, h.last_intake_id FROM records_sourcerow h
        WHERE h.system_id = %(system)s AND h."table" = %(table)s AND h.key = n.key
            AND EXISTS (SELECT 1 FROM records_sourcerow WHERE system_id = %(system)s AND "table" = %(table)s) LIMIT 1
    ) held ON true
    LEFT JOIN records_intake taken ON taken.id = held.last_intake_id
)
SELECT row, key, entity, hash, fate, older AND fate = 'unchanged' AS older,
    CASE fate WHEN 'accepted' THEN nextval('records_sourcerow_id_seq') ELSE id END AS row_id
FROM judged
"""

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
    FROM {{records}} s JOIN fate f ON f.row = s.row AND f.fate IN {_WRITTEN} GROUP BY s.reference
    UNION ALL
    SELECT 'nominal', s.reference, min(s.row)
    FROM {{nominals}} s JOIN fate f ON f.row = s.row AND f.fate IN {_WRITTEN} GROUP BY s.reference
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

# A link to a record or a person that is not held here cannot stand: it waits in quarantine.
DANGLING = """
SELECT i.row, f.key, i.record, i.nominal, i.role,
    NOT EXISTS (SELECT 1 FROM records_record r WHERE r.system_id = %(system)s AND r.reference = i.record)
    AND i.record NOT IN (SELECT reference FROM {records}) AS lacks_record
FROM {involvements} i JOIN fate f ON f.row = i.row AND f.fate IN ('accepted', 'updated')
WHERE (NOT EXISTS (SELECT 1 FROM records_record r
                   WHERE r.system_id = %(system)s AND r.reference = i.record)
       AND NOT EXISTS (SELECT 1 FROM {records} s WHERE s.reference = i.record))
   OR (NOT EXISTS (SELECT 1 FROM records_nominal p
                   WHERE p.system_id = %(system)s AND p.reference = i.nominal)
       AND NOT EXISTS (SELECT 1 FROM {nominals} s WHERE s.reference = i.nominal))
"""

HELD_ANEW = """
DELETE FROM records_tombstone t USING {nominals} s JOIN fate f ON f.row = s.row AND f.fate IN ('accepted', 'updated')
WHERE t.system_id = %(system)s AND t.entity = 'nominal'
    AND t.reference_hash = encode(sha256(convert_to(%(pepper)s || s.reference, 'UTF8')), 'hex')
"""

SCOPES = """
INSERT INTO core_scope (controller_id, partition, area, marking, restriction)
SELECT DISTINCT %(controller)s, s.partition, s.area, s.marking, s.restriction
FROM (
    SELECT partition, area, marking, coalesce(restriction, '') AS restriction FROM {records}
    UNION SELECT partition, %(area)s, %(marking)s, restriction FROM {nominals}
    UNION SELECT %(partition)s, %(area)s, %(marking)s, ''
) s
ON CONFLICT DO NOTHING
"""


class Written(NamedTuple):
    """The statement that adds what is new, and the one that changes what is held."""

    new: str
    changed: str


SOURCE_ROWS = Written(
    """
    INSERT INTO records_sourcerow
        (id, system_id, "table", key, hash, first_intake_id, changed_intake_id, last_intake_id)
    SELECT row_id, %(system)s, %(table)s, key, hash, %(intake)s, %(intake)s, %(intake)s
    FROM fate WHERE fate = 'accepted'
    """,
    """
    UPDATE records_sourcerow held
    SET hash = f.hash, changed_intake_id = %(intake)s, last_intake_id = %(intake)s, withdrawn_on = NULL
    FROM fate f WHERE f.fate = 'updated' AND held.id = f.row_id
    """,
)

# An unchanged row of a newer file is seen again; one that had been withdrawn is back, with all that it tells of. What
# its source deleted by name stays withdrawn, unless a file that is newer than the deletion has it and not the deletion;
# and what one table told of does not come back because another still links to it.
_AGAIN = """
FROM fate, records_sourcerow held, records_intake taken
WHERE fate.fate = 'unchanged' AND fate.row_id = held.id AND taken.id = held.last_intake_id
    AND (taken.as_of < %(as_of)s OR (held.withdrawn_on IS NOT NULL AND taken.as_of <= %(as_of)s))
"""

SEEN_AGAIN = (
    *(
        f"""
        UPDATE records_{entity} back SET withdrawn_on = NULL
        WHERE back.withdrawn_on IS NOT NULL
        AND EXISTS (
            SELECT 1 FROM records_sourcerow own
            WHERE own.id = back.row_id AND own.system_id = %(system)s AND own."table" = %(table)s)
        AND back.id IN (
            SELECT told.id FROM (SELECT row_id, id FROM records_{entity} UNION ALL {telling}) told
            WHERE told.row_id IN (SELECT held.id {_AGAIN}))
        AND NOT EXISTS (
            SELECT 1 FROM records_sourceevent e {TOLD}
            WHERE e.system_id = %(system)s AND e.kind = 'delete' AND e.entity = '{entity}'
                AND e.reference = back.reference AND told.as_of >= %(as_of)s)
        AND NOT EXISTS (
            SELECT 1 FROM {{events}} e
            WHERE e.kind = 'delete' AND e.entity = '{entity}' AND e.reference = back.reference)
        """  # noqa: S608
        for entity, telling in TELLING.items()
    ),
    *(
        f"""
        UPDATE {links} back SET withdrawn_on = NULL
        WHERE back.withdrawn_on IS NOT NULL AND back.row_id IN (SELECT held.id {_AGAIN})
        """  # noqa: S608
        for links in ("records_involvement", *object_sql.LINKS)
    ),
    f"""
    UPDATE records_sourcerow again SET last_intake_id = %(intake)s, withdrawn_on = NULL {_AGAIN} AND again.id = held.id
    """,  # noqa: S608
)


def _of(entity: str, told: str, linked: str) -> str:
    """Return the statement that gives each reference of the file its key here, and the line and row that tell it.

    Several rows may tell one: the last does, of people the last that is not restricted. `told` selects reference, row,
    line and whether it is restricted, `linked` references alone.
    """
    return f"""
    CREATE TEMPORARY TABLE {entity}_of ON COMMIT DROP AS
    SELECT s.reference, s.line, s.row_id, held.id IS NULL AS fresh,
        coalesce(held.id, nextval('records_{entity}_id_seq')) AS id
    FROM (
        SELECT DISTINCT ON (reference) reference, line, row_id FROM (
            SELECT s.reference, s.row, s.line, f.row_id, s.restricted
            FROM ({told}) s JOIN fate f ON f.row = s.row AND f.fate IN {_WRITTEN}
            UNION ALL
            SELECT s.reference, NULL, NULL, NULL, NULL
            FROM ({linked}) s JOIN fate f ON f.row = s.row AND f.fate IN {_WRITTEN}
        ) named ORDER BY reference, restricted, row DESC NULLS LAST, line
    ) s
    LEFT JOIN LATERAL (
        SELECT h.id FROM records_{entity} h WHERE h.system_id = %(system)s AND h.reference = s.reference
            AND EXISTS (SELECT 1 FROM records_{entity} WHERE system_id = %(system)s) LIMIT 1
    ) held ON true
    WHERE s.line IS NOT NULL OR held.id IS NOT NULL
    """  # noqa: S608


KEYS = (
    _of(
        "record",
        "SELECT reference, row, row AS line, false AS restricted FROM {records}",
        "SELECT record AS reference, row FROM {involvements}",
    ),
    "ANALYZE record_of",
    _of(
        "nominal",
        "SELECT reference, row, line, restriction <> '' AS restricted FROM {nominals}",
        "SELECT nominal AS reference, row FROM {involvements} UNION ALL SELECT reference, row FROM {flags}",
    ),
    "ANALYZE nominal_of",
)

_AT_FIRST = {
    "record": {"seen_first": "%(as_of)s", "seen_last": "%(as_of)s", "state": "'held'"},
    "nominal": {"seen_first": "%(as_of)s", "merged_into": "''"},
}
_AT_LAST = {"record": ", seen_last = greatest(held.seen_last, %(as_of)s)", "nominal": ""}


# What another row told in a newer file stands. Where the same row tells it again, there is nothing to look up.
_NOT_OLDER = """(held.row_id = s.row_id OR coalesce((
    SELECT taken.as_of FROM records_sourcerow own JOIN records_intake taken ON taken.id = own.last_intake_id
    WHERE own.id = held.row_id) <= %(as_of)s, true))"""

# A restricted row changes nothing of a person who is open, and whatever opens a person tells of them anew.
_IS_RESTRICTED = "held.scope_id IN (SELECT id FROM core_scope WHERE restriction <> '')"
_OPEN_FIRST = f"CASE WHEN {_IS_RESTRICTED} = (s.restriction <> '') THEN {_NOT_OLDER} ELSE s.restriction = '' END"


def _said(entity: str, line: str, scope: str, said: dict[str, str], stands: str) -> Written:
    """Return the statements that add what is new and change what is held; `said` gives the columns' values.

    `line` is what one staged line is known by; `stands` says when it changes what is held. What was sealed stays
    sealed. The planner, which cannot know how few scopes there are, is kept from joining them first (OFFSET): it would
    hash whole lines for it.
    """

    def source(which: str) -> str:
        return f"""
        FROM (
            SELECT p.id, p.row_id, s.* FROM {entity}_of p JOIN {{{entity}s}} s ON s.{line} = p.line
            WHERE {which} OFFSET 0
        ) s
        JOIN core_scope scope ON scope.controller_id = %(controller)s AND scope.partition = s.partition AND {scope}
        """  # noqa: S608

    changed = ", ".join(f"{column} = {value}" for column, value in said.items())
    first = _AT_FIRST[entity]
    return Written(
        f"""
        INSERT INTO records_{entity} (id, system_id, reference, scope_id, {", ".join([*said, *first])})
        SELECT s.id, %(system)s, s.reference, scope.id, {", ".join([*said.values(), *first.values()])}
        {source("p.fresh")}
        """,
        f"""
        UPDATE records_{entity} held SET {changed}, withdrawn_on = NULL{_AT_LAST[entity]},
            scope_id = CASE WHEN held.scope_id IN (SELECT id FROM core_scope WHERE partition = 'sealed')
                THEN held.scope_id ELSE scope.id END
        {source("NOT p.fresh")} WHERE held.id = s.id AND {stands}
        """,  # noqa: S608
    )


RECORDS = _said(
    "record",
    "row",
    "scope.area = s.area AND scope.marking = s.marking AND scope.restriction = coalesce(s.restriction, '')",
    {
        "class_id": "s.class_id",
        **{
            name: f"coalesce(s.{name}, '')"
            for name in ("title", "outcome", "cjs", "ho_class", "offence_text", "location", "postcode")
        },
        "purposes": "s.purposes",
        "purpose_from": "s.purpose_from",
        "attributes": "coalesce(s.attributes, '{{}}')",
        "row_id": "s.row_id",
    },
    _NOT_OLDER,
)

NOMINALS = _said(
    "nominal",
    "line",
    "scope.area = %(area)s AND scope.marking = %(marking)s AND scope.restriction = s.restriction",
    {
        **{name: f"coalesce(s.{name}, '')" for name in PERSON_TEXT_FIELDS},
        "aliases": "coalesce(s.aliases, '{{}}')",
        "born_earliest": "s.born_earliest",
        "born_latest": "s.born_latest",
        "row_id": "s.row_id",
    },
    _OPEN_FIRST,
)

# Who is told of is still there, even where the row that tells of them is restricted and may say nothing of them.
NOMINALS_STILL_TOLD = f"""
UPDATE records_nominal held SET withdrawn_on = NULL FROM nominal_of s
WHERE s.line IS NOT NULL AND NOT s.fresh AND held.id = s.id AND held.withdrawn_on IS NOT NULL AND {_NOT_OLDER}
"""  # noqa: S608

# Where the narrative of a row goes: the row, its keys here, and the scope of its record.
PLACES = f"""
SELECT f.row, f.row_id, p.id, r.scope_id
FROM {{records}} s JOIN fate f ON f.row = s.row AND f.fate IN {_WRITTEN}
JOIN record_of p ON p.reference = s.reference JOIN records_record r ON r.id = p.id
"""  # noqa: S608

# What an updated row said before, of whichever record, goes as a whole. The owners of its texts are a range, which the
# index answers (`content.of_record`): ; comes next after :
SAID_BEFORE = (
    """
    DELETE FROM core_content held USING (
        SELECT d.row_id, d.record_id FROM records_recorddates d
        JOIN fate f ON f.row_id = d.row_id AND f.fate = 'updated'
    ) said
    WHERE held.owner >= 'record:' || said.record_id || ':' || said.row_id || ':'
        AND held.owner < 'record:' || said.record_id || ':' || said.row_id || ';'
    """,
    *(
        f"DELETE FROM {table} held USING fate f WHERE f.fate = 'updated' AND held.row_id = f.row_id"  # noqa: S608
        for table in ("records_recorddates", "records_nominalflag", "records_involvement", *object_sql.LINKS)
    ),
)

RECORD_DATES = f"""
INSERT INTO records_recorddates (row_id, record_id, kinds, days)
SELECT f.row_id, p.id, s.kinds, s.days::daterange[]
FROM {{records}} s JOIN fate f ON f.row = s.row AND f.fate IN {_WRITTEN}
JOIN record_of p ON p.reference = s.reference
"""  # noqa: S608

FLAGS = f"""
INSERT INTO records_nominalflag (nominal_id, row_id, flag, start, until)
SELECT n.id, f.row_id, s.flag, s.start, s.until
FROM {{flags}} s JOIN fate f ON f.row = s.row AND f.fate IN {_WRITTEN}
JOIN nominal_of n ON n.reference = s.reference
"""  # noqa: S608

INVOLVEMENTS = f"""
INSERT INTO records_involvement (nominal_id, record_id, row_id, role, dated, cjs, ho_class,
    happened_earliest, happened_latest, result, sentence_custodial, sentence_months, released)
SELECT n.id, p.id, f.row_id, s.role, s.dated, coalesce(s.cjs, ''), coalesce(s.ho_class, ''),
    s.happened_earliest, s.happened_latest, coalesce(s.result, ''), s.sentence_custodial,
    s.sentence_months, s.released
FROM {{involvements}} s JOIN fate f ON f.row = s.row AND f.fate IN {_WRITTEN}
JOIN record_of p ON p.reference = s.record JOIN nominal_of n ON n.reference = s.nominal
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
CREATE TEMPORARY TABLE sealing ON COMMIT DROP AS
SELECT s.entity, s.reference FROM {{events}} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted'
WHERE s.kind = 'seal'
UNION
SELECT s.entity, s.reference FROM (
    SELECT row, 'record' AS entity, reference FROM {{records}} WHERE partition = 'sealed'
    UNION ALL SELECT row, 'nominal', reference FROM {{nominals}} WHERE partition = 'sealed'
) s JOIN fate f ON f.row = s.row AND (f.fate IN {_WRITTEN} OR f.older)
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
