"""Words that name one of certain people are told from words that name nobody."""

from datetime import date

import pytest

from muniment.retention.anonymity import known, names_nobody

PEOPLE = known(["Nicola", "Walker", "Zoë O'Brien-Lee", "Al Jo", "NOT KNOWN", ""], [date(1984, 6, 14), None])


@pytest.mark.parametrize(
    "text",
    [
        "looked twice for Nicola Walker",
        "No WALKER here.",
        "walker's file",
        "Nothing of zoe",
        "Nothing of Zoë",
        "brien",
        "born 14/06/1984",
        "14.6.84",
        "1984-06-14",
        "06/14/1984",
        "14th of June 1984",
        "June 14, 1984",
        "14 Jun 84",
        "14 sept 2001, and 14 june 1984",
        "DOB14061984",
        "19840614",
        "140684",
    ],
)
def test_a_name_or_a_date_of_birth_is_found(text: str) -> None:
    assert not names_nobody(text, PEOPLE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Looked twice, ticket 14/06",
        "Nicolas, walkers and walkway",
        "al and jo are too short, and lee-way is not",
        "not known here",
        "15/06/1984 at 14:06",
        "Ticket 1984, 31/02/1999",
        "14/06/2024",
    ],
)
def test_words_about_nobody_pass(text: str) -> None:
    people = known(["Nicola", "Walker", "O'Brien", "Al Jo", "NOT KNOWN"], [date(1984, 6, 14)])
    assert names_nobody(text, people)


def test_the_refusal_says_which_word() -> None:
    (reason,) = names_nobody("Looked for Nicola Walker", PEOPLE).reasons
    assert (
        reason
        == "Write the note without 'nicola', 'walker': that is of a name, and the note is printed on the certificate."
    )
    (reason,) = names_nobody("born 14.6.1984", PEOPLE).reasons
    assert reason == "Write the note without the date of birth: the note is printed on the certificate."
