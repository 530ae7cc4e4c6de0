"""The app and its label."""

from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """Muniment's supply of records to national databases."""

    name = "muniment.supply"
    label = "supply"

    def ready(self) -> None:
        """Register with the proof of disposals."""
        from muniment.retention import copies
        from muniment.supply import withdrawals

        copies.register(withdrawals.of_orders)
