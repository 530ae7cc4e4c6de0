"""The app and its label."""

from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    """Muniment's workbench."""

    name = "muniment.workbench"
    label = "workbench"
