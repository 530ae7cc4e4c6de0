"""`muniment audit`: seal, verify, export and expire the audit."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from django.db import transaction
from django.utils import timezone

from muniment.cli import exits, printing
from muniment.core import access, actors, audit, policy_in_force, rewriting
from muniment.core.models import User
from muniment.retention.actions import audit_expiry

app = typer.Typer(no_args_is_help=True)
SCRIPT = Path(__file__).parents[1] / "core" / "verify_audit.py"
CovertAs = Annotated[
    str, typer.Option("--covert-as", help="Add the covert audit, as a user who may read it.", show_default=False)
]


@app.callback()
def _group() -> None:
    """Seal, verify, export and expire the audit."""


@app.command()
def seal() -> None:
    """Seal every committed event that is not sealed yet."""
    typer.echo(f"{audit.seal()} events sealed.")


@app.command()
def export(
    out: Annotated[Path | None, typer.Argument(help="The file to write; standard output if left out.")] = None,
    covert_as: CovertAs = "",
) -> None:
    """Write every event with its seal, as JSON Lines, for `verify_audit.py`; an export is an event too."""
    lines = _lines("audit.export", covert_as)
    if out is None:
        for line in lines:
            typer.echo(line)
        return
    with out.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
    typer.echo(f"Written to {out}. Check it with: python {SCRIPT.name} {out} --seals {audit.seals_file()}", err=True)


@app.command()
def verify(covert_as: CovertAs = "") -> None:
    """Export, and check the export against the seals kept outside the database."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(f"{line}\n" for line in _lines("audit.verify", covert_as))
        file.flush()
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(SCRIPT), file.name, "--seals", str(audit.seals_file())], check=False
        )
    raise typer.Exit(exits.DONE if done.returncode == 0 else exits.CHECK_FAILED)


@app.command()
def expire(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Remove the bodies of events that are older than their controllers have adopted; digests stay and verify."""
    by = actors.from_command("audit expire")
    with rewriting.alone():  # what goes while tables are written anew would be thought to have gone before
        done = audit_expiry.expire(policy_in_force.load(), by=by, on=timezone.localdate())
    printing.report({"bodies_expired": done}, as_json=as_json, title="Audit expired")


def _lines(action: str, covert_as: str) -> Iterator[str]:
    """Return the lines of an export, which is an event; the covert audit only for who may read it."""
    by = actors.from_command(action.replace(".", " "))
    if covert_as:
        user = User.objects.filter(username=covert_as, is_active=True).first()
        if user is None:
            raise typer.BadParameter(f"There is no user '{covert_as}'.", param_hint="--covert-as")
        access.may(user, "audit.covert", on=timezone.localdate()).require()
        by = actors.Actor(f"{by.name} for {user.username}"[:150], user)
    return _written(by, action, covert=bool(covert_as))


def _written(by: actors.Actor, action: str, *, covert: bool) -> Iterator[str]:
    with transaction.atomic():
        audit.record(by, action, covert=covert)
        for line in audit.export(covert=covert):
            yield json.dumps(line, ensure_ascii=False, sort_keys=True)
