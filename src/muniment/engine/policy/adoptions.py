"""Reads what controllers have adopted: one YAML file for each, by rule, with paper and two adopters."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from muniment.engine.policy.model import GROUP_3_RULES, Adoption, Length, Overlay, PolicyError
from muniment.engine.policy.reading import read_yaml

_UNITS = {"years": Length(months=12), "months": Length(months=1), "days": Length(days=1)}


def read_folder(folder: Path, *, fictional: Collection[str] = ()) -> tuple[Overlay, ...]:
    """Read every adoption file of a folder; none when the folder does not exist.

    A file marked `demonstration` is refused unless its controller is among the fictional ones: invented
    adoptions must never let a real force's records be destroyed.
    """
    return tuple(read_file(path, fictional=fictional) for path in sorted(folder.glob("*.yaml")))


def read_file(path: Path, *, fictional: Collection[str] = ()) -> Overlay:
    """Read one adoption file; PolicyError names the file and what is wrong with it."""
    content = read_yaml(path)
    controller = content.get("controller")
    if not isinstance(controller, str) or not controller:
        raise PolicyError(f"{path} does not say whose adoptions it holds. Add 'controller: <code>'.")
    demonstration = bool(content.get("demonstration", False))
    if demonstration and controller not in fictional:
        raise PolicyError(
            f"{path} holds demonstration adoptions, and {controller} is not one of the fictional controllers."
            " A real controller adopts rules in its own file, on its own paper."
        )
    adoptions = tuple(_adoption(path, raw) for raw in content.get("adoptions") or ())
    chosen = [adoption.rule for adoption in adoptions if adoption.rule in GROUP_3_RULES]
    if len(chosen) > 1:
        raise PolicyError(f"{path} adopts both PER-G3A and PER-G3B. Group 3 has one policy: keep one of them.")
    return Overlay(controller=controller, adoptions=adoptions, demonstration=demonstration)


def _adoption(path: Path, raw: dict[str, Any]) -> Adoption:
    try:
        period = raw.get("period")
        adopters = tuple(str(name).strip() for name in raw["adopters"])
        adoption = Adoption(
            rule=raw["rule"],
            start=raw["from"],
            length=None if period is None else read_length(period),
            authority=raw["authority"],
            adopters=(adopters[0], adopters[1]),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise PolicyError(
            f"{path}: an adoption lacks {error}. Each needs rule, from, period, authority and two adopters."
        ) from error
    if len(adopters) != 2 or adopters[0] == adopters[1] or not all(adopters):
        raise PolicyError(f"{path}: {adoption.rule} needs two different adopters.")
    if not str(adoption.authority).strip():
        raise PolicyError(f"{path}: {adoption.rule} needs the document that adopts it.")
    return adoption


def read_length(raw: Mapping[str, Any]) -> Length:
    """Return a length from {value, unit}; units are years, months and days."""
    one = _UNITS[raw["unit"]]
    return Length(months=one.months * raw["value"], days=one.days * raw["value"])
