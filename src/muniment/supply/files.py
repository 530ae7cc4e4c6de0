"""The files of a supply: JSON Lines and Parquet for each entity, the schema, and the manifest that speaks for them.

They are written aside and renamed once everything that is said of them is in the register: a folder under its final
name is a whole supply, and what left the building is never missing here.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from muniment.core.verdicts import unless
from muniment.supply import form
from muniment.supply.arrow import schema
from muniment.supply.building.rows import Row
from muniment.supply.digests import plain

FORMATS = {"jsonl": ("jsonl",), "parquet": ("parquet",), "both": ("jsonl", "parquet")}
SCHEMA, MANIFEST, NOTICES = "schema.json", "manifest.json", "notices.jsonl"


class Folder:
    """The folder of one supply while it is written, readable by its owner alone."""

    def __init__(self, out: Path, formats: Iterable[str]) -> None:
        """Begin aside. Raise Refused where something is there under its name."""
        self.out, self.formats, self.counts = out, tuple(formats), dict[str, int]()
        unless(
            not out.exists() or (out.is_dir() and not any(out.iterdir())),
            f"{out} is there and not empty: give a folder of its own to each supply.",
        ).require()
        self.aside = out.with_name(f"{out.name}.unfinished")
        shutil.rmtree(self.aside, ignore_errors=True)
        self.aside.mkdir(mode=0o700, parents=True)
        self._lines: dict[str, IO[str]] = {}
        self._parquet: dict[str, pq.ParquetWriter] = {}

    def add(self, entity: str, rows: list[Row]) -> None:
        """Append rows of an entity to each of its files."""
        self.counts[entity] = self.counts.get(entity, 0) + len(rows)
        if "jsonl" in self.formats:
            file = self._lines.get(entity) or self._open(entity)
            file.writelines(json.dumps(row, default=plain, ensure_ascii=False) + "\n" for row in rows)
        if "parquet" in self.formats:
            if entity not in self._parquet:
                path = self.aside / f"{entity}.parquet"
                path.touch(mode=0o600)
                self._parquet[entity] = pq.ParquetWriter(path, schema(entity), compression="zstd")
            self._parquet[entity].write_table(pa.Table.from_pylist(rows, schema=schema(entity)))

    def _open(self, entity: str) -> IO[str]:
        path = self.aside / f"{entity}.jsonl"
        path.touch(mode=0o600)
        self._lines[entity] = path.open("w", encoding="utf-8")
        return self._lines[entity]

    def write(self, name: str, text: str) -> None:
        """Write one more file."""
        path = self.aside / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    def close(self) -> dict[str, dict[str, Any]]:
        """End every file; return for each its size in bytes, its SHA-256, and how many rows it has."""
        for each in (*self._lines.values(), *self._parquet.values()):
            each.close()
        self.write(SCHEMA, form.schema_text())
        return {
            path.name: {
                "bytes": path.stat().st_size,
                "sha256": sha256(path),
                **({"rows": self.counts[path.stem]} if path.stem in self.counts else {}),
            }
            for path in sorted(self.aside.iterdir())
        }

    def finish(self) -> None:
        """Give the folder its name."""
        if self.out.exists():
            self.out.rmdir()
        self.aside.rename(self.out)

    def give_up(self) -> None:
        """Remove what was written."""
        with suppress(OSError):
            for each in (*self._lines.values(), *self._parquet.values()):
                each.close()
        shutil.rmtree(self.aside, ignore_errors=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read a piece at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
