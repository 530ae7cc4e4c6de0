"""Plans of a schedule, kept for later processes."""

from dataclasses import fields
from datetime import date

from muniment.batch.retention import Tables, plans, schedule, tables
from muniment.batch.retention.plans import Step
from muniment.engine import policy
from muniment.engine.policy.model import Overlay

STEPS = (Step("table", "rt_one", "SELECT 1 AS x"), Step("read", "rt_two", "SELECT x FROM rt_one", "words"))


def forget(monkeypatch):
    monkeypatch.setattr(plans, "_MADE", type(plans._MADE)())


def test_a_plan_is_found_by_a_later_process_and_readable_by_its_owner_alone(tmp_path, monkeypatch):
    folder, key = tmp_path / "plans", plans.key_of("policy 1")
    plans.keep(key, STEPS, folder)
    forget(monkeypatch)
    assert plans.find(key, folder) == STEPS
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_plan_that_cannot_be_read_is_made_again(tmp_path, monkeypatch):
    key = plans.key_of("policy 1")
    plans.keep(key, STEPS, tmp_path)
    forget(monkeypatch)
    next(tmp_path.iterdir()).write_text('[["table", ')
    assert plans.find(key, tmp_path) is None


def test_another_policy_or_another_source_of_the_engine_is_another_plan(monkeypatch):
    key = plans.key_of({"ages": {"majority": 18}})
    assert plans.key_of({"ages": {"majority": 17}}) != key
    monkeypatch.setattr(plans, "_made_by", lambda: ("changed",))
    assert plans.key_of({"ages": {"majority": 18}}) != key


def test_sets_read_the_same_in_every_process():
    assert plans.key_of(frozenset(["b", "a", "c"])) == plans.key_of(frozenset(["c", "b", "a"]))


def test_what_is_adopted_needs_no_plan_of_its_own(monkeypatch):
    forget(monkeypatch)
    nobody = Tables(**{each.name: getattr(tables, each.name.upper()).empty_table() for each in fields(Tables)})
    base = policy.load()
    for given in (base, base.adopting([Overlay("north", everything=True, group_3="PER-G3B")])):
        assert schedule(nobody, given, asked_on=date(2026, 11, 22)).persons.num_rows == 0
        assert len(plans._MADE) == 1
