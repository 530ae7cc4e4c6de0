"""Firearms licensing of Northshire as Parquet: certificates with their holders, and refusals."""

import numpy as np
import pyarrow as pa

from muniment.invention import days, writers
from muniment.invention.material import texts
from muniment.invention.world import World


def export(world: World) -> None:
    """Write the certificates."""
    held = world.history.firearms
    known = np.flatnonzero(held.on < world.full)
    nominals = world.nominals["firearms.person"][known]
    refused = held.kind[known] == 0
    kinds = texts(["Refused", "Shotgun", "Shotgun", "Firearm"])
    kind = np.where(refused, kinds[0], kinds[1 + held.kind[known] % 3])
    until = np.where(refused, days.NEVER, held.until[known])
    person = world.person
    writers.write_parquet(
        world.folder("northshire", "firearms") / f"certificates_{days.day_of(world.full)}.parquet",
        {
            "certificate": texts([f"NH-FA-{at + 1:05d}" for at in known.tolist()]),
            "kind": kind.astype(object),
            "granted": pa.array(held.on[known].astype("datetime64[D]")),
            "ended": pa.array([None if day >= days.NEVER else days.day_of(day) for day in until.tolist()], pa.date32()),
            "holder_id": world.reference(nominals),
            "holder_surname": person(nominals, "surname"),
            "holder_forename": person(nominals, "forename"),
            "holder_middle": person(nominals, "middle_names"),
            "holder_born": person(nominals, "born"),
            "holder_sex": person(nominals, "sex"),
            "holder_occupation": person(nominals, "occupation"),
            "holder_address": person(nominals, "address"),
            "holder_postcode": person(nominals, "postcode"),
            "holder_phone": person(nominals, "phone"),
            "holder_driver_number": person(nominals, "driver_number"),
        },
    )
