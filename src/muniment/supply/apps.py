"""The app and its label."""

from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """Muniment's supply of records to national databases."""

    name = "muniment.supply"
    label = "supply"
