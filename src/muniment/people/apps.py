"""The app and its label."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Muniment's people."""

    name = "muniment.people"
    label = "people"
