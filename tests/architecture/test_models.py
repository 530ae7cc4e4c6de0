"""Every table of ours says what kind of data each field holds, and who may see a row."""

import pytest
from django.apps import apps
from django.db import models

from muniment.core.fields import Kind

OURS = [model for model in apps.get_models() if model.__module__.startswith("muniment.")]
IN_KEYS = {"core.contentkey"}  # in the database of keys, which has grants and no rows to choose among


def faults_of(model: type[models.Model]) -> list[str]:
    """Return what a model's classification lacks or names without having it."""
    kinds = getattr(model, "Fields", None)
    if kinds is None:
        return ["declares no class Fields"]
    said = {name: kind for name, kind in vars(kinds).items() if not name.startswith("_")}
    held = {field.name for field in (*model._meta.concrete_fields, *model._meta.many_to_many)}
    faults = [f"{name} is not classified" for name in sorted(held - said.keys())]
    faults += [f"{name} is classified and not a field" for name in sorted(said.keys() - held)]
    faults += [f"{name} is not a Kind" for name, kind in said.items() if not isinstance(kind, Kind)]
    return faults


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_field_is_classified(model: type[models.Model]) -> None:
    assert faults_of(model) == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_table_has_a_wall(model: type[models.Model]) -> None:
    wall = getattr(model, "Wall", None)
    if model._meta.label_lower in IN_KEYS:
        assert wall is None
        return
    assert wall is not None, "declare a class Wall: who sees a row, and what the web may do"
    assert wall.seen.strip()
    assert set(wall.web.replace(",", " ").split()) <= {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_a_field_left_out_is_found() -> None:
    class Fields:
        id = Kind.KEY
        gone = Kind.CODE

    model = type("Half", (), {"Fields": Fields, "_meta": OURS[0]._meta})
    faults = faults_of(model)
    assert "gone is classified and not a field" in faults
    assert any(fault.endswith("is not classified") for fault in faults)
