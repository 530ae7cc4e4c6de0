"""Whether a record opens for a purpose: what its parts tell of somebody may be restricted in its use."""

from muniment.core import guards
from muniment.records.models import Involvement, Record


def pass_by(found: Record, purpose: str) -> None:
    """Let somebody by who looks at a record for an access purpose. Raise UseRestricted where it does not open it."""
    on_it = list(Involvement.objects.filter(record=found).values_list("nominal_id", flat=True))
    guards.pass_by(on_it, purpose, f"{found.system.code} {found.reference}", found.system.controller_id)
