"""What counts as a reason, wherever one is required."""

import re

from muniment.core.verdicts import Verdict, unless

LETTERS, WORDS = 10, 2


def is_given(text: str, ask: str) -> Verdict:
    """A reason tells something to whoever reads it later: ten letters or more, in two words or more.

    `ask` is what is asked for, as a sentence without its full stop.
    """
    found = re.findall(r"[^\W\d_]+", text)
    is_told = len(found) >= WORDS and sum(map(len, found)) >= LETTERS
    return unless(is_told, f"{ask}, in at least two words with ten letters or more between them.")
