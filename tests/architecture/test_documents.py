"""Documents match the program: generated pages, settings, links, decisions, commands that prose names."""

import re
from pathlib import Path

import pytest

from architecture.tree import ROOT, texts
from muniment.cli import docs
from muniment.cli.main import COMMANDS
from muniment.cli.reference import settings

DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
PROSE = [(path, text) for path, text in texts(".md") if "generated" not in path]


def test_generated_pages_are_current() -> None:
    assert docs.differences(docs.FOLDER, docs.pages()) == []


def test_a_stale_page_is_found(tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("gone")
    (tmp_path / "kept.md").write_text("same")
    (tmp_path / "moved.md").write_text("before")
    faults = docs.differences(tmp_path, {"kept.md": "same", "moved.md": "after", "new.md": "new"})
    assert [Path(fault.split(" is ")[0]).name for fault in faults] == ["moved.md", "new.md", "old.md"]


def test_every_setting_is_described() -> None:
    assert settings.read_in_source() == settings.SETTINGS.keys()


@pytest.mark.parametrize(("path", "text"), PROSE, ids=[path for path, _ in PROSE])
def test_links_lead_somewhere(path: str, text: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    missing = [
        target for target in targets if "://" not in target and not (ROOT / path).parent.joinpath(target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize(("path", "text"), PROSE, ids=[path for path, _ in PROSE])
def test_commands_in_prose_exist(path: str, text: str) -> None:
    named = set(re.findall(r"(?:bin/|`|^)muniment ([a-z]+)\b", text, re.M))
    assert named - COMMANDS.keys() == set()


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why(path: Path) -> None:
    text = path.read_text()
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert headings == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 45
