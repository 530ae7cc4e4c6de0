"""Supplies of records: an invented recipient, what is given to it, and what its files say."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import yaml
from django.test import TestCase

from factories.deeds import by
from muniment.core import sittings
from muniment.core.models import Controller
from muniment.supply import recipients
from muniment.supply.actions import correct, give
from muniment.supply.building.gathering import Selection

TERMS = {
    "from": "2026-01-01",
    "authority": "Invented for tests.",
    "agreement": "T-1",
    "controllers": ["northshire"],
    "marking": "OFFICIAL-SENSITIVE",
    "areas": ["*"],
    "handling": ["3x5x2:P"],
    "gives": dict.fromkeys(("person", "object", "location", "event", "link"), "all"),
    "verified": False,
}


def agree(**changes):
    """Write the file of an invented recipient; `changes` are to its terms, those in `file` to the file itself."""
    of_file = {"code": "index", "name": "Invented Index", "kind": "national_database", "fictional": True}
    content = {**of_file, **changes.pop("file", {}), "values": [{**TERMS, **changes}]}
    (recipients.folder() / "index.yaml").write_text(yaml.safe_dump(content))
    return recipients.find("index")


def _given():
    """Let the folder have its name at the end, also where nothing of a test is ever committed."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def supply(life, out: Path, *people, user="sedge", **selection):
    """Give people, or everybody, to the recipient; return the supply."""
    chosen = Selection(primes=tuple(sorted({each.pk for each in people})) if people else None, **selection)
    northshire = Controller.objects.get(code="northshire")
    with _given(), sittings.within(life.cast[user]):
        request = give.Request(northshire, recipients.find("index"), chosen, out, "both", {"everybody": not people})
        return give.give(request, by=by(life, user))


def send_corrections(life, out: Path, user="sedge"):
    """Send what is due; return the delivery, or None."""
    northshire = Controller.objects.get(code="northshire")
    with _given(), sittings.within(life.cast[user]):
        correction = correct.Correction(northshire, recipients.find("index"), out)
        return correct.send(correction, by=by(life, user))


def answer(life, notice, said="done", note="", user="sedge"):
    """Record an answer, as the page does."""
    with sittings.within(life.cast[user]):
        return correct.answer(notice, by=by(life, user), said=said, note=note)


def rows(folder: Path, entity: str) -> list[dict]:
    """Return the rows of an entity in a supply; none where it has no such file."""
    path = folder / f"{entity}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(folder: Path, entity: str) -> list[dict]:
    """Return the same from the Parquet file, its days written as JSON has them."""
    return json.loads(json.dumps(pq.read_table(folder / f"{entity}.parquet").to_pylist(), default=str))


def everything(folder: Path) -> str:
    """Return all that can be read in the files of a supply."""
    tables = [str(table(folder, path.stem)) for path in folder.glob("*.parquet")]
    return "\n".join([*tables, *(path.read_text() for path in folder.glob("*.json*"))])


def notices(folder: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return act and successors of each notice that is not about a link, by what it is about."""
    return {each["of"]: (each["act"], tuple(each["into"])) for each in rows(folder, "notice") if each["type"] != "link"}
