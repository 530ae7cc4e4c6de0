"""`muniment estimate`: about how much another schedule would change, within seconds."""

from pathlib import Path
from typing import Annotated

import typer

from muniment.cli import exits
from muniment.cli.foresee import look_at, other_of, tell
from muniment.core import actors, policy_in_force
from muniment.core.verdicts import Refused
from muniment.engine.policy import PolicyError
from muniment.retention.actions import estimate as estimating

app = typer.Typer()


@app.command()
def estimate(
    against: Annotated[str, typer.Option(help="Another schedule, as 'muniment foresee' takes it.")],
    reviewers: Annotated[int | None, typer.Option(help="How many reviewers there are; else as policy has it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    out: Annotated[Path | None, typer.Option(help="A file to write every table to, as of 'muniment foresee'.")] = None,
) -> None:
    """Say within seconds about how much another schedule would change, from a sample, with intervals."""
    look_at(out)
    try:
        loaded = policy_in_force.load()
        run = estimating.estimate(loaded, by=actors.from_command("estimate"), against=other_of(loaded, against))
    except (PolicyError, Refused) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(exits.WRONG_USE) from error
    if run is None:
        typer.echo(
            "There is nothing to draw from: too few are decided, or the last schedule by the policy in force is not"
            f" foreseen. Run 'muniment foresee --against {against}', which works it out exactly.",
            err=True,
        )
        raise typer.Exit(exits.WRONG_USE)
    tell(run, reviewers, as_json=as_json, out=out)
