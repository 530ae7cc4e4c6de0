"""Migrations that make tables in one go.

Django works the models of all apps out again after each operation of a migration, because the next may ask for them:
with some hundred tables this is nearly all that making a database takes. Where a migration only makes tables, and adds
fields, indexes and constraints to those it makes, nothing asks in between. The tables are then made as they are at its
end, and the result is the same.
"""

from collections.abc import Iterator, Sequence

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

_ADDING = (migrations.AddField, migrations.AddIndex, migrations.AddConstraint)


class MakesTables(migrations.Migration):
    """A migration that works the models out once. One that does more than make tables goes Django's way."""

    def apply(
        self, project_state: ProjectState, schema_editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
    ) -> ProjectState:
        """Make every table of the migration; return the state at its end."""
        made = [operation.name for operation in self.operations if isinstance(operation, migrations.CreateModel)]
        if collect_sql or not all(_only_makes(operation, made) for operation in self.operations):
            return super().apply(project_state, schema_editor, collect_sql)
        project_state.__dict__.pop("apps", None)  # while these are there, each operation works them out again
        for operation in self.operations:
            operation.state_forwards(self.app_label, project_state)
        for model in self._models(project_state, made):
            if self.operations[0].allow_migrate_model(schema_editor.connection.alias, model):
                schema_editor.create_model(model)
        return project_state

    def _models(self, state: ProjectState, names: Sequence[str]) -> Iterator[type]:
        return (state.apps.get_model(self.app_label, name) for name in names)


def _only_makes(operation: Operation, made: Sequence[str]) -> bool:
    if isinstance(operation, migrations.CreateModel):
        return True
    return isinstance(operation, _ADDING) and operation.model_name.lower() in {name.lower() for name in made}
