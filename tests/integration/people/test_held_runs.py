"""A run that would change too many prime records publishes nothing and waits; what was released is published once."""

import json

import pytest
from typer.testing import CliRunner

from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.cli import exits
from muniment.cli import linkage as commands
from muniment.core.actors import Actor, from_user
from muniment.core.models import AuditEvent, BatchRun
from muniment.core.verdicts import Refused
from muniment.people.actions.release import release
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging, HeldChange, MatchEdge, PrimePerson, ReservePair, RunFigures, RunHold
from muniment.people.watching.holding import Held, waiting

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
WHY = "The sources have mended their addresses."
PEOPLE = 30


def who(number, **values):
    """Return somebody invented: each with a name and a birthday of their own."""
    letters = "".join("BCDFGHKLMNPRSTVW"[int(digit, 16)] + "a" for digit in f"{number * 7919 % 4096:03x}")
    return {
        "FORENAME": f"{letters.title()}vin",
        "SURNAME": f"{letters[::-1].title()}worth",
        "BORN": f"{1950 + number % 40}-{number % 12 + 1:02d}-{number % 27 + 2:02d}",
        **values,
    }


def home(number):
    return {"POSTCODE": f"NH{number} 1AA", "PHONE": f"077009{number:05d}", "ADDRESS": f"{number} Invented Street"}


def people(letter, homes):
    return [row(f"{letter}R{n}", f"{letter}{n}", **who(n), **homes(n)) for n in range(1, PEOPLE + 1)]


@pytest.fixture
def held(controllers, tmp_path):
    """Thirty people known to two forces, who come to be joined all at once: sixty prime records of sixty change."""
    activate_model()
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    north.send(people("P", home))
    west.send(people("W", lambda n: {}))
    first = resolve(by=BY)
    assert (first.nominals, first.prime_records) == (60, 60)
    west.send(people("W", home), on="2026-06-02")
    with pytest.raises(Held, match="60 of 60 prime records") as raised:
        resolve(by=BY)
    return north, west, raised.value


def primes():
    return Belonging.objects.filter(until=None).values("prime").distinct().count()


def test_nothing_is_published_and_everything_is_kept(held):
    _, _, refused = held
    assert primes() == PrimePerson.objects.filter(retired_at=None).count() == 60
    hold = waiting()
    assert hold == refused.hold
    assert hold.run.state == "held"
    assert hold.changes.count() == 30
    figures = RunFigures.objects.get(run=hold.run, partition="policing").figures
    assert (figures["changed"], figures["held_before"], figures["retired"], figures["moved"]) == (60, 60, 30, 30)
    assert AuditEvent.objects.filter(action="people.hold_run").count() == 1
    assert not MatchEdge.objects.filter(run=hold.run).exists()
    assert not ReservePair.objects.filter(run=hold.run).exists()


def test_the_same_again_waits_under_the_same_number(held):
    _, _, refused = held
    with pytest.raises(Held) as raised:
        resolve(by=BY)
    assert raised.value.hold == refused.hold
    assert BatchRun.objects.filter(kind="resolve", state="held").count() == 1
    assert AuditEvent.objects.filter(action="people.hold_run").count() == 2


def test_what_is_released_is_published_by_the_next_run(held):
    _, _, refused = held
    release(refused.hold, by=BY, reason=WHY)
    assert primes() == 60
    counts = resolve(by=BY)
    assert (counts.prime_records, counts.retired, primes()) == (30, 30, 30)
    hold = RunHold.objects.get()
    assert hold.settled_by.state == "done"
    assert waiting() is None
    assert AuditEvent.objects.get(action="linkage.release").subject == f"run {hold.run_id}"
    assert resolve(by=BY).moved == 0


