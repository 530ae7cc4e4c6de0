"""The statements by which a staged batch becomes records, nominals and what hangs on them.

Every statement works on whole sets. `%(…)s` parameters: system, table, as_of, intake, pepper. `{name}` is a staged
table. A row's fate is decided first; what follows touches only rows that are accepted or updated.
"""

from muniment.feeds.canonical import PERSON_TEXT_FIELDS

# A destroyed person stays away with every old record; a record of something that happened since is new business, for
# which they are held anew.
FATE = """
CREATE TEMPORARY TABLE fate ON COMMIT DROP AS
WITH numbered AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.key ORDER BY r.row) AS turn FROM {rows} r
), buried AS (
    SELECT s.row FROM (
        SELECT row, 'record' AS entity, reference FROM {records}
        UNION ALL SELECT row, 'nominal', reference FROM {nominals}
        UNION ALL SELECT row, 'record', record FROM {involvements}
        UNION ALL SELECT row, 'nominal', nominal FROM {involvements}
    ) s JOIN records_tombstone t ON t.system_id = %(system)s AND t.entity = s.entity
        AND t.reference_hash = encode(sha256(convert_to(%(pepper)s || s.reference, 'UTF8')), 'hex')
    WHERE t.entity = 'record' OR NOT EXISTS (
        SELECT 1 FROM {record_dates} d WHERE d.row = s.row AND d.earliest >= t.at::date)
)
SELECT n.row, n.key, n.entity, n.hash, held.id AS row_id,
    CASE WHEN n.row IN (SELECT row FROM buried) THEN 'suppressed'
         WHEN n.turn > 1 THEN 'unchanged'
         WHEN held.id IS NULL THEN 'accepted'
         WHEN held.hash = n.hash OR taken.as_of > %(as_of)s THEN 'unchanged'
         ELSE 'updated' END AS fate
FROM numbered n
LEFT JOIN records_sourcerow held
    ON held.system_id = %(system)s AND held."table" = %(table)s AND held.key = n.key
LEFT JOIN records_intake taken ON taken.id = held.last_intake_id
"""

# A link to a record or a person that is not held here cannot stand: it waits in quarantine.
DANGLING = """
SELECT i.row, i.record, i.nominal, i.role,
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
    UNION SELECT partition, %(area)s, %(marking)s, '' FROM {nominals}
    UNION SELECT %(partition)s, %(area)s, %(marking)s, ''
) s
ON CONFLICT DO NOTHING
"""

SOURCE_ROWS = """
WITH written AS (
    INSERT INTO records_sourcerow
        (system_id, "table", key, hash, first_intake_id, last_intake_id, withdrawn_on)
    SELECT %(system)s, %(table)s, key, hash, %(intake)s, %(intake)s, NULL
    FROM fate WHERE fate IN ('accepted', 'updated')
    ON CONFLICT (system_id, "table", key)
        DO UPDATE SET hash = excluded.hash, last_intake_id = excluded.last_intake_id, withdrawn_on = NULL
    RETURNING id, key
)
UPDATE fate SET row_id = written.id FROM written
WHERE written.key = fate.key AND fate.fate IN ('accepted', 'updated')
"""

# An unchanged row of a newer file is seen again; one that had been withdrawn is back, with what it said.
_AGAIN = """
FROM fate, records_sourcerow held, records_intake taken
WHERE fate.fate = 'unchanged' AND fate.row_id = held.id AND taken.id = held.last_intake_id
    AND (taken.as_of < %(as_of)s OR (held.withdrawn_on IS NOT NULL AND taken.as_of <= %(as_of)s))
"""

SEEN_AGAIN = (
    *(
        f"""
        UPDATE {table} back SET withdrawn_on = NULL {_AGAIN}
            AND back.row_id = held.id AND back.withdrawn_on = held.withdrawn_on
        """  # noqa: S608
        for table in ("records_record", "records_nominal")
    ),
    f"""
    UPDATE records_sourcerow again SET last_intake_id = %(intake)s, withdrawn_on = NULL {_AGAIN} AND again.id = held.id
    """,  # noqa: S608
)

