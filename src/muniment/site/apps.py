"""The app that carries base templates, template tags and what signing in writes."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Muniment's base templates."""

    name = "muniment.site"
    label = "site"

    def ready(self) -> None:
        """Write what signing in does; check settings against each other."""
        from muniment.site import checks, sign_ins  # models have to be ready first

        sign_ins.connect()
        checks.connect()
