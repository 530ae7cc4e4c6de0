"""The statements by which places and vehicles follow from what is held: the address of each person, the location of
each record, and what feeds told of either.

Whole sets: each distinct text is read once, and only what changed is written. They are about everything, in a run, or
about what some records and nominals say. `{places}` and `{vehicles}` are what has been read.
"""

from collections.abc import Mapping
from typing import Any

from muniment.objects.kinds import Thing
from muniment.records.object_sql import key

_KEY = key("told.text", "told.postcode", "''")

_SOURCES = """
SELECT n.system_id, s.partition, n.address AS text, n.postcode, NULL::bigint AS record_id, n.id AS nominal_id,
    'home' AS role
FROM records_nominal n JOIN core_scope s ON s.id = n.scope_id WHERE n.address <> '' AND {of_nominal}
UNION ALL
SELECT r.system_id, s.partition, r.location, r.postcode, r.id, NULL, 'location'
FROM records_record r JOIN core_scope s ON s.id = r.scope_id WHERE r.location <> '' AND {of_record} AND NOT EXISTS (
    SELECT 1 FROM records_placelink told WHERE told.record_id = r.id AND told.row_id IS NOT NULL)
"""

# The place that a source is written as.
_PLACE = f"""records_place p ON p.system_id = told.system_id AND p.partition = told.partition
    AND p.key = {_KEY}"""

# What a statement is about; `%(records)s` and `%(nominals)s` are the keys of some.
_OF_LINK = "(l.record_id = ANY(%(records)s) OR l.nominal_id = ANY(%(nominals)s))"
_OF_SOME = {"of_nominal": "n.id = ANY(%(nominals)s)", "of_record": "r.id = ANY(%(records)s)"}
EVERYTHING = {"of_nominal": "true", "of_record": "true", "of_link": "true", "of_place": "true", "of_vehicle": "true"}
SOME = {
    **_OF_SOME,
    "of_link": _OF_LINK,
    # Of places those that are linked, and those that will be: what told of one alone may have been sealed since.
    "of_place": f"""m.id IN (SELECT l.place_id FROM records_placelink l WHERE {_OF_LINK}
        UNION SELECT p.id FROM ({_SOURCES.format(**_OF_SOME)}) told JOIN {_PLACE})""",  # noqa: S608
    "of_vehicle": f"m.id IN (SELECT l.vehicle_id FROM records_vehiclelink l WHERE {_OF_LINK})",  # noqa: S608
}

# What has not been read yet, or by other words than those in force; each way of writing it once.
UNREAD = f"""
SELECT 0::bigint AS id, told.system_id, told.partition, told.text, told.postcode, '' AS uprn
FROM (SELECT DISTINCT system_id, partition, text, postcode FROM ({_SOURCES}) every) told
LEFT JOIN {_PLACE}
WHERE p.id IS NULL
UNION ALL
SELECT m.id, m.system_id, m.partition, m.text, m.postcode, m.uprn FROM records_place m
WHERE m.standard <> '{{standard}}' AND {{of_place}}
"""  # noqa: S608

# What was read is kept; of what follows from records and people only what tells a building.
READ = (
    """
    UPDATE records_place p SET parts = s.parts, code = s.code, street = s.street, door = s.door,
        property_key = s.property_key, standard = %(standard)s
    FROM {places} s WHERE s.id = p.id
    """,
    "DELETE FROM objects_placekey k USING {places} s WHERE k.place_id = s.id",
    f"""
    INSERT INTO records_place
        (system_id, partition, key, standard, text, postcode, uprn, parts, code, street, door, property_key)
    SELECT s.system_id, s.partition, {key("s.text", "s.postcode", "''")},
        %(standard)s, s.text, s.postcode, '', s.parts, s.code, s.street, s.door, s.property_key
    FROM {{places}} s WHERE s.id = 0 ORDER BY s.code, s.street, s.door
    ON CONFLICT DO NOTHING
    """,  # noqa: S608
    f"""
    INSERT INTO objects_placekey (place_id, key)
    SELECT p.id, unnest(s.keys) FROM {{places}} s JOIN records_place p ON p.system_id = s.system_id
        AND p.partition = s.partition AND p.key = {key("s.text", "s.postcode", "''")}
    WHERE s.id = 0 UNION ALL SELECT s.id, unnest(s.keys) FROM {{places}} s WHERE s.id <> 0
    ORDER BY 2
    ON CONFLICT DO NOTHING
    """,  # noqa: S608
)

