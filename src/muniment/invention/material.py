"""The tables that the invented world is made from: names, surnames, streets, offences, defects."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

FORCES = ("northshire", "westvale", "southmere")

Texts = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def demonstration() -> Path:
    """Return the folder of demonstration material beside the source. Raise FileNotFoundError when it is gone."""
    folder = Path(__file__).parents[3] / "examples" / "demonstration"
    if not (folder / "world").is_dir():
        raise FileNotFoundError(f"The tables of the demonstration world should lie in {folder / 'world'}.")
    return folder


@dataclass(frozen=True)
class Offences:
    """Offences with what the world does with them; all columns have one length."""

    cjs: Texts
    ho_class: Texts
    title: Texts
    weight: npt.NDArray[np.float64]
    named: npt.NDArray[np.float64]  # share with a named suspect
    custody: npt.NDArray[np.float64]  # share of convictions that end in custody
    victim: Texts  # person | child | none


@dataclass(frozen=True)
class Material:
    """All tables, read once."""

    names: Mapping[str, Any]
    surnames: Texts
    surname_weights: npt.NDArray[np.float64]
    streets: Texts
    offences: Offences
    defects: Mapping[str, Any]


def load(folder: Path) -> Material:
    """Read the tables from the demonstration folder."""
    world = folder / "world"
    with (world / "surnames.csv").open(encoding="utf-8", newline="") as stream:
        surnames = list(csv.DictReader(stream))
    with (world / "offences.csv").open(encoding="utf-8", newline="") as stream:
        offences = list(csv.DictReader(stream))
    weights = np.array([float(row["weight"]) for row in surnames])
    return Material(
        names=yaml.safe_load((world / "names.yaml").read_text(encoding="utf-8")),
        surnames=texts([row["surname"] for row in surnames]),
        surname_weights=weights / weights.sum(),
        streets=texts((world / "streets.txt").read_text(encoding="utf-8").split("\n")[:-1]),
        offences=Offences(
            cjs=texts([row["cjs"] for row in offences]),
            ho_class=texts([row["ho_class"] for row in offences]),
            title=texts([row["title"] for row in offences]),
            weight=np.array([float(row["weight"]) for row in offences]),
            named=np.array([float(row["named_percent"]) / 100 for row in offences]),
            custody=np.array([float(row["custody_percent"]) / 100 for row in offences]),
            victim=texts([row["victim"] for row in offences]),
        ),
        defects=yaml.safe_load((folder / "defects.yaml").read_text(encoding="utf-8")),
    )


def texts(values: list[str]) -> Texts:
    """Return texts as an array of objects."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def ranked(count: int) -> npt.NDArray[np.float64]:
    """Return the shares of a list in order of rank, each rank r as 1 / (r + 3)."""
    weights = 1.0 / (np.arange(count) + 3.0)
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares
