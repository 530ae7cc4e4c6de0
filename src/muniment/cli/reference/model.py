"""The data model: every table of ours, what kind of data each field holds, and who sees a row."""

from django.apps import apps
from django.db.models import Model

from muniment.cli.reference.markdown import table
from muniment.core.fields import Kind


def page() -> str:
    """Return the page of the data model."""
    parts = ["# Data model\n"]
    parts.append("Each field says what kind of data it holds. From harmless to most guarded:\n")
    parts.append(table(["kind", "meaning"], ((f"`{kind.name}`", kind.value) for kind in Kind)))
    parts.append(
        "*Seen*: the condition of row-level security under which the web's role sees a row. *Web*: what that role may"
        " do with the table at all. The roles `batch` and `worker` see every row.\n"
    )
    for config in apps.get_app_configs():
        models = sorted(config.get_models(), key=lambda model: model.__name__)
        if config.name.startswith("muniment.") and models:
            parts.append(f"## {config.label}\n")
            parts += [_described(model) for model in models]
    return "\n".join(parts)


def _described(model: type[Model]) -> str:
    wall, kinds = getattr(model, "Wall", None), model.Fields  # type: ignore[attr-defined]
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    rows = [(f"`{field.name}`", _type(field), f"`{getattr(kinds, field.name).name}`") for field in fields]
    seen = f"Seen: `{wall.seen}`. Web: {wall.web or 'nothing'}." if wall else "In the database of keys."
    constraints = [f"`{each.name}`" for each in model._meta.constraints]
    return "\n".join(
        [
            f"### {model.__name__} (`{model._meta.db_table}`)\n",
            f"{' '.join((model.__doc__ or '').split())}\n",
            f"{seen}\n",
            *([f"Constraints: {', '.join(constraints)}.\n"] if constraints else []),
            table(["field", "type", "kind"], rows),
        ]
    )


def _type(field: object) -> str:
    name = type(field).__name__.removesuffix("Field")
    related = getattr(field, "related_model", None)
    return f"{name} to {related.__name__}" if related else name
