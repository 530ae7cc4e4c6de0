"""What attaching and a page ask of PostgreSQL is looked up, however many are held: the planner is told of a million.

At 20,000 nominals a statement that reads a whole table takes no longer than one that looks up; at a million it takes
seconds. The planner goes by what it knows of the tables, so that it can be asked without filling them.
"""

import json
import re
from random import Random

import psycopg
import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from factories.cast import refresh
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.objects.actions.resolve import resolve as resolve_things
from muniment.people.actions.attach import attach
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging
from muniment.retention.actions.schedule import schedule
from muniment.retention.policies import policy_now
from muniment.workbench import arrivals

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
HELD = 1_000_000
# How many rows there are of each for every nominal.
TABLES = {
    "core_content": 2,
    "records_sourcerow": 2,
    "records_record": 2,
    "records_recorddates": 2,
    "records_involvement": 3,
    "retention_recorddecision": 2,
    "retention_persondecision": 0.8,
    "retention_review": 0.4,
    "records_nominal": 1,
    "people_standardised": 1,
    "people_belonging": 1,
    "people_primeperson": 1,
    "people_matchedge": 2,
    "people_searchtoken": 26,
}
# Of the rows, how many differ in what they are found by: few are held here, and what is not unique would seem rare.
DISTINCT = {
    ("records_involvement", "record_id"): 0.5,
    ("records_involvement", "nominal_id"): 0.3,
    ("records_recorddates", "record_id"): 1,
    ("people_searchtoken", "nominal_id"): 1 / 26,
    ("people_belonging", "prime_id"): 0.7,
    ("people_matchedge", "left_id"): 0.3,
    ("people_matchedge", "right_id"): 0.3,
}
OF_FEW = {"nominal_merged"}  # it is of those whom their sources have merged, and of nobody else
FORGET = (
    "DELETE FROM people_standardised WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_searchtoken WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_belonging WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_matchedge WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)",
)
_SIZE = """
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %(table)s, 'reltuples', %(rows)s::real,
    'relpages', (pg_relation_size(%(table)s::regclass) / current_setting('block_size')::int)::int)
"""
_DISTINCT = """
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', %(table)s, 'attname', %(column)s,
    'inherited', false, 'n_distinct', %(share)s::real)
"""
# One in ten has been merged into somebody since.
_RETIRED = """
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 'people_primeperson', 'attname', 'redirects_to_id',
    'inherited', false, 'null_frac', 0.9::real, 'n_distinct', -0.05::real)
"""
_PLANNED = re.compile(r"(SELECT|WITH|INSERT|UPDATE|DELETE|CREATE TEMPORARY TABLE \w+ ON COMMIT DROP AS)\s.*", re.DOTALL)
KEPT = "SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements WHERE NOT from_sql"
# What has no plan. Whatever is neither fails the test, so that nothing goes past it.
_WITHOUT = re.compile(
    r"(SET|ANALYZE|DROP TABLE|SAVEPOINT|RELEASE|ROLLBACK TO|RESET|TRUNCATE|COPY \w+ "
    r"|CREATE TEMPORARY TABLE( IF NOT EXISTS)? \w+ \().*"
)
_OF_SYSTEM = re.compile(r"""\(+system_id = \d+\)( AND \(\(?"table"\)?(::text)? = '\w+'::text\)\))?""")
_COPIED = re.compile(r"COPY \((.*)\) TO STDOUT", re.DOTALL)


class Plans:
    """The plans of the statements of a connection: each asked for before it runs, or those that the session keeps."""

    def __init__(self):
        self.read_through = []
        self.hashed = []  # where a wall has all that may be seen read first
        self.statements = 0

    def __call__(self, execute, sql, params, many, context):
        if isinstance(context["cursor"].cursor, psycopg.ClientCursor):
            cursor = context["cursor"].connection.connection.cursor()
            self.look(cursor, cursor.mogrify(sql, params) if params else sql)
        return execute(sql, params, many, context)

    def look_at_kept(self):
        """Look at every plan that the session has kept, as it is whatever is given."""
        with connection.cursor() as cursor:
            cursor.execute("SET plan_cache_mode = force_generic_plan; SET random_page_cost = 1.1")
            cursor.execute(KEPT)
            kept = cursor.fetchall()
            for name, statement, parameters in kept:
                if _PLANNED.fullmatch(statement.strip()):
                    given = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
                    self.explain(cursor, f"EXECUTE {name}{given}", " ".join(statement.split()))
            cursor.execute("RESET plan_cache_mode; RESET random_page_cost")
        return len(kept)

    def look(self, cursor, statements):
        for statement in filter(None, map(str.strip, re.split(r";(?=\s|$)", statements))):
            words = " ".join(statement.split())
            if not _PLANNED.fullmatch(statement):
                assert _WITHOUT.fullmatch(words), f"No plan can be asked for of: {words[:200]}"
                continue
            self.explain(cursor, statement, words)

    def explain(self, cursor, statement, words):
        self.statements += 1
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        [[plan]] = cursor.fetchall()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        self.read_through += [(node, words[:200]) for node in read_through(plan[0]["Plan"])]
        self.hashed += [words[:200]] if "hashed SubPlan" in json.dumps(plan) else []


