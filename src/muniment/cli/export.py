"""`muniment export`: supply records in the common form, correct what was given, print the form, check a supply."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.cli import exits, printing
from muniment.cli.preparing import prepare

if TYPE_CHECKING:
    from muniment.core.actors import Actor
    from muniment.core.models import Controller
    from muniment.supply.recipients import Recipient

app = typer.Typer(no_args_is_help=True)
As = Annotated[str, typer.Option("--as", help="The user who gives.")]
Purpose = Annotated[str, typer.Option(help="The access purpose, such as RETENTION_REVIEW.")]
To = Annotated[str, typer.Option("--to", help="The recipient, by its code.")]
Of = Annotated[
    str, typer.Option("--of", help="Whose records, by the controller's code; needed where it may be several.")
]
Out = Annotated[Path, typer.Option("--out", help="A folder that is not there yet, or is empty.")]
Formats = Annotated[str, typer.Option("--format", help="jsonl, parquet or both.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _group() -> None:
    """Supply records to a national database."""


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option(help="A file to write it to; printed when left out.")] = None,
) -> None:
    """Print the JSON Schema of the common form; needs no database."""
    from muniment.supply.form import schema_text

    if out is None:
        typer.echo(schema_text(), nl=False)
    else:
        out.write_text(schema_text(), encoding="utf-8")


@app.command()
def run(  # noqa: PLR0913, PLR0917 - options of a command
    user: As,
    purpose: Purpose,
    to: To,
    out: Out,
    of: Of = "",
    people: Annotated[list[str] | None, typer.Option(help="A prime record; give it once for each.")] = None,
    changed_since: Annotated[
        str, typer.Option(help="Those of whom something has come since this day, YYYY-MM-DD.")
    ] = "",
    everybody: Annotated[bool, typer.Option("--everybody", help="Everybody.")] = False,
    formats: Formats = "both",
    as_json: Json = False,
) -> None:
    """Give people, and the events, places and vehicles that are linked to them, to a recipient."""
    prepare("web")
    from muniment.core import sittings
    from muniment.supply import policy_now
    from muniment.supply.actions import give
    from muniment.supply.models import Supply

    if sum(map(bool, (people, changed_since, everybody))) != 1:
        raise typer.BadParameter("Say whom: --people, --changed-since or --everybody, one of them.")
    by, recipient = _parties(user, purpose, to, formats)
    with _refusals_recorded(by, recipient), sittings.within(by.user, snapshot=True):  # type: ignore[arg-type]
        selection, said = _selected(people or [], changed_since)
        request = give.Request(_controller(by, recipient, of), recipient, selection, out, formats, said)
        supply = give.give(request, by=by)
    if supply.state == Supply.State.WAITING:
        lasts = policy_now.on(date.today()).approval_lasts  # noqa: DTZ011 - a length, the same all day
        typer.echo(give.needs_approval(supply, lasts), err=True)
        raise typer.Exit(exits.REFUSED)
    _print(supply, out, as_json=as_json)


@contextmanager
def _refusals_recorded(by: "Actor", recipient: "Recipient") -> Iterator[None]:
    """Write to the audit, apart from what is undone, that somebody was refused."""
    from muniment.core import audit
    from muniment.core.verdicts import Refused

    try:
        yield
    except Refused as refusal:
        said = {"reasons": len(refusal.reasons)}
        audit.record_apart(by, "export.refused", "refused", recipient=recipient.name, detail=said)
        raise


def _parties(user: str, purpose: str, to: str, formats: str) -> "tuple[Actor, Recipient]":
    from muniment.cli.visiting import visitor
    from muniment.supply import recipients
    from muniment.supply.files import FORMATS

    if formats not in FORMATS:
        raise typer.BadParameter(f"'{formats}' is none of {', '.join(FORMATS)}.", param_hint="--format")
    return visitor(user, purpose), recipients.find(to)


def _controller(by: "Actor", recipient: "Recipient", code: str, action: str = "export.run") -> "Controller":
    """Return whose records are given: the one that may give to the recipient and for which the user may."""
    from django.utils import timezone

    from muniment.core import access
    from muniment.core.models import Controller

    assert by.user is not None
    if code:
        found = Controller.objects.filter(code=code).first()
        if found is None:
            raise typer.BadParameter(f"There is no controller '{code}'.", param_hint="--of")
        return found
    on = timezone.localdate()
    access.may(by.user, action, on=on).require()
    own = access.controllers_for(by.user, action, on)
    terms = recipient.on(on)
    parties = [each for each in own if terms and each.code in terms.controllers] or own
    if len(parties) != 1:
        raise typer.BadParameter(f"Say whose: --of {' or '.join(each.code for each in parties)}.", param_hint="--of")
    return parties[0]


def _selected(people: list[str], changed_since: str) -> "tuple[Any, dict[str, Any]]":
    from muniment.people.queries import find_by_reference
    from muniment.supply.building.gathering import Selection

    if changed_since:
        try:
            since = date.fromisoformat(changed_since)
        except ValueError as error:
            raise typer.BadParameter("Write the day as YYYY-MM-DD.", param_hint="--changed-since") from error
        return Selection(since=since), {"changed_since": changed_since}
    if not people:
        return Selection(), {"everybody": True}
    found = {}
    for reference in people:
        try:
            prime = find_by_reference(reference)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--people") from error
        if prime is None:
            typer.echo(f"Nobody whom this user may see has the reference {reference}.", err=True)
            raise typer.Exit(exits.BAD_INPUT)
        found[prime.pk] = prime.reference
    return Selection(primes=tuple(sorted(found))), {"people": [found[key] for key in sorted(found)]}


@app.command()
def approve(
    supply: Annotated[str, typer.Argument(help="The supply that waits, by its reference.")],
    user: As,
    purpose: Purpose,
    as_json: Json = False,
) -> None:
    """Approve a supply of many people that somebody else asked for."""
    prepare("web")
    from muniment.cli.visiting import visitor
    from muniment.core import references, sittings
    from muniment.supply.actions import give
    from muniment.supply.models import Supply

    by = visitor(user, purpose)
    with sittings.within(by.user):  # type: ignore[arg-type]
        try:
            found = Supply.objects.filter(pk=references.number("supply", supply)).first()
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        if found is None:
            typer.echo(f"There is no supply {supply} that this user may see.", err=True)
            raise typer.Exit(exits.BAD_INPUT)
        give.approve(found, by=by)
    printing.report({"supply": supply, "people": found.people}, as_json=as_json, title="Approved")


@app.command()
def corrections(  # noqa: PLR0913, PLR0917 - options of a command
    user: As, purpose: Purpose, to: To, out: Out, of: Of = "", formats: Formats = "both", as_json: Json = False
) -> None:
    """Write what a recipient has to put right of what it was given, and note it as sent."""
    prepare("web")
    from muniment.core import sittings
    from muniment.supply.actions import correct

    by, recipient = _parties(user, purpose, to, formats)
    with _refusals_recorded(by, recipient), sittings.within(by.user, snapshot=True):  # type: ignore[arg-type]
        controller = _controller(by, recipient, of, "export.correct")
        supply = correct.send(correct.Correction(controller, recipient, out, formats), by=by)
    if supply is None:
        nothing = {"recipient": recipient.name, "notices": 0}
        printing.report(nothing, as_json=as_json, title="Nothing has to be put right")
        return
    _print(supply, out, as_json=as_json)


@app.command()
def answer(  # noqa: PLR0913, PLR0917 - options of a command
    notice: Annotated[list[str], typer.Argument(help="Notices, by their references.")],
    user: As,
    purpose: Purpose,
    said: Annotated[str, typer.Option(help="done or cannot.")] = "done",
    note: Annotated[str, typer.Option(help="Why the recipient cannot.")] = "",
    as_json: Json = False,
) -> None:
    """Record what a recipient answered to notices: all of them, or none."""
    prepare("web")
    from muniment.cli.visiting import visitor
    from muniment.core import references, sittings
    from muniment.supply.actions import correct
    from muniment.supply.models import Notice

    by = visitor(user, purpose)
    with sittings.within(by.user):  # type: ignore[arg-type]
        for reference in notice:
            try:
                found = Notice.objects.filter(pk=references.number("notice", reference)).first()
            except ValueError as error:
                raise typer.BadParameter(str(error)) from error
            if found is None:
                typer.echo(f"There is no notice {reference} that this user may see.", err=True)
                raise typer.Exit(exits.BAD_INPUT)
            correct.answer(found, by=by, said=said, note=note)
    printing.report({"answered": len(notice), "said": said}, as_json=as_json, title="Answers")


def _print(supply: Any, out: Path, *, as_json: bool) -> None:
    facts = {
        "supply": supply.reference,
        "recipient": supply.recipient_name,
        "out": str(out),
        "people": supply.people,
        "as_of": supply.manifest["as_of"],
        **{f"{name}_rows": count for name, count in supply.manifest["counts"].items()},
        "manifest_sha256": supply.manifest_digest,
    }
    printing.report(facts, as_json=as_json, title="Given")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="The folder of a supply.")],
    as_json: Json = False,
) -> None:
    """Check a supply as its loader would: the files by their digests, each line by the schema, the signature."""
    prepare("web")
    from muniment.supply.checking import faults_of

    faults = faults_of(folder)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "faults": faults}))
    else:
        typer.echo(
            "\n".join(faults) or "Every file is as its manifest says, and the manifest is signed by this system."
        )
    raise typer.Exit(exits.CHECK_FAILED if faults else exits.DONE)
