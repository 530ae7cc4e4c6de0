"""`muniment serve`: the site, and the worker beside it."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import waitress
from django.core.management import call_command

from muniment.cli import printing
from muniment.core import places
from muniment.retention.policies import policy_now

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    worker: Annotated[bool, typer.Option(help="Also carry out what is due, every few seconds.")] = True,
) -> None:
    """Serve the site until stopped."""
    site(host, port, worker=worker)


def site(host: str, port: int, *, worker: bool) -> None:
    """Collect the static files, start the worker, and serve."""
    call_command("check", tags=["security"], fail_level="ERROR", verbosity=0)
    collect_static()
    # The application looks once, when it is made, which static files there are: it comes after they are collected.
    from muniment.site.wsgi import application

    beside = _start_worker() if worker else None
    try:
        with settled():
            printing.console.print(f"Serving on http://{host}:{port} - stop with Ctrl+C.")
            waitress.serve(
                application,
                host=host,
                port=port,
                threads=8,
                ident="muniment",
                clear_untrusted_proxy_headers=True,
                trusted_proxy="127.0.0.1",
                trusted_proxy_headers={"x-forwarded-proto", "x-forwarded-for"},
            )
    finally:
        if beside is not None:
            beside.terminate()
            beside.wait(timeout=30)


@contextmanager
def settled() -> Iterator[None]:
    """Read the policy before the first who asks, and have the garbage collector pass over all that stays.

    Measured: without it one request in some ten waits a fifth of a second while policy and program are looked through.
    """
    policy_now.policy()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def collect_static() -> None:
    """Collect the static files; after a kill all of them, because half a file that is newer would be left as it is."""
    whole = places.home() / "static.collected"
    begun_anew = not whole.exists()
    whole.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=begun_anew)
    whole.touch()


def _start_worker() -> subprocess.Popen[bytes]:
    # The worker is a process of its own, with a database role of its own. It ends with this one, killed or not.
    command = [sys.executable, "-m", "muniment.cli.main", "work", "--every", "5", "--beside", str(os.getpid())]
    return subprocess.Popen(command, env=dict(os.environ))  # noqa: S603 - our own command
