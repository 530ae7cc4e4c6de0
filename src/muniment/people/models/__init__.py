"""Prime records: which nominals are one person, why, who said so, and how linkage is watched."""

from muniment.people.models.judged import CheckedPair, Judgement, JudgingAct, SourceAdvice
from muniment.people.models.linked import Belonging, LinkageModel, LooseJoin, MatchEdge, PrimePerson
from muniment.people.models.searched import SearchToken, Standardised
from muniment.people.models.watching import (
    BY_PARTITION,
    HeldChange,
    Label,
    ReservePair,
    RunFigures,
    RunHold,
    Sample,
    SamplePair,
    SampleStratum,
)

__all__ = [
    "BY_PARTITION",
    "Belonging",
    "CheckedPair",
    "HeldChange",
    "Judgement",
    "JudgingAct",
    "Label",
    "LinkageModel",
    "LooseJoin",
    "MatchEdge",
    "PrimePerson",
    "ReservePair",
    "RunFigures",
    "RunHold",
    "Sample",
    "SamplePair",
    "SampleStratum",
    "SearchToken",
    "SourceAdvice",
    "Standardised",
]
