"""Retention decisions, one person or record at a time: the reference that every other engine must match."""

from muniment.engine.retention.deciding import decide
from muniment.engine.retention.decision import Bound, Decision
from muniment.engine.retention.facts import Facts

__all__ = ["Bound", "Decision", "Facts", "decide"]
