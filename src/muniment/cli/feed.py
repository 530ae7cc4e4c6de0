"""`muniment feed draft FILE` and `muniment feed check FEED [FILE...]`: making a feed and trying it out."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from muniment import feeds
from muniment.cli import exits, printing

app = typer.Typer(no_args_is_help=True)

_LONDON = ZoneInfo("Europe/London")  # as TIME_ZONE of the settings, which this command does not load
_EXAMPLES = 10
_OWN_LINES = (
    "examples",
    "reasons",
    "problems",
    "never_seen",
    "unmapped",
    "doubt",
)  # of a result, what is told below its figures


@app.command()
def draft(
    file: Annotated[Path, typer.Argument(help="An export: CSV, JSON lines, XML, Parquet, Excel, or a zip of CSV.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the feed; standard output without it.")] = None,
) -> None:
    """Propose a feed for an unseen export, with what was seen of each column beside it."""
    text = feeds.draft(file)
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.exists():
        raise feeds.BadFeed(f"{out} is there already: give another name, or move it away first.")
    out.write_text(text, encoding="utf-8")
    typer.echo(f"Drafted {out}. Fill in what says TO BE SIGNED, then run: muniment feed check {out} {file}", err=True)


@app.command()
def check(
    feed: Annotated[str, typer.Argument(help="The name of a feed, or the path of its YAML file.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Exports to read without applying them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check a feed, and read exports through it without applying anything."""
    loaded = feeds.load(feeds.find(feed))
    results = [_read(loaded, file) for file in files or []]
    if as_json:
        printing.report(
            {"feed": loaded.id, "ok": not any(result["problems"] for result in results), "files": results}, as_json=True
        )
    else:
        Console().print(f"The feed {loaded.id} can be used: {len(loaded.tables)} table(s).")
        for result in results:
            _show(result)
    if any(result["problems"] for result in results):
        raise typer.Exit(exits.BAD_INPUT)
    if any(result["quarantined"] for result in results):
        raise typer.Exit(exits.WITH_QUARANTINE)


def _read(feed: feeds.Feed, file: Path) -> dict[str, Any]:
    problems = feeds.check(feed, file, today=datetime.now(_LONDON).date())
    if not problems:
        try:
            return _counts(file, feeds.read(feed, file))
        except feeds.BadFile as error:
            problems = [str(error)]
    return {"file": str(file), "problems": problems, "quarantined": 0}


def _counts(file: Path, batch: feeds.Batch) -> dict[str, Any]:
    lines = batch.quarantine.to_pylist()
    reasons = Counter(reason["code"] for line in lines for reason in line["reasons"])
    examples = [
        {"row": line["row"], "field": reason["field"], "message": reason["message"]}
        for line in lines[:_EXAMPLES]
        for reason in line["reasons"][:1]
    ]
    tables = ("records", "record_dates", "nominals", "involvements", "flags", "texts", "events")
    return {
        "file": str(file),
        "problems": [],
        "table": batch.table,
        "kind": batch.kind,
        "as_of": batch.as_of,
        "read": batch.rows_read,
        "accepted": batch.rows.num_rows,
        "quarantined": batch.quarantine.num_rows,
        **{name: getattr(batch, name).num_rows for name in tables},
        "never_seen": list(batch.never_seen),
        "unmapped": list(batch.unmapped),
        "doubt": batch.doubt,
        "reasons": dict(reasons.most_common()),
        "examples": examples,
    }


def _show(result: dict[str, Any]) -> None:
    if result["problems"]:
        Console().print(f"{result['file']} is refused: {' '.join(result['problems'])}", markup=False)
        return
    counts = {name: value for name, value in result.items() if name not in _OWN_LINES}
    printing.report(counts, as_json=False, title=result["file"])
    if never := result["never_seen"]:
        Console().print(
            f"No row has {', '.join(never)}, which the feed maps: see whether they were renamed.", markup=False
        )
    if unmapped := result["unmapped"]:
        Console().print(f"Not taken, as the feed does not map them: {', '.join(unmapped)}.", markup=False)
    if result["doubt"]:
        Console().print(result["doubt"], markup=False)
    if not result["examples"]:
        return
    table = Table("row", "field", "why", title="First rows in quarantine", title_justify="left")
    for example in result["examples"]:
        table.add_row(str(example["row"]), example["field"], example["message"])
    Console().print(table)
    for line in printing.reasons(result["reasons"]):
        Console().print(line, markup=False)
