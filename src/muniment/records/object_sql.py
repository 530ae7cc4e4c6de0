"""The statements by which the places and vehicles that a file tells of are written.

As in `intake_sql`: whole sets, in the transaction of an intake, for the rows that are accepted or updated. A file that
tells of none runs none of them. Who attaches them, or the next run, reads them into standard forms (`objects.told`).
"""

from muniment.feeds.canonical import VEHICLE_TEXT_FIELDS

FATES_WRITTEN = "('accepted', 'updated')"  # of the rows whose telling is written


def key(*columns: str) -> str:
    """Return what tells one way of writing from another, within its system and partition."""
    return f"encode(sha256(convert_to(concat_ws(E'\\x1f', {', '.join(columns)}), 'UTF8')), 'hex')"


# The address of a place is its text here; a place that follows from a person or a record has the same key.
_SAID = {
    "place": {"text": "address", "postcode": "postcode", "uprn": "uprn"},
    "vehicle": {name: name for name in VEHICLE_TEXT_FIELDS},
}
_UNREAD = {
    "place": ("parts, code, street, door, property_key", "'{{}}', '', '', '', ''"),
    "vehicle": ("mark, form, folded, chassis", "'', '', '', ''"),
}

# A place or vehicle of what is not held here cannot stand: its row waits in quarantine. As `intake_sql.DANGLING`.
DANGLING = """
SELECT o.row, f.key, o.record, o.nominal, o.role, lacking.record
FROM {objects} o JOIN fate f ON f.row = o.row AND f.fate IN ('accepted', 'updated')
CROSS JOIN LATERAL (
    SELECT o.record IS NOT NULL AND o.record NOT IN (SELECT reference FROM {records}) AND NOT EXISTS (
            SELECT 1 FROM records_record r WHERE r.system_id = %(system)s AND r.reference = o.record) AS record,
        o.nominal IS NOT NULL AND o.nominal NOT IN (SELECT reference FROM {nominals}) AND NOT EXISTS (
            SELECT 1 FROM records_nominal n WHERE n.system_id = %(system)s AND n.reference = o.nominal) AS nominal
) lacking WHERE lacking.record OR lacking.nominal
"""


def _written(kind: str) -> tuple[str, ...]:
    """Return the statements for one kind: what is told with its key, each way of writing once, and the links."""
    said = _SAID[kind]
    names, told = ", ".join(said), ", ".join(f"t.{name}" for name in said)
    values = ", ".join(f"coalesce(s.{column}, '') AS {name}" for name, column in said.items())
    digest = key(*(f"coalesce(s.{column}, '')" for column in said.values()))
    columns, empty = _UNREAD[kind]
    return (
        f"""
        INSERT INTO told_{kind} (row_id, role, start, until, record_id, nominal_id, {names}, partition, key)
        SELECT f.row_id, s.role, s.start, s.until, r.id AS record_id, n.id AS nominal_id, {values},
            scope.partition, {digest} AS key
        FROM {{objects}} s JOIN fate f ON f.row = s.row AND f.fate IN {FATES_WRITTEN}
        LEFT JOIN records_record r ON r.system_id = %(system)s AND r.reference = s.record
        LEFT JOIN records_nominal n ON n.system_id = %(system)s AND n.reference = s.nominal
        JOIN core_scope scope ON scope.id = coalesce(r.scope_id, n.scope_id)
        WHERE s.kind = '{kind}'
        """,  # noqa: S608
        f"""
        INSERT INTO records_{kind} (system_id, partition, key, standard, {names}, {columns})
        SELECT DISTINCT ON (t.partition, t.key) %(system)s, t.partition, t.key, '', {told}, {empty}
        FROM told_{kind} t ON CONFLICT DO NOTHING
        """,  # noqa: S608
        f"""
        INSERT INTO records_{kind}link ({kind}_id, record_id, nominal_id, row_id, role, start, until)
        SELECT DISTINCT held.id, t.record_id, t.nominal_id, t.row_id, t.role, t.start, t.until
        FROM told_{kind} t JOIN records_{kind} held
            ON held.system_id = %(system)s AND held.partition = t.partition AND held.key = t.key
        """,  # noqa: S608
    )


SCRATCH = {
    f"told_{kind}": "row_id bigint, role text, start date, until date, record_id bigint, nominal_id bigint, "
    + "".join(f"{name} text, " for name in said)
    + "partition text, key text"
    for kind, said in _SAID.items()
}
WRITTEN = (*_written("place"), *_written("vehicle"))
LINKS = ("records_placelink", "records_vehiclelink")
