"""The pages of linkage's runs and its transparency record, and who sees what of them."""

import json
from datetime import date

import pytest
from django.urls import reverse
from typer.testing import CliRunner

from factories.cast import make_cast, refresh, sign_in
from factories.exports import Source, row
from factories.linkage import activate_model
from integration.people.test_held_runs import BY, WHY, held, home, people  # noqa: F401 - a fixture
from muniment.cli import linkage as commands
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, BatchRun
from muniment.engine.policy import PolicyError
from muniment.people.actions import sampling, train
from muniment.people.actions.resolve import resolve
from muniment.people.models import Label, RunFigures, RunHold
from muniment.people.watching import drift, transparency

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def twice(controllers, tmp_path):
    """Two runs: between them many came whose postcode nobody has taken down."""
    activate_model()
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    north.send(people("P", home))
    resolve(by=BY)
    west.send(people("W", lambda n: home(n) | {"POSTCODE": ""}))
    resolve(by=BY)
    return make_cast(controllers), BatchRun.objects.filter(kind="resolve").latest("pk")


def test_a_run_is_shown_beside_the_last(twice):
    cast, run = twice
    client = sign_in(cast["sorrel"])
    assert f"Run {run.pk}" in client.get(reverse("linkage")).text
    page = client.get(reverse("linkage_run", args=[run.pk])).text
    assert "50.0 %" in page  # of sixty nominals thirty are joined
    assert "0.0 % to 50.0 %" in page
    assert "Postcode is missing" in page
    assert "Look at what the last exports" in page
    assert page.count("<svg viewBox") == 2
    assert page.count("The same as a table") == 2
    assert run.versions["policy"] in page
    assert AuditEvent.objects.filter(actor="sorrel", action="linkage.run", subject=f"run {run.pk}").exists()


def test_who_may_not_see_linkage_is_turned_away(twice):
    cast, run = twice
    for name in ("robin", "hazel", "thorn", "nettle"):
        client = sign_in(cast[name])
        for page in (reverse("linkage"), reverse("linkage_run", args=[run.pk]), reverse("transparency")):
            assert client.get(page).status_code == 403, name
    assert sign_in(cast["teasel"]).get(reverse("linkage_run", args=[run.pk])).status_code == 200
    assert sign_in(cast["sorrel"]).get(reverse("linkage_run", args=[999_999])).status_code == 404


def test_of_the_enclave_nothing_shows_outside(twice, tmp_path):
    cast, _ = twice
    Source(tmp_path, kind="delta").send([row("P1", ACTION="S", ENTITY="nominal")], on="2026-06-09")
    refresh()
    resolve(by=BY)
    run = BatchRun.objects.filter(kind="resolve").latest("pk")
    assert RunFigures.objects.get(run=run, partition="sealed").figures["nominals"] == 1
    address = reverse("linkage_run", args=[run.pk]) + "?partition=sealed"
    assert "sealed" not in sign_in(cast["sorrel"]).get(address).text.lower()
    assert "sealed partition" in sign_in(cast["bryony"]).get(address).text


def test_a_run_that_waits_is_shown_and_released(held, cast):  # noqa: F811
    _, _, refused = held
    client, address = sign_in(cast["ash"]), reverse("linkage_run", args=[refused.hold.run_id])
    assert "waits for its release" in client.get(reverse("linkage")).text
    assert "run of linkage to release" in client.get(reverse("home")).text
    assert "of linkage to release" not in sign_in(cast["sorrel"]).get(reverse("home")).text
    page = client.get(address).text
    assert "60 of 60 prime records" in page
    assert "Would go" in page
    release = reverse("release_run", args=[refused.hold.run_id])
    assert sign_in(cast["sorrel"]).post(release, {"reason": WHY}).status_code == 403
    assert "Release</button>" not in sign_in(cast["sorrel"]).get(address).text.replace("\n", "")
    assert "Say why so many" in client.post(release, {"reason": "ok"}).text
    assert RunHold.objects.get().released_at is None
    page = client.post(release, {"reason": WHY}, follow=True).text
    assert "Released. The next run publishes" in page
    assert WHY in page
    assert "ash has released it already" in client.post(release, {"reason": WHY}, follow=True).text
    resolve(by=BY)
    page = client.get(address).text
    assert "published what stood then" in page
    assert "would have changed" in page


