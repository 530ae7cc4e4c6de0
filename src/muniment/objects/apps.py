"""The app and its label."""

from django.apps import AppConfig


class ObjectsConfig(AppConfig):
    """Muniment's places and vehicles."""

    name = "muniment.objects"
    label = "objects"

    def ready(self) -> None:
        """Register with the pages of people."""
        from muniment.objects import person_links
        from muniment.people.shown import surroundings

        surroundings.register(person_links.around)
