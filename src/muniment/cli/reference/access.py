"""Roles and what each may do, from the one declaration in policy/access."""

from muniment.cli.reference.markdown import table
from muniment.core import access


def page() -> str:
    """Return the page of roles and actions."""
    declared = access.declaration()
    roles = declared.roles.values()
    reach = table(
        ["role", "reach", "partitions", "areas", "marking", "restricted material"],
        (
            (
                f"{role.title} (`{role.code}`)",
                role.reach,
                ", ".join(sorted(role.partitions)) or "none",
                "all" if "*" in role.areas else ", ".join(sorted(role.areas)) or "none",
                role.marking,
                ", ".join(sorted(role.restrictions)) or "none",
            )
            for role in roles
        ),
    )
    actions = table(
        ["action", *(role.title for role in roles)],
        (
            (f"{words} (`{code}`)", *("yes" if code in role.actions else "" for role in roles))
            for code, words in declared.actions.items()
        ),
    )
    return "\n".join(
        [
            "# Roles and actions\n",
            "From `policy/access/roles.yaml`, which makes both the verdicts of screens and commands and the row-level"
            " security of the database. *Reach*: `own` is the controllers at which the role is held and joint units"
            " that they belong to; `collaboration` also the other members of those units.\n",
            "## What a role sees\n",
            reach,
            "## What a role may do\n",
            actions,
        ]
    )
