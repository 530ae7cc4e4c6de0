"""What is supplied in the common form: valid, whole, with its quality; and nothing that may not be given."""

import json

import pytest
from jsonschema import Draft202012Validator

from factories.deeds import by, prime_of
from factories.supplies import agree, everything, rows, supply, table
from muniment.core.models import AuditEvent, Controller
from muniment.core.verdicts import Refused
from muniment.people.models import MatchEdge
from muniment.records.models import Nominal
from muniment.supply import form, policy_now, recipients
from muniment.supply.actions import give
from muniment.supply.checking import faults_of
from muniment.supply.models import Given, Supply


def test_every_line_is_of_the_published_schema_and_both_formats_say_the_same(life, out):
    agree()
    given = supply(life, out)
    schema = json.loads((out / "schema.json").read_text())
    assert schema == form.json_schema()
    for entity in ("person", "event", "location", "link"):
        told = rows(out, entity)
        assert told == table(out, entity) and len(told) == given.manifest["counts"][entity] > 0
        check = Draft202012Validator({**schema, "$ref": f"#/$defs/{entity}"})
        assert [error.message for line in told for error in check.iter_errors(line)] == []
    assert faults_of(out) == []
    people = {each["id"]: each for each in rows(out, "person")}
    marlow, vera = people[prime_of("P1").reference], people[prime_of("V1").reference]
    doubted = Nominal.objects.filter(reference__in=["P1", "D1", "S7"])
    assert [part["id"] for part in marlow["parts"]] == ["northshire/crime/P1", "northshire/custody/D1"]
    assert MatchEdge.objects.filter(needs_person=True, left__in=doubted, right__in=doubted).exists()
    assert marlow["linkage"]["confidence"] == "automatic", "nothing says that intelligence may be about him"
    assert vera["linkage"]["confidence"] == "single"
    assert {"field": "born", "told": 2, "values": 1, "agree": 2} in marlow["agreement"]
    found = {(each["field"], each["finding"]) for each in vera["parts"][0]["findings"]}
    assert {("born", "default"), ("pncid", "check_failed"), ("sex", "missing")} <= found
    parts = {(each["from_id"], each["to_id"]): each["category"] for each in rows(out, "link")}
    assert parts[vera["id"], "northshire/crime/C2"] == "victim"
    assert parts[marlow["id"], "northshire/crime/C1"] == "convicted"
    assert not any("Narrative" in line for line in everything(out).splitlines()), "narratives are never supplied"
    event = AuditEvent.objects.get(action="export.run")
    assert (event.recipient, event.detail["people"]) == ("Invented Index (index)", 2)
    assert event.detail["manifest"] == given.manifest_digest


def test_a_file_that_was_changed_is_found(life, out):
    agree()
    supply(life, out)
    (out / "person.jsonl").write_text((out / "person.jsonl").read_text().replace("Marlow", "Marlon"))
    (out / "link.parquet").unlink()
    assert faults_of(out) == [
        "link.parquet is missing.",
        "person.jsonl is not the file that was given: its digest differs.",
    ]
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps({**manifest, "recipient": "somebody else"}))
    assert "The manifest does not bear the signature of this system." in faults_of(out)


pytestmark = pytest.mark.xdist_group("supply")  # one world
HIDDEN = ("other_force", "restricted", "sealed", "withdrawn", "corporate", "ungraded")
NAMES = ("Zeugma", "Zymurgy", "Zoophyte", "Zucchetto", "Zwieback", "Zyzzyva")


