"""Loading, dating, adopting and checking policy."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from muniment.engine import policy as policies
from muniment.engine.policy import PolicyError
from muniment.engine.policy.adoptions import read_file, read_folder
from muniment.engine.policy.checks import check
from muniment.engine.policy.model import Adoption, Length, Overlay
from muniment.engine.policy.store import digest, location

DAY = date(2026, 11, 22)
DEMONSTRATION = Path(__file__).parents[4] / "examples" / "demonstration" / "adoptions"


def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "policy"
    shutil.copytree(location(), folder, ignore=shutil.ignore_patterns("cases", "matching"))
    return folder


def test_all_classes_of_the_schedule_are_there_with_an_authority() -> None:
    classes = policies.load().classes
    assert len(classes) >= 145
    assert all(terms.authority for entry in classes.values() for terms in entry.values)


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    before = digest(folder)
    file = folder / "intake.yaml"
    file.write_text(file.read_text().replace("0.05", "0.06"))
    assert digest(folder) != before


def test_a_value_answers_from_its_day_and_the_first_before_it(tmp_path: Path) -> None:
    entry = policies.load().classes["CRI-INC"]
    later = replace(entry.values[0], start=date(2030, 1, 1), length=Length(months=12))
    dated = replace(entry, values=(*entry.values, later))
    assert dated.on(date(1990, 1, 1)).length == Length(months=84)
    assert dated.on(date(2029, 12, 31)).length == Length(months=84)
    assert dated.on(date(2030, 1, 1)).length == Length(months=12)


def test_nothing_is_automatic_without_evidence_or_adoption() -> None:
    rules = policies.load().on(DAY)
    assert rules.is_automatic("CUS-BIO-SMP")
    assert not rules.is_automatic("CRI-UND-O")
    assert not rules.is_automatic("FIN-VAT")  # read at source, but about other bodies


def test_an_adopted_rule_is_automatic_from_its_day_with_its_period() -> None:
    adoption = Adoption("CRI-INC", date(2020, 1, 1), Length(months=96), "Policy 1", ("A", "B"))
    policy = policies.load().adopting([Overlay("force", (adoption,))])
    assert not policy.on(date(2019, 12, 31), "force").is_automatic("CRI-INC")
    rules = policy.on(date(2020, 1, 1), "force")
    assert rules.is_automatic("CRI-INC") and rules.terms["CRI-INC"].length == Length(months=96)
    assert policy.on(DAY).terms["CRI-INC"].length == Length(months=84)


def test_demonstration_adoptions_are_refused_for_a_real_controller() -> None:
    with pytest.raises(PolicyError, match="not one of the fictional controllers"):
        read_folder(DEMONSTRATION, fictional=["westvale", "southmere"])
    overlays = read_folder(DEMONSTRATION, fictional=["northshire", "westvale", "southmere"])
    assert {overlay.controller for overlay in overlays} == {"northshire", "westvale", "southmere"}


@pytest.mark.parametrize(
    ("adoption", "message"),
    [
        ("{rule: CRI-INC, from: 2020-01-01, authority: Policy 1, adopters: [A, A]}", "two different adopters"),
        ("{rule: CRI-INC, from: 2020-01-01, authority: Policy 1, adopters: [A]}", "two adopters"),
        ("{rule: CRI-INC, from: 2020-01-01, authority: ' ', adopters: [A, B]}", "document"),
        ("{from: 2020-01-01, authority: Policy 1, adopters: [A, B]}", "rule"),
    ],
)
def test_an_adoption_needs_its_paper_and_two_people(tmp_path: Path, adoption: str, message: str) -> None:
    file = tmp_path / "force.yaml"
    file.write_text(f"controller: force\nadoptions:\n  - {adoption}\n")
    with pytest.raises(PolicyError, match=message):
        read_file(file)


def test_both_rules_of_group_3_cannot_be_adopted(tmp_path: Path) -> None:
    one = "{{rule: {}, from: 2020-01-01, authority: P, adopters: [A, B]}}"
    file = tmp_path / "force.yaml"
    file.write_text(f"controller: force\nadoptions:\n  - {one.format('PER-G3A')}\n  - {one.format('PER-G3B')}\n")
    with pytest.raises(PolicyError, match="Group 3 has one policy"):
        read_file(file)


def test_adopting_an_unknown_rule_is_refused() -> None:
    overlay = Overlay("force", (Adoption("NOPE-1", DAY, None, "P", ("A", "B")),))
    with pytest.raises(PolicyError, match="NOPE-1"):
        policies.load().adopting([overlay])


def test_a_folder_without_policy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_POLICY", str(tmp_path))
    with pytest.raises(PolicyError, match="MUNIMENT_POLICY"):
        location()


def test_the_policy_that_is_carried_has_no_problem() -> None:
    report = check(location(), (DEMONSTRATION,), on=DAY)
    assert report.problems == ()
    assert report.adoption_files == 3
    assert report.coverage is not None
    assert report.coverage.codes == 30356
    grouped = report.coverage.group_1 + report.coverage.group_2 + report.coverage.group_3
    assert grouped + report.coverage.unknown == report.coverage.codes


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("retention/schedule/crime.yaml", "kind: from_trigger", "kind: forever", "forever"),
        ("retention/derive.yaml", "class: CRI-NOCRIME", "class: CRI-NOSUCH", "CRI-NOSUCH"),
        ("retention/holds.yaml", "classes: [CP-CSA,", "classes: [CP-XXX,", "CP-XXX"),
        ("retention/rules.yaml", "disclosure: [resets]", "disclosure: [restarts]", "restarts"),
        ("retention/rules.yaml", "CAUTIONED: issue_date", "CAUTOINED: issue_date", "CAUTOINED"),
        ("retention/groups.yaml", "rule: PER-G2,", "rule: PER-G9,", "PER-G9"),
        ("intake.yaml", "authority:", "reason:", "authority"),
    ],
)
def test_check_finds_what_is_wrong(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    folder = copy(tmp_path)
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(message in problem for problem in check(folder, on=DAY).problems)


def test_bank_holidays_hold_the_overlay() -> None:
    days = policies.load().bank_holidays
    assert date(2026, 6, 15) in days["scotland"] and date(2026, 6, 15) not in days["england-and-wales"]
    assert date(2026, 12, 25) in days["england-and-wales"]


def test_rules_are_kept_for_some_days_and_not_for_every_day_that_anyone_asks_for() -> None:
    policy = policies.load().adopting([])
    answers = [policy.on(DAY + timedelta(days=number)) for number in range(600)]
    assert [each.day for each in answers[:2]] == [DAY, DAY + timedelta(days=1)]
    assert len(policy._cache) <= 256
    assert policy.on(DAY + timedelta(days=599)) is answers[-1]
