"""Making ready for a command that needs the database."""

import os


def prepare(role: str) -> None:
    """Start the embedded server if it is the one in use, and make Django ready as one database role."""
    import django

    from muniment.batch import connecting
    from muniment.core import places, postgres

    os.environ["MUNIMENT_ROLE"] = role
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "muniment.site.settings")
    postgres.start()
    connecting.spill_to(places.spill())
    django.setup()
