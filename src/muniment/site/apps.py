"""The app that carries base templates and template tags."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Muniment's base templates."""

    name = "muniment.site"
    label = "site"
