"""Links in files of their own that come before what they link: each waits until its source sends it again."""

import pytest

from factories.exports import LINKS, Source, row
from muniment.records.models import Involvement, Quarantine

pytestmark = pytest.mark.django_db(transaction=True)

LINK = row("C2", "P1", ROLE="SUSPECT")
OTHER = row("C3", "P1", ROLE="SUSPECT")


@pytest.fixture
def source(controllers, tmp_path):
    source = Source(tmp_path, kind="delta").beside(LINKS)
    source.send([row("C1", "P1")])
    return source


def waiting():
    return sorted(
        Quarantine.objects.filter(resolved_by=None, named__kind="record").values_list("named__name", flat=True)
    )


def test_a_link_that_waited_and_came_again_waits_no_more(source):
    assert source.send([LINK, OTHER], on="2026-06-02", name="links").quarantined == 2
    source.send([row("C2")], on="2026-06-03")
    assert waiting() == ["C2", "C3"]
    assert source.send([LINK], on="2026-06-03", name="links").accepted == 1
    assert waiting() == ["C3"]
    assert Involvement.objects.filter(record__reference="C2", nominal__reference="P1").exists()


def test_an_older_file_leaves_a_newer_link_waiting(source):
    source.send([LINK], on="2026-06-03", name="links")
    source.send([row("C2")], on="2026-06-03")
    assert source.send([LINK], on="2026-06-02", name="links").accepted == 1
    assert waiting() == ["C2"]


def test_a_link_of_an_older_file_is_mended_by_a_newer_one_taken_in_before(source):
    source.send([LINK], on="2026-06-03", name="links")
    assert source.send([OTHER, LINK], on="2026-06-02", name="links").quarantined == 2
    source.send([row("C2"), row("C3")], on="2026-06-04")
    assert source.send([LINK, OTHER], on="2026-06-04", name="links").accepted == 2
    assert waiting() == []
