"""Every test stands on the real embedded PostgreSQL, in a home of its own; it starts when the first test asks for it.

A run takes the first home under `build/test` that no other run holds, so that two runs never share a database. The
processes of one run (pytest-xdist) share the server and have a database each.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).parents[1]
HOMES = ROOT / "build" / "test"
ORGANISATION = ROOT / "examples" / "demonstration" / "organisation.yaml"
ON_DATABASE = ("integration", "browser")


class _Home:
    """This run's claim on a home; the kernel gives it up when the run ends, however it ends."""

    claim: IO[str] | None = None


def _free_home() -> Path:
    HOMES.mkdir(parents=True, exist_ok=True)
    for number in range(1, 100):
        claim = (HOMES / f"{number}.claimed").open("a")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            continue
        _Home.claim = claim
        return HOMES / str(number)
    raise pytest.UsageError(f"Every home under {HOMES} is taken: end other test runs first.")


def _prepare() -> None:
    """Point settings at the tests' home before anything reads them; workers inherit it from the run."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ["MUNIMENT_HOME"] = str(_free_home())
        for name in (
            "DATABASE_URL",
            "MUNIMENT_POLICY",
            "MUNIMENT_SEALS_FILE",
            "MUNIMENT_LEDGER_FILE",
            "MUNIMENT_ADOPTIONS",
            "MUNIMENT_RECIPIENTS",
            "MUNIMENT_DEMONSTRATION",
        ):
            os.environ.pop(name, None)
    os.environ["MUNIMENT_ROLE"] = "owner"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"  # Playwright keeps an event loop beside the test
    os.environ["DJANGO_SETTINGS_MODULE"] = "muniment.site.settings"
    import django
    from django.conf import settings

    # A sign-in costs a quarter of a second with the real one.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Pages name static files as they lie in the tree: nothing has to be collected first.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    django.setup()


_prepare()  # on import, because the conftest files below this one import models


def pytest_unconfigure() -> None:
    """Give up this process's share in the server; the last one out stops it."""
    from muniment.core import postgres

    postgres.stop()


@pytest.hookimpl(tryfirst=True)  # before xdist asks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give integration and browser tests both databases, and keep those that share what is dear in one process."""
    for item in items:
        kind = item.path.relative_to(ROOT / "tests").parts[0]
        if kind in ON_DATABASE:
            said = item.get_closest_marker("django_db")
            wanted = {"databases": "__all__", **(said.kwargs if said else {})}
            item.add_marker(pytest.mark.django_db(**wanted), append=False)
        if kind == "browser":
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
        elif "survival" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("survival"))
        elif item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))  # what a file makes once, one process makes once


class _LongFirst:
    """Where processes share the tests: what cannot be shared out is begun first, and the smallest last, so that no
    process has much left to do when the others have nothing. Needs `--no-loadscope-reorder`."""

    @pytest.hookimpl(trylast=True)  # after pytest-django, which sorts by what has to be emptied
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Begin with what starts servers and clusters of its own, then the browser, then what needs the database."""
        items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    kind = item.path.relative_to(ROOT / "tests").parts[0]
    if item.get_closest_marker("slow") or item.path.parent.name in {"survival", "backup"}:
        return 0
    return {"browser": 1, "integration": 2, "spec": 3, "unit": 4}.get(kind, 5)


def pytest_configure(config: pytest.Config) -> None:
    """Order the tests where processes share them."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        config.pluginmanager.register(_LongFirst())


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Only one process of this run at a time."""
    with (Path(os.environ["MUNIMENT_HOME"]) / f"{name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def server() -> None:
    """Start PostgreSQL with our roles; the owner may make databases here, as the tests' own are made by it."""
    from muniment.core import database, postgres

    postgres.start()
    # Once a run: making the roles again would take from them, for a moment, what another process is about to use.
    made = Path(os.environ["MUNIMENT_HOME"]) / f"roles-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    with _alone("roles"):
        if made.exists():
            return
        database.create_roles_and_databases()
        database.add_extensions("template1")
        database.let_rewrite("template1")
        with database.admin_connection("postgres") as admin:
            admin.execute(f"ALTER ROLE {database.role_name('owner')} CREATEDB")
            # No row of a test has to outlive the machine. Installations of their own keep what the product sets.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                admin.execute(f"ALTER SYSTEM SET {setting} = off")
            admin.execute("SELECT pg_reload_conf()")
        made.touch()


@pytest.fixture(scope="session")
def django_db_setup(server: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Raise the walls on the tests' databases, as `muniment database init` does on the real ones."""
    from django.db import connections

    from factories import emptying
    from muniment.core import database, integrity, walls

    with django_db_blocker.unblock(), _alone("roles"):
        walls.raise_walls()
        integrity.raise_checks()
        walls.raise_key_walls()
    yield
    # A thread of a test may have left a session open, and a database in use cannot be dropped.
    names = [each.settings_dict["NAME"] for each in connections.all()]
    connections.close_all()
    emptying.close()
    with database.admin_connection("postgres") as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)", [names])


@pytest.fixture(scope="session", autouse=True)
def _quickly_emptied() -> Iterator[None]:
    """Have tests that commit take out the rows that are there, and not write every table and all its types anew."""
    from django.test import TransactionTestCase

    from factories import emptying

    def emptied(case: TransactionTestCase) -> None:
        for alias in case._databases_names(include_mirrors=False):
            emptying.empty(alias)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptied)
        yield


@pytest.fixture(autouse=True)
def _own_files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test seals, a ledger and adoptions of its own, because each has an audit and controllers of its own."""
    if request.node.get_closest_marker("django_db"):
        monkeypatch = request.getfixturevalue("monkeypatch")
        own = tmp_path_factory.mktemp("own")
        monkeypatch.setenv("MUNIMENT_SEALS_FILE", str(own / "seals.jsonl"))
        monkeypatch.setenv("MUNIMENT_LEDGER_FILE", str(own / "ledger.jsonl"))
        monkeypatch.setenv("MUNIMENT_ADOPTIONS", str(own / "adoptions"))
        monkeypatch.setenv("MUNIMENT_RECIPIENTS", str(own / "recipients"))


@pytest.fixture
def controllers(db: None) -> dict:
    """Register the demonstration's organisation; return its controllers by code."""
    from muniment.core.actors import Actor
    from muniment.core.models import Controller
    from muniment.records.actions.organise import load_organisation

    load_organisation(ORGANISATION, by=Actor("tests"))
    return {each.code: each for each in Controller.objects.all()}


@pytest.fixture
def cast(controllers: dict) -> dict:
    """Make the named cast (see factories/cast.py); return users by name."""
    from factories.cast import make_cast

    return make_cast(controllers)


@pytest.fixture
def signed_in(db: None) -> Callable:
    """Return a function that signs a user in with their password and says why they look; it returns the client."""
    from factories.cast import sign_in

    return sign_in
