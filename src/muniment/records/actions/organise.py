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


class BadOrganisation(Exception):
    """The organisation file is not as it should be."""


def load_organisation(path: Path, *, by: Actor) -> None:
    """Register everything in the file. Raise BadOrganisation, naming what is wrong, and change nothing then."""
    content = yaml.safe_load(path.read_text())
    try:
        with transaction.atomic():
            for entry in content["controllers"]:
                _controller(entry)
            for entry in content["controllers"]:
                for member in entry.get("members", []):
                    _membership(entry["code"], member)
            for entry in content["systems"]:
                SourceSystem.objects.update_or_create(
                    controller=Controller.objects.get(code=entry["controller"]),
                    code=entry["code"],
                    defaults={"title": entry["title"], "owner": entry["owner"]},
                )
            audit.record(by, "records.organise", subject=path.name)
    except (KeyError, TypeError, Controller.DoesNotExist) as error:
        raise BadOrganisation(f"{path}: {error!r} is missing or unknown; see the how-to on organisations.") from error


def _controller(entry: dict[str, Any]) -> None:
    """Register a controller, or bring it up to date. Only an invented one is made live, or stays it, by a file."""
    code, fictional, mode = entry["code"], bool(entry.get("fictional", False)), entry.get("mode", "advisory")
    held = Controller.objects.filter(code=code).first()
    if mode not in Controller.Mode.values:
        raise BadOrganisation(f"The mode of {code} is advisory or live, or left out: '{mode}' is neither.")
    if mode == Controller.Mode.LIVE and not fictional and (held is None or held.is_fictional or held.mode != mode):
        raise BadOrganisation(
            f"{code} cannot be made live by this file: take the line 'mode: live' out. It begins in advisory mode, and"
            " leaves it on the page 'Advisory mode' when policy's conditions hold and two people agree."
        )
    told = {"name": entry["name"], "kind": entry["kind"], "is_fictional": fictional}
    # One that was invented and is not any more has not shown anything of what a real one has to.
    back = {"mode": Controller.Mode.ADVISORY} if held and held.is_fictional and not fictional else {}
    Controller.objects.update_or_create(code=code, defaults=told | back, create_defaults=told | {"mode": mode})


def _membership(joint: str, member: dict[str, Any]) -> None:
    Membership.objects.update_or_create(
        joint=Controller.objects.get(code=joint),
        member=Controller.objects.get(code=member["code"]),
        start=date.fromisoformat(str(member["from"])),
        defaults={"until": _day(member.get("until")), "is_lead": bool(member.get("lead", False))},
    )


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)) if value else None
