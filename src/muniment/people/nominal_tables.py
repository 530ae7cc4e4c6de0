"""Nominals as Arrow tables, as linkage reads them."""

import pyarrow as pa

from muniment.batch.matching.standardise import standardise
from muniment.feeds.canonical import PERSON_TEXT_FIELDS
from muniment.records import staging

_FIELDS = ", ".join(f"nullif(n.{name}, '') AS {name}" for name in PERSON_TEXT_FIELDS)

NOMINALS = f"""
SELECT n.id AS person_id, c.code || '|' || s.code || '|' || n.reference AS source_key, scope.partition,
    {_FIELDS}, n.aliases
FROM records_nominal n
JOIN records_sourcesystem s ON s.id = n.system_id
JOIN core_controller c ON c.id = s.controller_id
JOIN core_scope scope ON scope.id = n.scope_id
"""  # noqa: S608


def read_standardised() -> pa.Table:
    """Return every nominal, standardised; in the order of their source keys."""
    return standardise(staging.read(NOMINALS + " ORDER BY source_key"))
