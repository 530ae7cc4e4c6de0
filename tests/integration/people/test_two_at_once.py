"""Two workers who attach at one time, each with what the other lacks, give what one run over everybody gives."""

import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

import pytest
from django.db import connection

from factories.exports import Source, row
from factories.linkage import activate_model
from factories.steps import as_one_run, forget_everybody, keys, together
from muniment.core.actors import Actor
from muniment.people.actions.attach import attach
from muniment.people.actions.resolve import resolve
from muniment.people.linking import attaching, comparing

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
FAMILIES = (
    ("Marlow", "Fictional", "07700900123", "2001/0000019K"),
    ("Tansy", "Quite", "07700900777", "1997/9000008T"),
    ("Wilmot", "Invented", "07700900555", "2001/0171310W"),
)


def those_of(number, forename, surname, phone, pncid):
    """Return rows of three nominals: one with a home, one with a PNCID, and the link, who has both."""
    name = {"FORENAME": forename, "SURNAME": surname, "BORN": f"198{number}-05-12"}
    home = {"PHONE": phone, "ADDRESS": f"{number} Invented Street"}
    return {
        f"H{number}": row(f"CH{number}", f"H{number}", **name, **home),
        f"N{number}": row(f"CN{number}", f"N{number}", **name, PHONE="", ADDRESS="99 Elsewhere Road", PNCID=pncid),
        f"L{number}": row(f"CL{number}", f"L{number}", **name, **home, PNCID=pncid),
    }


@pytest.mark.parametrize("first", [0, 1])
def test_whoever_is_the_missing_link(controllers, tmp_path, monkeypatch, first):
    activate_model(every_feature=True)
    north = Source(tmp_path, kind="delta")
    publish = attaching.publish_around

    def late(*given):
        time.sleep(0.2)  # so that, did they not take turns, neither would see what the other does
        return publish(*given)

    monkeypatch.setattr(attaching, "publish_around", late)
    draw = Random(first)
    for day, few in ((1, 0), (2, 5000)):
        monkeypatch.setattr(comparing, "FEW", few)  # by the set engine, then one by one
        forget_everybody()
        resolve(by=BY)
        rows = {}
        for number, family in enumerate(FAMILIES, start=1):
            rows |= those_of(number, *family)
        north.send(list(rows.values()), on=f"2026-06-{day + 2 * first:02d}")
        # A link is with one worker, the two whom it joins with the other; with whom is drawn.
        batches = ([], [])
        for number in range(1, len(FAMILIES) + 1):
            link = draw.randrange(2)
            batches[link].append(f"L{number}")
            batches[1 - link].extend((f"H{number}", f"N{number}"))
        ready = Barrier(2)

        def work(which, batches=batches, ready=ready):
            ready.wait()
            time.sleep(0.0 if which == first else 0.02)
            try:
                attach(keys(*batches[which]), by=BY)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as both:
            list(both.map(work, (0, 1)))
        assert together() == as_one_run() == [[f"{kind}{n}" for kind in "HLN"] for n in (1, 2, 3)]
