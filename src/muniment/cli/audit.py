"""`muniment audit`: seal, verify and export the audit."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from muniment.cli import exits
from muniment.core import audit

app = typer.Typer(no_args_is_help=True)
SCRIPT = Path(__file__).parents[1] / "core" / "verify_audit.py"


@app.callback()
def _group() -> None:
    """Seal, verify and export the audit."""


@app.command()
def seal() -> None:
    """Seal every committed event that is not sealed yet."""
    typer.echo(f"{audit.seal()} events sealed.")


@app.command()
def export(
    out: Annotated[Path | None, typer.Argument(help="The file to write; standard output if left out.")] = None,
) -> None:
    """Write every event with its seal, as JSON Lines, for `verify_audit.py`."""
    lines = (json.dumps(line, ensure_ascii=False, sort_keys=True) for line in audit.export())
    if out is None:
        for line in lines:
            typer.echo(line)
        return
    with out.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
    typer.echo(f"Written to {out}. Check it with: python {SCRIPT.name} {out} --seals {audit.seals_file()}", err=True)


@app.command()
def verify() -> None:
    """Export, and check the export against the seals kept outside the database."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for line in audit.export():
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
        file.flush()
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(SCRIPT), file.name, "--seals", str(audit.seals_file())], check=False
        )
    raise typer.Exit(exits.DONE if done.returncode == 0 else exits.CHECK_FAILED)
