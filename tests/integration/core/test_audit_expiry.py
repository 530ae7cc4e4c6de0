"""Bodies of the audit expire where their controller has adopted it; whoever claims an expiry that was none is found."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime

import psycopg
import pytest
from django.db import connection

from factories.deeds import place
from muniment.core import audit, database, verify_audit
from muniment.core.actors import Actor, from_user
from muniment.core.models import AuditEvent, AuditLeaf, Controller, CovertEvent, CovertLeaf
from muniment.core.verdicts import Refused
from muniment.engine import policy
from muniment.engine.policy.model import Adoption, Length, Overlay
from muniment.retention.actions import audit_expiry, hold

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor("audit expire")
OLD, NOW = datetime(2019, 3, 1, 10, 0, tzinfo=UTC), datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
SIX = Length(months=72)


def adopted(*codes, length=SIX):
    overlays = [
        Overlay(code, (Adoption("IG-LOG", date(2020, 1, 1), length, "Schedule, row 9", ("A. One", "B. Two")),))
        for code in codes
    ]
    return policy.load().adopting(overlays)


def expire(of):
    return audit_expiry.expire(of, by=BY, on=NOW.date())


@pytest.fixture
def years(cast, time_machine):
    """Events of two forces, of nobody's and of an enquiry, sealed seven years ago; one of today, not sealed."""
    time_machine.move_to(OLD, tick=False)
    for number in range(4):
        audit.record(from_user(cast["rowan"]), "person.view", subject=f"N{number}")
        audit.record(from_user(cast["wren"]), "person.view", subject=f"W{number}")
        audit.record(from_user(cast["thorn"], "COVERT", "Operation"), "person.view", subject=f"Q{number}")
    audit.record(Actor("a command"), "retention.schedule", controller="northshire", subject="named")
    audit.record(Actor("a command"), "retention.schedule", subject="nobody's")
    # The database's clock says today of all of these: what counts is the seal.
    audit.seal()
    time_machine.move_to(NOW, tick=False)
    audit.record(from_user(cast["rowan"]), "person.view", subject="today")
    return cast


def left(events=AuditEvent):
    return set(
        events.objects.filter(action__in=["person.view", "retention.schedule"]).values_list("subject", flat=True)
    )


