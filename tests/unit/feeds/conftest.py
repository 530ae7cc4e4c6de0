"""Fixtures that write the small feed and exports of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from small_feed import HEADER, tree

from muniment import feeds


@pytest.fixture
def small() -> dict:
    """Return the small feed as a tree."""
    return tree()


@pytest.fixture
def load(tmp_path: Path) -> Callable[[dict], feeds.Feed]:
    """Return a function that writes a feed and loads it."""

    def loaded(content: dict) -> feeds.Feed:
        path = tmp_path / "feed.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return feeds.load(path)

    return loaded


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes an export of the small feed."""

    def written(*lines: str, name: str = "crimes_2026-11-08.csv", encoding: str = "utf-8", end: str = "\n") -> Path:
        path = tmp_path / name
        path.write_bytes(end.join([HEADER, *lines, ""]).encode(encoding, "surrogateescape"))
        return path

    return written
