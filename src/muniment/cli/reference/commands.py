"""Commands, their arguments and options, as the command line itself declares them."""

import importlib
from pathlib import Path
from typing import Any

from typer.main import get_command

from muniment.cli import exits
from muniment.cli.main import COMMANDS
from muniment.cli.reference.markdown import table

ROOT = Path(__file__).parents[4]
_CODES = {
    exits.DONE: "done",
    exits.FAULT: "a fault in the program",
    exits.WRONG_USE: "wrong use",
    exits.BAD_INPUT: "bad input; nothing changed",
    exits.WITH_QUARANTINE: "done, with rows in quarantine",
    exits.REFUSED: "refused by policy or permission",
    exits.CHECK_FAILED: "a check failed",
}


def page() -> str:
    """Return the page of commands."""
    parts = ["# Commands\n", "Every command is `.venv/bin/muniment` and a word; `--help` says the same as this page.\n"]
    parts += ["## Exit codes\n", table(["code", "meaning"], _CODES.items())]
    for name, entry in COMMANDS.items():
        module = importlib.import_module(f"muniment.cli.{entry.module}")
        command: Any = get_command(getattr(module, "apps", {}).get(name) or module.app)
        role = f"Works as the database role `{entry.role}`." if entry.role else "Needs no database."
        parts.append(f"## {name}\n\n{entry.words} {role}\n")
        parts += _described(f"muniment {name}", command)
    return "\n".join(parts)


def _described(words: str, command: Any) -> list[str]:
    subcommands = getattr(command, "commands", None)
    if subcommands:
        return [part for name, inner in subcommands.items() for part in _described(f"{words} {name}", inner)]
    shown = [each for each in command.params if not each.name.endswith("_completion") and each.name != "help"]
    usage = " ".join([words, *(_usage(each) for each in shown if each.param_type_name == "argument")])
    lines = [f"### `{usage}`\n", f"{' '.join((command.help or '').split())}\n"]
    if shown:
        lines.append(table(["name", "default", "meaning"], (_row(each) for each in shown)))
    return lines


def _usage(argument: Any) -> str:
    name = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _row(each: Any) -> tuple[str, str, str]:
    is_argument = each.param_type_name == "argument"
    name = each.name.upper() if is_argument else ", ".join([*each.opts, *each.secondary_opts])
    default = "needed" if each.required else _default(each.default)
    return f"`{name}`", default, getattr(each, "help", None) or ""


def _default(value: object) -> str:
    if value in (None, "", (), []) or value is False:
        return ""
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT) if value.is_relative_to(ROOT) else value}`"
    return "yes" if value is True else str(value)