def verify(tmp_path, *more, covert=False):
    export = tmp_path / "export.jsonl"
    export.write_text("".join(json.dumps(line) + "\n" for line in audit.export(covert=covert)))
    done = subprocess.run(
        [sys.executable, "-I", verify_audit.__file__, str(export), "--seals", str(audit.seals_file()), *more],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_nothing_expires_that_nobody_adopted(years):
    before = left()
    with pytest.raises(Refused, match="IG-LOG"):
        expire(policy.load())
    assert left() == before


def test_bodies_go_and_digests_stay_and_verify(years, tmp_path):
    gone = set(AuditEvent.objects.filter(subject__startswith="N").values_list("pk", flat=True))
    assert expire(adopted("northshire")) == 5
    assert left() == {"W0", "W1", "W2", "W3", "nobody's", "today"}
    assert AuditLeaf.objects.filter(event_id__in=gone).count() == 4
    code, said = verify(tmp_path, "--kept-for", "2190")
    assert code == 0, said
    assert "Audit: 5 events have expired. The shortest that one was kept is 2557 days" in said
    assert "N0" not in json.dumps(list(audit.export()))


def test_an_expiry_is_an_event_with_its_counts(years):
    expire(adopted("northshire"))
    event = AuditEvent.objects.get(action="audit.expire")
    assert event.actor == "audit expire"
    assert event.detail["bodies"] == 5
    assert event.detail["before"] == "2020-03-01T00:00:00+00:00"
    assert sum(last - first + 1 for first, last in event.detail["leaves"]) == 5
    # A second run finds nothing, says so, and takes no earlier expiry away.
    assert expire(adopted("northshire")) == 0
    assert sorted(AuditEvent.objects.filter(action="audit.expire").values_list("detail__bodies", flat=True)) == [0, 5]


def test_what_belongs_to_several_goes_when_all_have_adopted(years):
    every = list(Controller.objects.values_list("code", flat=True))
    Controller.objects.update(mode="live")
    expire(adopted(*(code for code in every if code != "cheshire")))
    assert left() == {"nobody's", "today"}
    expire(adopted(*every))
    assert left() == {"today"}


def test_the_longer_period_counts(years):
    policy_of_two = policy.load().adopting([*adopted("northshire").overlays.values()])
    longer = adopted("westvale", length=Length(months=120))
    expire(policy_of_two.adopting(longer.overlays.values()))
    assert left() == {"W0", "W1", "W2", "W3", "nobody's", "today"}


def test_nothing_expires_in_advisory_mode(years):
    Controller.objects.filter(code="northshire").update(mode="advisory")
    with pytest.raises(Refused, match="live mode"):
        expire(adopted("northshire"))


@pytest.mark.parametrize(
    ("scope", "stops"),
    [
        ({"classes": ["IG-LOG"]}, True),
        ({}, True),
        ({"classes": ["IG-LOG"], "from": "2020-01-01"}, True),
        ({"classes": ["IG-LOG"], "until": "2018-12-31"}, False),
        ({"classes": ["CRI-G1"]}, False),
        ({"keywords": ["anything"]}, False),
    ],
)
def test_a_hold_on_the_audit_stops_it(years, scope, stops):
    """The days of a hold are those of the events, which the database's clock wrote: today."""
    made = place(type("Deed", (), {"cast": years}), **scope)
    assert expire(adopted("northshire")) == (0 if stops else 5)
    hold.ask_release(made, by=from_user(years["hazel"]), reason="It is over, letter of today")
    made.refresh_from_db()
    hold.release(made, by=from_user(years["ash"]))
    assert expire(adopted("northshire")) == (5 if stops else 0)


def test_a_hold_that_comes_between_stops_it(years, monkeypatch):
    seal = audit.seal

    def placed_meanwhile():
        place(type("Deed", (), {"cast": years}), classes=["IG-LOG"])
        return seal()

    monkeypatch.setattr(audit, "seal", placed_meanwhile)
    assert expire(adopted("northshire")) == 0
    assert "N0" in left()
    assert AuditEvent.objects.filter(action="audit.expire_stopped").exists()


def test_covert_bodies_expire_unseen(years, tmp_path):
    assert expire(adopted("northshire")) == 5
    assert left(CovertEvent) == set()
    assert CovertLeaf.objects.count() == 5
    assert CovertEvent.objects.get().action == "audit.expire"
    assert verify(tmp_path)[0] == 0
    code, said = verify(tmp_path, covert=True)
    assert code == 0, said
    assert "Covert audit: 4 events have expired." in said


def test_an_expiry_of_covert_bodies_alone_shows_an_expiry_that_found_nothing(years):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditevent SET controller = 'westvale'")
    expire(adopted("northshire"))
    assert left(CovertEvent) == set()
    assert AuditEvent.objects.get(action="audit.expire").detail["leaves"] == []


def claim(leaves, before):
    detail = {"before": before.isoformat(), "leaves": leaves, "bodies": 1}
    audit.record(Actor("root (audit expire)"), "audit.expire", subject="IG-LOG", detail=detail)


def delete(subject):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_auditevent WHERE subject = %s", [subject])


def leaf_of(subject):
    return AuditLeaf.objects.get(event_id=AuditEvent.objects.get(subject=subject).pk).number


def test_a_superuser_who_deletes_beside_an_expiry_is_found(years, tmp_path):
    expire(adopted("northshire"))
    delete("W2")
    code, said = verify(tmp_path)
    assert code == 1
    assert said.count("no sealed expiry took it") == 1


def test_a_superuser_who_claims_that_todays_event_expired_is_found(years, tmp_path):
    """They write an event of expiry as the program would, and have the sealer seal it."""
    audit.seal()
    leaf = leaf_of("today")
    claim([[leaf, leaf]], datetime(2020, 3, 1, tzinfo=UTC))
    audit.seal()
    delete("today")
    code, said = verify(tmp_path)
    assert code == 1
    assert "took it before its time" in said


def test_a_superuser_who_claims_a_shorter_period_is_found_by_who_knows_it(years, tmp_path, time_machine):
    audit.seal()
    leaf = leaf_of("today")
    time_machine.shift(60)
    claim([[leaf, leaf]], NOW.replace(second=30))
    audit.seal()
    delete("today")
    assert "kept is 0 days" in verify(tmp_path)[1]
    code, said = verify(tmp_path, "--kept-for", "2190")
    assert code == 1
    assert "kept for 0 days, not 2190" in said


def test_a_superuser_who_rewrites_an_expiry_is_found(years, tmp_path):
    expire(adopted("northshire"))
    leaf = leaf_of("W2")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_auditevent SET detail = jsonb_set(detail, '{leaves}', detail->'leaves' || %s::jsonb)"
            " WHERE action = 'audit.expire'",
            [json.dumps([[leaf, leaf]])],
        )
    delete("W2")
    code, said = verify(tmp_path)
    assert code == 1
    assert "was changed after it was sealed" in said


def test_an_expiry_that_is_not_sealed_accounts_for_nothing(years, tmp_path):
    leaf = leaf_of("W2")
    claim([[leaf, leaf]], datetime(2020, 3, 1, tzinfo=UTC))
    delete("W2")
    code, said = verify(tmp_path)
    assert code == 1
    assert "no sealed expiry took it" in said


def test_the_database_removes_only_what_a_sealed_expiry_names(years):
    """The worker may call the function and may not delete; an event that is not sealed, or no expiry, moves nothing."""
    leaf = leaf_of("W2")
    claim([[leaf, leaf]], datetime(2020, 3, 1, tzinfo=UTC))
    key = AuditEvent.objects.order_by("-pk").first().pk
    with psycopg.connect(database.uri("worker", dbname=connection.settings_dict["NAME"]), autocommit=True) as worker:
        assert worker.execute("SELECT muniment.expire_audit(%s)", [key]).fetchone() == (0,)
        assert worker.execute("SELECT muniment.expire_audit(%s)", [key - 1]).fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute("DELETE FROM core_auditevent")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute("DELETE FROM core_auditleaf")
        audit.seal()
        assert worker.execute("SELECT muniment.expire_audit(%s)", [key]).fetchone() == (1,)
    name = connection.settings_dict["NAME"]
    for role in ("web", "batch"):
        uri, denied = database.uri(role, dbname=name), pytest.raises(psycopg.errors.InsufficientPrivilege)
        with psycopg.connect(uri, autocommit=True) as other, denied:
            other.execute("SELECT muniment.expire_audit(%s)", [key])
