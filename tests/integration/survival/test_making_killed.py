"""Killed while the first server, the roles, databases, tables and walls are made, and run again, all of it is there."""

import time

from factories.survival import DUMP, KILLS
from factories.survival.installation import ORGANISATION


def test_making_the_database_killed_and_run_again(course, another):
    words = ("database", "init", "--organisation", str(ORGANISATION))
    for _ in range(KILLS + 1):
        process = another.start(*words)
        time.sleep(course.chance.uniform(0.1, 1.0) * course.making_seconds)
        process.kill()  # it alone: what it started goes on for as long as it likes
        process.wait()
        process.stdout.close()
    another.run(*words)
    assert (another.ask(f"{DUMP}:tables"), another.ask("walls")) == course.made
    assert another.ask("left_behind") == []
