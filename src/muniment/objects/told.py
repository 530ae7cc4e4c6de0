"""The statements by which places follow from what is held: the address of each person and the location of each record.

Whole sets, within a run: each distinct text is read once, and only what changed is written. `{name}` is a staged table.
"""

from muniment.records.object_sql import key

_KEY = key("told.text", "told.postcode", "''")

_SOURCES = """
SELECT n.system_id, s.partition, n.address AS text, n.postcode, NULL::bigint AS record_id, n.id AS nominal_id,
    'home' AS role
FROM records_nominal n JOIN core_scope s ON s.id = n.scope_id WHERE n.address <> ''
UNION ALL
SELECT r.system_id, s.partition, r.location, r.postcode, r.id, NULL, 'location'
FROM records_record r JOIN core_scope s ON s.id = r.scope_id WHERE r.location <> '' AND NOT EXISTS (
    SELECT 1 FROM records_placelink told WHERE told.record_id = r.id AND told.row_id IS NOT NULL)
"""

# What has not been read yet, or by other words than those in force; each way of writing it once.
UNREAD = f"""
SELECT 0::bigint AS id, told.system_id, told.partition, told.text, told.postcode, '' AS uprn
FROM (SELECT DISTINCT system_id, partition, text, postcode FROM ({_SOURCES}) every) told
LEFT JOIN records_place p ON p.system_id = told.system_id AND p.partition = told.partition
    AND p.key = {_KEY}
WHERE p.id IS NULL
UNION ALL
SELECT id, system_id, partition, text, postcode, uprn FROM records_place WHERE standard <> '{{standard}}'
"""  # noqa: S608

# What was read is kept; of what follows from records and people only what tells a building.
READ = (
    """
    UPDATE records_place p SET parts = s.parts, code = s.code, street = s.street, door = s.door,
        property_key = s.property_key, standard = %(standard)s
    FROM {places} s WHERE s.id = p.id
    """,
    f"""
    INSERT INTO records_place
        (system_id, partition, key, standard, text, postcode, uprn, parts, code, street, door, property_key)
    SELECT s.system_id, s.partition, {key("s.text", "s.postcode", "''")},
        %(standard)s, s.text, s.postcode, '', s.parts, s.code, s.street, s.door, s.property_key
    FROM {{places}} s WHERE s.id = 0 ORDER BY s.code, s.street, s.door
    ON CONFLICT DO NOTHING
    """,  # noqa: S608
)

# A link without a row follows from what is held; both columns of what it is of are compared as one.
_SAME = """(l.place_id, l.role, coalesce(l.record_id, 0), coalesce(l.nominal_id, 0))
    = (held.place_id, held.role, coalesce(held.record_id, 0), coalesce(held.nominal_id, 0))"""

# Whose record or person has been sealed since goes with it: it is put together with the sealed alone.
MOVED = (
    """
    CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
    SELECT l.id AS link_id, m.id AS member_id, scope.partition FROM {link} l JOIN {member} m ON m.id = l.{column}
    LEFT JOIN records_record r ON r.id = l.record_id LEFT JOIN records_nominal n ON n.id = l.nominal_id
    JOIN core_scope scope ON scope.id = coalesce(r.scope_id, n.scope_id)
    WHERE l.row_id IS NOT NULL AND scope.partition <> m.partition
    """,
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

LINKS = (
    f"""
    CREATE TEMPORARY TABLE linked ON COMMIT DROP AS
    SELECT p.id AS place_id, told.record_id, told.nominal_id, told.role FROM ({_SOURCES}) told
    JOIN records_place p ON p.system_id = told.system_id AND p.partition = told.partition
        AND p.key = {_KEY}
    """,  # noqa: S608
    "ANALYZE linked",
    f"""
    DELETE FROM records_placelink held
    WHERE held.row_id IS NULL AND NOT EXISTS (SELECT 1 FROM linked l WHERE {_SAME})
    """,  # noqa: S608
    f"""
    INSERT INTO records_placelink (place_id, record_id, nominal_id, role)
    SELECT l.place_id, l.record_id, l.nominal_id, l.role FROM linked l
    WHERE NOT EXISTS (SELECT 1 FROM records_placelink held WHERE held.row_id IS NULL AND {_SAME})
    ORDER BY l.place_id
    """,  # noqa: S608
    "DROP TABLE linked",
)

PLACES = """
SELECT p.id, p.partition, p.parts::text AS parts, p.property_key FROM records_place p
JOIN records_sourcesystem s ON s.id = p.system_id JOIN core_controller c ON c.id = s.controller_id
WHERE p.parts <> '{}' OR p.property_key <> '' ORDER BY c.code, s.code, p.partition, p.key
"""

UNREAD_VEHICLES = "SELECT id, registration, vin FROM records_vehicle WHERE standard <> '{standard}'"

READ_VEHICLES = (
    """
    UPDATE records_vehicle v SET mark = s.mark, form = s.form, folded = s.folded, chassis = s.chassis,
        standard = %(standard)s
    FROM {vehicles} s WHERE s.id = v.id
    """,
    "DELETE FROM objects_marktoken t USING {vehicles} s WHERE s.id = t.vehicle_id",
    "INSERT INTO objects_marktoken (vehicle_id, token) SELECT id, token FROM {tokens} ORDER BY token",
)

VEHICLES = """
SELECT v.id, v.partition, v.mark, v.form, v.chassis, v.make, v.model, v.colour FROM records_vehicle v
JOIN records_sourcesystem s ON s.id = v.system_id JOIN core_controller c ON c.id = s.controller_id
WHERE v.mark <> '' OR v.chassis <> '' ORDER BY c.code, s.code, v.partition, v.key
"""

# What tells no place any more, or is told otherwise, belongs to none.
LEFT = """
UPDATE {belonging} b SET until = now()
WHERE b.until IS NULL AND NOT EXISTS (SELECT 1 FROM {clusters} c WHERE c.person_id = b.member_id)
"""

EDGES = (
    """
    DELETE FROM {edge} held WHERE NOT EXISTS (
        SELECT 1 FROM {asked} a WHERE a."left" = held.left_id AND a."right" = held.right_id)
    """,
    """
    INSERT INTO {edge} (left_id, right_id, level, run_id)
    SELECT a."left", a."right", a.level, %(run)s FROM {asked} a
    WHERE EXISTS (SELECT 1 FROM {member} m WHERE m.id = a."left")
        AND EXISTS (SELECT 1 FROM {member} m WHERE m.id = a."right")
    ON CONFLICT (left_id, right_id) DO UPDATE SET level = excluded.level, run_id = excluded.run_id
    WHERE {edge}.level <> excluded.level
    """,
)

JUDGED = """
SELECT j.left_id AS "left", j.right_id AS "right", j.verdict FROM {judgement} j
JOIN {member} one ON one.id = j.left_id JOIN {member} two ON two.id = j.right_id
WHERE j.superseded_at IS NULL AND j.verdict IN ('same', 'different') AND one.partition = two.partition
"""
