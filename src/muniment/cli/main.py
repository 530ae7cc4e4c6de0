"""The command line: a table of commands, each in a module of its own, loaded when it is asked for."""

import importlib
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from muniment.cli import exits
from muniment.cli.preparing import prepare


@dataclass(frozen=True)
class Command:
    """Where a command is, what it does, and as which database role it works (None: it needs no database)."""

    module: str
    words: str
    role: str | None
    settings: str = "muniment.site.settings"


COMMANDS = {
    "database": Command("database", "Make, back up, restore and stop the database.", "owner"),
    "demo": Command("demo", "Set up the demonstration world and run the main job.", "batch"),
    "invent": Command("invent", "Write the exports of an invented world.", None),
    "feed": Command("feed", "Draft and check feeds.", None),
    "intake": Command("intake", "Take in exports through a feed.", "batch"),
    "train": Command("linkage", "Train a linkage model, without labels.", "batch"),
    "activate": Command("linkage", "Activate a trained model, as a second person.", "batch"),
    "linkage": Command(
        "linkage", "Show the runs of linkage, release one that waits, print the transparency record.", "batch"
    ),
    "resolve": Command("linkage", "Resolve nominals, places and vehicles into prime records.", "batch"),
    "receive": Command(
        "receive",
        "Receive records that source systems hand in over the network.",
        "batch",
        settings="muniment.site.receiving_settings",
    ),
    "uprn": Command("uprn", "Load where properties lie, from OS Open UPRN.", "batch"),
    "schedule": Command("schedule", "Work out retention for every person and record.", "batch"),
    "estimate": Command("estimate", "Say within seconds about how much another schedule would change.", "batch"),
    "foresee": Command(
        "foresee", "Foresee what falls due in ten years, and what another schedule would change.", "batch"
    ),
    "work": Command("work", "Carry out what is due: instructions, destruction, certificates, seals.", "worker"),
    "disposal": Command(
        "disposal", "Take answers of sources back, and reconcile disposals with what they send.", "worker"
    ),
    "compare": Command(
        "compare",
        "Bring in decisions that were made by hand and put each beside what the schedule would decide.",
        "batch",
    ),
    "hold": Command("hold", "List holds, and report what of a hold's scope has gone since a day.", "worker"),
    "evaluate": Command("evaluate", "Measure linkage against a truth that is known.", None),
    "explain": Command("explain", "Explain a decision about a person or a record.", "web"),
    "export": Command(
        "export", "Supply records to a national database, correct what was given, print the common form.", None
    ),
    "policy": Command("policy", "Check policy and run its cases.", None),
    "docs": Command("docs", "Write or compare the generated reference.", None),
    "keys": Command("keys", "Look at the master key of content, change it, go on when it is lost.", "worker"),
    "audit": Command("audit", "Verify and export the audit.", "worker"),
    "user": Command("user", "Make accounts, give and end roles, reset and close.", "batch"),
    "serve": Command("serve", "Serve the site.", "web"),
}


class Lazy(TyperGroup):
    """Loads the module of a command only when the command is used."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name every command."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load one command; for the list of commands alone, only its words."""
        if cmd_name not in COMMANDS:
            return None
        entry = COMMANDS[cmd_name]
        if ctx.resilient_parsing or not _asked_for(cmd_name):
            return TyperCommand(cmd_name, short_help=entry.words, help=entry.words)
        if entry.role and "--help" not in sys.argv:
            prepare(entry.role, entry.settings)
        elif entry.role:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", entry.settings)
            import django

            django.setup()
        module = importlib.import_module(f"muniment.cli.{entry.module}")
        app: Any = getattr(module, "apps", {}).get(cmd_name) or module.app
        loaded = get_command(app)
        loaded.name = cmd_name
        return loaded


def _asked_for(name: str) -> bool:
    return next((word for word in sys.argv[1:] if not word.startswith("-")), None) == name


app = typer.Typer(
    cls=Lazy,
    name="muniment",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Information management for police forces and commissioners' offices.",
)


@app.callback()
def _muniment() -> None:
    """Information management for police forces and commissioners' offices."""


def run() -> None:
    """Run the command line, with one exit code for each kind of ending."""
    code = exits.FAULT
    signal.signal(signal.SIGTERM, _stop)
    try:
        code = get_command(app).main(standalone_mode=False) or exits.DONE
    except typer.TyperException as error:
        error.show()  # type: ignore[attr-defined]
        code = exits.WRONG_USE
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("Stopped.\n")
        code = 130
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else exits.FAULT
    except Exception as error:  # noqa: BLE001 - the last place before the shell: every ending gets its code
        code = exits.code_of(error)
        if code == exits.FAULT:
            traceback.print_exc()
        sys.stderr.write(f"{error}\n" if code != exits.FAULT else "")
    finally:
        if "muniment.core.postgres" in sys.modules:
            _leave()
    sys.exit(code)


def _stop(number: int, frame: object) -> None:
    """End as Ctrl+C does, so that the server and the worker are left in order."""
    raise KeyboardInterrupt


def _leave() -> None:
    from muniment.core import postgres

    if "django.db" in sys.modules:
        from django.db import connections

        connections.close_all()
    postgres.stop()


if __name__ == "__main__":
    run()
