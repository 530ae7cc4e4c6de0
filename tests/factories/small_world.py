"""A small invented world, taken in through the demonstration's own feeds, resolved, held and scheduled.

Nothing is set by hand: each state is what the actions make of the exports.
"""

from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from factories.cast import refresh
from muniment import invention
from muniment.cli import demo
from muniment.cli.intake import take_in_files
from muniment.core.actors import Actor

PERSONS = 250
SEED = 7
BY = Actor("small world")


@lru_cache
def _exports() -> Path:
    out = Path(mkdtemp(prefix="muniment-world-"))
    invention.invent(PERSONS, SEED, out)
    return out


def take_in() -> None:
    """Take in the exports of every system, without the published crimes, which name nobody."""
    take_in_files(demo.exports_of(_exports()), by=BY)
    refresh()


def make_small_world() -> None:
    """Take in, resolve into prime records, hold and schedule, with the adoptions of the demonstration."""
    take_in()
    demo.resolve_people(BY)
    demo.resolve_objects(BY)
    demo.place_holds(BY)
    demo.work_out_retention(BY)
