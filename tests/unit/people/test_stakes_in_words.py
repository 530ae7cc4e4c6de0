"""What hangs on a possible match, in words."""

import pytest

from muniment.people.stakes import words


@pytest.mark.parametrize(
    ("stake", "said"),
    [
        (0, "Nothing would change in how long they are kept."),
        (1, "One of them would be kept 1 year longer."),
        (12, "One of them would be kept 12 years longer."),
        (59, "One of them would be kept without an end that is known."),
        (200, "One of them would be in a stricter group."),
        (1000, "One of them falls due now, and the other does not."),
        (
            1103,
            "One of them falls due now, and the other does not. One of them would be in a stricter group."
            " One of them would be kept 3 years longer.",
        ),
        (2000, "They are one person here, and each bears what the other did."),
    ],
)
def test_the_gravest_comes_first(stake, said):
    assert words(stake) == said
