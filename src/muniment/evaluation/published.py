"""What is resolved in the database now, as it is measured; nothing is written but the event that it was read."""

import pyarrow as pa

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.evaluation.world import NoTruth, Published
from muniment.records import staging

_NOMINALS = """
SELECT n.id AS key, c.code AS controller, s.code AS system, n.reference, scope.partition, b.prime_id AS prime
FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
JOIN records_sourcesystem s ON s.id = n.system_id JOIN core_controller c ON c.id = s.controller_id
JOIN core_scope scope ON scope.id = n.scope_id
WHERE b.until IS NULL ORDER BY n.id
"""

_WAITING = """
SELECT e.left_id, e.right_id FROM people_matchedge e
JOIN people_belonging l ON l.nominal_id = e.left_id AND l.until IS NULL
JOIN people_belonging r ON r.nominal_id = e.right_id AND r.until IS NULL AND r.prime_id <> l.prime_id
WHERE e.needs_person AND NOT EXISTS (
    SELECT 1 FROM people_judgement j WHERE j.left_id = e.left_id AND j.right_id = e.right_id
        AND j.superseded_at IS NULL AND j.reopened_at IS NULL AND j.verdict <> 'unsure')
"""


def read_published(*, by: Actor) -> Published:
    """Return what is resolved now. Raise NoTruth when nothing is."""
    nominals = staging.read(_NOMINALS)
    if not nominals.num_rows:
        raise NoTruth("Nothing is resolved here yet: run `muniment resolve` first.")
    place = {key: number for number, key in enumerate(nominals["key"].to_pylist())}
    waiting = staging.read(_WAITING).to_pydict()
    audit.record(by, "people.evaluate", detail={"nominals": nominals.num_rows})
    return Published(
        nominals.drop_columns(["key"]),
        pa.table(
            {
                "left": pa.array([place[key] for key in waiting["left_id"]], pa.int64()),
                "right": pa.array([place[key] for key in waiting["right_id"]], pa.int64()),
            }
        ),
    )
