"""What kind of data a field holds. Every model says so for each of its fields; a test walks all models."""

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of data that a column can hold, from harmless to most guarded."""

    KEY = "a key of our own that means nothing outside"
    REFERENCE = "a reference that people quote"
    CODE = "a code of a list in policy"
    MOMENT = "a day or a moment of our own doing"
    STATE = "a state or a count of our own"
    ACTOR = "who of our users did something"
    WORDS = "words of our users about their work, naming nobody"
    IDENTITY = "personal data that identifies someone"
    LIFE = "personal data about what someone did or suffered"
    SPECIAL = "special category or criminal offence data"
    CONTENT = "encrypted content"
    SECRET = "a secret of the system"  # noqa: S105