@pytest.mark.parametrize(("number", "hidden"), list(enumerate(HIDDEN, start=1)))
def test_what_may_not_be_given_is_in_no_file_no_count_and_no_register(life, out, number, hidden):
    agree()
    given = supply(life, out)
    nominal = Nominal.objects.get(reference=f"S{number}")
    said = everything(out)
    words = (NAMES[number - 1], "Ottoline", f"/S{number}", f"/X{number}", f"1961-07-0{number}")
    assert [word for word in words if word in said] == []
    assert given.people == len(rows(out, "person")) == 2
    assert given.manifest["counts"]["event"] == len(rows(out, "event")) == 3
    assert not Given.objects.filter(what="nominal", key=nominal.pk).exists()
    assert Given.objects.filter(what="nominal").count() == 3
    with pytest.raises(Refused, match="Nothing of these people may be given"):
        supply(life, out.with_name("asked"), prime_of(f"S{number}"))


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"from": "2099-01-01"}, "No agreement with Invented Index stands"),
        ({"until": "2026-02-01"}, "No agreement with Invented Index stands"),
        ({"controllers": ["westvale"]}, "is no party to T-1"),
        ({"areas": ["FIREARMS"]}, "Nothing of Northshire Police (fictional) may be given"),
        ({"marking": "OFFICIAL"}, "Nothing of Northshire Police (fictional) may be given"),
    ],
)
def test_an_agreement_that_does_not_allow_it_is_refused(life, out, terms, why):
    agree(**terms)
    with pytest.raises(Refused, match=r".*" + why.replace("(", r"\(").replace(")", r"\)")):
        supply(life, out)
    assert not out.exists() and not list(out.parent.glob("*.unfinished"))
    assert not Given.objects.exists()


def test_a_real_force_gives_to_no_invented_recipient_and_on_no_unconfirmed_agreement(life, out):
    Controller.objects.filter(code="northshire").update(is_fictional=False)
    agree()
    with pytest.raises(Refused, match="is invented: real records are never given to it"):
        supply(life, out)
    agree(file={"fictional": False})
    with pytest.raises(Refused, match="Nobody has confirmed the agreement T-1"):
        supply(life, out)
    agree(file={"fictional": False}, verified=True)
    assert supply(life, out).state == Supply.State.GIVEN


@pytest.mark.parametrize("user", ["robin", "rowan", "wren", "nettle"])
def test_who_may_not_give_is_refused(life, out, user):
    agree()
    with pytest.raises(Refused, match="Your roles do not let you give records to a national database"):
        supply(life, out, user=user)


def test_what_the_agreement_does_not_name_is_withheld_with_all_that_is_said_of_it(life, out):
    agree(gives={"person": ["forename", "surname"], "event": "all", "link": "all"})
    given = supply(life, out, prime_of("P1"))
    (person,) = rows(out, "person")
    assert person["agreement"] is None and person["assessments"] is None and person["retention"] is None
    for part in person["parts"]:
        assert (part["forename"], part["surname"]) == ("Marlow", "Fictional")
        assert part["born"] is None and part["address"] is None and part["pncid"] is None
        assert {each["field"] for each in part["findings"]} <= {"forename", "surname"}
    assert not (out / "location.jsonl").exists()
    assert all(each["to_type"] == "event" for each in rows(out, "link"))
    assert "born" in given.manifest["withheld"]["person"] and "location" in given.manifest["not_supplied"]
    assert faults_of(out) == []


def test_more_people_than_policy_says_wait_for_a_second_person(life, out, monkeypatch):
    limited = policy_now.on

    def strict(day):
        rules = limited(day)
        return rules.__class__(**{**vars(rules), "approval_above": 0})

    monkeypatch.setattr(policy_now, "on", strict)
    agree()
    waiting = supply(life, out)
    assert (waiting.state, waiting.people, out.exists()) == ("waiting", 2, False)
    assert supply(life, out).pk == waiting.pk, "asking twice asks once"
    with pytest.raises(Refused, match="Your roles do not let you approve"):
        give.approve(waiting, by=by(life, "sedge"))
    give.approve(waiting, by=by(life, "ash"))
    given = supply(life, out)
    assert (given.pk, given.state, given.manifest["approved_by"]) == (waiting.pk, "given", "ash")
    assert supply(life, out.with_name("again")).state == "waiting", "an approval is for once"


def test_a_file_of_a_recipient_says_what_is_wrong_with_it(db):
    path = recipients.folder() / "index.yaml"
    path.write_text("code: index\nname: I\nkind: club\nvalues: []\n")
    with pytest.raises(recipients.BadRecipient, match=r"index\.yaml: at kind: 'club' is not one of"):
        recipients.find("index")
    path.unlink()
    with pytest.raises(recipients.BadRecipient, match="There is no recipient 'index': put a file of it into"):
        recipients.find("index")
