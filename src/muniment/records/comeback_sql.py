"""The statements that write down which tombstones a file's rows came up against, after their fate was decided."""

CAME_BACK = """
INSERT INTO records_comeback AS known (controller_id, system_id, entity, reference_hash, reference, "table",
    first_intake_id, last_intake_id, last_row, times)
SELECT %(controller)s, %(system)s, t.entity, t.reference_hash,
    CASE t.entity WHEN 'record' THEN min(named.reference) ELSE '' END, %(table)s, %(intake)s, %(intake)s,
    min(named.row), 1
FROM (
    SELECT row, 'record' AS entity, reference FROM {records}
    UNION ALL SELECT row, 'record', record FROM {involvements}
    UNION ALL SELECT row, 'record', record FROM {objects} WHERE record IS NOT NULL
    UNION ALL SELECT row, 'nominal', reference FROM (
        SELECT row, reference FROM {nominals} UNION SELECT row, reference FROM {flags}
    ) alone WHERE NOT EXISTS (SELECT 1 FROM {records} r WHERE r.row = alone.row)
        AND NOT EXISTS (SELECT 1 FROM {involvements} i WHERE i.row = alone.row)
) named JOIN fate f ON f.row = named.row AND f.fate = 'suppressed'
JOIN records_tombstone t ON t.system_id = %(system)s AND t.entity = named.entity
    AND t.reference_hash = encode(sha256(convert_to(%(pepper)s || named.reference, 'UTF8')), 'hex')
GROUP BY t.entity, t.reference_hash
ON CONFLICT (system_id, entity, reference_hash, "table") DO UPDATE SET
    last_intake_id = excluded.last_intake_id, last_row = excluded.last_row, times = known.times + 1
WHERE (SELECT as_of FROM records_intake WHERE id = known.last_intake_id) <= %(as_of)s
"""

# Whoever is held anew has not come back against anything.
HELD_ANEW = """
DELETE FROM records_comeback c WHERE c.system_id = %(system)s AND c.entity = 'nominal' AND NOT EXISTS (
    SELECT 1 FROM records_tombstone t
    WHERE t.system_id = c.system_id AND t.entity = c.entity AND t.reference_hash = c.reference_hash)
"""
