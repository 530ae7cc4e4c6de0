"""An organisation file is registered as often as one likes."""

import pytest
import yaml

from muniment.core.actors import Actor
from muniment.core.models import Controller, Membership
from muniment.records.actions.organise import BadOrganisation, load_organisation
from muniment.records.models import SourceSystem

BY = Actor("tests")
FILE = {
    "controllers": [
        {"code": "alton", "name": "Alton Police", "kind": "force", "fictional": True, "mode": "live"},
        {
            "code": "joint",
            "name": "Joint Unit",
            "kind": "joint",
            "members": [{"code": "alton", "from": "2020-01-01", "lead": True}],
        },
    ],
    "systems": [{"controller": "alton", "code": "crime", "title": "Crime", "owner": "Head of Crime"}],
}


@pytest.fixture
def load(db, tmp_path):
    def loaded(content):
        (tmp_path / "organisation.yaml").write_text(yaml.safe_dump(content))
        load_organisation(tmp_path / "organisation.yaml", by=BY)
        return [list(model.objects.order_by("pk").values()) for model in (Controller, Membership, SourceSystem)]

    return loaded


def test_again_it_changes_nothing(load):
    first = load(FILE)
    assert [len(each) for each in first] == [2, 1, 1]
    assert load(FILE) == first


def test_what_it_says_otherwise_is_brought_up_to_date(load):
    alton, joint = FILE["controllers"]
    controllers, memberships, systems = load(FILE)
    ended = {**joint, "members": [{"code": "alton", "from": "2020-01-01", "until": "2026-01-01"}]}
    renamed = {**FILE["systems"][0], "title": "Crimes and incidents"}
    found = load({"controllers": [{**alton, "name": "Alton Constabulary"}, ended], "systems": [renamed]})
    assert found[0] == [{**controllers[0], "name": "Alton Constabulary"}, controllers[1]]
    assert [(each["id"], str(each["until"]), each["is_lead"]) for each in found[1]] == [
        (memberships[0]["id"], "2026-01-01", False)
    ]
    assert found[2] == [{**systems[0], "title": "Crimes and incidents"}]


def test_the_mode_that_people_chose_stays(load):
    load(FILE)
    Controller.objects.filter(code="alton").update(mode="advisory")
    assert load(FILE)[0][0]["mode"] == "advisory"


def test_what_is_unknown_is_named_and_nothing_is_changed(load):
    unknown = {**FILE["systems"][0], "controller": "nowhere"}
    with pytest.raises(BadOrganisation, match="nowhere"):
        load({**FILE, "systems": [unknown]})
    assert not Controller.objects.exists()
