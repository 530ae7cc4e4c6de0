"""Whether a set engine says of each person and record what the reference says."""

from collections.abc import Sequence
from datetime import date

from muniment.batch.retention.cases import decide_together
from muniment.batch.retention.engines import SetEngine
from muniment.engine.policy.model import Policy
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.facts import Facts

_COMPARED = ("outcome", "group", "clear_from", "due", "rule", "because", "missing")


def disagreements(
    asked: Sequence[tuple[Facts, date]], decisions: Sequence[Decision], policy: Policy, engine: SetEngine | None = None
) -> list[list[str]]:
    """Return, for each of some facts in their order, what an engine says otherwise than the reference, as sentences.

    `decisions` are the reference's. The engine is DuckDB in this process when left out.
    """
    rows = decide_together(asked, policy, engine)
    wrong = []
    for (facts, _), decision, row in zip(asked, decisions, rows, strict=True):
        compared = (*_COMPARED, "class_id" if facts.about else "driving_record")
        found = [(name, getattr(decision, name), getattr(row, name)) for name in compared]
        wrong.append([f"{name} is {there}, the reference says {here}" for name, here, there in found if here != there])
    return wrong
