"""`muniment evaluate world`: what is published, beside the truth of the world it was taken in from."""

import json
from itertools import combinations

import pyarrow.parquet as pq
import pytest
import typer

from factories import small_world
from muniment.cli import demo, evaluate, exits
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent
from muniment.people.actions import judge as judging
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def measured(controllers, monkeypatch, capsys):
    """Return a function that runs the command, which here has its database already, and returns what it prints."""
    monkeypatch.setattr(evaluate, "prepare", lambda role: None)

    def run(folder, **options):
        evaluate.world(folder, **{"as_json": True, **options})
        said = capsys.readouterr().out
        return json.loads(said) if options.get("as_json", True) else said

    return run


def test_published_pairs_beside_the_truth(measured):
    small_world.take_in()
    demo.resolve_people(small_world.BY)
    folder = small_world._exports()
    scores = measured(folder)
    held = _held(folder)
    same = [(one["person"] == two["person"], one["prime"] == two["prime"]) for one, two in _pairs(held)]
    assert scores["nominals"] == len(held) > 200
    assert scores["unknown_nominals"] == 0
    assert scores["overall"]["joined"] == sum(joined for _, joined in same) > 50
    assert scores["overall"]["false_joins"] == sum(joined and not true for true, joined in same) == 0
    assert scores["overall"]["true_pairs"] == sum(true for true, _ in same)
    assert scores["overall"]["lower"] < 1.0 == scores["overall"]["upper"]
    assert AuditEvent.objects.filter(action="people.evaluate").count() == 1
    assert "Pairs of people who look alike and are two" in measured(folder, as_json=False)

    # A person who says wrongly that two are one makes a false join that is counted.
    one, two = next((a, b) for a, b in _pairs(held) if a["person"] != b["person"] and a["prime"] != b["prime"])
    said = judging.Said("same", "officer", "I am quite sure that they are one.")
    judging.judge(Nominal.objects.get(pk=one["pk"]), Nominal.objects.get(pk=two["pk"]), said, by=Actor("tests"))
    resolve(by=Actor("tests"))
    assert measured(folder)["overall"]["false_joins"] > 0


def test_without_a_world_or_anything_resolved_it_says_so(measured, tmp_path, capsys):
    for folder, words in ((tmp_path, "muniment invent"), (small_world._exports(), "muniment resolve")):
        with pytest.raises(typer.Exit) as ending:
            measured(folder)
        assert ending.value.exit_code == exits.BAD_INPUT
        assert words in capsys.readouterr().err


def _held(folder):
    truth = {
        (line["controller"], line["system"], line["reference"]): line["person"]
        for line in pq.read_table(folder / "truth" / "nominals.parquet").to_pylist()
    }
    belongings = Belonging.objects.filter(until=None).select_related("nominal__system__controller", "nominal__scope")
    return [
        {
            "pk": each.nominal_id,
            "prime": each.prime_id,
            "partition": each.nominal.scope.partition,
            "person": truth[each.nominal.system.controller.code, each.nominal.system.code, each.nominal.reference],
        }
        for each in belongings
    ]


def _pairs(held):
    return [(one, two) for one, two in combinations(held, 2) if one["partition"] == two["partition"]]
