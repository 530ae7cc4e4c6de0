"""`muniment database backup`, `verify-backup`, `restore` and `rehearse`."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from muniment.cli import exits, printing, restoring
from muniment.core import actors, audit
from muniment.core.backup import loading, taking

Folder = Annotated[Path, typer.Argument(help="The folder of a backup.")]
KeysFrom = Annotated[
    Path | None,
    typer.Option(help="The folder with the newest copy of the keys of content; the keys that are there if left out."),
]
LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", help="The ledger outside the database; MUNIMENT_LEDGER_FILE if left out.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to a group."""
    for name, command in (
        ("backup", backup),
        ("verify-backup", verify),
        ("restore", restore),
        ("rehearse", rehearse),
    ):
        app.command(name)(command)


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder for the copy of the records.")],
    keys_to: Annotated[
        Path | None,
        typer.Option(
            help="The folder for the copy of the keys of content, on other storage; the copy in it is replaced."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the main database as at one moment, encrypted; with --keys-to also the keys of content, apart."""
    began = time.monotonic()
    said = taking.records(folder)
    facts: dict[str, Any] = {
        "folder": str(folder),
        "pg_dump": f"{said['pg_dump']} ({said['versions']['pg_dump']})",
        "tables": len(said["tables"]),
        "rows": sum(said["tables"].values()),
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "ledger_entry": said["ledger"]["number"],
        "seal": said["seal"]["number"],
        "keys": "not copied: give --keys-to",
    }
    if keys_to is not None:
        facts["keys"] = taking.content_keys(keys_to)["tables"]["public.core_contentkey"]
    facts["seconds"] = round(time.monotonic() - began, 1)
    audit.record(
        actors.from_command("database backup"),
        "database.backup",
        detail={"rows": facts["rows"], "ledger": facts["ledger_entry"], "keys": keys_to is not None},
    )
    printing.report(facts, as_json=as_json, title="Backed up")


def verify(
    folder: Folder,
    keys_from: Annotated[
        Path | None, typer.Option(help="The folder with the newest copy of the keys of content, to check that too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a backup without restoring it: its manifest, every digest, and that every byte decrypts."""
    copy = loading.records(folder)
    facts: dict[str, Any] = {"made_at": copy.said["at"], "rows": sum(copy.said["tables"].values()), **copy.check()}
    if keys_from is not None:
        facts |= loading.content_keys(keys_from).check()
    printing.report(facts | {"whole": True}, as_json=as_json, title="Verified")


def restore(
    folder: Folder,
    keys_from: KeysFrom = None,
    ledger_file: LedgerFile = None,
    open_anyway: Annotated[
        str, typer.Option(help="Open it though something is left to a person, for this reason, which is audited.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty database: follow the ledger, check, then open. Until then nobody can sign in."""
    given = restoring.Given.of(folder, keys_from, ledger_file)
    done = restoring.restore(given, anyway=open_anyway, by=restoring.actor("restore"))
    is_open = done.holds or bool(open_anyway)
    more = {"opened": is_open, "seals_kept_as": str(done.seals_aside or ""), "files_left_as_they_are": done.kept_files}
    _show(done, "Restored", as_json=as_json, more=more)
    if not is_open:
        Console(stderr=True).print(
            "It is not open, and nobody can sign in. Put right what does not hold, or run this again with"
            ' --open-anyway "why".'
        )
        raise typer.Exit(exits.CHECK_FAILED)


def rehearse(
    folder: Folder,
    keys_from: KeysFrom = None,
    ledger_file: LedgerFile = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into databases of its own, check it as a restore does, and take it away again."""
    given = restoring.Given.of(folder, keys_from, ledger_file)
    by = restoring.actor("rehearse")
    done = restoring.rehearse(given, by=by)
    audit.record(by, "database.rehearse", detail={"rows": done.rows, "holds": done.holds, "ledger": len(given.lines)})
    _show(done, "Rehearsed", as_json=as_json, more={})
    if not done.holds:
        raise typer.Exit(exits.CHECK_FAILED)


def _show(done: restoring.Restored, title: str, *, as_json: bool, more: dict[str, Any]) -> None:
    if as_json:
        checks = [asdict(each) for each in done.checks]
        whole = {"holds": done.holds, "checks": checks, "findings": done.followed.findings}
        whole |= {"notes": done.followed.notes, **more}
        printing.report(whole, as_json=True)
        return
    table = Table("check", "found", "holds", title=title, title_justify="left")
    for each in done.checks:
        table.add_row(each.what, each.found, "yes" if each.holds else "NO")
    console = Console()
    console.print(table)
    for finding in (*done.followed.findings, *done.followed.notes):
        console.print(f"- {finding}")
    for name, value in more.items():
        if value:
            console.print(f"{name.replace('_', ' ')}: {value}")