def read_through(plan):
    """Give the nodes of a plan that read a whole table or index, or what a whole system has told."""
    table, kind = plan.get("Relation Name"), plan["Node Type"]
    of_system = bool(_OF_SYSTEM.fullmatch(plan.get("Index Cond", plan.get("Filter", ""))))
    if kind in {"Index Scan", "Index Only Scan"}:
        is_whole = of_system or ("Index Cond" not in plan and plan["Index Name"] not in OF_FEW)
    else:
        is_whole = kind == "Seq Scan"
    if table in TABLES and is_whole:
        yield f"{kind} of {plan.get('Index Name', table)}"
    for inner in plan.get("Plans", ()):
        yield from read_through(inner)


@pytest.fixture
def plans(monkeypatch):
    seen = Plans()
    copy = psycopg.Cursor.copy

    def copied(cursor, statement, *rest, **more):
        if told := _COPIED.match(statement):
            seen.look(cursor.connection.cursor(), told[1])
        return copy(cursor, statement, *rest, **more)

    monkeypatch.setattr(psycopg.Cursor, "copy", copied)
    return seen


def people(count):
    """Return rows of as many people, of whom some may be one."""
    draw, letters = Random(7), "abcdefghij"
    for number in range(count):
        surname = "".join(draw.choices(letters, k=3)).title()
        born = f"19{draw.randint(50, 99)}-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}"
        where = {
            "POSTCODE": f"NH{draw.randint(1, 9)} {draw.randint(1, 9)}AA",
            "PHONE": f"07700900{draw.randint(0, 999):03}",
        }
        yield row(f"C{number}", f"P{number}", SURNAME=f"Fic{surname}", BORN=born, **where)


def tell_of_a_million(cursor):
    for table, times in TABLES.items():
        cursor.execute(f"ANALYZE {table}")
        cursor.execute(_SIZE, {"table": table, "rows": times * HELD})
    for (table, column), share in DISTINCT.items():
        cursor.execute(_DISTINCT, {"table": table, "column": column, "share": -share})
    cursor.execute(_RETIRED)


@pytest.fixture
def held(controllers, tmp_path):
    activate_model(every_feature=True)
    Source(tmp_path, kind="delta").send(list(people(1100)))
    resolve(by=BY)
    return list(Belonging.objects.filter(until=None).order_by("nominal").values_list("nominal_id", flat=True))


def test_of_a_million_those_who_come_are_looked_up(held, plans):
    draw = Random(7)
    for count in (1, 1000):
        before, some = plans.statements, draw.sample(held, count)
        with transaction.atomic():
            with connection.cursor() as cursor:
                tell_of_a_million(cursor)
                for statement in FORGET:
                    cursor.execute(statement, {"keys": some})
            with connection.execute_wrapper(plans):
                done = attach(some, by=BY)
            assert count > 1 or plans.look_at_kept() > 20  # of many each statement is planned as it is sent
            transaction.set_rollback(True)
        assert done.nominals == count
        assert plans.statements - before > 20
        assert plans.read_through == []


def test_of_a_million_what_a_row_that_arrives_tells_of_is_looked_up(held, plans, tmp_path):
    resolve_things(by=BY)
    schedule(policy_now.policy(), by=BY, on=timezone.localdate())
    source = Source(tmp_path, kind="delta")
    known, new = next(people(1)), row("C9999", "P9999", SURNAME="Ficnew", BORN="1970-01-02", POSTCODE="NH1 1AA")
    with connection.cursor() as cursor:
        tell_of_a_million(cursor)  # for good: what is staged is dropped by another connection, which would wait
    with connection.execute_wrapper(plans):
        for number, each in enumerate((known, known | {"CJS": "OF61016"}, new)):
            arrivals.arrive(source.feed, source.write([each], f"2026-06-0{number + 1}"), by=BY)

    assert plans.look_at_kept() > 100  # nothing between has had the driver forget them
    assert plans.read_through == []


def test_of_a_million_a_page_of_pairs_looks_up_what_it_shows(held, cast, signed_in, plans):
    refresh()
    client = signed_in(cast["rowan"])
    with transaction.atomic():
        with connection.cursor() as cursor:
            tell_of_a_million(cursor)
        with connection.execute_wrapper(plans):
            answer = client.get(reverse("matches"))
        transaction.set_rollback(True)
    assert "Fic" in answer.text
    assert plans.statements > 10
    assert plans.hashed == []
    # The list itself is read in its order, up to what the page shows.
    assert {node for node, _ in plans.read_through} <= {"Index Scan of edge_waiting"}
