"""`muniment disposal`: take answers of sources back, and hold disposals against what sources send."""

from pathlib import Path
from typing import Annotated

import typer

from muniment.cli import exits, printing
from muniment.core import actors, audit
from muniment.records.models import Tombstone
from muniment.retention.actions import answers_file
from muniment.retention.elsewhere import reconciling
from muniment.retention.models import DisposalItem

app = typer.Typer(no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _group() -> None:
    """Take back the answers to work files, and reconcile disposals with what sources send."""


@app.command()
def answers(
    file: Annotated[Path, typer.Argument(help="A work file with its answers, as CSV.", exists=True, dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Record the answers of a work file: good rows are kept, each bad row is refused with its reason.

    It ends with code 4 when a row was refused, and with 3, and nothing recorded, when the file is no work file.
    """
    try:
        taken = answers_file.take(file.read_bytes(), by=actors.from_command("disposal answers"))
    except answers_file.BadAnswers as error:
        typer.echo(f"{file}: {error} Nothing of it was recorded.", err=True)
        raise typer.Exit(exits.BAD_INPUT) from error
    if as_json:
        rows = [{"row": row, "duty": duty, "why": why} for row, duty, why in taken.refused]
        printing.report(taken.numbers() | {"rows_refused": rows}, as_json=True)
    else:
        printing.report(taken.numbers(), as_json=False, title="Answers")
        if taken.refused:
            printing.rows(
                "Refused", ("Row", "Duty", "Why"), [(str(row), duty, why) for row, duty, why in taken.refused]
            )
    if taken.refused:
        raise typer.Exit(exits.WITH_QUARANTINE)


@app.command()
def reconcile(as_json: Json = False) -> None:
    """Hold disposals against what sources send: what came back, what is shown to be gone, what they no longer have.

    It ends with code 6 when a source sends what it said that it had deleted, or when a record that was destroyed has no
    tombstone.
    """
    audit.record(actors.from_command("disposal reconcile"), "disposal.reconcile")
    found = reconciling.reconcile()
    stones = Tombstone.objects.filter(entity="record").count()
    destroyed = DisposalItem.objects.filter(destroyed_at__isnull=False).values("system", "reference")
    lacking = max(0, destroyed.distinct().count() - stones)
    if as_json:
        printing.report(found.told() | {"tombstones": stones, "without_tombstone": lacking}, as_json=True)
    else:
        heads = ("Source", "Destroyed", "Shown gone", "No export since", "Sent again", "Said deleted", "Only here")
        rows = [
            (each.code, each.destroyed, each.shown_gone, each.not_shown, each.sent_again,
             each.contradicted, each.withdrawn)
            for each in found.lines
        ]  # fmt: skip
        printing.rows("Disposals and what sources send", heads, rows)
        for again in found.again:
            typer.echo(f"- {again.comeback.system} {again.comeback.reference}: {again.why}")
        typer.echo(f"{stones:,} tombstones of records; {lacking:,} destroyed records without one.")
    if lacking or not found.agrees:
        raise typer.Exit(exits.CHECK_FAILED)
