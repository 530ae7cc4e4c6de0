"""`muniment keys`: the master key of content: look at it, change it, go on without it."""

from pathlib import Path
from typing import Annotated

import typer

from muniment.cli import exits, printing
from muniment.core import actors, master, rotation
from muniment.records.actions import replace_lost as replacing

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _group() -> None:
    """Look at the master key of content, change it, and go on when it is lost."""


@app.command()
def check(
    copy: Annotated[
        Path | None, typer.Option(help="A copy that is kept apart, to be checked instead of the key in use.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many keys of content each master key opens, by its fingerprint; end with 6 when some open by none."""
    try:
        ring = master.read(copy) if copy else master.ring()
    except FileNotFoundError as error:
        raise typer.BadParameter(f"There is no file {copy}.", param_hint="--copy") from error
    found = rotation.survey(ring)
    facts: dict[str, object] = {
        f"{'in use' if place == 0 else 'earlier'} {master.fingerprint(key)}": found[place]
        for place, key in enumerate(ring.keys)
    }
    printing.report(facts | {"opened_by_none": found[rotation.NONE_OPENS]}, as_json=as_json, title="Keys of content")
    if found[rotation.NONE_OPENS]:
        raise typer.Exit(exits.CHECK_FAILED)


@app.command()
def rotate(
    new: Annotated[
        bool, typer.Option("--new", help="Make a new master key first, and put it before the others.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Wrap every key of content under the first master key of the file; run it again if it was stopped."""
    if new:
        master.add()
    done = rotation.rotate(by=actors.from_command("keys rotate"))
    facts = {"in_use": master.fingerprint(master.ring().keys[0]), "wrapped_anew": done.anew, "already": done.already}
    printing.report(
        facts | {"opened_by_none": done.shut, "left_in_files": list(done.left)}, as_json=as_json, title="Wrapped anew"
    )
    if done.shut or done.left:
        raise typer.Exit(exits.CHECK_FAILED)


@app.command(name="forget-earlier")
def forget_earlier(as_json: AsJson = False) -> None:
    """Take the earlier master keys out of the file, once nothing here needs them."""
    gone = rotation.forget_earlier(by=actors.from_command("keys forget-earlier"))
    printing.report({"taken_out": gone}, as_json=as_json, title="Earlier master keys")


@app.command(name="replace-lost")
def replace_lost(
    because: Annotated[str, typer.Option(help="How the key was lost; it is audited.")],
    as_json: AsJson = False,
) -> None:
    """Say of every text that no master key opens that it is lost, and have its source tell it again."""
    done = replacing.replace_lost(by=actors.from_command("keys replace-lost"), because=because)
    printing.report(done, as_json=as_json, title="Given up as lost")
