"""The scope of a hold in words."""

from typing import Any

from muniment.core import references, words
from muniment.records.models import Record
from muniment.retention.holds import reach
from muniment.retention.models import Hold


def scope_in_words(hold: Hold) -> list[tuple[str, str]]:
    """Return the parts of a hold's scope and what each says, as far as the reader may see whom it names."""
    parts = {name: hold.scope.get(name) for name in ("match", *reach.KEYS, "from", "until")}
    return [(words.say("scope", name), _said(name, value)) for name, value in parts.items() if value]


def _said(name: str, value: Any) -> str:
    """Return one part of a hold's scope in words."""
    if name in {"from", "until"}:
        return words.without_iso(str(value))
    if name == "people":
        return ", ".join(references.make("prime", key) for key in value)
    if name == "records":
        return ", ".join(Record.objects.filter(pk__in=value).values_list("reference", flat=True))
    if name == "match":
        return "every list has to fit"
    if name == "classes":
        return ", ".join(words.class_title(each) for each in value)
    return ", ".join(words.say("area", each) if name == "areas" else str(each) for each in value)
