"""What `muniment policy cases` prints and the code that it exits with."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from muniment.batch.retention import cases
from muniment.cli.policy import app, compare_lives

CASE = """
- name: six clear years
  asked_on: 2025-03-01
  adopted: time_based
  person: {born: 1990-05-01}
  involvements: [{role: CAUTIONED, offence: {ho_class: "046/00"}, dated: 2019-03-01}]
  expect: {because: [PER-G3B], outcome: dispose}
"""


def run(folder: Path, text: str, *options: str) -> Result:
    (folder / "inner").mkdir()
    (folder / "inner" / "own.yaml").write_text(text)
    return CliRunner().invoke(app, ["cases", str(folder), *options])


def test_every_case_holds(tmp_path: Path) -> None:
    result = run(tmp_path, CASE)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["ok   inner/own.yaml: six clear years", "1 cases, 0 failed."]


def test_a_case_that_does_not_hold(tmp_path: Path) -> None:
    result = run(tmp_path, CASE.replace("dispose", "retain"))
    assert result.exit_code == 6
    assert "FAIL inner/own.yaml: six clear years" in result.stdout
    assert "outcome is dispose, expected retain" in result.stdout


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_bad_input_leaves_standard_output_alone(tmp_path: Path, options: tuple[str, ...]) -> None:
    result = run(tmp_path, CASE.replace("CAUTIONED", "CAUTIOND"), *options)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert "own.yaml: the case 'six clear years' names the role 'CAUTIOND'" in result.stderr


def test_json_is_one_object(tmp_path: Path) -> None:
    result = run(tmp_path, CASE.replace("dispose", "retain"), "--json")
    assert result.exit_code == 6
    found = json.loads(result.stdout)
    assert (found["cases"], found["failed"]) == (1, 1)
    assert found["results"][0]["decision"]["rule"] == "PER-G3B"
    assert found["results"][0]["explanation"]


def test_an_empty_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["cases", str(tmp_path)])
    assert result.exit_code == 3
    assert "holds no cases" in result.stderr


def test_people_made_up_at_random_are_decided_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muniment.cli.policy._CHUNK", 60)
    result = CliRunner().invoke(app, ["agree", "--persons", "100", "--seed", "7", "--json"])
    found = json.loads(result.stdout)
    assert (result.exit_code, found["persons"], found["differ"]) == (0, 100, 0)
    assert sum(found[name] for name in ("retain", "review", "hold", "dispose") if name in found) > 90


def test_an_engine_that_decides_otherwise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    own = cases.decide_together

    def otherwise(*given: object) -> list[cases.Row]:
        first, *rest = own(*given)  # type: ignore[arg-type]
        return [replace(first, outcome="dispose"), *rest]

    monkeypatch.setattr("muniment.batch.retention.agreement.decide_together", otherwise)
    counted, wrong = compare_lives(("7-0", 3))
    assert counted.total() == 3
    (told,) = wrong
    assert told.startswith("outcome is dispose, the reference says")
