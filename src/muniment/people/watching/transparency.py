"""The transparency record of linkage in the form of the Algorithmic Transparency Recording Standard.

What the program knows is worked out when the record is made; what only the controller knows comes from policy, and
where policy does not say it, the record says that it is to be completed. Nothing is made up.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import yaml
from django.utils import timezone

from muniment.core import policy_files
from muniment.engine.policy import PolicyError
from muniment.people.watching import transparency_facts

TO_COMPLETE = "To be completed by the controller"


@dataclass(frozen=True)
class Entry:
    """A field of the record: its number and name in the form, its text, and where that comes from.

    `source` is live, policy or missing; of one that is missing the text says what is asked.
    """

    number: str
    name: str
    text: str
    source: str

    @property
    def paragraphs(self) -> list[str]:
        """The text as paragraphs."""
        return self.text.split("\n")


@dataclass(frozen=True)
class Section:
    """A section of the form."""

    tier: int
    title: str
    fields: tuple[Entry, ...]


@dataclass(frozen=True)
class Record:
    """The record as it would be published on a day."""

    title: str
    standard: str
    made_on: date
    sections: tuple[Section, ...]

    @property
    def missing(self) -> tuple[Entry, ...]:
        """The fields that the controller has still to complete."""
        return tuple(entry for section in self.sections for entry in section.fields if entry.source == "missing")

    @property
    def count(self) -> int:
        """How many fields the form has."""
        return sum(len(section.fields) for section in self.sections)


@lru_cache
def _form() -> Mapping[str, Any]:
    path = policy_files.folder() / "transparency" / "linkage.yaml"
    found: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def record(form: Mapping[str, Any] | None = None) -> Record:
    """Return the record as of today. Raise PolicyError, naming the field, where the form asks what nobody knows."""
    form, on = form or _form(), timezone.localdate()
    facts = transparency_facts.gather()
    sections = tuple(
        Section(each["tier"], each["title"], tuple(_entry(field, facts, on) for field in each["fields"]))
        for each in form["sections"]
    )
    return Record(form["title"], form["standard"], on, sections)


def _entry(field: Mapping[str, Any], facts: Mapping[str, str], on: date) -> Entry:
    number, name = field["number"], field["name"]
    if "live" in field:
        if field["live"] not in facts:
            raise PolicyError(
                f"policy/transparency/linkage.yaml: field {number} asks for '{field['live']}', which is none of"
                f" {', '.join(sorted(facts))}."
            )
        return Entry(number, name, facts[field["live"]], "live")
    begun = [each for each in field.get("given", ()) if each["from"] <= on]
    if begun:
        text = str(max(begun, key=lambda each: each["from"])["text"]).strip()
        if text:
            return Entry(number, name, text, "policy")
    return Entry(number, name, str(field.get("ask", name)), "missing")


def as_markdown(made: Record) -> str:
    """Write the record as Markdown, with the list of what is still to be completed at its head."""
    lines = [f"# Algorithmic transparency record: {made.title}", "", f"{made.standard}. Made on {made.made_on}.", ""]
    if made.missing:
        lines += [f"**{len(made.missing)} of {made.count} fields are to be completed by the controller:**", ""]
        lines += [f"- {entry.number} {entry.name}: {entry.text}" for entry in made.missing]
        lines.append("")
    for section in made.sections:
        lines += [f"## Tier {section.tier}: {section.title}", ""]
        for entry in section.fields:
            lines += [f"### {entry.number} {entry.name}", ""]
            told = [f"**{TO_COMPLETE}.** {entry.text}"] if entry.source == "missing" else entry.paragraphs
            lines += [line for paragraph in told for line in (paragraph, "")]
    return "\n".join(lines)


def as_json(made: Record) -> dict[str, Any]:
    """Return the record as plain values; of a field that is missing `text` is empty and `asked` says what is wanted."""
    sections = [
        {
            "tier": section.tier,
            "title": section.title,
            "fields": [
                {
                    **asdict(entry),
                    "text": "" if entry.source == "missing" else entry.text,
                    "asked": entry.text if entry.source == "missing" else "",
                }
                for entry in section.fields
            ],
        }
        for section in made.sections
    ]
    return {
        "title": made.title,
        "standard": made.standard,
        "made_on": made.made_on.isoformat(),
        "to_complete": [entry.number for entry in made.missing],
        "sections": sections,
    }
