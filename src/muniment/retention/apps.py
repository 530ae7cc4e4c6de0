"""The app and its label."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Muniment's retention."""

    name = "muniment.retention"
    label = "retention"
