"""The databases and their roles: made once by the administrator, used ever after by roles that cannot do more.

Four roles log in, none a superuser, none past row-level security: `owner` changes the schema, `web` serves the
screens inside the reader's scope, `batch` computes over whole sets, `worker` carries out jobs and destruction.
Content keys live in a database of their own.
"""

import contextlib
import os
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from muniment.core import places, postgres

ROLES = ("owner", "web", "batch", "worker")
EXTENSIONS = ("pg_trgm", "fuzzystrmatch", "unaccent")
MAINTAIN = 170000  # from this version of the server a table may be maintained by others than its owner


def role_name(role: str) -> str:
    """Return the name that a role has in PostgreSQL."""
    return f"muniment_{role}"


def role_password(role: str) -> str:
    """Return the password of one of our roles."""
    return places.derived("database", role_name(role))


def names() -> tuple[str, str]:
    """Return (name of the main database, name of the database of keys)."""
    url = os.environ.get("DATABASE_URL")
    main = unquote(urlsplit(url).path.lstrip("/")) if url else "muniment"
    return main, f"{main}_keys"


def address() -> dict[str, str | int]:
    """Return host and port, for every role, of the server in use."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return {"host": str(postgres.socket_folder()), "port": 5432}
    parts = urlsplit(url)
    return {"host": parts.hostname or "localhost", "port": parts.port or 5432}


def admin_connection(dbname: str) -> psycopg.Connection:
    """Connect as the administrator: the account in DATABASE_URL, or the embedded server's own."""
    url = os.environ.get("DATABASE_URL")
    if url:
        return psycopg.connect(url, dbname=dbname, autocommit=True)
    return psycopg.connect(
        host=str(postgres.socket_folder()),
        user=postgres.ADMIN,
        password=postgres.password(postgres.ADMIN),
        dbname=dbname,
        autocommit=True,
    )


def uri(role: str, *, dbname: str | None = None) -> str:
    """Return a libpq connection string for one of our roles."""
    where = address()
    return psycopg.conninfo.make_conninfo(
        host=str(where["host"]),
        port=where["port"],
        user=role_name(role),
        password=role_password(role),
        dbname=dbname or names()[0],
    )


def create_roles_and_databases() -> None:
    """Make the roles, the two databases and their extensions; do nothing to what exists already."""
    main, keys = names()
    maintenance = "postgres" if not os.environ.get("DATABASE_URL") else main
    try:
        admin = admin_connection(maintenance)
    except psycopg.OperationalError:
        if maintenance == "postgres":
            raise
        admin = admin_connection("postgres")
    with admin:
        create_roles(admin)
        for name in (main, keys):
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                admin.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                        sql.Identifier(name), sql.Identifier(role_name("owner"))
                    )
                )
            admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
            let_in(admin, name)
    add_extensions(main)
    for name in (main, keys):
        let_rewrite(name)


def create_roles(admin: psycopg.Connection) -> None:
    """Make the roles, or set them right."""
    for role in ROLES:
        _create_role(admin, role)
    # The owner may step down to `web`: that is how tests run requests.
    for role in ROLES[1:]:
        admin.execute(
            sql.SQL("GRANT {} TO {}").format(sql.Identifier(role_name(role)), sql.Identifier(role_name("owner")))
        )


def let_rewrite(dbname: str) -> None:
    """Let the owner and the worker write tables anew and leave the log behind (`core.rewriting`).

    An administrator who may not give these rights leaves it at that: the rewriting says then what it could not do.
    """
    roles = sql.SQL(", ").join(sql.Identifier(role_name(role)) for role in ("owner", "worker"))
    with admin_connection(dbname) as admin:
        statements = [
            "GRANT pg_checkpoint, pg_monitor TO {}",
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_switch_wal() TO {}",
        ]
        if admin.info.server_version >= MAINTAIN:
            statements.append("GRANT MAINTAIN ON pg_catalog.pg_statistic TO {}")
        for statement in statements:
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                admin.execute(sql.SQL(statement).format(roles))


def let_in(admin: psycopg.Connection, name: str) -> None:
    """Let the roles sign in to a database."""
    for role in ROLES:
        admin.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(name), sql.Identifier(role_name(role))
            )
        )


def add_extensions(dbname: str) -> None:
    """Add the extensions that the main database needs."""
    with admin_connection(dbname) as admin:
        for extension in EXTENSIONS:
            admin.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))


def _create_role(admin: psycopg.Connection, role: str) -> None:
    name = sql.Identifier(role_name(role))
    if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role_name(role)]).fetchone():
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    admin.execute(
        sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD {}").format(
            name, sql.Literal(role_password(role))
        )
    )
