"""The joint unit's system: people, operations, links and events in four files, some rows marked too high for here."""

import numpy as np

from muniment.invention import days, writers
from muniment.invention.material import texts
from muniment.invention.world import World


def export(world: World) -> None:
    """Write the four files."""
    links = world.history.operations
    rng = world.rng("tricounty/operations")
    folder = world.folder("tricounty", "operations")
    stamp = days.day_of(world.full)
    operations, first = np.unique(links.kind, return_index=True)
    count = len(operations)
    secret = world.spoilt("above_tier", count, rng) | (operations == operations.max())
    names = texts([f"OP/{number + 1:04d}" for number in operations.tolist()])
    writers.write_csv(
        folder / f"operations_{stamp}.csv",
        {
            "operation": names,
            "began": days.written(links.on[first], "%Y-%m-%d"),
            "closed": days.written(world.by_now(links.until[first]), "%Y-%m-%d"),
            "marking": np.where(secret, "SECRET", "OFFICIAL-SENSITIVE").astype(object),
            "handling": np.where(operations % 5 == 0, "COVERT", "").astype(object),
            "lead_force": np.array(["southmere"] * count, dtype=object),
        },
    )
    nominals = world.nominals["operations.person"]
    held = np.unique(nominals)
    person = world.person
    writers.write_csv(
        folder / f"subjects_{stamp}.csv",
        {
            "subject": world.reference(held),
            "surname": person(held, "surname"),
            "forename": person(held, "forename"),
            "aliases": person(held, "aliases"),
            "born": person(held, "born"),
            "sex": person(held, "sex"),
            "address": person(held, "address"),
            "postcode": person(held, "postcode"),
            "phone": person(held, "phone"),
            "pncid": person(held, "pncid"),
            "protected": person(held, "protected"),
            "markers": np.where(held % 11 == 0, "mappa_ever;pdp", np.where(held % 7 == 0, "pdp", "")).astype(object),
        },
    )
    named = dict(zip(operations.tolist(), names.tolist(), strict=True))
    open_ = {number for number, above in zip(operations.tolist(), secret.tolist(), strict=True) if not above}
    shown = np.array([number in open_ for number in links.kind.tolist()])
    writers.write_csv(
        folder / f"links_{stamp}.csv",
        {
            "operation": texts([named[number] for number in links.kind[shown].tolist()]),
            "subject": world.reference(nominals[shown]),
            "as": np.where(rng.random(shown.sum()) < 0.7, "subject", "associate").astype(object),
            "since": days.written(links.on[shown], "%Y-%m-%d"),
        },
    )
    sealed = rng.permutation(held)[: max(1, len(held) // 100)]
    writers.write_csv(
        folder / f"events_{days.day_of(world.today)}.csv",
        {
            "event": np.array(["seal"] * len(sealed), dtype=object),
            "of": np.array(["nominal"] * len(sealed), dtype=object),
            "reference": world.reference(np.sort(sealed)),
            "on": np.array([str(days.day_of(world.today - 2))] * len(sealed), dtype=object),
        },
    )
