"""The history of a prime record: who joined and left, by what, told to each reader as far as they may see it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from factories.cast import refresh
from factories.deeds import prime_of, say
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.cli.explain import app
from muniment.core import words
from muniment.core.actors import Actor, from_user
from muniment.core.models import AuditEvent
from muniment.people.actions.attach import attach
from muniment.people.actions.resolve import resolve
from muniment.people.models import PrimePerson
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor("tests")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
WHY = "The passport was seen at the desk."


@pytest.fixture
def sources(cast, tmp_path):
    activate_model()
    found = {name: Source(tmp_path, controller=name, kind="delta") for name in ("northshire", "westvale")}
    found["northshire"].send([row("C1", "P1", **HOME), row("C2", "P2", SURNAME="Quite", BORN="1955-11-30")])
    run()
    return found


def run():
    resolve(by=BY)
    refresh()


def follow(*references):
    attach(list(Nominal.objects.filter(reference__in=references).values_list("pk", flat=True)), by=BY)


def told(client, prime, **days):
    answer = client.get(reverse("person_history", args=[prime.reference]), days)
    return answer, " ".join(answer.text.split())


def test_a_join_says_who_judged_why_and_which_reference_it_retired(sources, cast, signed_in):
    two = prime_of("P2")
    say("P1", "P2", "same", by=from_user(cast["sorrel"], "DATA_QUALITY"))
    follow("P1", "P2")
    one = prime_of("P1")
    _, text = told(signed_in(cast["sorrel"]), one)
    assert "<strong>sorrel</strong> judged" in text
    assert WHY in text
    assert f"{two.reference} was retired by it: it leads to who bears its records now." in text
    assert "Attached at once" in text
    _, text = told(signed_in(cast["hazel"]), one)
    assert "<strong>sorrel</strong> judged" in text
    assert WHY not in text, "who judges no pairs reads no reasons"
    say("P1", "P2", "different", by=from_user(cast["sorrel"], "DATA_QUALITY"))
    run()
    _, text = told(signed_in(cast["sorrel"]), prime_of("P1"))
    assert (
        f'Left, and from then on <a class="govuk-link" href="{reverse("person_history", args=[two.reference])}"' in text
    )
    assert f"The reference {two.reference} was revived" in text
    assert "Run " in text


def test_a_merge_at_source_and_its_end_are_named_with_their_days(sources, cast, signed_in):
    north = sources["northshire"]
    north.send([row("P2", ACTION="M", ENTITY="nominal", INTO="P1", REPORTED="2026-06-20")], on="2026-07-01")
    follow("P1", "P2")
    client, one = signed_in(cast["rowan"]), prime_of("P1")
    assert "Their source merged P2 into P1 on 20 June 2026" in told(client, one)[1]
    north.send([row("P2", ACTION="X", ENTITY="nominal", INTO="P1", REPORTED="2026-07-20")], on="2026-08-01")
    follow("P1", "P2")
    assert prime_of("P2") != one
    assert "Their source took back that P2 was merged into P1 on 20 July 2026" in told(client, one)[1]


def test_each_reads_only_of_records_that_they_may_see(sources, cast, signed_in):
    sources["westvale"].send([row("D1", "W1", TITLE="Burglary", **HOME)])
    run()
    one = prime_of("P1")
    assert prime_of("W1") == one
    seen = {name: told(signed_in(cast[name]), one)[1] for name in ("rowan", "hazel")}
    assert ("P1" in seen["rowan"], "W1" in seen["rowan"]) == (True, True)
    assert ("P1" in seen["hazel"], "W1" in seen["hazel"]) == (True, False)
    assert "Westvale" not in seen["hazel"]
    assert told(signed_in(cast["clover"]), one)[0].status_code == 404


def test_of_who_was_sealed_since_nothing_is_told_to_others(sources, cast, signed_in):
    north = sources["northshire"]
    north.send([row("C3", "P3", **HOME)])
    run()
    one = prime_of("P1")
    assert prime_of("P3") == one
    client = signed_in(cast["rowan"])
    assert "P3" in told(client, one)[1]
    north.send([row("P3", ACTION="S", ENTITY="nominal")], on="2026-07-01")
    follow("P3")
    refresh()
    _, text = told(signed_in(cast["rowan"]), one)
    assert "P3" not in text
    assert "Left" not in text


def test_the_days_asked_for_are_shown_and_days_to_come_refused(sources, cast, signed_in):
    client, one, today = signed_in(cast["rowan"]), prime_of("P1"), timezone.localdate()
    _, text = told(client, one)
    assert f"As at {words.day(today)}, as known at the end of {words.day(today)}" in text
    _, text = told(client, one, as_at="1 5 2026")
    assert "Not on that day" in text
    _, text = told(client, one, known_on="1 5 2020")
    assert "Nothing was known here by then" in text
    to_come = words.typed(today + timedelta(days=1))
    answer, text = told(client, one, known_on=to_come)
    assert answer.status_code == 422
    assert "Nobody knows yet what will be known" in text
    event = AuditEvent.objects.filter(action="person.history", subject=one.reference).latest("pk")
    assert event.detail["as_at"] == today.isoformat()


def test_a_retired_reference_leads_to_the_page_of_who_bears_it_now(sources, cast, signed_in):
    two = prime_of("P2")
    say("P1", "P2", "same", by=from_user(cast["sorrel"], "DATA_QUALITY"))
    follow("P1", "P2")
    answer, _ = told(signed_in(cast["rowan"]), two)
    assert answer.url == reverse("person_history", args=[PrimePerson.objects.get(pk=two.pk).redirects_to.reference])


def test_the_command_line_says_the_same(sources, cast):
    one = prime_of("P1")
    given = ["person", one.reference, "--as", "rowan", "--purpose", "RETENTION_REVIEW"]
    today = timezone.localdate().isoformat()
    found = CliRunner().invoke(app, [*given, "--days", "2026-06-02", today])
    assert f"As at 2026-06-02, as known on {today}:" in found.output
    assert ": P1\n" in found.output
    refused = CliRunner().invoke(app, [*given, "--days", "2026-06-02", "tomorrow"])
    assert refused.exit_code == 2
    assert "is no day" in refused.output
