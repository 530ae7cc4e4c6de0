"""`muniment hold`: the holds as a machine reads them, and what of a hold's scope has gone since a day."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils import timezone

from muniment.cli import exits, printing
from muniment.core import actors, audit, references
from muniment.retention.holds import hold_proof, hold_report_print, hold_reports
from muniment.retention.holds.gone import Went
from muniment.retention.holds.scope_words import scope_in_words
from muniment.retention.models import Hold, HoldVersion, hold_versions

app = typer.Typer(no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _group() -> None:
    """Show holds with their scope, and report what of a scope has gone since a day."""


@app.command("list")
def show(as_json: Json = False) -> None:
    """List every hold, those that stand first, with its scope as it is matched."""
    audit.record(actors.from_command("hold list"), "hold.list")
    holds = Hold.objects.prefetch_related("controllers").order_by("-pk")
    facts = [_facts(each) for each in sorted(holds, key=lambda each: each.released_at is not None)]
    if as_json:
        printing.report({"holds": facts}, as_json=True)
        return
    rows = [(each["hold"], each["title"], each["kind"], each["review_on"], each["covers"]) for each in facts]
    printing.rows("Holds", ("Hold", "Title", "For", "Looked at again", "Covers"), rows)


@app.command()
def report(
    reference: Annotated[str, typer.Argument(help="The hold, as H0000012-X.")],
    since: Annotated[str, typer.Option(help="The day to look from, as 2026-11-22; else the day it holds from.")] = "",
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option(help="A PDF to write it to.")] = None,
) -> None:
    """Report what of a hold's scope has gone since a day, held against audit, tombstones and ledger.

    It ends with code 6 when anything in scope went while the hold stood, or when what it was held against does not
    agree.
    """
    hold = _found(reference)
    try:
        day = date.fromisoformat(since) if since else min(hold.start, timezone.localtime(hold.placed_at).date())
    except ValueError as error:
        raise typer.BadParameter(f"'{since}' is not a day: write it as 2026-11-22.", param_hint="--since") from error
    made = hold_proof.proved(hold_reports.report(hold, day))
    counts = {"since": day.isoformat(), "went": len(made.went), "unknown": len(made.unknown)}
    audit.record(actors.from_command("hold report"), "hold.report", subject=hold.reference, detail=counts)
    if out is not None:
        out.write_bytes(hold_report_print.as_pdf(made, made.went, scope_in_words(hold.scope)))
    if as_json:
        printing.report(_said(made), as_json=True)
    else:
        _print(made)
    if any(check.agrees is False for check in made.checks):
        raise typer.Exit(exits.CHECK_FAILED)


def _found(reference: str) -> Hold:
    try:
        return Hold.objects.get(pk=references.number("hold", reference))
    except (ValueError, Hold.DoesNotExist) as error:
        raise typer.BadParameter(f"There is no hold '{reference}'.", param_hint="REFERENCE") from error


def _facts(hold: Hold) -> dict[str, Any]:
    return {
        "hold": hold.reference,
        "title": hold.title,
        "kind": hold.kind,
        "preset": hold.preset,
        "authority": hold.authority,
        "decided_by": hold.decided_by,
        "controllers": sorted(each.code for each in hold.controllers.all()),
        "scope": hold.scope,
        "versions": [_version(each) for each in hold.versions.all()],
        "start": hold.start,
        "review_on": hold.review_on,
        "placed_at": hold.placed_at,
        "released_at": hold.released_at,
        "covers": hold.held.count(),
    }


def _version(version: HoldVersion) -> dict[str, Any]:
    names = ("number", "state", "is_wider", "scope", "paper", "decided_by", "reason", "asked_by", "since", "until")
    whose = sorted(each.code for each in hold_versions.bound(version.controllers))
    more = {"settled_by": version.settled_by, "settled_at": version.settled_at, "settled_why": version.settled_why}
    return {name: getattr(version, name) for name in names} | {"controllers": whose} | more


def _said(made: hold_reports.Report) -> dict[str, Any]:
    return {
        **_facts(made.hold),
        "since": made.since,
        "made_at": made.made_at,
        "first_taken_in": made.begun,
        "verdict": made.verdict,
        "is_clear": made.is_clear,
        "went": [_went(each) for each in made.went],
        "went_while_it_stood": len(made.while_it_stood),
        "went_after_a_narrowing": [_went(each) for each in made.let_go],
        "unknown": [_went(each) for each in made.unknown],
        "others": made.others,
        "checks": [vars(each) for each in made.checks],
        "cannot_know": made.limits,
    }


def _went(each: Went) -> dict[str, Any]:
    item = each.item
    return {
        "controller": item.system.controller.code,
        "system": item.system.code,
        "reference": item.reference,
        "class": item.class_id,
        "destroyed_at": item.destroyed_at,
        "order": item.order.reference,
    }


def _print(made: hold_reports.Report) -> None:
    typer.echo(f"{made.hold.reference} {made.hold.title}: {made.verdict}")
    if made.went:
        rows = [hold_report_print.row(each) for each in made.went]
        printing.rows("Gone, in scope", ("Record", "Class", "Destroyed", "Order"), rows)
    heads = ("What it was held against", "Found", "Agrees")
    said = {True: "yes", False: "NO", None: "nobody can say"}
    printing.rows("Proof", heads, [(each.what, each.found, said[each.agrees]) for each in made.checks])
    for each in made.limits:
        typer.echo(f"- {each}")
