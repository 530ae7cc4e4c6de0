"""The statements by which a person is as restricted as what tells of them, and no more.

A person takes the restriction of the row that tells of them, which is that of its record. One that an unrestricted row
tells of is open, and is as that row says: a restricted row adds nothing to it. As in `intake_sql`: whole sets, in the
transaction of an intake; none of it is run where a controller holds nothing restricted.
"""

RESTRICTED = "SELECT EXISTS (SELECT 1 FROM core_scope WHERE controller_id = %(controller)s AND restriction <> '')"

# A row that tells of people and of no record is as restricted as the record that it links them to.
LINKED = """
    SELECT i.row, min(scope.restriction) AS restriction
    FROM {involvements} i JOIN records_record r ON r.system_id = %(system)s AND r.reference = i.record
    JOIN core_scope scope ON scope.id = r.scope_id GROUP BY i.row HAVING min(scope.restriction) <> ''
"""
BY_LINK = f"""
UPDATE {{nominals}} told SET restriction = linked.restriction FROM ({LINKED}) linked WHERE linked.row = told.row
"""  # noqa: S608

SCRATCH = {"touched": "id bigint", "restricting": "id bigint, scope_id bigint, restriction text STORAGE PLAIN"}

# Whose restriction this file may change: who is told of or linked, who was, and who is on a record that it tells of.
TOUCHED = """
INSERT INTO touched (id)
SELECT id FROM nominal_of WHERE NOT fresh
UNION SELECT i.nominal_id FROM records_involvement i JOIN record_of p ON p.id = i.record_id WHERE NOT p.fresh
UNION SELECT i.nominal_id FROM records_involvement i JOIN fate f ON f.row_id = i.row_id AND f.fate = 'updated'
"""

# The records that people are on, and whether it is their own row that tells so: the row that told of them last. A row
# that tells of somebody and gives them no part in its record has no link.
_ON = """
SELECT n.id, s.restriction, i.row_id = n.row_id AS own
FROM records_nominal n JOIN records_involvement i ON i.nominal_id = n.id
JOIN records_record r ON r.id = i.record_id JOIN core_scope s ON s.id = r.scope_id WHERE n.id IN ({some})
UNION ALL
SELECT n.id, s.restriction, true FROM records_nominal n JOIN records_recorddates d ON d.row_id = n.row_id
JOIN records_record r ON r.id = d.record_id JOIN core_scope s ON s.id = r.scope_id
WHERE n.id IN ({some}) AND NOT EXISTS (SELECT 1 FROM records_involvement i WHERE i.row_id = n.row_id)
"""

# Who is restricted is as their own row is by now; who is open and on restricted records alone is restricted, unless a
# row that names no record told of them last.
CHANGES = f"""
INSERT INTO restricting (id, scope_id, restriction)
SELECT n.id, n.scope_id, CASE WHEN was.restriction = '' THEN known.least ELSE known.own END AS restriction
FROM (
    SELECT id, min(restriction) AS least, min(restriction) FILTER (WHERE own) AS own
    FROM ({_ON.format(some="SELECT id FROM touched")}) told GROUP BY id
) known
JOIN records_nominal n ON n.id = known.id JOIN core_scope was ON was.id = n.scope_id
WHERE (was.restriction <> '' AND known.own <> was.restriction) OR (was.restriction = '' AND known.least <> '' AND (
    EXISTS (SELECT 1 FROM records_recorddates d WHERE d.row_id = n.row_id)
    OR EXISTS (SELECT 1 FROM records_involvement i WHERE i.row_id = n.row_id)))
"""  # noqa: S608

# Who was told of by rows of a record that has been destroyed, and is now on restricted records alone.
_TOLD_OF = "SELECT id FROM records_nominal WHERE row_id = ANY (%(rows)s)"
LEFT_RESTRICTED = f"""
INSERT INTO restricting (id, scope_id, restriction)
SELECT n.id, n.scope_id, known.least AS restriction
FROM (
    SELECT id, min(restriction) AS least FROM ({_ON.format(some=_TOLD_OF)}) told GROUP BY id
) known
JOIN records_nominal n ON n.id = known.id JOIN core_scope was ON was.id = n.scope_id
WHERE was.restriction = '' AND known.least <> ''
"""  # noqa: S608

FOLLOWED = (
    """
    INSERT INTO core_scope (controller_id, partition, area, marking, restriction)
    SELECT DISTINCT was.controller_id, was.partition, was.area, was.marking, change.restriction
    FROM restricting change JOIN core_scope was ON was.id = change.scope_id
    ON CONFLICT DO NOTHING
    """,
    """
    UPDATE records_nominal held SET scope_id = scope.id
    FROM restricting change JOIN core_scope was ON was.id = change.scope_id
    JOIN core_scope scope ON scope.controller_id = was.controller_id AND scope.partition = was.partition
        AND scope.area = was.area AND scope.marking = was.marking AND scope.restriction = change.restriction
    WHERE held.id = change.id
    """,
)
