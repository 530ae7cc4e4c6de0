"""How much a file, a row and a field may hold, and between which days a date can be true."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

# The widths of the stored columns: a longer value is quarantined with its original, never cut short.
_WIDTHS = MappingProxyType(
    {
        "reference": 200,
        "record": 200,
        "into": 200,
        "class": 60,
        "title": 255,
        "outcome": 40,
        "cjs": 12,
        "ho_class": 8,
        "offence_text": 255,
        "location": 255,
        "restriction": 40,
        "role": 30,
        "flag": 40,
        "born": 40,
        "sex": 40,
        "ethnicity": 60,
        "postcode": 20,
        "phone": 60,
        "email": 200,
        "pncid": 20,
        "cro": 20,
        "ni_number": 20,
        "driver_number": 30,
        "uprn": 20,
        "registration": 20,
        "vin": 30,
        "make": 60,
        "model": 60,
        "colour": 40,
    }
)


@dataclass(frozen=True)
class Limits:
    """Limits of one reading; lengths are in characters, sizes in bytes.

    The defaults of `text_characters`, `earliest` and `days_ahead` are those of policy/intake.yaml.
    """

    file_bytes: int = 8 * 1024**3  # of a file, and of what it unpacks to
    expansion: int = 300  # how many times larger a compressed file may become
    rows: int = 20_000_000
    lines_per_row: int = 5_000  # embedded newlines, before a stray quote is the likelier explanation
    depth: int = 40  # of nesting in XML
    field_characters: int = 1_000
    text_characters: int = 20_000  # of a narrative
    widths: Mapping[str, int] = field(default_factory=lambda: _WIDTHS)
    earliest: date = date(1829, 9, 29)  # Metropolitan Police Act 1829: no record is older than the police
    days_ahead: int = 1  # of the day of the export, for clocks that differ
    chunk_rows: int = 16_384

    def width(self, name: str) -> int:
        """Return the number of characters that a mapped field of this name may have."""
        if name == "text":
            return self.text_characters
        return self.widths.get(name, self.field_characters)
