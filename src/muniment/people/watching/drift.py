"""What has moved between runs, in words that say what to do."""

import json
from dataclasses import dataclass
from functools import lru_cache

from muniment.batch.matching.policy import in_force
from muniment.core import words
from muniment.core.models import BatchRun
from muniment.engine.matching import drift
from muniment.engine.matching.drift import Move
from muniment.engine.matching.model import Model
from muniment.people.models import LinkageModel, RunFigures

_WHAT = {
    "joined": "Nominals joined with another",
    "doubtful": "Pairs for a person, to a nominal",
    "missing": "{feature} is missing",
    "weights": "Spread of the weights of pairs",
    "levels": "{feature}: how it agrees between records of one person",
}
_AGAINST = {"last": "the last run", "trained": "what the model was trained on"}
_JUDGED = {
    "steady": "As before",
    "look": "Has moved: look",
    "act": "Has moved far",
    "few": "Too few to tell",
}


@dataclass(frozen=True)
class Line:
    """One thing that is watched, in words."""

    words: str
    against: str
    move: Move

    @property
    def verdict(self) -> str:
        """How it is judged, in words."""
        return _JUDGED[self.move.verdict]

    @property
    def colour(self) -> str:
        """The colour of the tag that says so."""
        return {"steady": "green", "look": "orange", "act": "red", "few": "grey"}[self.move.verdict]

    @property
    def before(self) -> str:
        """The share before, in hundredths; of pairs to a nominal there may be more than one."""
        return f"{100 * self.move.before:.1f} %" if self.move.before is not None else ""

    @property
    def now(self) -> str:
        """The share now."""
        return f"{100 * self.move.now:.1f} %" if self.move.now is not None else ""


@dataclass(frozen=True)
class Drift:
    """What a run has moved from: everything that is watched, and what is to be done about what has moved."""

    last: BatchRun | None
    lines: tuple[Line, ...]
    advice: tuple[str, ...]

    @property
    def moved(self) -> tuple[Line, ...]:
        """What has moved, the furthest first."""
        return tuple(line for line in self.lines if line.move.verdict in ("look", "act"))


def of_run(run: BatchRun, partition: str, figures: dict[str, object]) -> Drift:
    """Return how far a run of a partition has moved."""
    published = RunFigures.objects.filter(
        partition=partition, run__kind="resolve", run__state="done", run__lt=run.pk
    ).select_related("run")
    last = published.order_by("-run").first()
    version = str(run.versions.get("model", ""))
    trained = RunFigures.objects.filter(partition=partition, run__kind="train", run__versions__model=version).first()
    learnt = drift.Learnt(model_of(version), trained.figures if trained else None)
    found = drift.moves(figures, last.figures if last else None, learnt, in_force().watching)
    lines = tuple(_line(move) for move in sorted(found, key=_order))
    return Drift(last.run if last else None, lines, tuple(_advice(found)))


def model_of(version: str) -> Model | None:
    """Return a version of the model; None where it is not kept here."""
    return _model(version) if LinkageModel.objects.filter(version=version).exists() else None


@lru_cache(maxsize=2)
def _model(version: str) -> Model:
    """Return a version of the model, which never changes."""
    return Model.from_json(json.dumps(LinkageModel.objects.get(version=version).parameters))


def _order(move: Move) -> tuple[int, float]:
    return ("act", "look", "steady", "few").index(move.verdict), -abs(move.moved)


def _line(move: Move) -> Line:
    return Line(_WHAT[move.what].format(feature=words.say("feature", move.feature)), _AGAINST[move.against], move)


def _advice(found: list[Move]) -> list[str]:
    """Say what to do about what has moved; nothing where nothing has."""
    moved = [move for move in found if move.verdict in ("look", "act")]
    told = []
    if any(move.what == "levels" and move.verdict == "act" for move in moved):
        told.append(
            "Records of one person agree otherwise than when the model was trained: train a new model with"
            " `muniment train`, and have somebody else activate it."
        )
    elif any(move.what == "levels" for move in moved):
        told.append(
            "Records of one person begin to agree otherwise than when the model was trained: draw a clerical sample,"
            " and train a new model if precision or recall has fallen."
        )
    for against in ("last", "trained"):
        lacking = [words.say("feature", m.feature) for m in moved if m.what == "missing" and m.against == against]
        if lacking:
            told.append(
                f"Other than in {_AGAINST[against]}, values are missing or are there: {', '.join(lacking)}. Look at"
                " what the last exports of the sources left out or added (Intake). If that stays, train a new model."
            )
    if any(move.what == "weights" for move in moved):
        told.append("Pairs weigh otherwise than in the last run: look at which band has grown or shrunk, below.")
    if any(move.what in ("joined", "doubtful") for move in moved):
        told.append(
            "More or fewer are joined, or wait for a person, than in the last run: look at what was taken in between,"
            " and draw a clerical sample before this is relied on."
        )
    return told
