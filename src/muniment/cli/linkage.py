"""`muniment train`, `activate` and `resolve`."""

from dataclasses import asdict
from typing import Annotated

import typer

from muniment.cli import exits, printing
from muniment.core import actors
from muniment.objects.actions import resolve as objects_resolving
from muniment.people.actions import resolve as resolving
from muniment.people.actions import train as training
from muniment.people.models import LinkageModel

apps = {"train": typer.Typer(), "activate": typer.Typer(), "resolve": typer.Typer()}
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@apps["train"].command()
def train(as_json: Json = False) -> None:
    """Train a model on what is held, without labels. Someone else activates it."""
    model = training.train(by=actors.from_command("train"))
    printing.report({"version": model.version, "active": model.activated_at is not None}, as_json=as_json)


@apps["activate"].command()
def activate(version: str, by: Annotated[str, typer.Option("--as", help="Who activates it.")]) -> None:
    """Activate a trained model; not by the one who trained it."""
    model = LinkageModel.objects.filter(version=version).first()
    if model is None:
        typer.echo(f"There is no model {version}.", err=True)
        raise typer.Exit(exits.BAD_INPUT)
    training.activate(model, by=actors.Actor(by))


@apps["resolve"].command()
def resolve(
    engine: Annotated[str, typer.Option(help="duckdb, or spark when one machine is outgrown.")] = "duckdb",
    as_json: Json = False,
) -> None:
    """Resolve nominals, places and vehicles into prime records and publish what changed."""
    if engine != "duckdb":
        typer.echo(f"The engine '{engine}' is not available for resolve: use duckdb.", err=True)
        raise typer.Exit(exits.WRONG_USE)
    by = actors.from_command("resolve")
    counts = {**asdict(resolving.resolve(by=by)), **objects_resolving.resolve(by=by).named()}
    printing.report(counts, as_json=as_json, title="Prime records")
