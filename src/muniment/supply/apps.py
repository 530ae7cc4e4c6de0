"""The app and its label."""

from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """Muniment's supply of records to national databases."""

    name = "muniment.supply"
    label = "supply"

    def ready(self) -> None:
        """Register with the pages of people, and with the proof of disposals."""
        from muniment.people.shown import surroundings
        from muniment.retention.elsewhere import copies
        from muniment.supply import person_bar, withdrawals

        surroundings.register(person_bar.around)
        copies.register(withdrawals.of_orders, withdrawals.holders)
