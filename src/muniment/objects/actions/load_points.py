"""Load where properties lie from the file that the Ordnance Survey publishes (OS Open UPRN)."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from pyarrow import csv

from muniment.core import audit, turns
from muniment.core.actors import Actor
from muniment.records import staging

COLUMNS = ("UPRN", "X_COORDINATE", "Y_COORDINATE", "LATITUDE", "LONGITUDE")
_NAMES = ("uprn", "easting", "northing", "latitude", "longitude")
_TYPES = {name: pa.string() if name == "UPRN" else pa.float64() for name in COLUMNS}
_BLOCK = 64 * 1024**2  # bytes read at once: the whole file, of some 40 million lines, is about 30 staged tables
_LOAD = """
INSERT INTO objects_propertypoint (uprn, easting, northing, latitude, longitude)
SELECT DISTINCT ON (uprn) uprn, easting, northing, latitude, longitude FROM {points} ORDER BY uprn
ON CONFLICT (uprn) DO UPDATE SET easting = excluded.easting, northing = excluded.northing,
    latitude = excluded.latitude, longitude = excluded.longitude
WHERE (objects_propertypoint.easting, objects_propertypoint.northing) <> (excluded.easting, excluded.northing)
"""


class BadPoints(Exception):
    """The file is not the published one; the message says what is wrong and what to do."""


def load_points(file: Path, *, by: Actor) -> int:
    """Load a file of points, all of it or nothing; return how many properties it has.

    Raise BadPoints when it does not have the columns that are published, or holds what is no coordinate in Britain.
    """
    with ExitStack() as staged:
        # Staged tables are dropped when what read them has ended: they outlive the transaction.
        parts = [
            (points.num_rows, staged.enter_context(staging.staged({"points": points}))) for points in _chunks(file)
        ]
        loaded: int = sum(rows for rows, _ in parts)
        if not loaded:
            raise BadPoints(f"{file.name} has no property in it: download OS Open UPRN again, as CSV.")
        with transaction.atomic(), connection.cursor() as cursor:
            turns.beside_others()
            for _, names in parts:
                cursor.execute(_LOAD.format(**names))
            audit.record(by, "objects.load_points", subject=file.name, detail={"properties": loaded})
    return loaded


def _chunks(file: Path) -> Iterator[pa.Table]:
    head = _head(file)
    if tuple(head) != COLUMNS:
        raise BadPoints(
            f"{file.name} begins with the columns {', '.join(head)[:200]}: expected {', '.join(COLUMNS)}, as in the CSV"
            " of OS Open UPRN."
        )
    try:
        types, blocks = csv.ConvertOptions(column_types=_TYPES), csv.ReadOptions(block_size=_BLOCK)
        with csv.open_csv(file, read_options=blocks, convert_options=types) as reader:
            for batch in reader:
                yield _checked(file, pa.Table.from_batches([batch]).rename_columns(list(_NAMES)))
    except pa.ArrowInvalid as error:
        raise BadPoints(f"{file.name} cannot be read as numbers: {error}. Download it again.") from error


def _head(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8-sig") as stream:
            return stream.readline().strip().split(",")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPoints(f"{file} cannot be read: give the CSV of OS Open UPRN, unpacked.") from error


def _checked(file: Path, points: pa.Table) -> pa.Table:
    """Return points with their references as they are kept. The national grid and its margins bound them."""
    uprn, east, north = pc.utf8_ltrim(points["uprn"], "0"), points["easting"], points["northing"]
    claims = (
        pc.match_substring_regex(uprn, r"^[0-9]{1,12}$"),
        *(pc.and_(pc.greater_equal(at, 0), pc.less_equal(at, most)) for at, most in ((east, 700e3), (north, 1300e3))),
        *(pc.is_valid(points[name]) for name in _NAMES),
    )
    wrong = pc.invert(pc.fill_null(reduce(pc.and_, claims), False))
    if pc.any(wrong).as_py():
        first = points["uprn"].filter(wrong)[0].as_py()
        raise BadPoints(
            f"{file.name} has a line that is no property in Britain (UPRN {first}): nothing of it was loaded."
        )
    return points.set_column(0, "uprn", uprn)
