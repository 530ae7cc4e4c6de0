"""The statements by which a staged batch becomes records, nominals and what hangs on them.

Every statement works on whole sets. `%(…)s` parameters: system, table, as_of, intake, pepper. `{name}` is a staged
table. A row's fate is decided first; what follows touches only rows that are accepted or updated.
"""

from typing import NamedTuple

from muniment.feeds.canonical import PERSON_TEXT_FIELDS
from muniment.records import object_sql
from muniment.records.object_sql import FATES_WRITTEN
from muniment.records.withdrawal_sql import TELLING, TOLD

# What an intake works out on its way (`core.scratch`).
_TEXT = "text STORAGE PLAIN"
_OF = f"reference {_TEXT}, line bigint, row_id bigint, fresh boolean, id bigint"
SCRATCH = {
    "fate": f"row bigint, key {_TEXT}, entity {_TEXT}, hash {_TEXT}, fate {_TEXT}, older boolean, row_id bigint",
    "record_of": _OF,
    "nominal_of": _OF,
    "sealing": f"entity {_TEXT}, reference {_TEXT}",
}

# Whether its source has told anything before: of a first load nothing need be looked up.
HOLDS = """
SELECT EXISTS (SELECT 1 FROM records_sourcerow WHERE system_id = %(system)s AND "table" = %(table)s) AS has_rows,
    EXISTS (SELECT 1 FROM records_record WHERE system_id = %(system)s) AS has_records,
    EXISTS (SELECT 1 FROM records_nominal WHERE system_id = %(system)s) AS has_nominals
"""

# What was destroyed stays away: a record wherever it is named, a person in rows that name no record. A record that was
# not destroyed here is business of its own, whenever it happened, for which its people are held anew; they come by a
# row of their own, too, when a link to one that is held waits for them.
FATE = """
INSERT INTO fate (row, key, entity, hash, fate, older, row_id)
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
            AND %(has_rows)s LIMIT 1
    ) held ON true
    LEFT JOIN records_intake taken ON taken.id = held.last_intake_id
)
SELECT row, key, entity, hash, fate, older AND fate = 'unchanged' AS older,
    CASE fate WHEN 'accepted' THEN nextval('records_sourcerow_id_seq') ELSE id END AS row_id
FROM judged
"""

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
    INSERT INTO {entity}_of (reference, line, row_id, fresh, id)
    SELECT s.reference, s.line, s.row_id, held.id IS NULL AS fresh,
        coalesce(held.id, nextval('records_{entity}_id_seq')) AS id
    FROM (
        SELECT DISTINCT ON (reference) reference, line, row_id FROM (
            SELECT s.reference, s.row, s.line, f.row_id, s.restricted
            FROM ({told}) s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN}
            UNION ALL
            SELECT s.reference, NULL, NULL, NULL, NULL
            FROM ({linked}) s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN}
        ) named ORDER BY reference, restricted, row DESC NULLS LAST, line
    ) s
    LEFT JOIN LATERAL (
        SELECT h.id FROM records_{entity} h WHERE h.system_id = %(system)s AND h.reference = s.reference
            AND %(has_{entity}s)s LIMIT 1
    ) held ON true
    WHERE s.line IS NOT NULL OR held.id IS NOT NULL
    """  # noqa: S608


KEYS = {
    "record_of": _of(
        "record",
        "SELECT reference, row, row AS line, false AS restricted FROM {records}",
        "SELECT record AS reference, row FROM {involvements}",
    ),
    "nominal_of": _of(
        "nominal",
        "SELECT reference, row, line, restriction <> '' AS restricted FROM {nominals}",
        "SELECT nominal AS reference, row FROM {involvements} UNION ALL SELECT reference, row FROM {flags}",
    ),
}

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
FROM {{records}} s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN}
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
FROM {{records}} s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN}
JOIN record_of p ON p.reference = s.reference
"""  # noqa: S608

FLAGS = f"""
INSERT INTO records_nominalflag (nominal_id, row_id, flag, start, until)
SELECT n.id, f.row_id, s.flag, s.start, s.until
FROM {{flags}} s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN}
JOIN nominal_of n ON n.reference = s.reference
"""  # noqa: S608

INVOLVEMENTS = f"""
INSERT INTO records_involvement (nominal_id, record_id, row_id, role, dated, cjs, ho_class,
    happened_earliest, happened_latest, result, sentence_custodial, sentence_months, released)
SELECT n.id, p.id, f.row_id, s.role, s.dated, coalesce(s.cjs, ''), coalesce(s.ho_class, ''),
    s.happened_earliest, s.happened_latest, coalesce(s.result, ''), s.sentence_custodial,
    s.sentence_months, s.released
FROM {{involvements}} s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN}
JOIN record_of p ON p.reference = s.record JOIN nominal_of n ON n.reference = s.nominal
"""  # noqa: S608
