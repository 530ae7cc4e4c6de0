"""What policy says of places besides this one where a record is held (`policy/elsewhere.yaml`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from muniment.engine.policy.model import Policy, pick
from muniment.retention.policies import policy_now


@dataclass(frozen=True)
class National:
    """A national database: which records call for it, who keeps our entries there, and what may be answered."""

    code: str
    title: str
    holder: str
    classes: tuple[str, ...]
    pncid: bool
    flags: frozenset[str]
    requests: frozenset[str]
    is_first: bool
    do: str
    answers: tuple[str, ...]

    def takes(self, class_id: str) -> bool:
        """Whether a class of records calls for it; where none is listed every class does."""
        return not self.classes or policy_now.fits(class_id, self.classes)


@dataclass(frozen=True)
class Elsewhere:
    """The settings as they stand on a day; days are counted from the asking or from the last answer."""

    national: tuple[National, ...]
    shelf: Mapping[str, Any]
    source: Mapping[str, Any]
    chased_after_days: Mapping[str, int]
    again_after_days: int
    next_steps: Mapping[str, str]
    by_supply: Mapping[str, tuple[str, ...]]
    source_first: tuple[str, ...]  # the kinds of place whose work begins after their source's
    begins_after: tuple[str, ...]  # the answers of a source after which it does

    def answers(self, where: str, place: str) -> tuple[str, ...]:
        """Return what a place may answer. One that policy no longer names may answer as a source does."""
        if where == "shelf":
            return tuple(self.shelf["answers"])
        found = next((each.answers for each in self.national if where == "national" and each.code == place), None)
        return tuple(self.source["answers"]) if found is None else found

    def do(self, where: str, place: str) -> str:
        """Return what is asked of a place, as a sentence or two."""
        if where == "shelf":
            return str(self.shelf["do"])
        found = next((each.do for each in self.national if where == "national" and each.code == place), None)
        return str(self.source["do"]) if found is None else found


def on(day: date, policy: Policy | None = None) -> Elsewhere:
    """Return the settings on a day, of the policy in force unless another is given."""
    said: Any = pick((policy or policy_now.policy()).elsewhere, day).content
    return Elsewhere(
        tuple(map(_national, said["national"])),
        said["shelf"],
        said["source"],
        said["chased_after_days"],
        said["again_after_days"],
        said["next_steps"],
        {code: tuple(recipients) for code, recipients in said["by_supply"].items()},
        tuple(where for where, when in said["begins"].items() if when == "source_first"),
        tuple(said["begins_after"]),
    )


def _national(raw: Mapping[str, Any]) -> National:
    return National(
        code=raw["code"],
        title=raw["title"],
        holder=raw["holder"],
        classes=tuple(raw.get("classes", ())),
        pncid=raw.get("pncid", False),
        flags=frozenset(raw.get("flags", ())),
        requests=frozenset(raw.get("requests", ())),
        is_first=raw["first"],
        do=raw["do"],
        answers=tuple(raw["answers"]),
    )
