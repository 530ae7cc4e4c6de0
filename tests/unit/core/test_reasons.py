"""A reason that is required has to tell something."""

import pytest

from muniment.core import reasons


@pytest.mark.parametrize(
    "text", ["Inquest over", "No longer needed.", "Überprüfung läuft noch", "A second\nlook at it"]
)
def test_words_are_a_reason(text: str) -> None:
    assert reasons.is_given(text, "Say why")


@pytest.mark.parametrize(
    "text", ["", "   ", "." * 20, "....... ........", "1234567890 1234567890", "because!!!!!!", "no no", "_ " * 9]
)
def test_what_tells_nothing_is_none(text: str) -> None:
    verdict = reasons.is_given(text, "Say why")
    assert verdict.reasons == ("Say why, in at least two words with ten letters or more between them.",)
