"""The common form in which records are supplied: every field of every entity, and the findings of quality."""

from muniment.cli.reference.markdown import table
from muniment.supply import form


def page() -> str:
    """Return the page of the common form."""
    parts = [
        "# Common form of supplied records\n",
        f"Version {form.VERSION}, on the four POLE entities (person, object, location, event) and the links between"
        " them. The schema is [common-form.schema.json](common-form.schema.json), with a definition for each entity;"
        " `muniment export schema` prints it. A row always has every field. *Always*: it is never null. *Or null*: it"
        " is null where nothing is known, or where the recipient may not have it; its manifest names them.\n",
        "In JSON Lines each line is one row, days as YYYY-MM-DD. In Parquet each file has the same fields, nested, with"
        " days as dates.\n",
    ]
    for entity in form.FORMS:
        parts += [f"## {entity}\n", f"{form.WORDS[entity]}\n"]
        rows = ((f"`{path}`", kind, needed, words) for path, kind, needed, words in form.described(entity))
        parts.append(table(["field", "type", "", "meaning"], rows))
    parts += [
        "## Findings of quality\n",
        table(["finding", "meaning"], ((f"`{a}`", b) for a, b in form.FINDINGS.items())),
    ]
    return "\n".join(parts)


def schema() -> str:
    """Return the JSON Schema as it is published."""
    return form.schema_text()
