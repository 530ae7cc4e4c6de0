"""Small exports of one system, written as files and taken in through a feed, as the real ones are."""

from datetime import date
from pathlib import Path

from muniment import feeds
from muniment.core.actors import Actor
from muniment.records.actions import take_in

FEED = """
id: north-crime
controller: {controller}
system: {system}
title: Crimes
declarations:
  purposes: {{codes: [PP4], authority: Register, signed_by: Head of crime, signed_on: 2026-01-05}}
  class: {{value: {record_class}, authority: Schedule, signed_by: Head of crime, signed_on: 2026-01-05}}
  marking: {{value: OFFICIAL-SENSITIVE, authority: Guide, signed_by: Head of crime, signed_on: 2026-01-05}}
tables:
  crimes:
    files: "*.csv"
    format: csv
    kind: {kind}
    area: {area}
    partition: {partition}
    as_of: {{name: "([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})"}}
    duplicates: {duplicates}
    record:
      reference: {{from: REF, required: true}}
      title: TITLE
      cjs: CJS
      outcome: OUTCOME
    dates:
      reported_date: {{from: REPORTED, convert: [date]}}
      case_closed: {{from: REPORTED, convert: [date]}}
    texts:
      - {{kind: narrative, text: TEXT}}
    persons:
      - label: person
        reference: PERSON
        role: ROLE
        forename: FORENAME
        surname: SURNAME
        born: {{from: BORN, convert: [date], invalid: keep}}
        postcode: POSTCODE
        phone: PHONE
        address: ADDRESS
        pncid: PNCID
        involvement:
          dated: {{from: REPORTED, convert: [date]}}
          happened: {{earliest: {{from: REPORTED, convert: [date]}}, latest: {{from: REPORTED, convert: [date]}}}}
          cjs: CJS
          result: RESULT
    event:
      kind: {{from: ACTION, map: {{"": data, D: delete, M: merge, X: unmerge, S: seal}}, default: data}}
      entity: ENTITY
      reference: REF
      into: INTO
      dated: {{from: REPORTED, convert: [date]}}
"""

COLUMNS = [
    "REF",
    "TITLE",
    "CJS",
    "OUTCOME",
    "REPORTED",
    "TEXT",
    "PERSON",
    "ROLE",
    "FORENAME",
    "SURNAME",
    "BORN",
    "POSTCODE",
    "PHONE",
    "ADDRESS",
    "PNCID",
    "RESULT",
    "ACTION",
    "ENTITY",
    "INTO",
]


def row(ref: str, person: str = "", **values: str) -> dict[str, str]:
    """Return one row of the export: an old shop theft by someone invented, unless said otherwise."""
    plain = {
        "REF": ref,
        "TITLE": "Theft from a shop",
        "CJS": "TH68010",
        "OUTCOME": "CAUTIONED",
        "REPORTED": "2015-03-01",
        "TEXT": f"Narrative of {ref}",
        "PERSON": person,
        "ROLE": "CAUTIONED" if person else "",
        "FORENAME": "Marlow" if person else "",
        "SURNAME": "Fictional" if person else "",
        "BORN": "1980-05-12" if person else "",
        "RESULT": "cautioned" if person else "",
    }
    return {**dict.fromkeys(COLUMNS, ""), **plain, **values}


def apart(name: str, kind: str = "delta", key: str = "", **fields: str) -> str:
    """Return a table of people in files of their own, `name*.csv`; with a record and a role they are links.

    `key` names the columns that a row is known by; without any, what it says is.
    """
    said = ", ".join(f"{field}: {column}" for field, column in {"reference": "PERSON", **fields}.items())
    return f"""
  {name}:
    files: "{name}*.csv"
    format: csv
    kind: {kind}
    area: CRIME
    as_of: {{name: "([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})"}}
    {f"key: {key}" if key else ""}
    persons:
      - {{label: person, {said}}}
"""


LINK = {"record": "REF", "role": "ROLE"}
LINKS = apart("links", **LINK)


class Source:
    """A source system that writes exports, and the feed that reads them."""

    def __init__(self, folder: Path, controller: str = "northshire", system: str = "crime", **feed: str) -> None:
        """Write the feed; `feed` may set record_class, kind, area, partition and duplicates."""
        self.folder = folder / f"{controller}-{system}"
        self.folder.mkdir(parents=True, exist_ok=True)
        words = {
            "record_class": "CRIME",
            "kind": "full",
            "area": "CRIME",
            "duplicates": "quarantine",
            "partition": "policing",
            **feed,
        }
        path = self.folder / "feed.yaml"
        path.write_text(FEED.format(controller=controller, system=system, **words))
        self.feed = feeds.load(path)

    def write(self, rows: list[dict[str, str]], on: str = "2026-06-01", name: str = "crimes") -> Path:
        """Write an export as of a day."""
        path = self.folder / f"{name}-{on}.csv"
        lines = [",".join(COLUMNS)] + [",".join(f'"{each[name]}"' for name in COLUMNS) for each in rows]
        path.write_text("\n".join(lines) + "\n")
        return path

    def send(
        self, rows: list[dict[str, str]], on: str = "2026-06-01", absence_limit: float = 0.05, name: str = "crimes"
    ) -> take_in.Counts:
        """Write an export, whose file begins with `name`, and take it in."""
        batch = feeds.read(self.feed, self.write(rows, on, name))
        return take_in.take_in(batch, by=Actor("tests"), absence_limit=absence_limit)

    def beside(self, *tables: str) -> "Source":
        """Take further files through these tables, and crimes from those named so alone."""
        return self.amend(('files: "*.csv"', 'files: "crimes*.csv"'), more="".join(tables))

    def amend(self, *changes: tuple[str, str], more: str = "") -> "Source":
        """Change the words of the feed, each for another, and add tables at its end."""
        path = self.folder / "feed.yaml"
        words = path.read_text()
        for old, new in changes:
            assert old in words, f"the feed does not say '{old}'"
            words = words.replace(old, new)
        path.write_text(words + more)
        self.feed = feeds.load(path)
        return self


def day(text: str) -> date:
    """Return a day from ISO text."""
    return date.fromisoformat(text)
