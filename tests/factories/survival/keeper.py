"""A process that holds an installation's server and answers about it: one JSON object a line in, one out.

It is a process of its own because each installation has its own home, secrets and server, and the tests have theirs.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

ROLE = "worker"  # sees every row and every key


def _prepare() -> None:
    os.environ["MUNIMENT_ROLE"] = ROLE
    os.environ["DJANGO_SETTINGS_MODULE"] = "muniment.site.settings"
    import django

    from muniment.core import postgres

    postgres.start()
    _trust_the_machine()
    django.setup()


def _trust_the_machine() -> None:
    """Let the system write to the disk when it likes: processes are killed here, never the machine under them.

    What is committed stays committed all the same, because it is handed to the system before the answer.
    """
    from muniment.core import database

    with database.admin_connection("postgres") as admin:
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")


def snapshot(name: str) -> None:
    """Keep a copy of both databases, the seals, the ledger and the adoptions under a name."""
    _copy_databases({each: f"{each}_at_{name}" for each in _names()})
    _copy_files(Path(), Path("kept") / name)


def restore(name: str) -> None:
    """Put both databases and the files back to what they were when the snapshot was taken."""
    from muniment.core import database

    _copy_databases({f"{each}_at_{name}": each for each in _names()})
    database.create_roles_and_databases()
    _copy_files(Path("kept") / name, Path())


def _names() -> tuple[str, str]:
    from muniment.core import database

    return database.names()


def _copy_databases(copies: dict[str, str]) -> None:
    from django.db import connections

    from muniment.core import database

    connections.close_all()
    with database.admin_connection("postgres") as admin:
        owner = database.role_name("owner")
        for source, target in copies.items():
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
            admin.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            admin.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" OWNER {owner} STRATEGY file_copy')


def _copy_files(source: Path, target: Path) -> None:
    import shutil

    from muniment.core import places

    source, target = places.home() / source, places.home() / target
    target.mkdir(parents=True, exist_ok=True)
    for name in ("seals.jsonl", "ledger.jsonl"):
        (target / name).unlink(missing_ok=True)
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
    if (source / "adoptions").exists():
        shutil.copytree(source / "adoptions", target / "adoptions", dirs_exist_ok=True)


def sql(query: str, dbname: str = "") -> list:
    """Return the rows of a query asked as the administrator, who passes every wall."""
    from muniment.core import database

    with database.admin_connection(dbname or _names()[0]) as admin:
        return admin.execute(query).fetchall()


def walls() -> list:
    """Return every policy and every right on a table, in both databases."""
    policies = "SELECT tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2"
    rights = (
        "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = 'public' ORDER BY 1, 2, 3"
    )
    return [sql(query, name) for name in _names() for query in (policies, rights)]


def address(dbname: str = "") -> str:
    """Return where the administrator connects to."""
    from muniment.core import database, postgres

    return database.psycopg.conninfo.make_conninfo(
        host=str(postgres.socket_folder()),
        user=postgres.ADMIN,
        password=postgres.password(postgres.ADMIN),
        dbname=dbname or _names()[0],
    )


def postmaster() -> int:
    """Return the process of the embedded server."""
    from muniment.core import postgres

    return int((postgres._seat()[0] / "postmaster.pid").read_text().split()[0])


def verify() -> tuple[int, str]:
    """Seal nothing; export the audit and run the auditor's script on it, as `muniment audit verify` does."""
    import subprocess
    import tempfile

    from muniment.core import audit, verify_audit

    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in audit.export())
        file.flush()
        audit.seals_file().touch()
        command = [sys.executable, verify_audit.__file__, file.name, "--seals", str(audit.seals_file())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def left_behind() -> list[str]:
    """Return what a killed run left: staged tables, spilled files, halves of secrets."""
    from muniment.core import places

    home = places.home()
    tables = [f"staging.{name}" for (name,) in sql("SELECT tablename FROM pg_tables WHERE schemaname = 'staging'")]
    files = [str(each.relative_to(home)) for each in (home / "work").rglob("*")] if (home / "work").exists() else []
    return tables + files + [each.name for each in (home / "secrets").glob(".*")]


def _answer(line: str) -> object:
    from django.db import connections

    from muniment.core import postgres

    asked = json.loads(line)
    module, _, name = asked["call"].rpartition(":")
    if name != "postmaster":
        postgres.start()  # it may have been killed since
    here = sys.modules[__name__] if not module else importlib.import_module(module)
    try:
        return getattr(here, name)(**asked["given"])
    finally:
        connections.close_all()


def main() -> None:
    """Answer until the input ends."""
    from muniment.core import postgres

    _prepare()
    answers, sys.stdout = sys.stdout, sys.stderr  # what the product prints is no answer
    for line in sys.stdin:
        try:
            said: dict[str, object] = {"done": _answer(line)}
        except Exception:  # noqa: BLE001 - the asker is told
            said = {"failed": traceback.format_exc()}
        answers.write(json.dumps(said, default=str) + "\n")
        answers.flush()
    postgres.stop()


if __name__ == "__main__":
    main()
