"""References that are checked once a statement instead of once a row.

PostgreSQL checks a foreign key row by row: measured, 9 microseconds each, and an intake writes ten references a
record. Where a relation says `db_constraint=False`, the triggers made here check all rows of a statement together,
when children are written and when parents are deleted. What a foreign key does besides, to lock the parent against
a deletion at the same moment, is left to the writers: bulk writes and destruction wait for each other
(`core.turns`).
"""

from collections import defaultdict

from django.apps import apps
from django.db import connection
from django.db.models import DO_NOTHING, ForeignKey

FUNCTIONS = """
CREATE OR REPLACE FUNCTION muniment.check_parents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_nestloop = on AS $$
DECLARE
    lost bigint;
    found bigint;
    near text;
    told bigint[];
    lowest bigint;
    highest bigint;
    named bigint;
BEGIN
    -- One walk along what was written tells of every column the lowest, the highest and how many name a parent.
    SELECT string_agg(format('min(%1$I), max(%1$I), count(%1$I)', TG_ARGV[3 * i]), ', ' ORDER BY i) INTO near
        FROM generate_series(0, TG_NARGS / 3 - 1) i;
    EXECUTE format('SELECT ARRAY[%s]::bigint[] FROM fresh', near) INTO told;
    FOR i IN 0 .. TG_NARGS / 3 - 1 LOOP
        lowest := told[3 * i + 1];
        highest := told[3 * i + 2];
        named := told[3 * i + 3];
        near := '';
        CONTINUE WHEN named = 0;
        -- Parents that were made together lie together, without a gap: where all are held, so are those that are named.
        IF highest - lowest < 4 * named THEN
            EXECUTE format('SELECT count(*) FROM %I WHERE id BETWEEN $1 AND $2', TG_ARGV[3 * i + 1])
                INTO found USING lowest, highest;
            CONTINUE WHEN found = highest - lowest + 1;
            -- With gaps one walk along them is still cheaper than a look for each.
            IF named > 1000 THEN
                near := format('p.id BETWEEN %s AND %s AND', lowest, highest);
                PERFORM set_config('enable_nestloop', 'off', true);
            END IF;
        END IF;
        EXECUTE format('SELECT f.%1$I FROM (SELECT %3$s %1$I FROM fresh WHERE %1$I IS NOT NULL) f'
            ' WHERE NOT EXISTS (SELECT 1 FROM %2$I p WHERE %4$s p.id = f.%1$I) LIMIT 1', TG_ARGV[3 * i],
            TG_ARGV[3 * i + 1], TG_ARGV[3 * i + 2], near) INTO lost;
        IF near <> '' THEN
            PERFORM set_config('enable_nestloop', 'on', true);
        END IF;
        IF lost IS NOT NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('%s.%s names %s %s, which is not held.', TG_TABLE_NAME, TG_ARGV[3 * i],
                    TG_ARGV[3 * i + 1], lost);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION muniment.check_children() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    left_behind bigint;
BEGIN
    FOR i IN 0 .. TG_NARGS / 2 - 1 LOOP
        EXECUTE format('SELECT g.id FROM gone g WHERE EXISTS (SELECT 1 FROM %1$I c WHERE c.%2$I = g.id) LIMIT 1',
            TG_ARGV[2 * i], TG_ARGV[2 * i + 1]) INTO left_behind;
        IF left_behind IS NOT NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('%s %s cannot go: %s still names it.', TG_TABLE_NAME, left_behind, TG_ARGV[2 * i]);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""


def relations() -> list[tuple[str, str, str]]:
    """Return (table, column, table of the parent) of every relation that is checked here.

    One that says DO_NOTHING as well may point to what is gone: it is derived, and the next run mends it.
    """
    return [
        (model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and not getattr(field, "db_constraint", True)
        if field.remote_field.on_delete is not DO_NOTHING
    ]


def raise_checks() -> None:
    """Make the triggers; run as the owner after every migration, as often as you like."""
    parents: dict[str, list[str]] = defaultdict(list)
    children: dict[str, list[str]] = defaultdict(list)
    known = relations()
    bulky = {table for table, _, _ in known}  # nearly each row of theirs has children of its own
    for table, column, parent in known:
        parents[table] += [column, parent, "ALL" if parent in bulky else "DISTINCT"]
        children[parent] += [table, column]
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        cursor.execute(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger"
            " WHERE tgname IN ('parents_of_new', 'parents_of_changed', 'children_of_gone')"
        )
        for trigger, table in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {trigger} ON {table}")
        for table, words in parents.items():
            for trigger, event in (("parents_of_new", "INSERT"), ("parents_of_changed", "UPDATE")):
                cursor.execute(_trigger(trigger, table, f"{event} ON {table} REFERENCING NEW", "fresh", words))
        for table, words in children.items():
            cursor.execute(_trigger("children_of_gone", table, f"DELETE ON {table} REFERENCING OLD", "gone", words))


def _trigger(name: str, table: str, event: str, rows: str, words: list[str]) -> str:
    function = "check_children" if rows == "gone" else "check_parents"
    arguments = ", ".join(f"'{word}'" for word in words)
    return (
        f"CREATE TRIGGER {name} AFTER {event} TABLE AS {rows} FOR EACH STATEMENT"
        f" EXECUTE FUNCTION muniment.{function}({arguments})"
    )
