"""Register controllers, joint units and source systems from an organisation file; as often as you like."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.models import Controller, Membership
from muniment.records.models import SourceSystem

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a tenth of the time


class BadOrganisation(Exception):
    """The organisation file is not as it should be."""


def load_organisation(path: Path, *, by: Actor) -> None:
    """Register everything in the file. Raise BadOrganisation, naming what is wrong, and change nothing then."""
    content = yaml.load(path.read_text(), Loader=_LOADER)  # noqa: S506 - both are the safe one
    try:
        with transaction.atomic():
            controllers = _controllers(content["controllers"])
            _memberships(content["controllers"], controllers)
            _systems(content["systems"], controllers)
            audit.record(by, "records.organise", subject=path.name)
    except (KeyError, TypeError) as error:
        raise BadOrganisation(f"{path}: {error!r} is missing or unknown; see the how-to on organisations.") from error


def _controllers(entries: list[dict[str, Any]]) -> dict[str, Controller]:
    """Register controllers, or bring them up to date; return all there are, by code."""
    held = {each.code: each for each in Controller.objects.select_for_update()}
    told = {entry["code"]: _controller(entry, held.get(entry["code"])) for entry in entries}
    Controller.objects.bulk_create(
        told.values(),
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "kind", "is_fictional", "mode"],
    )
    return {each.code: each for each in Controller.objects.all()}


def _controller(entry: dict[str, Any], held: Controller | None) -> Controller:
    """Return a controller as it shall be. Only an invented one is made live, or stays it, by a file."""
    code, fictional, mode = entry["code"], bool(entry.get("fictional", False)), entry.get("mode", "advisory")
    if mode not in Controller.Mode.values:
        raise BadOrganisation(f"The mode of {code} is advisory or live, or left out: '{mode}' is neither.")
    if mode == Controller.Mode.LIVE and not fictional and (held is None or held.is_fictional or held.mode != mode):
        raise BadOrganisation(
            f"{code} cannot be made live by this file: take the line 'mode: live' out. It begins in advisory mode, and"
            " leaves it on the page 'Advisory mode' when policy's conditions hold and two people agree."
        )
    if held:
        # One that was invented and is not any more has not shown anything of what a real one has to.
        mode = Controller.Mode.ADVISORY if held.is_fictional and not fictional else held.mode
    return Controller(code=code, name=entry["name"], kind=entry["kind"], is_fictional=fictional, mode=mode)


def _memberships(entries: list[dict[str, Any]], controllers: dict[str, Controller]) -> None:
    told = {}
    for entry in entries:
        for member in entry.get("members", []):
            start = date.fromisoformat(str(member["from"]))
            told[entry["code"], member["code"], start] = Membership(
                joint=controllers[entry["code"]],
                member=controllers[member["code"]],
                start=start,
                until=_day(member.get("until")),
                is_lead=bool(member.get("lead", False)),
            )
    Membership.objects.bulk_create(
        told.values(),
        update_conflicts=True,
        unique_fields=["joint", "member", "start"],
        update_fields=["until", "is_lead"],
    )


def _systems(entries: list[dict[str, Any]], controllers: dict[str, Controller]) -> None:
    told = {
        (entry["controller"], entry["code"]): SourceSystem(
            controller=controllers[entry["controller"]],
            code=entry["code"],
            title=entry["title"],
            owner=entry["owner"],
        )
        for entry in entries
    }
    SourceSystem.objects.bulk_create(
        told.values(),
        update_conflicts=True,
        unique_fields=["controller", "code"],
        update_fields=["title", "owner"],
    )


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)) if value else None
