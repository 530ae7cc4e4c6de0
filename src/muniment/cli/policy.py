"""`muniment policy`: check the policy folder, and run its cases in every engine."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.cli import exits, printing
from muniment.cli.cluster import chosen
from muniment.engine import policy as policies
from muniment.engine.policy import Policy, PolicyError
from muniment.engine.policy.adoptions import read_folder
from muniment.engine.policy.checks import Report, check
from muniment.engine.policy.store import location
from muniment.engine.retention.cases import Case, differences, read_cases, stand_ins
from muniment.engine.retention.deciding import decide
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.explain import words
from muniment.invention.lives import Lives

if TYPE_CHECKING:
    from muniment.batch.cluster import Cluster
    from muniment.batch.retention.engines import SetEngine

_ENGINE = "The set engine beside the reference: duckdb, or spark on the cluster of MUNIMENT_SPARK_MASTER."
_CHUNK = 50_000
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


def run_cases(folder: Path, policy: Policy | None = None, cluster: "Cluster | None" = None) -> list[Outcome]:
    """Run every case under a folder through the reference and, all as one table, through a set engine.

    It is Spark where there is a cluster, else DuckDB. Raise NoCluster, saying what to do, when none answers.
    """
    # Imported here so that `policy check` does not wait for the set engine.
    from muniment.batch.retention.agreement import disagreements

    policy = (policy or with_demonstration(policies.load())).adopting(stand_ins())
    cases = read_cases(folder, policy)
    decisions = [decide(case.facts, policy, case.asked_on) for case in cases]
    failures: list[dict[str, list[str]]] = [{} for _ in cases]
    for case, decision, failed in zip(cases, decisions, failures, strict=True):
        if wrong := differences(case, decision):
            failed["engine"] = wrong
    asked = [(case.facts, case.asked_on) for case in cases]
    with _engine(cluster, len(cases)) as engine:
        for failed, wrong in zip(failures, disagreements(asked, decisions, policy, engine), strict=True):
            if wrong:
                failed["spark" if cluster else "duckdb"] = wrong
    return [Outcome(*each) for each in zip(cases, decisions, failures, strict=True)]


def _engine(cluster: "Cluster | None", rows: int) -> AbstractContextManager["SetEngine | None"]:
    if cluster is None:
        return nullcontext()
    from muniment.batch.retention.on_cluster import on_cluster

    return on_cluster(cluster, rows)


def with_demonstration(policy: Policy) -> Policy:
    """Return a policy with the adoptions of the fictional controllers, where the repository holds them."""
    folder = location().parent / "examples" / "demonstration" / "adoptions"
    fictional = [entry["code"] for entry in policy.codes.lists["controllers"] if entry.get("fictional")]
    return policy.adopting(read_folder(folder, fictional=fictional))


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
    engine: Annotated[str, typer.Option(help=_ENGINE)] = "duckdb",
) -> None:
    """Run cases through the reference and through a set engine; every case must hold in both."""
    cluster = chosen(engine)
    try:
        policy = with_demonstration(policies.load())
        outcomes = run_cases(folder, policy, cluster)
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


@app.command()
def agree(
    persons: Annotated[int, typer.Option(min=1, help="How many people to make up.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    engine: Annotated[str, typer.Option(help=_ENGINE)] = "duckdb",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Decide people made up at random by the reference and by a set engine; both must say the same of each.

    They have any role, class, event and flag, with dates missing, partial or impossible, so that what nobody has
    thought of is asked too. The policy is that of the cases.
    """
    cluster, began = chosen(engine), time.monotonic()
    parts = [(f"{seed}-{start}", min(_CHUNK, persons - start)) for start in range(0, persons, _CHUNK)]
    if cluster is None:
        with ProcessPoolExecutor() as pool:
            compared = list(pool.map(compare_lives, parts))
    else:
        with _engine(cluster, min(persons, _CHUNK)) as on:
            compared = [compare_lives(part, on) for part in parts]
    outcomes = sum((counted for counted, _ in compared), Counter())
    wrong = [told for _, found in compared for told in found]
    facts = {"persons": persons, "differ": len(wrong), "seconds": round(time.monotonic() - began, 1)} | outcomes
    printing.report(facts | {"differences": wrong} if as_json else facts, as_json=as_json, title=f"{engine} agrees")
    if wrong and not as_json:
        typer.echo("\n".join(wrong[:20]), err=True)
    raise typer.Exit(exits.CHECK_FAILED if wrong else exits.DONE)


def compare_lives(
    part: tuple[str, int], engine: "SetEngine | None" = None, on: date | None = None
) -> "tuple[Counter[str], list[str]]":
    """Return how often the reference decided what of so many people, and whom an engine decides otherwise.

    Each is asked about on a day of its own, or all of them on one.
    """
    from muniment.batch.retention.agreement import disagreements

    seed, persons = part
    policy = with_demonstration(policies.load()).adopting(stand_ins())
    lives = Lives(Random(seed), policy)  # noqa: S311 - nothing secret is drawn
    asked = [(lives.life(), on or lives.day()) for _ in range(persons)]
    decisions = [decide(facts, policy, day) for facts, day in asked]
    told = zip(asked, disagreements(asked, decisions, policy, engine), strict=True)
    wrong = [f"{', '.join(each)}: asked on {day} about {facts}" for (facts, day), each in told if each]
    return Counter(decision.outcome for decision in decisions), wrong
