"""The app, its label, and what it says on the pages of a person."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Muniment's retention."""

    name = "muniment.retention"
    label = "retention"

    def ready(self) -> None:
        """Register with the pages of people."""
        from muniment.people import consequences as of_people
        from muniment.people import surroundings
        from muniment.retention import consequences, person_bar

        surroundings.register(person_bar.around)
        of_people.register(consequences.of)
