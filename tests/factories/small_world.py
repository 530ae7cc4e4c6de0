"""A small invented world, taken in through the demonstration's own feeds, resolved, held and scheduled.

Nothing is set by hand: each state is what the actions make of the exports.
"""

from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from factories.cast import refresh
from muniment import feeds, invention
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
    for path in sorted((demo.EXAMPLES / "demonstration" / "feeds").glob("*.yaml")):
        feed = feeds.load(path)
        folder = _exports() / feed.controller / feed.system
        files = [file for file in sorted(folder.glob("*")) if feed.table_of(file)]
        if files:
            take_in_files(feed, files, by=BY)
    refresh()


def make_small_world() -> None:
    """Take in, resolve into prime records, hold and schedule, with the adoptions of the demonstration."""
    take_in()
    demo.resolve_people(BY)
    demo.place_holds(BY)
    demo.work_out_retention(BY)
