"""Content keys are in a database of their own, so that a copy of the records alone opens nothing."""

from typing import Any

from django.db.models import Model


class KeysApart:
    """Send the model of content keys, and it alone, to the database `keys`."""

    def _alias(self, model: type[Model]) -> str:
        return "keys" if model._meta.label_lower == "core.contentkey" else "default"

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        """Name the database that a model is read from."""
        return self._alias(model)

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """Name the database that a model is written to."""
        return self._alias(model)

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        """Keep every other table out of the database of keys."""
        if hints.get("everywhere"):
            return True
        is_key = (app_label, model_name) == ("core", "contentkey")
        return is_key if db == "keys" else not is_key
