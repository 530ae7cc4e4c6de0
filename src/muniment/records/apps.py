"""The app and its label."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Muniment's records."""

    name = "muniment.records"
    label = "records"
