"""`muniment train`, `activate` and `resolve`; `muniment linkage` for what linkage keeps of itself."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from muniment.cli import exits, printing
from muniment.cli.cluster import chosen, from_environment
from muniment.core import actors, audit
from muniment.core.models import BatchRun, User
from muniment.objects.actions import resolve as objects_resolving
from muniment.people.actions import compare_engines as comparing
from muniment.people.actions import release as releasing
from muniment.people.actions import resolve as resolving
from muniment.people.actions import train as training
from muniment.people.models import LinkageModel, RunHold
from muniment.people.watching import transparency as records
from muniment.people.watching.holding import Held
from muniment.people.watching.runs import state_of

linkage = typer.Typer(no_args_is_help=True)
apps = {"train": typer.Typer(), "activate": typer.Typer(), "resolve": typer.Typer(), "linkage": linkage}
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
    by, cluster = actors.from_command("resolve"), chosen(engine)
    try:
        people = resolving.resolve(by=by, cluster=cluster)
    except Held as held:
        if as_json:
            told = {"state": "held", "run": held.hold.run_id, "beyond": held.figures, "says": str(held)}
            printing.report(told, as_json=True)
            raise typer.Exit(exits.REFUSED) from held
        raise
    counts = {**asdict(people), **objects_resolving.resolve(by=by).named()}
    printing.report({"state": "done", **counts} if as_json else counts, as_json=as_json, title="Prime records")


@linkage.command()
def runs(
    last: Annotated[int, typer.Option(help="How many, the newest first.")] = 10,
    as_json: Json = False,
) -> None:
    """List the last runs, with what they made or would have changed; `held` waits for its release."""
    found = BatchRun.objects.filter(kind="resolve").order_by("-pk").select_related("hold")[:last]
    told = [
        {
            "run": run.pk,
            "state": state_of(run),
            "ended": run.ended_at and run.ended_at.isoformat(timespec="seconds"),
            "model": run.versions.get("model"),
            "partitions": {each.partition: {k: each.figures.get(k) for k in _SHOWN} for each in run.figures.all()},
        }
        for run in found
    ]
    if as_json:
        printing.report({"runs": told}, as_json=True)
        return
    for each in told:
        typer.echo(f"{each['run']}  {each['state']}  {each['ended']}  model {each['model']}")
        for partition, figures in each["partitions"].items():
            typer.echo(f"    {partition}: " + ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in figures.items()))


_SHOWN = ("nominals", "prime_records", "changed", "made", "retired", "revived", "moved", "waiting")


@linkage.command()
def release(
    run: Annotated[int, typer.Argument(help="The number of the run that waits.")],
    by: Annotated[str, typer.Option("--as", help="Who releases it: a username.")],
    reason: Annotated[str, typer.Option(help="Why so many prime records may change.")],
    as_json: Json = False,
) -> None:
    """Release a run that waits: the next `resolve` publishes what it would have changed."""
    hold = RunHold.objects.filter(run=run).first()
    user = User.objects.filter(username=by, is_active=True).first()
    if hold is None or user is None:
        typer.echo(f"There is no run {run} that waits." if hold is None else f"There is no user {by}.", err=True)
        raise typer.Exit(exits.BAD_INPUT)
    releasing.release(hold, by=actors.from_user(user), reason=reason)
    printing.report({"run": run, "released_by": by}, as_json=as_json)


@linkage.command("compare-engines")
def compare_engines(as_json: Json = False) -> None:
    """Resolve what is held by DuckDB and on the cluster of Spark; list each pair that they weigh otherwise.

    Nothing is published. Exits with 6 when somebody would be another person.
    """
    found = comparing.compare_engines(by=actors.from_command("linkage"), cluster=from_environment())
    if as_json:
        printing.report(asdict(found), as_json=True)
    else:
        for each in found.differences:
            why = "; ".join(f"{name}: {_by_engine(levels)}" for name, levels in each.features.items())
            rules = f"; blocked by {_by_engine(each.blocked_by)}" if len(set(each.blocked_by.values())) > 1 else ""
            typer.echo(f"{each.left} and {each.right}: {_by_engine(each.weights)}{rules}; {why or 'no level differs'}")
        counts = {"nominals": found.nominals, "pairs": found.pairs, "weighed otherwise": len(found.differences)}
        counts |= {"in another group": len(found.apart), "asked otherwise": len(found.asked)}
        counts |= {f"seconds {k}": round(v) for k, v in found.seconds.items()}
        printing.report(counts, as_json=False, title="Engines")
    if found.apart:
        raise typer.Exit(exits.CHECK_FAILED)


def _by_engine(seen: Mapping[str, object]) -> str:
    return ", ".join(f"{engine} {value if value is not None else 'nothing'}" for engine, value in seen.items())


@linkage.command()
def transparency(
    out: Annotated[Path | None, typer.Option(help="A file to write it to; on standard output when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Print the transparency record of linkage in the public form, as Markdown, or with --json as data."""
    made = records.record()
    audit.record(actors.from_command("linkage"), "linkage.transparency", detail={"to_complete": len(made.missing)})
    text = json.dumps(records.as_json(made), indent=2) if as_json else records.as_markdown(made)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    else:
        typer.echo(text)
    if made.missing:
        typer.echo(f"{len(made.missing)} of {made.count} fields are to be completed by the controller.", err=True)