def test_examples_are_what_the_reader_may_see(held, cast):  # noqa: F811
    """An auditor reads that a run waits; whom it would move is for those who may see them."""
    _, _, refused = held
    page = sign_in(cast["teasel"]).get(reverse("linkage_run", args=[refused.hold.run_id])).text
    assert "60 of 60 prime records" in page
    assert "Would go" not in page
    assert "worth" not in page  # every surname of theirs ends so


def test_a_run_is_held_against_what_its_model_was_trained_on(controllers, tmp_path):
    north = Source(tmp_path, kind="delta")
    north.send(people("P", home))
    model = train.train(by=BY)
    train.train(by=BY)
    assert BatchRun.objects.filter(kind="train").count() == 1
    north.send([row(f"Q{n}", f"Q{n}", FORENAME="Jory", SURNAME=f"Supposed{n}") for n in range(40)], on="2026-06-02")
    train.activate(model, by=Actor("another"))
    resolve(by=BY)
    run = RunFigures.objects.get(run__kind="resolve")
    found = drift.of_run(run.run, "policing", run.figures)
    moved = {(line.move.what, line.move.feature, line.move.against) for line in found.moved}
    assert ("missing", "postcode", "trained") in moved
    assert found.last is None


def test_the_transparency_record_names_what_nobody_can_know_for_the_controller(twice):
    cast, _ = twice
    made = transparency.record()
    numbers = [entry.number for section in made.sections for entry in section.fields]
    assert len(numbers) == len(set(numbers)) == made.count
    assert {"1.4", "2.1.3", "2.5.1"} <= {entry.number for entry in made.missing}
    facts = {entry.number: entry.text for section in made.sections for entry in section.fields}
    assert "nothing is known of precision" in facts["2.4.2.7"]
    assert "60 records of people" in facts["2.4.3.4"]
    page = sign_in(cast["sorrel"], purpose=None).get(reverse("transparency")).text
    assert f"{len(made.missing)} of {made.count} fields are to be completed" in page
    text = transparency.as_markdown(made)
    assert text.count("**To be completed by the controller.**") == len(made.missing)


@pytest.mark.usefixtures("twice")
def test_its_figures_are_those_of_the_last_full_sample():
    sample = sampling.draw("policing", 60, by=BY)
    for pair in sample.pairs.all():
        Label.objects.create(pair=pair, by="sorrel", said="same" if pair.are_one else "different")
    facts = {e.number: e.text for s in transparency.record().sections for e in s.fields}
    assert f"a clerical sample of {sample.pairs.count()} pairs" in facts["2.4.2.7"]
    assert "precision 100.0 %" in facts["2.4.2.7"]


@pytest.mark.usefixtures("twice")
def test_it_is_written_by_the_command_line(tmp_path):
    runner, out = CliRunner(), tmp_path / "record.md"
    said = runner.invoke(commands.linkage, ["transparency", "--json"])
    told = json.loads(said.stdout)
    assert told["to_complete"]
    missing = [f for s in told["sections"] for f in s["fields"] if f["source"] == "missing"]
    assert all(field["asked"] and not field["text"] for field in missing)
    assert runner.invoke(commands.linkage, ["transparency", "--out", str(out)]).exit_code == 0
    assert out.read_text().startswith("# Algorithmic transparency record")
    assert AuditEvent.objects.filter(action="linkage.transparency").count() == 2


def form(**field):
    fields = [{"number": "1.1", "name": "Name", **field}]
    return {"title": "T", "standard": "S", "sections": [{"tier": 1, "title": "Overview", "fields": fields}]}


def test_what_a_controller_gives_counts_from_its_day(controllers):
    given = [{"from": date(2020, 1, 1), "text": "Before"}, {"from": date(2999, 1, 1), "text": "One day"}]
    assert transparency.record(form(given=given)).sections[0].fields[0].text == "Before"
    assert transparency.record(form(given=given[1:], ask="Its name.")).missing[0].text == "Its name."
    assert transparency.record(form(given=[{"from": date(2020, 1, 1), "text": " "}])).missing
    with pytest.raises(PolicyError, match=r"field 1\.1 asks for 'weather'"):
        transparency.record(form(live="weather"))
