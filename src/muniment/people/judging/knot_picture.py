"""The pairs of a prime record as a square: who is joined with whom, and by what; in the order of the parts of a cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muniment.engine.matching.rules import reason
from muniment.people.linking.regrouping import Knot
from muniment.people.models import Judgement, MatchEdge
from muniment.records.models import Nominal

MOST, CELL, SIDE = 60, 14, 26  # nominals that are drawn, and the picture's units
STRONG, WEAK, SAME, DIFFERENT, MERGED = "strong", "weak", "same", "different", "merged"
KINDS: Mapping[str, str] = {
    STRONG: "Joins by itself",
    WEAK: "Speaks for it, too weak or forbidden to join",
    SAME: "Judged the same, or merged by their source",
    DIFFERENT: "Judged not the same",
}


@dataclass(frozen=True)
class Line:
    """A pair of a prime record: its kind, why, its weight, and whether the cut goes between the two."""

    left: Nominal
    right: Nominal
    kind: str
    words: str
    weight: float | None
    across: bool
    edge: int | None
    judgement: int | None


@dataclass(frozen=True)
class Mark:
    """A mark of the picture: where it stands, of which kind it is and what it says."""

    x: int
    y: int
    kind: str
    words: str

    @property
    def middle(self) -> tuple[int, int]:
        """The middle of its square."""
        return self.x + CELL // 2, self.y + CELL // 2


@dataclass(frozen=True)
class Picture:
    """The square: its side, its marks, the numbers at both sides, and where a part ends."""

    side: int
    marks: tuple[Mark, ...]
    numbers: tuple[tuple[int, int], ...]  # where, and the number of the nominal
    ends: tuple[int, ...]

    @property
    def shown(self) -> int:
        """How wide it is drawn: a small one larger, so that its marks can be hit."""
        return min(2 * self.side, max(self.side, 420))


def lines(knot: Knot, part_of: Mapping[int, int]) -> list[Line]:
    """Return the pairs of a prime record: those that the cut goes between first, then the weakest."""
    edges = {(each.left_id, each.right_id): each for each in knot.edges}
    judged = {(each.left_id, each.right_id): each for each in knot.judged}
    found = []
    for pair in {*edges, *judged, *knot.merged}:
        edge, said = edges.get(pair), judged.get(pair)
        kind, words = _kind(edge, said, pair in knot.merged)
        across = part_of[pair[0]] != part_of[pair[1]]
        left, right = (knot.nominals[key] for key in pair)
        found.append(
            Line(
                left,
                right,
                kind,
                words,
                edge.weight if edge else None,
                across,
                edge.pk if edge else None,
                said.pk if said else None,
            )
        )
    return sorted(
        found, key=lambda each: (not each.across, each.weight if each.weight is not None else 0.0, each.left.pk)
    )


def _kind(edge: MatchEdge | None, said: Judgement | None, merged: bool) -> tuple[str, str]:
    if said is not None and said.verdict in (SAME, DIFFERENT):
        again = "; somebody has to look at it again" if said.reopened_at else ""
        return said.verdict, f"{said.by} judged: {said.get_verdict_display().lower()}{again}."
    if merged:
        return SAME, "Their own system merged the two."
    assert edge is not None or said is not None
    if edge is not None and edge.is_automatic:
        return STRONG, "Joins the two by itself."
    if edge is None:
        return WEAK, "Nobody could tell, and no run has weighed them."
    return WEAK, reason(edge.blocked_by, stand=edge.stands)


def picture(nominals: Sequence[Nominal], told: Sequence[Line], sizes: Sequence[int]) -> Picture | None:
    """Draw pairs over nominals in the order of the parts, which have these sizes; None where there are too many."""
    if not 3 <= len(nominals) <= MOST:
        return None
    place = {each.pk: at for at, each in enumerate(nominals)}
    marks = []
    for each in told:
        one, two = place[each.left.pk], place[each.right.pk]
        words = f"{one + 1} and {two + 1}: {KINDS[each.kind]}"
        marks += [Mark(SIDE + a * CELL, SIDE + b * CELL, each.kind, words) for a, b in ((one, two), (two, one))]
    ends, total = [], 0
    for size in sizes[:-1]:
        total += size
        ends.append(SIDE + total * CELL)
    numbers = tuple((SIDE + at * CELL + CELL // 2, at + 1) for at in range(len(nominals)))
    return Picture(SIDE + len(nominals) * CELL, tuple(marks), numbers, tuple(ends))
