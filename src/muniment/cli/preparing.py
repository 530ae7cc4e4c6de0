"""Making ready for a command that needs the database."""

import os


def prepare(role: str, settings: str = "muniment.site.settings") -> None:
    """Start the embedded server if it is the one in use, and make Django ready as one database role."""
    import django

    from muniment.batch import connecting
    from muniment.core import places, postgres

    os.environ["MUNIMENT_ROLE"] = role
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    postgres.start()
    connecting.spill_to(places.spill())
    django.setup()
