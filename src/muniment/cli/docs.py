"""`muniment docs`: the reference that is made from the program itself, written or compared."""

import os
from pathlib import Path
from typing import Annotated

import typer

from muniment.cli import exits

FOLDER = Path(__file__).parents[3] / "docs" / "reference" / "generated"
app = typer.Typer()


@app.command()
def docs(
    compare: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 6 if a page is out of date.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where the pages are.")] = FOLDER,
) -> None:
    """Write docs/reference/generated from commands, models, roles, rules, schedule and settings."""
    made = pages()
    if compare:
        for fault in (faults := differences(folder, made)):
            typer.echo(fault, err=True)
        raise typer.Exit(exits.CHECK_FAILED if faults else exits.DONE)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(kept_in(folder).keys() - made.keys()):
        (folder / path).unlink()
    for name, text in made.items():
        (folder / name).write_text(text)
    typer.echo(f"{len(made)} pages written to {folder}.")


def pages() -> dict[str, str]:
    """Return the text of every generated page by its file name; needs Django, and no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "muniment.site.settings")
    import django

    django.setup()
    from muniment.cli.reference import access, commands, common_form, model, remaining, schedule, settings, states

    made = {
        "commands.md": commands.page(),
        "common-form.md": common_form.page(),
        "data-model.md": model.page(),
        "roles.md": access.page(),
        "schedule.md": schedule.page(),
        "settings.md": settings.page(),
        "states.md": states.page(),
        "what-remains.md": remaining.page(),
    }
    pages = {
        name: f"<!-- Made by `make docs`: change the program or the policy, not this page. -->\n{text}"
        for name, text in made.items()
    }
    return {**pages, "common-form.schema.json": common_form.schema()}


def kept_in(folder: Path) -> dict[str, str]:
    """Return what a folder of generated pages holds, by file name."""
    return {path.name: path.read_text() for path in folder.glob("*.*") if path.suffix in {".md", ".json"}}


def differences(folder: Path, made: dict[str, str]) -> list[str]:
    """Return a sentence for each page that is missing, out of date or made by nothing."""
    kept = kept_in(folder)
    return [
        f"{folder / name} is out of date: run `make docs`."
        for name in sorted(kept.keys() | made.keys())
        if kept.get(name) != made.get(name)
    ]
