"""The two state machines, drawn from the tables in retention/rules.py."""

from muniment.retention import rules
from muniment.retention.models import DisposalOrder, Review


def page() -> str:
    """Return the page of state diagrams."""
    return "\n".join(
        [
            "# States of reviews and disposals\n",
            "Drawn from the tables in `retention/rules.py`: a move that is not in them is refused.\n",
            "## Review\n",
            _diagram(rules.REVIEW_MOVES, dict(Review.State.choices), Review.State.OPEN),
            "## Disposal\n",
            _diagram(rules.ORDER_MOVES, dict(DisposalOrder.State.choices), DisposalOrder.State.PROPOSED),
        ]
    )


def _diagram(moves: dict[str, dict[str, str]], labels: dict[str, str], first: str) -> str:
    """Return a Mermaid diagram; moves between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for move, pairs in moves.items():
        for before, after in pairs.items():
            arrows.setdefault((str(before), str(after)), []).append(move)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {value}: {label}" for value, label in labels.items()]
    lines.append(f"    [*] --> {first}")
    lines += [f"    {before} --> {after}: {', '.join(named)}" for (before, after), named in arrows.items()]
    return "\n".join([*lines, "```\n"])
