"""A linkage model for tests: trained once on the invented `fake_1000`, as any model is, and activated by another."""

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
from django.utils import timezone
from pyarrow import csv

from muniment.batch.matching.standardise import standardise
from muniment.batch.matching.train import train
from muniment.engine.matching.features import FEATURES
from muniment.engine.matching.model import Model, Weights
from muniment.people.models import LinkageModel

EXAMPLE = Path(__file__).parents[2] / "examples" / "linkage" / "fake_1000.csv"


@lru_cache
def _trained() -> str:
    given = csv.read_csv(EXAMPLE)
    columns = {
        "person_id": given["unique_id"].cast(pa.int64()),
        "source_key": pa.array([f"a|b|{key}" for key in given["unique_id"].to_pylist()]),
        "partition": pa.array(["policing"] * given.num_rows),
        "forename": given["first_name"],
        "surname": given["surname"],
        "born": given["dob"].cast(pa.string()),
        "email": given["email"],
        "address": given["city"],
    }
    return train(standardise(pa.table(columns))).to_json()


@lru_cache
def _with_every_feature() -> str:
    """Return the model with the features that its example lacks: as expected of matches, and rare among others."""
    model = Model.from_json(_trained())
    weights = dict(model.weights)
    for feature in FEATURES:
        expected = [level.expected for level in feature.levels]
        rare = [0.001 * (1 + index) for index in range(len(expected) - 1)]
        weights.setdefault(feature.name, Weights.distinct(expected, [*rare, 1 - sum(rare)]))
    return replace(model, version="every-feature", weights=weights).to_json()


def activate_model(*, every_feature: bool = False) -> LinkageModel:
    """Keep the model as trained by one person and activated by another; if need be with every feature that there is."""
    body = json.loads(_with_every_feature() if every_feature else _trained())
    return LinkageModel.objects.create(
        version=body["version"],
        parameters=body,
        trained_by="one",
        activated_by="another",
        activated_at=timezone.now(),
    )
