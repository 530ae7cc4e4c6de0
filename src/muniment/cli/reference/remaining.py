"""What remains of somebody who was destroyed, from the list that the test of it reads."""

from django.apps import apps

from muniment.cli.reference.markdown import table
from muniment.core.content import OWNERS
from muniment.retention.disposals.remaining import NOT_ABOUT_ANYBODY, OWNERS_THAT_REMAIN, REMAINS

_WORDS = """# What remains of somebody who was destroyed

Read [what destroyed means](../../explanation/what-destroyed-means.md) first. A test
(`tests/integration/backup/test_destroyed.py`) writes a marker into every column of every table, destroys, has the
tables written anew (`muniment database rewrite`), and searches every file of the server and of the state folder. It
fails when a marker is found that is not listed here, and when one is listed and not found.

## Rows that remain

What stands in these columns of a row about somebody can still be read there. Rows in tables that are not listed are
gone.
"""


def page() -> str:
    """Return the page of what remains."""
    models = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    rows = []
    for name, remaining in sorted(REMAINS.items()):
        columns = [str(each.column) for each in models[name]._meta.concrete_fields]
        stay = [column for column in columns if column not in remaining.emptied]
        rows.append((f"`{name}`", remaining.why, ", ".join(stay), ", ".join(remaining.emptied)))
    contents = [(owner, words, "stays" if owner in OWNERS_THAT_REMAIN else "gone") for owner, words in OWNERS.items()]
    return "\n".join(
        [
            _WORDS,
            table(("table", "why", "columns that stay", "emptied"), rows),
            "## Content, encrypted under keys of its own\n",
            table(("of", "what", "content and key"), contents),
            "## Tables that are about nobody whom a record names\n",
            table(("table", "what it holds"), [(f"`{name}`", why) for name, why in sorted(NOT_ABOUT_ANYBODY.items())]),
        ]
    )
