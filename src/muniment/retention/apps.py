"""The app, its label, and what it says on the pages of a person."""

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from muniment.core.models import User
    from muniment.people.judging.consequences import Change, Told


class RetentionConfig(AppConfig):
    """Muniment's retention."""

    name = "muniment.retention"
    label = "retention"

    def ready(self) -> None:
        """Register with the pages of people, and with the ledger outside the database."""
        from muniment.core import guards, ledger
        from muniment.people.judging import consequences as of_people
        from muniment.people.shown import finding, surroundings
        from muniment.retention import person_bar
        from muniment.retention.disposals import ledger_lines
        from muniment.retention.requests import restrictions

        surroundings.register(person_bar.around)
        of_people.register(_consequences)
        guards.register(guards.Source(restrictions.guard, restrictions.closed))
        finding.register(restrictions.marks)
        ledger.tells("disposal", ledger_lines.tell_disposal)
        ledger.tells("hold", ledger_lines.tell_hold)
        ledger.tells("adoption", ledger_lines.tell_adoption)
        ledger.tells("mode", ledger_lines.tell_mode)
        ledger.tells("restriction", ledger_lines.tell_restriction)


def _consequences(change: "Change", user: "User") -> "Told":
    """Ask when a page of pairs does: what answers needs the engine over sets, and most commands show no page."""
    from muniment.retention import consequences

    return consequences.of(change, user)
