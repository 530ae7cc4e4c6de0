"""The app and its label."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Muniment's core."""

    name = "muniment.core"
    label = "core"
