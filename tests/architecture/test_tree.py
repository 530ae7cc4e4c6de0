"""The tree carries no addresses of package registries, nothing large, and nothing that is not its own."""

import json
import re

import pytest

from architecture.tree import ROOT, files, texts

MEGABYTE = 1_000_000
# Put together here, so that this file does not name them either.
REGISTRIES = [".".join(parts) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("npmjs", "org"), ("yarnpkg", "com"),
    ("jsdelivr", "net"), ("unpkg", "com"), ("artifactory", ""), ("devpi", ""),
)]  # fmt: skip


def size(folder: str) -> int:
    """Return the size of a folder's files in bytes."""
    return sum(path.stat().st_size for path in files() if path.is_relative_to(ROOT / folder))


def test_no_registry_is_named() -> None:
    found = [f"{path} names {name}" for path, text in texts() for name in REGISTRIES if name in text]
    assert found == []


def test_the_front_end_lock_names_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


@pytest.mark.parametrize("name", ["main", "dev", "build", "tools"])
def test_requirements_are_locked_by_hash(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pins = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", text, re.M | re.S)
    assert pins
    assert [pin.splitlines()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []
    assert "://" not in text


def test_there_is_no_second_lock() -> None:
    assert not (ROOT / "uv.lock").exists()


def test_the_tree_is_small() -> None:
    assert size("examples") < 10 * MEGABYTE
    assert size("policy") < 3 * MEGABYTE
    assert size(".") < 20 * MEGABYTE


def test_the_readme_fits_a_screen() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert 10 <= len(lines) <= 40
    assert max(map(len, lines)) <= 400


@pytest.mark.parametrize("folder", ["policy", "examples"])
def test_what_came_from_elsewhere_says_from_where(folder: str) -> None:
    """A file that is not YAML of our own lies beside a README that names it, or its kind."""
    silent = []
    for path in files():
        if path.is_relative_to(ROOT / folder) and path.suffix not in {".yaml", ".md"} and "LICENSE" not in path.name:
            readme = path.parent / "README.md"
            if not readme.is_file() or path.name.split(".")[0].split("-2")[0] not in readme.read_text():
                silent.append(path.relative_to(ROOT).as_posix())
    assert silent == []
