"""The links of a person in two steps: each path in words, within what the reader may see, and no hub followed."""

import json
import re

import pytest
from django.urls import reverse

from factories.cast import refresh
from factories.deeds import prime_of
from factories.exports import LINKS, Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent
from muniment.objects import network, network_shown
from muniment.objects.actions.resolve import resolve as resolve_objects
from muniment.people.actions.resolve import resolve

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor("tests")
B = {"FORENAME": "Tansy", "SURNAME": "Quite", "BORN": "1961-07-08"}
C = {"FORENAME": "Barnaby", "SURNAME": "Elsewhere", "BORN": "1971-02-03"}
D = {"FORENAME": "Ivy", "SURNAME": "Distant", "BORN": "1991-12-03"}
HOME = {"ADDRESS": "12 High Street", "POSTCODE": "NH1 1AA"}


@pytest.fixture
def north(cast, tmp_path):
    """Marlow is on a record with Tansy, who gives the address that Barnaby gives, who is on a record with Ivy."""
    source = Source(tmp_path, kind="delta").beside(LINKS)
    people = [row("C1", "P1", ROLE="SUSPECT"), row("C2", "P2", **B, **HOME), row("C3", "P3", **C, **HOME)]
    source.send([*people, row("C4", "P4", REPORTED="2019-03-01", **D)])
    links = [row("C1", "P2", ROLE="WITNESS"), row("C4", "P3", ROLE="VICTIM")]
    source.send(links, name="links")
    activate_model()
    run()
    return source


def run():
    resolve(by=BY)
    resolve_objects(by=BY)
    refresh()


def told(client, reference="P1", **narrowed):
    answer = client.get(reverse("person_links", args=[prime_of(reference).reference]), narrowed)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def chart(text):
    return json.loads(re.search(r'<script id="links-chart" type="application/json">(.*?)</script>', text)[1])


def test_a_path_of_two_steps_is_told_in_words_and_drawn(north, cast, signed_in):
    text = told(signed_in(cast["rowan"]))
    assert "Was suspect on C1 with Tansy Quite (witness)" in text
    assert (
        "Was suspect on C1 with Tansy Quite (witness), who gives the address 12 High Street, NH1 1AA, as does Barnaby"
        in text
    )
    assert "Ivy Distant" not in text, "three steps away"
    drawn = chart(text)
    assert {node["label"] for node in drawn["nodes"]} >= {"Marlow Fictional", "Tansy Quite", "Barnaby Elsewhere", "C1"}
    ids = {node["id"] for node in drawn["nodes"]}
    assert all({edge["source"], edge["target"]} <= ids for edge in drawn["edges"])
    event = AuditEvent.objects.filter(action="person.links").latest("pk")
    assert prime_of("P3").reference in event.detail["shown"]


def test_a_reader_narrows_by_steps_kind_part_and_days(north, cast, signed_in):
    client = signed_in(cast["rowan"])
    assert "Barnaby" not in told(client, steps="1")
    assert "Nobody and nothing that you may see is linked" in told(client, kind="telephone")
    assert "Tansy" in told(client, role="SUSPECT")
    text = told(client, "P3")
    assert "Ivy" in text
    assert "Tansy" in text
    text = told(client, "P3", role="VICTIM")
    assert "Was victim on C4 with Ivy Distant" in text
    assert "Ivy" not in told(client, "P3", until="1 1 2010")
    assert "Ivy" in told(client, "P3", since="1 1 2019", until="1 1 2020")
    answer = client.get(reverse("person_links", args=[prime_of("P1").reference]), {"since": "soon"})
    assert answer.status_code == 422
    assert "Enter a day like" in answer.text
    answer = client.get(answer.request["PATH_INFO"], {"since": "1 1 2020", "until": "1 1 2019"})
    assert "Enter a day on or after the first" in answer.text


def test_what_very_many_share_is_shown_and_not_followed(north, cast, signed_in, monkeypatch):
    client = signed_in(cast["rowan"])
    monkeypatch.setattr(network, "ENOUGH", 1)
    assert "Barnaby" not in told(client), "one direct link is enough"
    monkeypatch.setattr(network, "ENOUGH", 150)
    monkeypatch.setattr(network, "LONG", 1)
    text = told(client)
    assert "2 records, not followed" in text, "Tansy is on two"
    assert "Barnaby" not in text
    monkeypatch.setattr(network, "HUB", 1)
    text = told(client)
    assert "Tansy" not in text
    assert "very many share them: C1 (2 people)" in text
    assert "2 people, not followed" in told(client, "P3"), "at one address"


def test_nothing_of_another_force_or_of_the_sealed_is_linked_or_hinted_at(north, cast, signed_in):
    north.send([row("P2", ACTION="S", ENTITY="nominal")], on="2026-07-01")
    run()
    text = told(signed_in(cast["rowan"]))
    assert not any(word in text for word in ("Tansy", "Quite", "Barnaby", prime_of("P2").reference))
    assert "Nobody and nothing that you may see is linked" in text


def test_who_opens_no_places_is_shown_people_alone(north, cast):
    """The address that two give is a place too: it links nobody for whoever may open none."""
    prime = prime_of("P2")
    lines = network_shown.network(prime, "Tansy Quite", network.Asked(with_objects=False), "INVESTIGATION").lines
    assert [line.name for line in lines] == ["Marlow Fictional"]
    assert "12 High Street" not in str(lines)


def test_a_name_of_script_is_written_as_text(north, cast, signed_in):
    north.send([row("C2", "P2", **{**B, "SURNAME": "</script><b>'&"}, **HOME)], on="2026-07-01")
    run()
    text = told(signed_in(cast["rowan"]))
    assert "<b>" not in text
    assert any("<b>" in node["label"] for node in chart(text)["nodes"])
