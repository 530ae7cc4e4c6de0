"""Row-level security, shown with raw SQL as the web's role."""

from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from factories.cast import refresh
from factories.exports import Source, row
from muniment.core import access, audit, content, database
from muniment.core.actors import Actor, from_user
from muniment.core.models import Content, Controller, Membership, RoleAssignment, User, UserScope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(controllers, cast, tmp_path):
    Source(tmp_path).send([row("C1", "P1")])
    Source(tmp_path, controller="westvale").send([row("W1", "WP1")])
    Source(tmp_path, controller="southmere", system="child-protection", area="CHILD_PROTECTION").send(
        [row("K1", "KP1")]
    )
    refresh()
    return cast


@pytest.fixture
def as_web():
    """A connection that logs in as the web's role, as production does."""
    uri = database.uri("web", dbname=connection.settings_dict["NAME"])
    with psycopg.connect(uri, autocommit=True) as web:
        yield web


def references(web, token=None):
    with web.transaction():
        if token:
            web.execute("SELECT muniment.enter(%s)", [token])
        return {reference for (reference,) in web.execute("SELECT reference FROM records_record")}


def sit(web, user, token="a-token-of-a-session"):
    web.execute("SELECT muniment.sit(%s, %s, 600)", [user.pk, token])
    return token


def test_no_scope_no_rows(world, as_web):
    assert references(as_web) == set()
    assert as_web.execute("SELECT count(*) FROM records_nominal").fetchone() == (0,)
    assert as_web.execute("SELECT count(*) FROM records_involvement").fetchone() == (0,)


def test_a_token_that_nobody_holds_opens_nothing(world, as_web):
    assert references(as_web, "made-up") == set()


def test_an_officer_sees_crime_of_the_collaboration_and_no_child_protection(world, as_web):
    assert references(as_web, sit(as_web, world["robin"])) == {"C1", "W1"}


def test_a_records_manager_sees_every_area(world, as_web):
    assert references(as_web, sit(as_web, world["rowan"])) == {"C1", "W1", "K1"}


def test_what_a_role_opened_shuts_on_its_last_day_though_nothing_has_run(world, as_web):
    today, user = timezone.localdate(), world["rowan"]
    user.assignments.update(until=today)
    access.refresh_scopes(today - timedelta(days=1), [user])
    assert UserScope.objects.filter(user=user).exists()
    assert references(as_web, sit(as_web, user)) == set()


def test_who_has_left_a_joint_unit_sees_and_does_nothing_of_it(world):
    own, joint = Controller.objects.get(code="northshire"), Controller.objects.get(kind="joint")
    today, officer = timezone.localdate(), access.declaration().roles["officer"]
    assert joint.pk in access.reach(officer, own, today)
    assert access.may(world["rowan"], "disposal.propose", on=today, controller=joint)
    Membership.objects.filter(joint=joint, member=own).update(until=today)
    assert access.reach(officer, own, today).keys() == {own.pk}
    assert not access.may(world["rowan"], "disposal.propose", on=today, controller=joint)


def test_scope_ends_with_the_transaction(world, as_web):
    references(as_web, sit(as_web, world["rowan"]))
    assert references(as_web) == set()


def test_what_a_transaction_says_of_itself_is_not_believed(world, as_web):
    with as_web.transaction():
        scopes = "{1,2,3,4,5,6,7,8,9}"
        as_web.execute("SELECT set_config('muniment.said', %s, true)", [f"1|{scopes}|{scopes}|true"])
        as_web.execute("SELECT set_config('muniment.proof', 'guess', true)")
        assert as_web.execute("SELECT count(*) FROM records_record").fetchone() == (0,)
        assert as_web.execute("SELECT muniment.reads_audit()").fetchone() == (False,)


