"""A small life, from exports to a review that is due.

`settled` is made once for a file and every test works on it in a transaction of its own, which is undone. Tests that
take more in need what they do to be committed, and make a life of their own.
"""

import pytest


@pytest.fixture(scope="module")
def settled(django_db_setup, django_db_blocker, tmp_path_factory):
    from factories import emptying
    from factories.lives import begin

    with django_db_blocker.unblock():
        folder = tmp_path_factory.mktemp("life")
        yield begin(folder)
        for alias in ("default", "keys"):
            emptying.empty(alias)


@pytest.fixture(scope="module")
def clocked(settled, django_db_blocker):
    """The life under a schedule of which Northshire has adopted everything, so that its records go by the clock."""
    from factories.lives import BY, NOW
    from muniment.engine import policy
    from muniment.engine.policy.model import Overlay
    from muniment.retention.actions.schedule import schedule

    with django_db_blocker.unblock():
        schedule(policy.load().adopting([Overlay("northshire", everything=True, group_3="PER-G3B")]), by=BY, on=NOW)
    return settled


@pytest.fixture
def quick(settings):
    settings.COOLING_OFF_MINUTES = 0


@pytest.fixture
def life(db, settled, quick):
    return settled


@pytest.fixture
def own_life(transactional_db, tmp_path, quick):
    from factories.lives import begin

    return begin(tmp_path)
