"""`muniment policy`: check the policy folder, and run its cases in every engine."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from muniment.cli import exits
from muniment.engine import policy as policies
from muniment.engine.policy import Policy, PolicyError
from muniment.engine.policy.adoptions import read_folder
from muniment.engine.policy.checks import Report, check
from muniment.engine.policy.store import location
from muniment.engine.retention.cases import Case, differences, read_cases, stand_ins
from muniment.engine.retention.deciding import decide
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.explain import words

ENGINES = ("duckdb", "spark")
_COMPARED = ("outcome", "group", "clear_from", "due", "rule", "because", "missing")
app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Check policy, and run its cases."""


@dataclass(frozen=True)
class Outcome:
    """How one case went: what the engine decided, and in which engines it does not hold and why."""

    case: Case
    decision: Decision
    failures: dict[str, list[str]]  # by engine

    @property
    def holds(self) -> bool:
        """Whether every engine says what the case expects."""
        return not self.failures


def run_check(folder: Path | None = None) -> Report:
    """Check a policy folder, with the demonstration's adoptions where the repository holds them."""
    folder = folder or location()
    demonstration = folder.parent / "examples" / "demonstration" / "adoptions"
    return check(folder, (demonstration,), on=datetime.now(UTC).date())


def run_cases(folder: Path, policy: Policy | None = None) -> list[Outcome]:
    """Run every case under a folder through the reference and, all as one table, through DuckDB."""
    policy = (policy or with_demonstration(policies.load())).adopting(stand_ins())
    cases = read_cases(folder, policy)
    decisions = [decide(case.facts, policy, case.asked_on) for case in cases]
    failures: list[dict[str, list[str]]] = [{} for _ in cases]
    for case, decision, failed in zip(cases, decisions, failures, strict=True):
        if wrong := differences(case, decision):
            failed["engine"] = wrong
    for failed, wrong in zip(failures, _disagreements(cases, decisions, policy), strict=True):
        if wrong:
            failed["duckdb"] = wrong
    return [Outcome(*each) for each in zip(cases, decisions, failures, strict=True)]


def with_demonstration(policy: Policy) -> Policy:
    """Return a policy with the adoptions of the fictional controllers, where the repository holds them."""
    folder = location().parent / "examples" / "demonstration" / "adoptions"
    fictional = [entry["code"] for entry in policy.codes.lists["controllers"] if entry.get("fictional")]
    return policy.adopting(read_folder(folder, fictional=fictional))


def _disagreements(cases: Sequence[Case], decisions: Sequence[Decision], policy: Policy) -> list[list[str]]:
    # Imported here so that `policy check` does not wait for the set engine.
    from muniment.batch.retention.cases import decide_together

    rows = decide_together([(case.facts, case.asked_on) for case in cases], policy)
    wrong: list[list[str]] = []
    for decision, row in zip(decisions, rows, strict=True):
        found = [(name, getattr(decision, name), getattr(row, name)) for name in _COMPARED]
        wrong.append([f"{name} is {there}, the reference says {here}" for name, here, there in found if here != there])
    return wrong


@app.command("check")
def check_command(
    folder: Annotated[Path | None, typer.Argument(help="The policy folder; the installed one when left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check the shape of policy, its references, the adoptions, and how much of the offence list it covers."""
    try:
        report = run_check(folder)
    except PolicyError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(exits.BAD_INPUT) from error
    if as_json:
        typer.echo(json.dumps(asdict(report)))
    else:
        _print_report(report)
    raise typer.Exit(exits.CHECK_FAILED if report.problems else exits.DONE)


def _print_report(report: Report) -> None:
    for problem in report.problems:
        typer.echo(problem)
    if report.coverage is not None:
        seen = report.coverage
        typer.echo(f"Policy {report.version}: {report.classes} record classes, {report.adoption_files} adoption files.")
        typer.echo(
            f"Of {seen.codes:,} CJS codes {seen.group_1:,} fall in group 1, {seen.group_2:,} in group 2,"
            f" {seen.group_3:,} in group 3 and {seen.unknown:,} go to a person"
            f" ({seen.unknown_without_class:,} have class 000/00);"
            f" of {seen.classes:,} Home Office classes {seen.classes_unknown:,} go to a person."
        )
    typer.echo(f"{len(report.problems)} problems." if report.problems else "No problems.")


@app.command("cases")
def cases_command(
    folder: Annotated[Path, typer.Argument(help="The folder that holds the case files.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, with the explanations.")] = False,
    engine: Annotated[str, typer.Option(help="The set engine beside the reference: duckdb.")] = "duckdb",
) -> None:
    """Run cases through the reference and through the set engine; every case must hold in both."""
    if engine not in ENGINES:
        typer.echo(f"'{engine}' is not an engine. Use {' or '.join(ENGINES)}.", err=True)
        raise typer.Exit(exits.WRONG_USE)
    if engine == "spark":
        typer.echo("Retention does not run on Spark yet. Use --engine duckdb.", err=True)
        raise typer.Exit(exits.WRONG_USE)
    try:
        policy = with_demonstration(policies.load())
        outcomes = run_cases(folder, policy)
    except PolicyError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(exits.BAD_INPUT) from error
    failed = sum(not outcome.holds for outcome in outcomes)
    if as_json:
        typer.echo(json.dumps(_as_json(outcomes, policy.adopting(stand_ins())), default=str))
    else:
        for outcome in outcomes:
            _print_outcome(outcome, folder)
        typer.echo(f"{len(outcomes)} cases, {failed} failed.")
    raise typer.Exit(exits.CHECK_FAILED if failed else exits.DONE)


def _print_outcome(outcome: Outcome, folder: Path) -> None:
    mark = "ok  " if outcome.holds else "FAIL"
    typer.echo(f"{mark} {outcome.case.source.relative_to(folder)}: {outcome.case.name}")
    for engine, wrong in outcome.failures.items():
        for each in wrong:
            typer.echo(f"       {engine}: {each}")


def _as_json(outcomes: Sequence[Outcome], policy: Policy) -> dict[str, Any]:
    return {
        "policy": policy.version,
        "cases": len(outcomes),
        "failed": sum(not outcome.holds for outcome in outcomes),
        "results": [
            {
                "file": str(outcome.case.source),
                "name": outcome.case.name,
                "holds": outcome.holds,
                "failures": outcome.failures,
                "decision": asdict(outcome.decision),
                "explanation": [
                    asdict(line) for line in words(outcome.decision, outcome.case.facts, policy, outcome.case.asked_on)
                ],
            }
            for outcome in outcomes
        ],
    }
