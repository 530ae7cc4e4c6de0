"""`muniment user`: accounts and roles, by whoever administers the server."""

from datetime import date, datetime, time
from typing import Annotated

import typer
from django.utils import timezone

from muniment.cli import printing
from muniment.core import access, actors, audit
from muniment.core.models import User
from muniment.workbench import accounts

app = typer.Typer(no_args_is_help=True, add_completion=False)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The username.")]
Role = Annotated[
    str, typer.Argument(metavar="ROLE@CONTROLLER", help="As in records_manager@ourforce; roles are in policy/access.")
]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Today when left out.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day on which it opens nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def add(
    name: Name,
    first_name: Annotated[str, typer.Option()],
    last_name: Annotated[str, typer.Option()],
    post: Annotated[str, typer.Option(help="The job title.")] = "",
    as_json: Json = False,
) -> None:
    """Make an account and print its password, which is changed at the first sign-in."""
    user, password = accounts.add(accounts.Person(name, first_name, last_name, post), by=_by())
    printing.report({"username": user.username, "password": password}, as_json=as_json)


@app.command()
def grant(name: Name, role: Role, start: From = None, until: Until = None, as_json: Json = False) -> None:
    """Give someone a role at a controller."""
    assignment = accounts.grant(accounts.find(name), _post(role, start, until), by=_by())
    told = {"username": name, "role": role, "from": assignment.start, "until": assignment.until or "no end"}
    printing.report(told, as_json=as_json)


@app.command()
def end(name: Name, role: Role, on: Until = None, as_json: Json = False) -> None:
    """End a role: from the day on, today when left out, it opens nothing."""
    post = _post(role, None, on or datetime.combine(timezone.localdate(), time()))
    accounts.end(accounts.find(name), post, by=_by())
    printing.report({"username": name, "role": role, "ended": post.until}, as_json=as_json)


@app.command()
def reset(name: Name, as_json: Json = False) -> None:
    """Give a new password, remove authenticator apps, passkeys and recovery codes, and end all sessions."""
    printing.report({"username": name, "password": accounts.reset(accounts.find(name), by=_by())}, as_json=as_json)


@app.command()
def close(name: Name, as_json: Json = False) -> None:
    """Close an account and end its sessions."""
    accounts.close(accounts.find(name), by=_by())
    printing.report({"username": name, "open": False}, as_json=as_json)


@app.command()
def reopen(name: Name, as_json: Json = False) -> None:
    """Open a closed account again, with a new password."""
    printing.report({"username": name, "password": accounts.reopen(accounts.find(name), by=_by())}, as_json=as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Name every account with its roles of today."""
    today = timezone.localdate()
    audit.record(_by(), "access.list_users")
    printing.report({user.username: _said(user, today) for user in User.objects.order_by("username")}, as_json=as_json)


def _said(user: User, on: date) -> str:
    roles = ", ".join(f"{held.role} at {held.controller.code}" for held in access.assignments(user, on))
    return f"{user.get_full_name()}{'' if user.is_active else ' (closed)'}: {roles or 'no role'}"


def _post(said: str, start: datetime | None, until: datetime | None) -> accounts.Post:
    role, _, controller = said.partition("@")
    return accounts.Post(
        role, controller, start.date() if start else timezone.localdate(), until.date() if until else None
    )


def _by() -> actors.Actor:
    return actors.from_command("user")
