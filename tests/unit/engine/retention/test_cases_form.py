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
