"""Case files: what is read, and what is refused with the file and the case named."""

from datetime import date
from pathlib import Path

import pytest

from muniment.engine import policy as policies
from muniment.engine.retention.cases import CaseError, differences, read_cases, stand_ins
from muniment.engine.retention.deciding import decide
from muniment.engine.values.dates import whole_year

GOOD = """
- name: a case
  asked_on: 2025-03-01
  adopted: time_based
  person: {born: 1990}
  involvements: [{role: CAUTIONED, offence: {ho_class: "046/00"}, dated: 2019-03-01, happened: null}]
  expect: {group: 3, due: 2025-03-01, outcome: dispose}
"""


def read(tmp_path: Path, text: str):
    (tmp_path / "own.yaml").write_text(text)
    return read_cases(tmp_path, policies.load().adopting(stand_ins()))


def test_a_case_is_read_and_holds(tmp_path: Path) -> None:
    (case,) = read(tmp_path, GOOD)
    assert case.facts.person.born == whole_year(1990)
    assert case.asked_on == date(2025, 3, 1)
    decision = decide(case.facts, policies.load().adopting(stand_ins()), case.asked_on)
    assert differences(case, decision) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("asked_on", "asked", "unknown key 'asked' in case"),
        ("born", "birth", "unknown key 'birth' in person"),
        ("happened", "happend", "unknown key 'happend' in involvement"),
        ("group: 3", "groop: 3", "unknown key 'groop' in expect"),
        ("CAUTIONED", "CAUTION", "role 'CAUTION'"),
        ("time_based", "everything", "adopted: everything"),
        ("outcome: dispose", "outcome: shred", "outcome 'shred'"),
        ("outcome: dispose", "rule: PER-G4", "rule 'PER-G4'"),
        ("outcome: dispose", "because: [PER-G4]", "rule 'PER-G4'"),
        ("happened: null", "record_class: CRI-X", "record_class 'CRI-X'"),
        ("happened: null", "result: guilty", "result 'guilty'"),
        ("2019-03-01", "soon", "no date in 'dated'"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_case(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(CaseError, match=r"own\.yaml: the case") as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["a: 1", "- [1, 2", "- just text"])
def test_a_file_that_is_no_list_of_cases(tmp_path: Path, text: str) -> None:
    with pytest.raises(CaseError, match=r"own\.yaml"):
        read(tmp_path, text)


def test_a_folder_without_cases(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="holds no cases"):
        read_cases(tmp_path, policies.load())
    with pytest.raises(CaseError, match="not a folder"):
        read_cases(tmp_path / "nowhere", policies.load())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2019-03-01", "2019-02-30", "no date in 'dated': 2019-02-30"),
        ("2019-03-01", "9999-12-31", "9999-12-31 in 'dated', which cannot be true"),
        ("asked_on: 2025-03-01", "asked_on: 2025-03", "no day in 'asked_on': 2025-03"),
        ("due: 2025-03-01", "due: 2025", "no day in 'due': 2025"),
        ("adopted: time_based", "adopted: [time_based]", "['time_based'] in 'adopted', where text is needed"),
        ("adopted: time_based", "controller: 35", "35 in 'controller', where text is needed"),
        ("adopted: time_based", "controller: nowhereshire", "controller 'nowhereshire'"),
        ('"046/00"', "190:20", "11420 in 'ho_class', where text is needed"),
        ('"046/00"', '"046/00", max_penalty_years: ten', "'ten' in 'max_penalty_years'"),
        ("CAUTIONED", "null", "lacks the role of involvement 1"),
        ("CAUTIONED", "yes", "role 'True'"),
        ("happened: null", 'sentence: {custodial: true, months: "18"}', "'18' in 'months'"),
        ("happened: null", 'sentence: {custodial: "no"}', "'no' in 'custodial', which is neither true nor false"),
        ("happened: null", 'others_retained: "no"', "'no' in 'others_retained'"),
        ("happened: null", "outcome: 5", "5 in 'outcome'"),
        ("happened: null", "dates: {isue_date: 2019-03-01}", "trigger event 'isue_date'"),
        ("born: 1990", "born: 1990, possible_match: {group: one}", "'one' in 'group'"),
        ("born: 1990", "born: 1990, flags: [{id: 5}]", "5 in 'id'"),
        ("group: 3", 'group: "3"', "'3' in 'group'"),
        ("group: 3", "because: PER-G3B", "'because' that is not a list"),
        ("group: 3", "because: [5]", "expects '5', which is not a word"),
        ("group: 3", "missing: offence", "'missing' that is not a list"),
        ("group: 3", "class_id: CRI-X", "rule 'CRI-X'"),
        ("expect", "holds: [{from: 2024-01-01, until: 2023-01-01}]\n  expect", "a hold that ends before it begins"),
        ("expect", "holds: [{scope: [CRI-X]}]\n  expect", "hold scope 'CRI-X'"),
        ("expect", "events: [{dated: 2024-01-01}]\n  expect", "an event without a kind"),
        ("name: a case", "name: [a, case]", "the case number 1 has ['a', 'case'] in 'name'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_file_and_case(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(CaseError, match=r"own\.yaml: the case") as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert message in str(caught.value)


def test_ids_may_be_written_with_their_kind(tmp_path: Path) -> None:
    text = GOOD.replace("group: 3", 'rule: "rule:PER-G3B", because: ["rule:PER-G3B"]')
    text = text.replace("happened: null", 'record_class: "class:CRI-CASE-O"')
    text = text.replace("expect", "holds: [{id: 'hold:HOLD-LOCAL', scope: ['rule:PER-G2', 'class:CRI-FPN']}]\n  expect")
    (case,) = read(tmp_path, text)
    assert case.expect["rule"] == "PER-G3B"
    assert case.expect["because"] == ["PER-G3B"]
    assert case.facts.involvements[0].record_class == "CRI-CASE-O"
    assert case.facts.holds[0].id == "HOLD-LOCAL"
    assert case.facts.holds[0].scope == {"PER-G2", "CRI-FPN"}


def test_a_controller_of_the_case_itself_has_adopted_nothing(tmp_path: Path) -> None:
    text = GOOD.replace("adopted: time_based", "controller: a").replace("happened: null", "controller: a")
    (case,) = read(tmp_path, text)
    assert case.facts.controller == "a"


def test_a_maximum_for_life(tmp_path: Path) -> None:
    (case,) = read(tmp_path, GOOD.replace('"046/00"', '"046/00", max_penalty_years: life'))
    assert case.facts.involvements[0].offence.max_penalty_years == 99


def test_a_hold_without_end_may_say_so_with_a_far_day(tmp_path: Path) -> None:
    (case,) = read(tmp_path, GOOD.replace("expect", "holds: [{from: 2024-01-01, until: 9999-12-31}]\n  expect"))
    assert case.facts.holds[0].until == date(9999, 12, 31)


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"own\.yaml is not YAML: .*the key 'expect' is given twice"):
        read(tmp_path, GOOD + "  expect: {outcome: retain}\n")


def test_cases_of_one_name_are_told_apart_by_their_place(tmp_path: Path) -> None:
    assert [case.name for case in read(tmp_path, GOOD + GOOD)] == ["a case (number 1)", "a case (number 2)"]


def test_folders_in_the_folder_are_read_and_a_folder_that_looks_like_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "inner" / "deeper").mkdir(parents=True)
    (tmp_path / "inner" / "deeper" / "one.yaml").write_text(GOOD)
    (tmp_path / "nothing.yaml").write_text("# nothing yet\n")
    assert len(read(tmp_path / "inner", GOOD)) == 2
    (tmp_path / "odd.yaml").mkdir()
    with pytest.raises(CaseError, match=r"odd\.yaml cannot be read"):
        read(tmp_path, GOOD)


def test_a_case_may_leave_out_whatever_it_does_not_care_about(tmp_path: Path) -> None:
    (case,) = read(tmp_path, "- {name: bare, asked_on: 2025-03-01, expect: {}}")
    assert case.facts.involvements == ()