RECORDS = """
INSERT INTO records_record (system_id, reference, scope_id, class_id, title, outcome, cjs, ho_class,
    offence_text, purposes, purpose_from, location, postcode, attributes, row_id, seen_first, seen_last, state)
SELECT DISTINCT ON (s.reference) %(system)s, s.reference, scope.id, s.class_id, coalesce(s.title, ''),
    coalesce(s.outcome, ''), coalesce(s.cjs, ''), coalesce(s.ho_class, ''), coalesce(s.offence_text, ''),
    s.purposes, s.purpose_from, coalesce(s.location, ''), coalesce(s.postcode, ''),
    coalesce(s.attributes, '{{}}')::jsonb, f.row_id, %(as_of)s, %(as_of)s, 'held'
FROM {records} s
JOIN fate f ON f.row = s.row AND f.fate IN ('accepted', 'updated')
JOIN core_scope scope ON scope.controller_id = %(controller)s AND scope.partition = s.partition
    AND scope.area = s.area AND scope.marking = s.marking AND scope.restriction = coalesce(s.restriction, '')
ORDER BY s.reference, s.row DESC
ON CONFLICT (system_id, reference) DO UPDATE SET
    scope_id = CASE WHEN records_record.scope_id IN (SELECT id FROM core_scope WHERE partition = 'sealed')
        THEN records_record.scope_id ELSE excluded.scope_id END,
    class_id = excluded.class_id, title = excluded.title,
    outcome = excluded.outcome, cjs = excluded.cjs, ho_class = excluded.ho_class,
    offence_text = excluded.offence_text, purposes = excluded.purposes,
    purpose_from = excluded.purpose_from, location = excluded.location, postcode = excluded.postcode,
    attributes = excluded.attributes, row_id = excluded.row_id, seen_last = excluded.seen_last,
    withdrawn_on = NULL
RETURNING id
"""

NOMINALS = f"""
INSERT INTO records_nominal (system_id, reference, scope_id, {", ".join(PERSON_TEXT_FIELDS)}, aliases,
    born_earliest, born_latest, row_id, merged_into)
SELECT DISTINCT ON (s.reference) %(system)s, s.reference, scope.id,
    {", ".join(f"coalesce(s.{name}, '')" for name in PERSON_TEXT_FIELDS)}, coalesce(s.aliases, '{{{{}}}}'),
    s.born_earliest, s.born_latest, f.row_id, ''
FROM {{nominals}} s
JOIN fate f ON f.row = s.row AND f.fate IN ('accepted', 'updated')
JOIN core_scope scope ON scope.controller_id = %(controller)s AND scope.partition = s.partition
    AND scope.area = %(area)s AND scope.marking = %(marking)s AND scope.restriction = ''
ORDER BY s.reference, s.row DESC
ON CONFLICT (system_id, reference) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in PERSON_TEXT_FIELDS)}, aliases = excluded.aliases,
    scope_id = CASE WHEN records_nominal.scope_id IN (SELECT id FROM core_scope WHERE partition = 'sealed')
        THEN records_nominal.scope_id ELSE excluded.scope_id END,
    born_earliest = excluded.born_earliest, born_latest = excluded.born_latest,
    row_id = excluded.row_id, withdrawn_on = NULL
RETURNING id
"""  # noqa: S608

# A range of owners, which the index answers (`content.of_record`): ; comes next after :
OLD_TEXTS = """
DELETE FROM core_content held USING fate f, records_record r
WHERE f.fate = 'updated' AND r.system_id = %(system)s AND r.row_id = f.row_id
    AND held.owner >= 'record:' || r.id || ':' || f.row_id || ':'
    AND held.owner < 'record:' || r.id || ':' || f.row_id || ';'
"""

CHILDREN = (
    *(
        f"DELETE FROM {table} held USING fate f WHERE f.fate = 'updated' AND held.row_id = f.row_id"  # noqa: S608
        for table in ("records_recorddate", "records_nominalflag", "records_involvement")
    ),
    """
    INSERT INTO records_recorddate (record_id, row_id, kind, earliest, latest)
    SELECT r.id, f.row_id, s.kind, s.earliest, s.latest
    FROM {record_dates} s JOIN fate f ON f.row = s.row AND f.fate IN ('accepted', 'updated')
    JOIN records_record r ON r.system_id = %(system)s AND r.reference = s.reference
    """,
    """
    INSERT INTO records_nominalflag (nominal_id, row_id, flag, start, until)
    SELECT n.id, f.row_id, s.flag, s.start, s.until
    FROM {flags} s JOIN fate f ON f.row = s.row AND f.fate IN ('accepted', 'updated')
    JOIN records_nominal n ON n.system_id = %(system)s AND n.reference = s.reference
    """,
    """
    INSERT INTO records_involvement (nominal_id, record_id, row_id, role, dated, cjs, ho_class,
        happened_earliest, happened_latest, result, sentence_custodial, sentence_months, released)
    SELECT n.id, r.id, f.row_id, s.role, s.dated, coalesce(s.cjs, ''), coalesce(s.ho_class, ''),
        s.happened_earliest, s.happened_latest, coalesce(s.result, ''), s.sentence_custodial,
        s.sentence_months, s.released
    FROM {involvements} s JOIN fate f ON f.row = s.row AND f.fate IN ('accepted', 'updated')
    JOIN records_record r ON r.system_id = %(system)s AND r.reference = s.record
    JOIN records_nominal n ON n.system_id = %(system)s AND n.reference = s.nominal
    ON CONFLICT DO NOTHING
    """,
)

