"""After a disposal the tables are written anew at night, and not before everybody has let go of the rows."""

from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import connection
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import WORKER, carried_out
from muniment.core import database, rewriting
from muniment.core.models import BatchRun
from muniment.core.verdicts import Refused
from muniment.retention.actions import rewrite
from muniment.retention.disposals import certificates

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
LONDON = ZoneInfo("Europe/London")


def looking():
    """Return a connection of somebody who goes on seeing the rows of this moment."""
    other = psycopg.connect(database.uri("owner", dbname=connection.settings_dict["NAME"]))
    other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    other.execute("SELECT pg_current_snapshot()")
    return other


def page_of(life, order):
    page = sign_in(life.cast["rowan"]).get(reverse("disposal", args=[order.reference]))
    assert page.status_code == 200
    return page.content.decode()


def test_the_hours_are_those_of_policy():
    at = {hour: rewrite.is_quiet(datetime(2026, 7, 1, hour, 30, tzinfo=LONDON)) for hour in range(24)}
    assert {hour for hour, quiet in at.items() if quiet} == {1, 2, 3, 4}


def test_it_is_due_after_a_disposal_and_done_when_nobody_sees_the_rows_any_more(own_life, time_machine):
    assert not rewrite.is_due()
    with looking() as other:
        order = carried_out(own_life, own_life.review, ["C1", "CU1"])
        assert rewrite.is_due()
        partly = rewrite.rewrite(by=WORKER)
        assert partly.state == "partly"
        assert any(
            said.startswith("records_nominal: a transaction that began before") for said in partly.counts["left"]
        )
        other.rollback()
    assert rewrite.is_due() and rewrite.of(order.certificate) is None
    assert "until the tables are written anew" in page_of(own_life, order)
    time_machine.move_to(datetime(2030, 1, 1, 12, tzinfo=LONDON), tick=False)
    assert rewrite.when_due(by=WORKER) == {"tables_rewritten": 0}, "nobody waits for a table by day"
    time_machine.move_to(datetime(2030, 1, 2, 2, tzinfo=LONDON), tick=False)
    for _ in range(10):  # the server's own round of vacuuming may see the rows too, for a moment
        if not rewrite.is_due():
            break
        assert rewrite.when_due(by=WORKER)["tables_rewritten"] > 0
    run = BatchRun.objects.get(kind="rewrite", state="done")
    assert run.counts["left"] == []
    again = rewrite.rewrite(by=WORKER).counts
    assert again["unchanged"] > again["tables"] > 0, "what nobody wrote to is left as it is"
    assert rewrite.of(order.certificate) == run and not rewrite.is_due()
    time_machine.move_to(run.ended_at)
    assert "Gone since" in page_of(own_life, order)
    assert certificates.as_pdf(order.certificate, run) != certificates.as_pdf(order.certificate)


def test_a_table_that_somebody_holds_is_named_and_no_second_rewriting_begins(monkeypatch):
    monkeypatch.setattr(rewriting, "_PATIENCE", "50ms")
    with psycopg.connect(database.uri("owner", dbname=connection.settings_dict["NAME"])) as other:
        other.execute("LOCK TABLE records_record IN ACCESS SHARE MODE")
        other.execute("SELECT pg_advisory_lock(7130040)")
        with pytest.raises(Refused, match="already"):
            rewrite.rewrite(by=WORKER)
        other.execute("SELECT pg_advisory_unlock(7130040)")
        run = rewrite.rewrite(by=WORKER)
    assert run.state == "partly" and "records_record: it was in use" in run.counts["left"]
