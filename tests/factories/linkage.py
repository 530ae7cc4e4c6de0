"""A linkage model for tests: trained once on the invented `fake_1000`, as any model is, and activated by another."""

import json
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
from django.utils import timezone
from pyarrow import csv

from muniment.batch.matching.standardise import standardise
from muniment.batch.matching.train import train
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


def activate_model() -> LinkageModel:
    """Keep the model as trained by one person and activated by another."""
    body = json.loads(_trained())
    return LinkageModel.objects.create(
        version=body["version"],
        parameters=body,
        trained_by="one",
        activated_by="another",
        activated_at=timezone.now(),
    )
