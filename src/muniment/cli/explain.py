"""`muniment explain`: why a person or a record is kept, as one user may see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer
from django.utils import timezone

from muniment.cli import exits, printing
from muniment.cli.visiting import visitor
from muniment.core import access, audit, guards, sittings
from muniment.core.actors import Actor
from muniment.core.guards import UseRestricted
from muniment.people.models import PrimePerson
from muniment.people.queries import find_by_reference, identity, nominals_of
from muniment.people.shown import membership
from muniment.records import guarded
from muniment.records.models import Record
from muniment.retention.deciding import explaining

app = typer.Typer(no_args_is_help=True)
As = Annotated[str, typer.Option("--as", help="The user whose view it is.")]
Purpose = Annotated[str, typer.Option(help="The access purpose, such as RETENTION_REVIEW.")]
Days = Annotated[
    tuple[str, str] | None,
    typer.Option(
        metavar="AS_AT KNOWN_ON", help="Who made them up as at a day, as known on a day: 2026-03-27 2026-05-01."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _group() -> None:
    """Explain a decision about a person or a record."""


@contextmanager
def _visit(name: str, purpose: str, action: str) -> Iterator[Actor]:
    """A transaction inside the scope of a user, as a request of theirs would be."""
    by = visitor(name, purpose)
    assert by.user is not None
    access.may(by.user, action, on=timezone.localdate()).require()
    try:
        with sittings.within(by.user):
            yield by
    except UseRestricted as restricted:
        audit.record_apart(by, "access.restricted", "refused", subject=restricted.subject)
        raise


@app.command()
def person(reference: str, user: As, purpose: Purpose, days: Days = None, as_json: Json = False) -> None:
    """Explain why a prime person is kept, by each controller whose decision the user may see.

    With two days also who made them up as at the one, as known on the other.
    """
    asked = _past(days) if days else {}
    with _visit(user, purpose, "person.view") as by:
        try:
            prime = find_by_reference(reference)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        nominals = list(nominals_of(prime)) if prime else []
        if prime is None or not nominals:
            _not_found(reference)
        assert prime is not None
        guards.pass_by([each.pk for each in nominals], by.purpose, prime.reference)
        said = {name: day.isoformat() for name, day in asked.items()}
        audit.record(by, "person.explain", subject=prime.reference, detail=said)
        made_up = {"made_up": said | _made_up(prime, **asked)} if asked else {}
        found = {each.code: _said(explained) for each, explained in explaining.explain_person(prime).items()}
        who = identity(prime, nominals)
        _print({"reference": who.reference, "name": who.name, "decisions": found, **made_up}, as_json=as_json)


@app.command()
def record(reference: str, user: As, purpose: Purpose, as_json: Json = False) -> None:
    """Explain why a record is kept; the reference is its source's own."""
    with _visit(user, purpose, "record.view") as by:
        records = list(Record.objects.filter(reference=reference).select_related("system__controller"))
        if not records:
            _not_found(reference)
        for each in records:
            guarded.pass_by(each, by.purpose)
        audit.record(by, "record.explain", subject=reference)
        found = {
            f"{each.system.controller.code} {each.system.code}": _said(explaining.explain_record(each))
            for each in records
        }
        _print({"reference": reference, "decisions": found}, as_json=as_json)


def _past(days: tuple[str, str]) -> dict[str, date]:
    found = {}
    for name, text in zip(("as_at", "known_on"), days, strict=True):
        try:
            found[name] = date.fromisoformat(text)
        except ValueError as error:
            raise typer.BadParameter(f"'{text}' is no day: write it like 2026-03-27.", param_hint="--days") from error
        if found[name] > timezone.localdate():
            raise typer.BadParameter(f"{text} is to come: give today or a day before.", param_hint="--days")
    return found


def _made_up(prime: PrimePerson, as_at: date, known_on: date) -> dict[str, Any]:
    """Return who made the person up, by the reference that they bore then."""
    known = membership.as_known(prime, as_at=as_at, known_by=membership.end_of(known_on))
    groups = [known.own, *known.others] if known.own else list(known.others)
    return {
        "by_reference": {
            group.prime.reference: {
                kind: [f"{each.nominal.system}: {each.nominal.reference}" for each in found]
                for kind, found in (("told", group.told), ("not_on_that_day", group.besides))
            }
            for group in groups
        }
    }


def _not_found(reference: str) -> None:
    typer.echo(f"Nothing that this user may see has the reference {reference}.", err=True)
    raise typer.Exit(exits.BAD_INPUT)


def _said(explanation: explaining.Explanation | None) -> dict[str, object]:
    return asdict(explanation) if explanation else {"outcome": "not decided"}


def _print(found: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        printing.report(found, as_json=True)
        return
    typer.echo(f"{found.get('name', '')} {found['reference']}".strip())
    if made_up := found.get("made_up"):
        assert isinstance(made_up, dict)
        typer.echo(f"\nAs at {made_up['as_at']}, as known on {made_up['known_on']}:")
        for where, parts in made_up["by_reference"].items():
            lines = [
                *parts["told"],
                *(f"{each} (its source did not have it that day)" for each in parts["not_on_that_day"]),
            ]
            typer.echo("\n  - ".join([f"  {where}", *lines]))
        if not made_up["by_reference"]:
            typer.echo("  Nothing was known of anybody who has been part of this person.")
    decisions = found["decisions"]
    assert isinstance(decisions, dict)
    for where, said in decisions.items():
        typer.echo(f"\n{where}: {said['outcome']}" + (f", {said['due']}" if said.get("due") else ""))
        typer.echo(f"  {said.get('sentence', '')}")
        if said.get("rule"):
            typer.echo(f"  Rule {said['rule']}: {said['rule_title']}")
            typer.echo(f"  Authority: {said['authority']}" + ("" if said["is_verified"] else " (not verified)"))
        for part in ("sums", "missing", "stops", "holds", "parts"):
            for line in said.get(part, ()):
                typer.echo(f"  - {_plain(line)}")
        if said.get("nearest"):
            typer.echo(f"  What would change it: {said['nearest']}")
        if said.get("unseen"):
            typer.echo(f"  It also rests on records that this user cannot open, held by {', '.join(said['unseen'])}.")


def _plain(line: object) -> str:
    """Write a line of an explanation: text as it is, a structure by its values."""
    if isinstance(line, dict):
        return ", ".join(str(value) for value in line.values() if value not in (None, "", False, (), []))
    return str(line)