# What a deletion, merge, unmerge or seal at source does here: nothing is lost, everything is followed.
EVENTS = (
    """
    INSERT INTO records_sourceevent (system_id, row_id, kind, entity, reference, "into", dated, applied_at)
    SELECT %(system)s, f.row_id, s.kind, s.entity, s.reference, coalesce(s."into", ''), s.dated, now()
    FROM {events} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted'
    """,
    *(
        statement
        for table, entity in (("records_record", "record"), ("records_nominal", "nominal"))
        for statement in (
            f"""
            UPDATE {table} held SET withdrawn_on = coalesce(s.dated, %(as_of)s)
            FROM {{events}} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted'
            WHERE s.kind = 'delete' AND s.entity = '{entity}'
                AND held.system_id = %(system)s AND held.reference = s.reference
            """,  # noqa: S608
            f"""
            UPDATE {table} held SET scope_id = sealed.id
            FROM {{events}} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted', core_scope was, core_scope sealed
            WHERE s.kind = 'seal' AND s.entity = '{entity}'
                AND held.system_id = %(system)s AND held.reference = s.reference AND was.id = held.scope_id
                AND sealed.controller_id = was.controller_id AND sealed.partition = 'sealed'
                AND sealed.area = was.area AND sealed.marking = was.marking
                AND sealed.restriction = was.restriction
            """,  # noqa: S608
        )
    ),
    """
    UPDATE records_nominal held SET merged_into = CASE s.kind WHEN 'merge' THEN s."into" ELSE '' END
    FROM {events} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted'
    WHERE s.kind IN ('merge', 'unmerge') AND s.entity = 'nominal'
        AND held.system_id = %(system)s AND held.reference = s.reference
    """,
)

SEALED_SCOPES = """
INSERT INTO core_scope (controller_id, partition, area, marking, restriction)
SELECT DISTINCT was.controller_id, 'sealed', was.area, was.marking, was.restriction
FROM {events} s JOIN fate f ON f.row = s.row AND f.fate = 'accepted'
JOIN (SELECT 'record' AS entity, reference, scope_id FROM records_record WHERE system_id = %(system)s
      UNION ALL SELECT 'nominal', reference, scope_id FROM records_nominal WHERE system_id = %(system)s) held
    ON held.entity = s.entity AND held.reference = s.reference
JOIN core_scope was ON was.id = held.scope_id
WHERE s.kind = 'seal'
ON CONFLICT DO NOTHING
"""

# Absence from a full export: known rows of this table, not newer than the file, that it no longer has.
ABSENT = """
SELECT held.id FROM records_sourcerow held JOIN records_intake taken ON taken.id = held.last_intake_id
WHERE held.system_id = %(system)s AND held."table" = %(table)s AND held.withdrawn_on IS NULL
    AND held.key NOT LIKE 'event/%%' AND held.key <> ALL (%(quarantined)s) AND taken.as_of <= %(as_of)s
    AND NOT EXISTS (SELECT 1 FROM fate f WHERE f.key = held.key)
"""

WITHDRAWN = (
    "UPDATE records_sourcerow SET withdrawn_on = %(as_of)s WHERE id = ANY(%(absent)s)",
    "UPDATE records_record SET withdrawn_on = %(as_of)s WHERE row_id = ANY(%(absent)s) AND withdrawn_on IS NULL",
    "UPDATE records_nominal SET withdrawn_on = %(as_of)s WHERE row_id = ANY(%(absent)s) AND withdrawn_on IS NULL",
)

BACK_IN = """
UPDATE records_quarantine waiting SET resolved_by_id = %(intake)s
FROM fate f WHERE f.fate IN ('accepted', 'updated') AND waiting.resolved_by_id IS NULL
    AND waiting.system_id = %(system)s AND waiting."table" = %(table)s
    AND waiting.reference <> '' AND waiting.reference = f.key
"""
