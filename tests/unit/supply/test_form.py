"""The common form: one declaration, from which both schemas follow; what moves of itself makes no correction due."""

import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from muniment.supply import arrow, form
from muniment.supply.building.rows import complete, withhold

PERSON = {
    "id": "P1",
    "parts": [
        {
            "id": "n/c/1",
            "surname": "Fictional",
            "pncid": "80/1X",
            "last_seen": "2026-01-01",
            "findings": [{"field": "pncid", "finding": "check_failed"}],
        }
    ],
    "agreement": [{"field": "pncid", "told": 1, "values": 1, "agree": 1}],
}


def names(kind):
    kind = kind.value_type if pa.types.is_list(kind) else kind
    return {each.name: names(each.type) for each in kind} if pa.types.is_struct(kind) else None


def said(fields):
    return {each.name: said(each.of) if each.of else None for each in fields}


@pytest.mark.parametrize("entity", form.FORMS)
def test_both_schemas_have_the_fields_that_are_declared(entity):
    document = form.json_schema()
    Draft202012Validator.check_schema(document)
    assert list(document["$defs"][entity]["properties"]) == [each.name for each in form.FORMS[entity]]
    assert {each.name: names(each.type) for each in arrow.schema(entity)} == said(form.FORMS[entity])
    assert all(field.words for field in form.FORMS[entity])


def test_a_line_with_a_field_too_many_or_a_word_that_is_not_listed_is_found():
    check = Draft202012Validator({**form.json_schema(), "$ref": "#/$defs/notice"})
    notice = {"id": "N1", "act": "amend", "type": "person", "of": "P1", "into": []}
    assert list(check.iter_errors(notice)) == []
    for wrong in ({"why": "sealed"}, {"act": "forget"}, {"into": None}):
        assert list(check.iter_errors({**notice, **wrong}))


def test_what_moves_of_itself_is_no_change_and_everything_else_is():
    part = {each.name: None for each in form.PERSON[1].of}
    row = {**{each.name: None for each in form.PERSON}, "parts": [part]}
    seen = {**row, "parts": [{**part, "last_seen": "2026-02-02", "currency": [{"finding": "stale"}]}]}
    assert form.lasting("person", row) == form.lasting("person", seen)
    for change in ({"surname": "Other"}, {"findings": []}, {"first_seen": "2026-01-01"}):
        assert form.lasting("person", row) != form.lasting("person", {**row, "parts": [{**part, **change}]})


def test_what_is_withheld_goes_with_all_that_is_said_of_it_and_the_row_itself_is_kept_whole():
    found = withhold(PERSON, frozenset({"pncid"}))
    assert found["parts"][0]["pncid"] is None
    assert (found["parts"][0]["findings"], found["agreement"]) == ([], [])
    assert found["parts"][0]["surname"] == "Fictional"
    assert PERSON["parts"][0]["pncid"] == "80/1X"


def test_what_is_needed_cannot_be_withheld_and_what_is_unknown_is_no_field():
    assert not {"id", "parts", "findings", "events"} & form.withholdable("person")
    assert {"surname", "born", "retention", "assessments"} <= form.withholdable("person")
    with pytest.raises(KeyError, match="shoe"):
        complete("link", {"id": "1", "shoe": "9"})