def test_a_proof_does_not_outlive_its_transaction(world, as_web):
    token = sit(as_web, world["rowan"])
    with as_web.transaction():
        as_web.execute("SELECT muniment.enter(%s)", [token])
        said, proof = as_web.execute(
            "SELECT current_setting('muniment.said'), current_setting('muniment.proof')"
        ).fetchone()
    with as_web.transaction():
        as_web.execute(
            "SELECT set_config('muniment.said', %s, true), set_config('muniment.proof', %s, true)", [said, proof]
        )
        assert as_web.execute("SELECT count(*) FROM records_record").fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM records_record",
        "UPDATE records_nominal SET surname = 'x'",
        "DELETE FROM core_auditevent",
        "UPDATE core_auditevent SET actor = 'x'",
        "SELECT * FROM core_sitting",
        "SELECT * FROM muniment.wall_secret",
        "SELECT muniment.prove('x')",
        "SELECT * FROM records_tombstone",
        "INSERT INTO core_userscope (user_id, scope_id) VALUES (1, 1)",
        "INSERT INTO core_roleassignment (user_id, controller_id, role, start) VALUES (1, 1, 'auditor', now())",
        "CREATE TABLE public.mine (id int)",
    ],
)
def test_the_web_may_not(world, as_web, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_web.execute(statement)


def test_the_wall_does_not_keep_an_index_from_being_used(as_web):
    """What a wall filters is searched only by operators that cannot leak: by LIKE, the whole table would be read."""
    query, given = Content.objects.filter(content.of_record(5)).query.sql_with_params()
    with as_web.transaction():
        as_web.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(line for (line,) in as_web.execute("EXPLAIN " + query, given))
    assert "Index Cond: (((owner)::text >= 'record:5:'" in plan


def test_only_an_auditor_reads_the_audit(world, as_web):
    for name, sees in (("rowan", False), ("teasel", True)):
        token = sit(as_web, world[name], f"token-of-{name}")
        with as_web.transaction():
            as_web.execute("SELECT muniment.enter(%s)", [token])
            assert (as_web.execute("SELECT count(*) FROM core_auditevent").fetchone()[0] > 0) is sees


@pytest.mark.parametrize("covert", [False, True])
def test_an_auditor_reads_what_concerns_their_controllers(world, controllers, as_web, covert):
    """What its people did, what was done where its records were open, what names it, and what names nobody."""
    role, table = ("covert_auditor", "core_covertevent") if covert else ("auditor", "core_auditevent")
    start = date(2020, 1, 1)
    for name in ("northshire", "westvale", "bedfordshire"):
        user = User.objects.create_user(f"auditor-{name}")
        RoleAssignment.objects.create(user=user, controller=controllers[name], role=role, start=start)
    refresh()
    by = {name: replace(from_user(world[name]), enquiry="E1" if covert else "") for name in ("hazel", "robin")}
    audit.record(by["hazel"], "tests.hazel")  # a rights officer of Northshire, whose reach is their own force
    audit.record(by["robin"], "tests.robin")  # an officer of Southmere, whose reach is the collaboration
    audit.record(Actor("batch"), "tests.westvale", controller="westvale", covert=covert)
    audit.record(Actor("batch"), "tests.installation", covert=covert)

    def seen(name):
        token = sit(as_web, User.objects.get(username=f"auditor-{name}"), f"token-{name}")
        with as_web.transaction():
            as_web.execute("SELECT muniment.enter(%s)", [token])
            found = as_web.execute(f"SELECT action FROM {table} WHERE action LIKE 'tests.%'").fetchall()
        return {action.removeprefix("tests.") for (action,) in found}

    assert seen("northshire") == {"hazel", "robin", "installation"}
    assert seen("westvale") == {"robin", "westvale", "installation"}
    assert seen("bedfordshire") == {"installation"}


def test_the_sealed_are_found_only_in_their_enclave(world, as_web, tmp_path):
    source = Source(tmp_path / "more", controller="northshire")
    source.send([row("C1", "P1"), row("P1", ACTION="S", ENTITY="nominal")], on="2026-06-02", absence_limit=1)
    refresh()

    def nominals(name):
        token = sit(as_web, world[name], f"token-{name}")
        with as_web.transaction():
            as_web.execute("SELECT muniment.enter(%s)", [token])
            return {r for (r,) in as_web.execute("SELECT reference FROM records_nominal")}

    assert "P1" not in nominals("rowan")
    assert nominals("bryony") == {"P1"}


def test_a_reference_of_another_controller_is_no_error_that_reveals_it(world, controllers, tmp_path):
    counts = Source(tmp_path / "again", controller="westvale").send([row("C1", "P1")], on="2026-07-01", absence_limit=1)
    assert counts.accepted == 1
