"""The statements by which what a source no longer has is marked as withdrawn, on the day that it was found gone.

As in `intake_sql`: whole sets, in the transaction of an intake, after the fate of its rows was decided.
"""

from muniment.records import object_sql

# By which rows something is told, besides the one that told it last.
TELLING = {
    "record": "SELECT row_id, record_id AS id FROM records_recorddates",
    "nominal": "SELECT row_id, nominal_id AS id FROM records_involvement",
}

# When an event was told: on the day that it bears in the file that first told it, otherwise whenever it was told last.
TOLD = """
JOIN records_sourcerow named ON named.id = e.row_id JOIN records_intake told
    ON told.id = CASE WHEN e.dated IS NULL THEN named.last_intake_id ELSE named.first_intake_id END
"""

# Absence from a full export: known rows of this table, not newer than the file, that it no longer has; and whether they
# were known as withdrawn by a newer one.
ABSENT = """
SELECT held.id, held.withdrawn_on IS NOT NULL
FROM records_sourcerow held JOIN records_intake taken ON taken.id = held.last_intake_id
WHERE held.system_id = %(system)s AND held."table" = %(table)s
    AND (held.withdrawn_on IS NULL OR held.withdrawn_on > %(as_of)s)
    AND held.key NOT LIKE 'event/%%' AND held.key <> ALL (%(quarantined)s) AND taken.as_of <= %(as_of)s
    AND NOT EXISTS (SELECT 1 FROM fate f WHERE f.key = held.key)
"""

# Of these rows, those that a row in quarantine may be, whose key could not be made: it names the same record, or, where
# rows tell of none, the same person.
SPARED = """
SELECT told.row_id FROM records_recorddates told JOIN records_record r ON r.id = told.record_id
WHERE told.row_id = ANY (%(absent)s) AND r.system_id = %(system)s AND r.reference = ANY (%(quarantined)s)
UNION
SELECT told.row_id FROM records_involvement told JOIN records_nominal n ON n.id = told.nominal_id
WHERE told.row_id = ANY (%(absent)s) AND n.system_id = %(system)s AND n.reference = ANY (%(quarantined)s)
    AND NOT EXISTS (SELECT 1 FROM records_recorddates d WHERE d.row_id = told.row_id)
"""

# What the row that told it last, or another row of the table, still tells of is still there. It went with the last of
# them; what its source deleted by name keeps the day of that.
WITHDRAWN = (
    "UPDATE records_sourcerow SET withdrawn_on = %(gone_on)s WHERE id = ANY(%(absent)s)",
    *(
        f"UPDATE {links} SET withdrawn_on = %(gone_on)s WHERE row_id = ANY(%(absent)s)"  # noqa: S608
        for links in ("records_involvement", *object_sql.LINKS)
    ),
    *(
        f"""
        WITH telling AS NOT MATERIALIZED ({telling})
        UPDATE records_{entity} held SET withdrawn_on = (
            SELECT max(every.withdrawn_on) FROM records_sourcerow every
            WHERE every.id = held.row_id OR (
                every.id IN (SELECT row_id FROM telling WHERE telling.id = held.id)
                AND every.system_id = %(system)s AND every."table" = %(table)s))
        FROM (SELECT id FROM records_{entity} WHERE row_id = ANY(%(absent)s)
              UNION SELECT id FROM telling WHERE row_id = ANY(%(absent)s)) told
        WHERE held.id = told.id
        AND (held.withdrawn_on IS NULL OR NOT EXISTS (
            SELECT 1 FROM records_sourceevent e WHERE e.system_id = %(system)s
                AND e.kind = 'delete' AND e.entity = '{entity}' AND e.reference = held.reference))
        AND NOT EXISTS (SELECT 1 FROM records_sourcerow last WHERE last.id = held.row_id AND last.withdrawn_on IS NULL)
        AND NOT EXISTS (
            SELECT 1 FROM telling JOIN records_sourcerow other ON other.id = telling.row_id
            WHERE telling.id = held.id AND other.system_id = %(system)s AND other."table" = %(table)s
                AND other.withdrawn_on IS NULL)
        """  # noqa: S608
        for entity, telling in TELLING.items()
    ),
)

# Whether a newer file of the table was taken in already, and since when full ones among them say what is there: not
# those that had, or may have had, a row that could not be read.
NEWER = """
SELECT count(*) > 0, min(newer.as_of) FILTER (WHERE newer.kind = 'full' AND newer.as_of > coalesce((
    SELECT max(told.as_of) FROM records_quarantine waiting JOIN records_intake told ON told.id = waiting.intake_id
    WHERE waiting.system_id = %(system)s AND waiting."table" = %(table)s AND waiting.reference = ''), %(as_of)s))
FROM records_intake newer
WHERE newer.system_id = %(system)s AND newer."table" = %(table)s AND newer.as_of > %(as_of)s AND newer.id <> %(intake)s
"""

# The rows that an older file tells of and no newer one: a full export lacked them, unless they wait in quarantine.
GONE_SINCE = """
SELECT own.id FROM records_sourcerow own JOIN fate f ON f.row_id = own.id
WHERE own.last_intake_id = %(intake)s AND f.entity <> 'event'
    AND NOT EXISTS (
        SELECT 1 FROM records_quarantine waiting JOIN records_intake told ON told.id = waiting.intake_id
        WHERE waiting.system_id = %(system)s AND waiting."table" = %(table)s AND told.as_of > %(as_of)s
            AND (f.key = waiting.reference OR starts_with(f.key, waiting.reference || '/')))
"""

# What its source deleted by name in a newer file, and no file since has told of.
DELETED_SINCE = tuple(
    f"""
    WITH telling AS NOT MATERIALIZED ({telling})
    UPDATE records_{entity} held SET withdrawn_on = coalesce(e.dated, told.as_of)
    FROM records_sourceevent e {TOLD}
    WHERE e.system_id = %(system)s AND e.kind = 'delete' AND e.entity = '{entity}' AND told.as_of > %(as_of)s
        AND held.system_id = %(system)s AND held.reference = e.reference AND held.withdrawn_on IS NULL
        AND held.reference IN (SELECT reference FROM {entity}_of)
        AND NOT EXISTS (
            SELECT 1 FROM records_sourcerow own JOIN records_intake since ON since.id = own.last_intake_id
            WHERE (own.id = held.row_id OR own.id IN (SELECT row_id FROM telling WHERE telling.id = held.id))
                AND own.withdrawn_on IS NULL AND since.as_of >= told.as_of)
    """  # noqa: S608
    for entity, telling in TELLING.items()
)
