"""`muniment compare`: decisions that were made by hand, put beside what the schedule would have decided."""

from pathlib import Path
from typing import Annotated

import typer

from muniment.cli import printing
from muniment.core import actors
from muniment.core.models import Controller
from muniment.retention.actions import comparing
from muniment.retention.checks import leaving

app = typer.Typer()


@app.command()
def compare(
    controller: Annotated[str, typer.Argument(help="Whose decisions they are, by the code of the force or office.")],
    file: Annotated[Path, typer.Argument(help="The file of decisions (CSV).", exists=True, dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring in a file of manual decisions; rows that cannot be used are listed with their reason, the others kept."""
    found = Controller.objects.filter(code=controller).first()
    if found is None:
        raise typer.BadParameter(f"No force or office {controller} is registered.", param_hint="CONTROLLER")
    given = comparing.Given(found, file.name, file.read_bytes())
    taken = comparing.take_in(given, by=actors.from_command("compare"))
    told = leaving.agreement(found)
    counts = {
        "kept": taken.kept,
        "refused": len(taken.refused),
        "compared": told.both.of,
        "agreed": told.both.hits,
        "not_settled": told.unsettled,
    }
    printing.report(counts | ({"lines": taken.refused} if as_json else {}), as_json=as_json, title="Decided by hand")
    if taken.refused and not as_json:
        printing.rows("Refused", ("Line", "Why"), [(str(line), why) for line, why in taken.refused])
