"""Checks a supply in a folder as its loader would: digests, counts, every line by the schema, the signature."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from jsonschema import Draft202012Validator

from muniment.supply import form, manifests
from muniment.supply.arrow import schema
from muniment.supply.files import MANIFEST, SCHEMA, sha256

_MOST = 20  # faults told of one file


def faults_of(folder: Path) -> list[str]:
    """Return a sentence for everything that is not as the manifest and the schema say; none for a whole supply."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        document = json.loads((folder / SCHEMA).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return [f"{folder} is no whole supply: {error}"]
    faults = [] if manifests.is_genuine(manifest) else ["The manifest does not bear the signature of this system."]
    for name, said in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is missing.")
            continue
        if sha256(path) != said["sha256"]:
            faults.append(f"{name} is not the file that was given: its digest differs.")
        faults += _of_rows(path, said, document)
    extra = {path.name for path in folder.iterdir()} - manifest["files"].keys() - {MANIFEST}
    return faults + [f"{name} is no part of the supply." for name in sorted(extra)]


def _of_rows(path: Path, said: dict[str, Any], document: dict[str, Any]) -> list[str]:
    if path.suffix == ".parquet":
        rows = pq.ParquetFile(path)
        found = [] if rows.schema_arrow.equals(schema(path.stem)) else [f"{path.name} has other columns than the form."]
        return found + _count(path, rows.metadata.num_rows, said)
    if path.suffix != ".jsonl":
        return []
    faults, count = list[str](), 0
    check = Draft202012Validator({**document, "$ref": f"#/$defs/{path.stem}"})
    for count, line in enumerate(_lines(path), start=1):
        if len(faults) < _MOST:
            faults += [
                f"{path.name}, line {count}: {error.json_path}: {error.validator}" for error in check.iter_errors(line)
            ]
    return faults + _count(path, count, said)


def _count(path: Path, count: int, said: dict[str, Any]) -> list[str]:
    return [] if count == said["rows"] else [f"{path.name} has {count} rows, and not {said['rows']}."]


def _lines(path: Path) -> Iterator[Any]:
    assert path.stem in form.FORMS
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
