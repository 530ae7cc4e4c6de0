"""Which engine a command runs on, and where its cluster is."""

import typer

from muniment.batch.cluster import Cluster, NoCluster
from muniment.cli import exits
from muniment.core import places
from muniment.site import environment

ENGINES = ("duckdb", "spark")


def chosen(engine: str) -> Cluster | None:
    """Return the cluster of an engine, None for this machine; end the command where the engine cannot be had."""
    if engine not in ENGINES:
        typer.echo(f"There is no engine '{engine}': use {' or '.join(ENGINES)}.", err=True)
        raise typer.Exit(exits.WRONG_USE)
    return from_environment() if engine == "spark" else None


def from_environment() -> Cluster:
    """Return the cluster that the environment names; end the command where there is none to run on."""
    master, secret = environment.text("MUNIMENT_SPARK_MASTER", ""), environment.text("MUNIMENT_SPARK_SECRET", "")
    try:
        if not master:
            raise NoCluster(
                "No cluster is named: set MUNIMENT_SPARK_MASTER to the address of its master, such as"
                " spark://host:7077, or use --engine duckdb."
            )
        memory = environment.text("MUNIMENT_SPARK_MEMORY", "1g")
        found = Cluster(master, places.spill() / "spark", memory, secret or None)
        found.check()
    except NoCluster as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(exits.WRONG_USE) from error
    return found
