"""Train a linkage model, and activate it as a second person."""

import json

from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.matching import policy
from muniment.batch.matching import train as linkage
from muniment.core import audit, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.core.verdicts import unless
from muniment.people.linking import nominal_tables
from muniment.people.linking.attaching import take_turn
from muniment.people.models import LinkageModel
from muniment.people.watching import runs
from muniment.records import staging


def train(*, by: Actor) -> LinkageModel:
    """Train a model on the nominals that are held, without labels; the same nominals give the same version.

    What was standardised for it is kept: the run that follows reads it.
    """
    began, on = timezone.now(), policy.today()
    with staging.snapshot() as rows_of:
        given = nominal_tables.read(rows_of, on=on)
    everyone = given.everyone.read_all()
    model = linkage.train(everyone)
    with staging.staged(nominal_tables.to_store(given)) as names, transaction.atomic(), connection.cursor() as cursor:
        turns.beside_others()
        take_turn()
        nominal_tables.store(cursor, names, given.snapshot, on=on, by_run=False)
        kept, made = LinkageModel.objects.get_or_create(
            version=model.version,
            defaults={"parameters": json.loads(model.to_json()), "trained_by": by.name},
        )
        if made:
            run = BatchRun.objects.create(
                kind="train", started_at=began, ended_at=timezone.now(), state="done", versions={"model": kept.version}
            )
            runs.keep(run, runs.tell_data(everyone))
        audit.record(by, "people.train", subject=f"model {kept.version}", detail={"made": made})
    return kept


def activate(model: LinkageModel, *, by: Actor) -> None:
    """Make a model the one that `resolve` uses. Raise Refused when its trainer tries to activate it."""
    unless(
        by.name != model.trained_by, f"{model.trained_by} trained this model: someone else has to activate it."
    ).require()
    with transaction.atomic():
        LinkageModel.objects.filter(pk=model.pk).update(activated_at=timezone.now(), activated_by=by.name)
        audit.record(by, "people.activate", subject=f"model {model.version}")


def active() -> LinkageModel | None:
    """Return the model in use, the one activated last."""
    return LinkageModel.objects.filter(activated_at__isnull=False).order_by("-activated_at").first()
