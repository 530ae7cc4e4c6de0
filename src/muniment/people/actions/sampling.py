"""Draw a clerical sample from what a run kept for it, and label its pairs."""

import secrets

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.matching.watching import RESERVE
from muniment.core import access, audit
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.core.verdicts import unless
from muniment.engine.matching import estimates
from muniment.people.models import Label, ReservePair, RunFigures, Sample, SamplePair, SampleStratum
from muniment.people.watching import samples

_LABEL_LOCK = 7_130_011
LEAST, MOST = 20, 2000  # pairs of a sample
LABELLERS = 2


def draw(partition: str, size: int, *, by: Actor) -> Sample:
    """Draw so many pairs of a partition, as many from each stratum, among those that the drawer may see.

    They come from the reserve of the last run that published. The seed is kept with the sample.
    """
    if by.user:
        access.may(by.user, "linkage.sample", on=timezone.localdate()).require()
    unless(LEAST <= size <= MOST, f"Draw between {LEAST} and {MOST:,} pairs.").require()
    run = BatchRun.objects.filter(kind="resolve", state="done").order_by("-pk").first()
    figures = RunFigures.objects.filter(run=run, partition=partition).first()
    reserve: dict[tuple[str, bool], list[ReservePair]] = {}
    for pair in ReservePair.objects.filter(run=run, partition=partition).order_by("band", "are_one", "place"):
        reserve.setdefault((pair.band, pair.are_one), []).append(pair)
    check = unless(figures is not None and bool(reserve), "There are no pairs to draw: resolve first.")
    check.require()
    assert figures is not None
    assert run is not None
    sizes = samples.sizes(figures.figures)
    seed = secrets.randbelow(2**31)
    random = np.random.default_rng(seed)
    taken = estimates.spread(size, {key: len(pairs) for key, pairs in reserve.items()})
    chosen = [
        pairs[place]
        for key, pairs in reserve.items()
        for place in sorted(random.choice(len(pairs), taken[key], replace=False))
    ]
    with transaction.atomic():
        sample = Sample.objects.create(run=run, partition=partition, seed=seed, drawn_by=by.name)
        SampleStratum.objects.bulk_create(
            SampleStratum(
                sample=sample,
                band=key[0],
                are_one=key[1],
                population=population,
                reserve=min(population, RESERVE),
                seen=len(reserve.get(key, ())),
                drawn=taken.get(key, 0),
            )
            for key, population in sizes.items()
        )
        SamplePair.objects.bulk_create(
            _copy(sample, pair, place)
            for place, pair in enumerate((chosen[at] for at in random.permutation(len(chosen))), 1)
        )
        detail = {"partition": partition, "run": run.pk, "pairs": len(chosen), "seed": seed}
        audit.record(by, "linkage.draw", subject=f"sample {sample.pk}", detail=detail)
    return sample


def _copy(sample: Sample, pair: ReservePair, place: int) -> SamplePair:
    return SamplePair(
        sample=sample,
        band=pair.band,
        place=place,
        left_id=pair.left_id,
        right_id=pair.right_id,
        weight=pair.weight,
        is_automatic=pair.is_automatic,
        are_one=pair.are_one,
        ethnicities=pair.ethnicities,
        origins=pair.origins,
    )


def label(pair: SamplePair, *, by: Actor, said: str) -> Label:
    """Record what somebody says of a pair; until the sample is read they may say otherwise. Two label a sample.

    It is no judgement: the prime records do not follow.
    """
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    unless(said in Label.Said.values, "Say whether the two are one person.").require()
    unless(samples.can_see(pair), "You may not see both records of this pair.").require()
    with transaction.atomic():
        with connection.cursor() as cursor:  # so that no third comes in beside the second
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LABEL_LOCK, pair.sample_id])
        others = set(Label.objects.filter(pair__sample=pair.sample_id).exclude(by=by.name).values_list("by", flat=True))
        told = f"{' and '.join(sorted(others))} label this sample: two are enough."
        unless(len(others) < LABELLERS, told).require()
        kept, made = Label.objects.get_or_create(pair=pair, by=by.name, defaults={"said": said})
        if not made and kept.said != said:
            kept.said, kept.at = said, timezone.now()
            kept.save(update_fields=["said", "at"])
        subject = f"sample {pair.sample_id} pair {pair.place}"
        audit.record(by, "linkage.label", subject=subject, detail={"said": said, "again": not made})
    return kept
