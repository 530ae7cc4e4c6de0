"""Tables made in one go are those that Django makes step by step."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from muniment.core.migrating import MakesTables

CATALOGUE = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text FROM pg_attribute a
WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0
UNION ALL SELECT conname, pg_get_constraintdef(oid), '' FROM pg_constraint WHERE conrelid = %(table)s::regclass
UNION ALL SELECT indexname, indexdef, '' FROM pg_indexes WHERE tablename = %(table)s
ORDER BY 1, 2
"""
MADE = [
    migrations.CreateModel(
        name="Shelf",
        fields=[("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20, unique=True))],
    ),
    migrations.CreateModel(
        name="Box",
        fields=[
            ("id", models.BigAutoField(primary_key=True)),
            ("weight", models.IntegerField()),
            ("holder", models.ForeignKey("core.Controller", models.PROTECT)),
            ("shelves", models.ManyToManyField("core.Shelf")),
        ],
        options={"indexes": [models.Index(fields=["weight"], name="box_by_weight")]},
    ),
    migrations.AddField("Shelf", "first", models.ForeignKey("core.Box", models.SET_NULL, null=True)),
    migrations.AddIndex("box", models.Index(fields=["holder", "-weight"], name="box_by_holder")),
    migrations.AddConstraint("box", models.CheckConstraint(condition=models.Q(weight__gte=0), name="box_weighs")),
]
LATER = migrations.AlterField("Controller", "name", models.CharField(max_length=121))


@pytest.fixture
def before():
    """Return the state of the models that migrations lead to."""
    return MigrationLoader(connection).project_state()


def made(kind, operations, state):
    """Apply a migration; return what the catalogue of the database says of its tables, and take it back."""
    migration = type("Migration", (kind,), {"operations": operations})("0099_boxes", "core")
    with connection.schema_editor() as editor:
        state = migration.apply(state.clone(), editor)
    with connection.cursor() as cursor:
        found = []
        for table in ("core_shelf", "core_box", "core_box_shelves", "core_controller"):
            cursor.execute(CATALOGUE, {"table": table})
            found.append(cursor.fetchall())
        cursor.execute("DROP TABLE core_shelf, core_box, core_box_shelves CASCADE")
        cursor.execute("ALTER TABLE core_controller ALTER name TYPE varchar(120)")
    return found, sorted(field.name for field in state.apps.get_model("core.Shelf")._meta.get_fields())


def test_the_tables_are_the_same(transactional_db, before):
    at_once, step_by_step = (made(kind, MADE, before) for kind in (MakesTables, migrations.Migration))
    assert at_once == step_by_step
    assert all(any(name in str(found) for found in at_once[0]) for name in ("box_weighs", "box_by_holder", "first_id"))


def test_what_does_more_than_make_tables_is_done_too(transactional_db, before):
    at_once, step_by_step = (made(kind, [*MADE, LATER], before) for kind in (MakesTables, migrations.Migration))
    assert at_once == step_by_step
    assert ("name", "character varying(121)", "true") in at_once[0][3]
