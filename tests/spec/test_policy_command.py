"""What `muniment policy cases` prints and the code that it exits with."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from muniment.cli.policy import app

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