# A link without a row follows from what is held; both columns of what it is of are compared as one.
_SAME = """(linked.place_id, linked.role, coalesce(linked.record_id, 0), coalesce(linked.nominal_id, 0))
    = (l.place_id, l.role, coalesce(l.record_id, 0), coalesce(l.nominal_id, 0))"""

# Whose record or person has been sealed since.
_SEALED_SINCE = """
SELECT l.id AS link_id, m.id AS member_id, scope.partition FROM {link} l JOIN {member} m ON m.id = l.{column}
LEFT JOIN records_record r ON r.id = l.record_id LEFT JOIN records_nominal n ON n.id = l.nominal_id
JOIN core_scope scope ON scope.id = coalesce(r.scope_id, n.scope_id)
WHERE l.row_id IS NOT NULL AND scope.partition <> m.partition AND {of_link}
"""
_MOVED = (
    f"CREATE TEMPORARY TABLE moved ON COMMIT DROP AS {_SEALED_SINCE}",
    "ANALYZE moved",
    """
    INSERT INTO {member} (system_id, partition, key, standard, {columns})
    SELECT DISTINCT ON (m.system_id, moved.partition, m.key) m.system_id, moved.partition, m.key, '', {columns}
    FROM moved JOIN {member} m ON m.id = moved.member_id ON CONFLICT DO NOTHING
    """,
    """
    UPDATE {link} l SET {column} = now.id FROM moved JOIN {member} was ON was.id = moved.member_id
    JOIN {member} now ON now.system_id = was.system_id AND now.partition = moved.partition AND now.key = was.key
    WHERE l.id = moved.link_id
    """,
    "DROP TABLE moved",
)


def follow_partitions(
    cursor: Any, thing: Thing, which: Mapping[str, str], given: Mapping[str, Any] | None = None
) -> None:
    """Let what feeds told of go with its record or person where that has been sealed since.

    It is put together with the sealed alone. `which` is EVERYTHING, or SOME with the keys given.
    """
    own = {"id", "system", "partition", "key", "standard"}
    columns = ", ".join(str(field.column) for field in thing.member._meta.concrete_fields if field.name not in own)
    words = {**thing.names(), **which, "columns": columns}
    cursor.execute(f"SELECT EXISTS ({_SEALED_SINCE})".format(**words), given)
    if cursor.fetchone()[0]:
        for statement in _MOVED:
            cursor.execute(statement.format(**words), given)


LINKED_NOW = {"linked": "place_id bigint, record_id bigint, nominal_id bigint, role text STORAGE PLAIN"}
LINKS = (
    f"""
    INSERT INTO linked (place_id, record_id, nominal_id, role)
    SELECT p.id AS place_id, told.record_id, told.nominal_id, told.role FROM ({_SOURCES}) told
    JOIN {_PLACE}
    """,  # noqa: S608
    f"""
    DELETE FROM records_placelink l
    WHERE l.row_id IS NULL AND {{of_link}} AND NOT EXISTS (SELECT 1 FROM linked WHERE {_SAME})
    """,  # noqa: S608
    f"""
    INSERT INTO records_placelink (place_id, record_id, nominal_id, role)
    SELECT linked.place_id, linked.record_id, linked.nominal_id, linked.role FROM linked
    WHERE NOT EXISTS (SELECT 1 FROM records_placelink l WHERE l.row_id IS NULL AND {{of_link}} AND {_SAME})
    ORDER BY linked.place_id
    """,  # noqa: S608
)

UNREAD_VEHICLES = """
SELECT m.id, m.registration, m.vin FROM records_vehicle m WHERE m.standard <> '{standard}' AND {of_vehicle}
"""

READ_VEHICLES = (
    """
    UPDATE records_vehicle v SET mark = s.mark, form = s.form, folded = s.folded, chassis = s.chassis,
        standard = %(standard)s
    FROM {vehicles} s WHERE s.id = v.id
    """,
    "DELETE FROM objects_marktoken t USING {vehicles} s WHERE s.id = t.vehicle_id",
    "INSERT INTO objects_marktoken (vehicle_id, token) SELECT id, token FROM {tokens} ORDER BY token",
)

# Those linked to some records and nominals, and whether anything was ever decided of them that stands.
LINKED = """
SELECT DISTINCT l.{column}, EXISTS (SELECT 1 FROM {belonging} b WHERE b.member_id = l.{column} AND b.until IS NULL)
FROM {link} l WHERE {of_link}
"""
