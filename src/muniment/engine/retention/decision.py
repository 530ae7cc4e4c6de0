"""What a retention decision says: an outcome with everything needed to recompute it."""

from dataclasses import dataclass
from datetime import date

OUTCOMES = ("retain", "review", "dispose", "archive", "hold", "escalate")


@dataclass(frozen=True)
class Bound:
    """A floor or a ceiling that was considered: the rule, its day, and whether it is a ceiling.

    `on` is None for a floor without a known end, such as an open appeal.
    """

    rule: str
    on: date | None
    ceiling: bool = False


@dataclass(frozen=True)
class Decision:
    """A decision about a person or a record on one day; codes only, words are made by `explain`.

    `due` is the first day on which the outcome could be review or dispose, None when there is none. `rule`
    set that date. `because` holds rule ids and reason codes, sorted. `missing` holds codes of facts.
    """

    outcome: str
    group: int | None
    clear_from: date | None
    due: date | None
    rule: str | None
    because: tuple[str, ...]
    missing: tuple[str, ...]
    driving_involvement: int | None
    driving_record: int | None
    bounds: tuple[Bound, ...]
    adopted: bool
    class_id: str | None
    policy_version: str
