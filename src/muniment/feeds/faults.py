"""What can be wrong with a feed, with a file of it, and with one row of a file."""

from dataclasses import dataclass


class BadFeed(ValueError):
    """A feed description that cannot be used; the message says what to change in it."""


class BadFile(ValueError):
    """A file that is refused as a whole before anything of it is applied; the message says what to do."""


class BadValue(ValueError):
    """A value that a conversion cannot read; `code` is the reason that its row is quarantined for."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the reason beside the sentence."""
        super().__init__(message)
        self.code = code


REASONS = {
    "required": "a field that the feed requires is empty",
    "no_purpose": "neither the source nor a declaration gives a purpose for holding the record",
    "above_tier": "the marking is above OFFICIAL-SENSITIVE: this system may not hold the row",
    "unknown_class": "the class is not in the retention schedule",
    "unknown_code": "the code is in no list that the feed gives",
    "bad_date": "the text is no date",
    "absurd_date": "the date cannot be true",
    "bad_value": "the value cannot be read as what the feed says it is",
    "several_values": "the field holds several values, or fields of its own, where the feed takes one value",
    "too_long": "the field is longer than the limit",
    "wrong_fields": "the row has another number of fields than the header",
    "undecodable": "the row holds bytes that are not of the encoding that the feed declares",
    "unreadable": "the row is not of the format that the feed declares",
    "unknown_reference": "the row names a record or person that this system has not sent",
    "conflict": "another row of this file has the same reference and says something else",
}


@dataclass(frozen=True)
class Fault:
    """One reason for which one row is quarantined."""

    code: str  # a key of REASONS
    field: str  # the mapped field, such as record.reference, or empty for the row as a whole
    message: str