def test_a_release_covers_what_was_released_and_no_more(held):
    """Between release and run the sources take everything back and tell something else: that waits again."""
    north, west, refused = held
    release(refused.hold, by=BY, reason=WHY)
    west.send(people("W", lambda n: {}), on="2026-06-03")
    swapped = [row(f"PR{n}", f"P{n}", **who(n), **home(n)) for n in range(1, PEOPLE + 1)]
    swapped += [row(f"NR{n}", f"N{n}", **who(n), **home(n)) for n in range(1, 3)]
    north.send(swapped, on="2026-06-03")
    counts = resolve(by=BY)  # newcomers join whom they join: no prime record that exists is merged
    assert counts.retired == 0
    west.send(people("W", home), on="2026-06-04")
    with pytest.raises(Held):
        resolve(by=BY)
    assert RunHold.objects.filter(settled_at=None).get() != refused.hold


def test_fewer_than_the_least_are_published_whatever_their_share(controllers, tmp_path):
    activate_model()
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    north.send(people("P", home)[:20])
    west.send(people("W", lambda n: {})[:20])
    resolve(by=BY)
    west.send(people("W", home)[:20], on="2026-06-02")
    assert resolve(by=BY).retired == 20
    assert waiting() is None


def test_newcomers_change_nobodys_prime_record(controllers, tmp_path):
    activate_model()
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    north.send(people("P", home))
    resolve(by=BY)
    west.send(people("W", home))
    counts = resolve(by=BY)
    assert (counts.made, counts.moved) == (0, 30)
    assert RunFigures.objects.filter(partition="policing").latest("pk").figures["changed"] == 0


def test_a_release_needs_a_reason_a_role_and_a_run_that_waits(held, cast):
    _, _, refused = held
    with pytest.raises(Refused, match="Say why so many"):
        release(refused.hold, by=BY, reason="ok")
    with pytest.raises(Refused, match="roles do not let you"):
        release(refused.hold, by=from_user(cast["sorrel"]), reason=WHY)
    release(refused.hold, by=from_user(cast["ash"]), reason=WHY)
    with pytest.raises(Refused, match="ash has released it already"):
        release(refused.hold, by=from_user(cast["ash"]), reason=WHY)
    resolve(by=BY)
    with pytest.raises(Refused, match="taken its place"):
        release(refused.hold, by=from_user(cast["ash"]), reason=WHY)


def test_another_change_takes_the_place_of_what_waits(held):
    _, west, refused = held
    west.send(people("W", home)[:28] + people("W", lambda n: {})[28:], on="2026-06-03")
    with pytest.raises(Held, match="56 of 60") as raised:
        resolve(by=BY)
    assert raised.value.hold != refused.hold
    refused.hold.refresh_from_db()
    assert refused.hold.settled_by == raised.value.hold.run
    assert set(HeldChange.objects.values_list("hold", flat=True)) == {refused.hold.pk, raised.value.hold.pk}


def test_the_command_line_says_so_and_releases(held, cast):
    _, _, refused = held
    runner = CliRunner()
    said = runner.invoke(commands.apps["resolve"], ["--json"])
    assert said.exit_code == exits.REFUSED
    assert json.loads(said.stdout)["beyond"] == {"policing": {"changed": 60, "held": 60}}
    assert exits.code_of(refused) == exits.REFUSED
    number = str(refused.hold.run_id)
    assert runner.invoke(commands.linkage, ["release", "9999", "--as", "ash", "--reason", WHY]).exit_code == 3
    assert runner.invoke(commands.linkage, ["release", number, "--as", "nobody", "--reason", WHY]).exit_code == 3
    done = runner.invoke(commands.linkage, ["release", number, "--as", "ash", "--reason", WHY, "--json"])
    assert json.loads(done.stdout)["released_by"] == "ash"
    assert json.loads(runner.invoke(commands.apps["resolve"], ["--json"]).stdout)["state"] == "done"
    listed = json.loads(runner.invoke(commands.linkage, ["runs", "--json"]).stdout)["runs"]
    assert [each["state"] for each in listed] == ["done", "published", "done"]
    assert "released" not in runner.invoke(commands.linkage, ["runs"]).stdout
