"""`muniment receive`: records that source systems hand in over the network, and the keys by which they may."""

from typing import Annotated

import typer
import waitress
from django.core.wsgi import get_wsgi_application
from django.utils import timezone

from muniment import feeds
from muniment.cli import printing
from muniment.cli.serve import settled
from muniment.core import actors, words
from muniment.records.actions import source_key
from muniment.records.models import SourceKey, SourceSystem

app = typer.Typer(no_args_is_help=True)


@app.command()
def serve(
    feed: Annotated[list[str], typer.Argument(help="The names of feeds, or the paths of their YAML files.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8010,
) -> None:
    """Receive records until stopped: POST what a file of the feed holds to /v1/feeds/FEED/FILE."""
    from muniment.site import receiving

    known = [feeds.load(feeds.find(name)) for name in feed]
    receiving.receive(known)
    with settled():
        names = ", ".join(each.id for each in known)
        printing.console.print(f"Receiving {names} on http://{host}:{port} - stop with Ctrl+C.")
        waitress.serve(get_wsgi_application(), host=host, port=port, threads=4, ident="muniment")


@app.command()
def key(
    system: Annotated[str, typer.Argument(help="Controller and system, such as northshire/custody.")],
    name: Annotated[str, typer.Option(help="What bears it, such as the name of the interface.")],
) -> None:
    """Make a key for a source system; it is shown once."""
    controller, _, code = system.partition("/")
    found = SourceSystem.objects.filter(controller__code=controller, code=code).first()
    if found is None:
        raise typer.BadParameter(f"No system {system} is registered: write controller/system.")
    made, text = source_key.make(found, name, by=actors.from_command("receive"))
    typer.echo(f"Key {made.pk} of {found}, for {made.name}. Keep it safe: it is not shown again.", err=True)
    typer.echo(text)


@app.command()
def keys(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """List the keys, without their texts."""
    every = SourceKey.objects.select_related("system__controller").order_by("pk")
    lines = {
        str(each.pk): f"{each.system.controller.code}/{each.system.code}, {each.name}, made by {each.made_by} on"
        f" {words.day(timezone.localdate(each.made_at))}"
        + (f", ended by {each.ended_by} on {words.day(timezone.localdate(each.ended_at))}" if each.ended_at else "")
        for each in every
    }
    printing.report(lines, as_json=as_json, title="Keys")


@app.command()
def end(key: Annotated[int, typer.Argument(help="The number of the key.")]) -> None:
    """End a key at once."""
    found = SourceKey.objects.filter(pk=key).first()
    if found is None:
        raise typer.BadParameter(f"There is no key {key}: see muniment receive keys.")
    source_key.end(found, by=actors.from_command("receive"))
    typer.echo(f"Key {key} has ended.")
