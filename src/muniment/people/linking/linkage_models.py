"""The model that is active, and the one by which what is published was linked."""

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from muniment.batch.matching.policy import in_force
from muniment.batch.matching.standardise import VERSION, standard
from muniment.core.models import BatchRun
from muniment.engine.matching.model import Model
from muniment.engine.matching.weighing import Scales
from muniment.people.models import LinkageModel


class NoModel(Exception):
    """No linkage model is active, or none by which anything is published, that reads nominals as they are read now."""


@dataclass(frozen=True)
class Published:
    """The run by which people are linked now, and what it weighed pairs by."""

    run: BatchRun
    scales: Scales
    overgrown: tuple[str, ...]  # blocking keys that it left out

    @classmethod
    def by(cls, run: BatchRun, model: Model) -> "Published":
        """Return by what a run linked, with its model."""
        on = date.fromisoformat(run.versions["on"])
        tables = in_force(on)
        return cls(run, Scales(model, tables, tables.points, on), tuple(run.versions.get("overgrown", ())))


def active() -> Model | None:
    """Return the model in use, the one activated last."""
    found = LinkageModel.objects.filter(activated_at__isnull=False).order_by("-activated_at")
    version = found.values_list("version", flat=True).first()
    return of_version(version) if version else None


def in_use() -> Model:
    """Return the model that a run links by; raise NoModel, saying what to do, when there is none."""
    model = active()
    if model is None:
        raise NoModel("No linkage model is active: run `muniment train`, then have someone else activate it.")
    if model.standard != VERSION:
        raise NoModel(
            f"The active model {model.version} was trained when nominals were read another way: run `muniment train`,"
            " then have someone else activate the new one."
        )
    return model


@lru_cache(maxsize=2)
def of_version(version: str) -> Model:
    """Return a version of the model, which never changes."""
    return Model.from_json(json.dumps(LinkageModel.objects.get(version=version).parameters))


def published() -> Published:
    """Return by what those who are published are linked. A model activated since counts from the next run on.

    Raise NoModel when there has been no run, or when it read nominals another way.
    """
    run = BatchRun.objects.filter(kind="resolve", state="done").order_by("-pk").first()
    model = of_version(run.versions["model"]) if run else None
    if run is None or model is None or model.standard != VERSION or "on" not in run.versions:
        raise NoModel("Nobody is linked yet by the way in which nominals are read now: run `muniment resolve`.")
    if run.versions.get("lists") != standard(date.fromisoformat(run.versions["on"])):
        raise NoModel("The lists by which nominals are read have changed since the last run: run `muniment resolve`.")
    return Published.by(run, model)
