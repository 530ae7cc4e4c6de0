"""A source system hands records in over the network: who may, what is answered, and that all is there when it is."""

import json

import pytest
from django.test import Client

from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent
from muniment.objects.actions.resolve import resolve as resolve_objects
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging
from muniment.records.actions import source_key
from muniment.records.models import Intake, Nominal, Record, SourceKey, SourceSystem
from muniment.retention.models import RecordDecision
from muniment.site import receiving, receiving_settings

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
FILE = "/v1/feeds/north-crime/crimes-2026-06-02.csv"


@pytest.fixture
def source(controllers, tmp_path, settings):
    settings.ROOT_URLCONF = "muniment.site.receiving"
    settings.MIDDLEWARE = receiving_settings.MIDDLEWARE
    activate_model()
    source = Source(tmp_path)  # a full export: what it leaves out would be withdrawn
    receiving.receive([source.feed])
    source.send([row("CR/1", "N1", **HOME), row("CR/2", "N2", SURNAME="Otherwise")])
    resolve(by=BY)
    resolve_objects(by=BY)
    return source


@pytest.fixture
def key(source):
    return source_key.make(
        SourceSystem.objects.get(code=source.feed.system, controller__code="northshire"), "Interface", by=BY
    )


def post(source, rows, text, address=FILE):
    body = source.write(rows, "2026-06-02").read_bytes()
    return Client().post(address, body, content_type="text/csv", headers={"authorization": f"Bearer {text}"})


def refusals():
    events = AuditEvent.objects.filter(action="records.receive", outcome="refused")
    return list(events.order_by("pk").values_list("actor", "detail"))


def test_what_is_handed_in_is_attached_and_decided_when_the_answer_comes(source, key):
    answer = post(source, [row("CR/9", "N9", **HOME | {"ADDRESS": "1 Invented St"})], key[1])
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    told = answer.json()
    assert (told["read"], told["accepted"], told["nominals_attached"], told["records_decided"]) == (1, 1, 1, 2)
    assert (told["places_attached"], told["vehicles_attached"], told["notes"]) == (2, 0, [])
    primes = Belonging.objects.filter(until=None, nominal__reference__in=["N1", "N9"]).values_list(
        "prime_id", flat=True
    )
    assert len(set(primes)) == 1
    assert RecordDecision.objects.filter(record__reference="CR/9").exists()
    assert Intake.objects.latest("pk").kind == "delta"
    assert Record.objects.get(reference="CR/2").state == Record.objects.get(reference="CR/1").state
    assert AuditEvent.objects.get(action="records.take_in", actor__endswith="Interface")


def test_told_again_it_changes_nothing(source, key):
    first, second = (post(source, [row("CR/9", "N9", **HOME)], key[1]).json() for _ in range(2))
    assert (second["accepted"], second["unchanged"]) == (0, 1)
    assert first["nominals_attached"] == second["nominals_attached"] == 1
    assert Nominal.objects.filter(reference="N9").count() == 1


def test_a_row_that_cannot_be_read_waits_and_the_answer_says_why(source, key):
    told = post(source, [row("", "N9", **HOME), row("CR/10", "N10")], key[1]).json()
    assert (told["read"], told["accepted"], told["quarantined"]) == (2, 1, 1)
    assert sum(told["reasons"].values()) == 1


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/v1/feeds/north-crime/crimes.csv", 422),  # of no day
        ("/v1/feeds/north-crime/crimes-2126-06-02.csv", 422),  # of a day to come
        ("/v1/feeds/north-crime/crimes-2026-06-02.exe", 422),
        ("/v1/feeds/north-crime/..%2Fcrimes-2026-06-02.csv", 404),
        ("/v1/feeds/other/crimes-2026-06-02.csv", 404),
    ],
)
def test_what_no_feed_describes_changes_nothing(source, key, address, status):
    before = Record.objects.count(), Intake.objects.count()
    answer = post(source, [row("CR/9", "N9")], key[1], address)
    assert answer.status_code == status
    assert (Record.objects.count(), Intake.objects.count()) == before


def test_without_a_standing_key_of_the_system_nobody_hands_in(source, key):
    other, _ = SourceSystem.objects.get_or_create(
        controller=key[0].system.controller, code="else", title="Else", owner="x"
    )
    ended = source_key.make(key[0].system, "Old interface", by=BY)
    source_key.end(ended[0], by=BY)
    foreign = source_key.make(other, "Else", by=BY)
    statuses = [post(source, [row("CR/9", "N9")], text).status_code for text in ("", "guess", ended[1], foreign[1])]
    assert statuses == [401, 401, 401, 403]
    assert not Record.objects.filter(reference="CR/9").exists()
    assert [actor for actor, _ in refusals()] == ["receive"] * 3 + ["northshire else: Else"]
    assert "guess" not in json.dumps([str(each) for each in refusals()])


def test_no_key_is_kept_that_could_be_used(key):
    assert key[1] not in json.dumps(list(SourceKey.objects.values("name", "digest", "made_by")))


def test_too_much_at_once_is_refused(source, key, monkeypatch):
    monkeypatch.setattr(receiving, "MOST_BYTES", 100)
    assert post(source, [row("CR/9", "N9")], key[1]).status_code == 413


def test_the_description_names_every_answer(source):
    described = receiving.api.get_openapi_schema(path_prefix="/v1")
    answers = described["paths"]["/v1/feeds/{feed}/{file}"]["post"]["responses"]
    assert set(answers) == {200, 403, 404, 413, 422}
