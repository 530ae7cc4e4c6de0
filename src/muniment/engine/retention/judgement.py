"""The decision table that both engines evaluate: claims in, outcome out, first row that fits.

A claim is a plain truth about one person or record on one day. `batch` compiles the same rows to a CASE expression.
"""

from collections.abc import Collection

TABLE: tuple[tuple[str, tuple[str, ...]], ...] = (
    # A floor or a hold beyond a must-destroy date is never decided here: it goes to the force solicitor.
    ("escalate", ("reached", "ceiling", "conflict")),
    ("hold", ("reached", "held")),
    ("hold", ("critical", "held")),
    ("review", ("critical",)),
    ("dispose", ("reached", "automatic", "clean", "disposes")),
    ("archive", ("reached", "automatic", "clean", "archives")),
    ("review", ("reached",)),
    ("retain", ()),
)


def outcome(claims: Collection[str]) -> str:
    """Return the outcome of the first row whose every condition is claimed."""
    return next(result for result, conditions in TABLE if all(condition in claims for condition in conditions))
