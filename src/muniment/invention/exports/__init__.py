"""The exports of the invented systems, one function for each kind of business."""

from collections.abc import Callable

from muniment.invention.exports import corporate, crime, custody, intelligence, joint, licensing, safeguarding
from muniment.invention.world import World

EXPORTERS: dict[str, Callable[[World], None]] = {
    "crime": crime.export,
    "custody": custody.export,
    "intelligence": intelligence.export,
    "safeguarding": safeguarding.export,
    "firearms licensing": licensing.export,
    "joint unit": joint.export,
    "corporate": corporate.export,
}
