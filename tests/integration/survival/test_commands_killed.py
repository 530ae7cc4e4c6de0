"""Killed as they write to any table, at random moments, or with the database server under them, and run again:
every command leaves what it leaves undisturbed (see factories/survival/dump.py for what is compared)."""

import sys

import pytest

from factories.survival import KILLS
from factories.survival.installation import kill_after, kill_at_table, kill_server_after


def blows(course, stage):
    """Yield (what is killed, how) in random order: as each table is written first, and at random moments."""
    tables = course.chance.sample(stage.written, min(len(stage.written), 2 if KILLS == 1 else len(stage.written)))
    # The worker goes on where it was killed: its moments are spread over the whole of its work, not of one run.
    part = 1.0 if stage.words[0] != "work" else min(1.0, 1.5 / KILLS)
    moments = [("command", course.chance.uniform(0, stage.seconds * part)) for _ in range(KILLS)]
    moments += [("server", course.chance.uniform(0, stage.seconds * part)) for _ in range(KILLS)]
    every = [("table", table) for table in tables] + moments
    course.chance.shuffle(every)
    return every


def strike(installation, stage, kind, how):
    """Kill once; say whether the command was still at work."""
    if kind == "table":
        return kill_at_table(installation, *how, *stage.words)
    if kind == "command":
        return kill_after(installation, how, *stage.words)
    return kill_server_after(installation, how, *stage.words) != 0


@pytest.mark.parametrize("name", ["intake", "train", "resolve", "schedule", "work"])
def test_killed_and_run_again_it_is_as_if_nothing_had_been(course, name):
    stage, installation = course.stages[name], course.installation
    installation.ask("restore", name=stage.begins)
    struck = 0
    for kind, how in blows(course, stage):
        working = strike(installation, stage, kind, how)
        struck += working
        course.check_between()
        if not working:  # it had ended: this was a clean run, and the next blow needs something to do
            course.check_after(stage)
            installation.ask("restore", name=stage.begins)
    installation.run(*stage.words)
    course.check_after(stage)
    sys.stdout.write(f"{name}: killed at work {struck} times\n")
    assert struck
