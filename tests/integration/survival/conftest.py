"""One installation for all tests of survival, with a snapshot before each command and a dump of what it should leave.

Moments are few by default; MUNIMENT_TEST_KILLS=20 takes twenty random ones of each kind, and every table.
"""

import random
import time
from dataclasses import dataclass, field

import pytest

from factories.survival import DUMP, STAGES
from factories.survival.installation import ORGANISATION, ROOT, lent, time_at_work

PERSONS = 250
FEED = "northshire-crime"


@dataclass
class Stage:
    """A command: its words, where it begins, what it writes, how long it works, and what it leaves when not killed."""

    words: tuple[str, ...]
    begins: str
    code: int = 0
    seconds: float = 0.0
    written: list[tuple[str, str]] = field(default_factory=list)
    wanted: dict[str, list[str]] = field(default_factory=dict)
    done: list[tuple[str, ...]] = field(default_factory=list)


class Course:
    """The installation, taken through every command once without being killed."""

    def __init__(self, installation):
        self.chance = random.Random(20261126)
        self.installation = installation
        self.stages = {}
        ask = self.installation.ask
        began = time.monotonic()
        self.installation.run("database", "init", "--organisation", str(ORGANISATION))
        self.making_seconds = time.monotonic() - began
        self.made = self.dump(), ask("walls")
        ask(f"{STAGES}:add_people")
        world = installation.home / "invented"
        ask(f"{STAGES}:invent", out=str(world), persons=PERSONS)
        controller, system = FEED.split("-")
        feed = ROOT / "examples" / "demonstration" / "feeds" / f"{FEED}.yaml"
        files = sorted((world / controller / system).iterdir())
        self._run("intake", "intake", str(feed), *map(str, files))
        ask(f"{STAGES}:take_in", world=str(world), but=FEED)
        self._run("train", "train")
        ask(f"{STAGES}:activate")
        self._run("resolve", "resolve")
        ask(f"{STAGES}:adopt_rules")
        self._run("schedule", "schedule")
        self.installation.ask("snapshot", name="scheduled")
        assert all(ask(f"{STAGES}:decide_and_order").values())
        self._run("work", "work")

    def _run(self, name, *words):
        self.installation.ask("snapshot", name=f"before {name}")
        stage = self.stages[name] = Stage(words, f"before {name}")
        before = self.installation.written()
        stage.seconds = time_at_work(self.installation, *words)
        after = self.installation.written()
        stage.written = [
            (dbname, table)
            for dbname, tables in sorted(after.items())
            for table, rows in sorted(tables.items())
            if rows > before[dbname].get(table, 0)
        ]
        stage.wanted = self.dump()
        stage.done = self.deeds()

    def dump(self):
        return self.installation.ask(f"{DUMP}:tables")

    def deeds(self):
        """Return what the audit says was done to whom, apart from what a run says of itself and from certificates."""
        query = (
            "SELECT action, subject FROM core_auditevent WHERE outcome = 'done' AND"
            " (action LIKE 'disposal.%' AND action <> 'disposal.certify' OR action = 'record.destroy') ORDER BY 1, 2"
        )
        counted = "SELECT action, count(*)::text FROM core_auditevent WHERE action = 'disposal.certify' GROUP BY 1"
        return self.installation.sql(query) + self.installation.sql(counted)

    def check_between(self):
        """Check what has to hold after every kill."""
        keys = self.installation.ask(f"{DUMP}:keys")
        assert keys["content without key"] == []
        assert keys["content of no record"] == []
        code, said = self.installation.ask("verify")
        assert code == 0, said

    def check_after(self, stage):
        """Check that it is as if nothing had been killed."""
        found = self.dump()
        assert {name for name in stage.wanted if found[name] != stage.wanted[name]} == set()
        assert self.deeds() == stage.done
        assert self.installation.ask("left_behind") == []
        self.check_between()


@pytest.fixture(scope="session")
def course():
    """Return the installation after one undisturbed course."""
    with lent("course") as installation:
        yield Course(installation)


@pytest.fixture
def another():
    """Return an installation in which nothing has been done."""
    with lent("another") as installation:
        yield installation
