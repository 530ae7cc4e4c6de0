"""The databases that a copy is loaded into: beside the live ones, under names that nobody is let in by.

A restored copy takes its name, and lets people in, in one transaction at the very end: killed before it, what there is
has another name and no role but the owner's may enter; killed after it, everything is done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.db import connections
from psycopg import sql

from muniment.core import database
from muniment.core.verdicts import unless

_LOCK = 7_130_018
# What a database holds that was made and never used.
_OF_ITS_MAKING = ("django_migrations", "django_content_type", "auth_permission")


@dataclass(frozen=True)
class Seats:
    """The names of the two databases that a copy lies in until it is opened or taken away."""

    main: str
    keys: str


def restoring() -> Seats:
    """Return where a copy lies that is to be opened."""
    main, keys = database.names()
    return Seats(f"{main}_restoring", f"{keys}_restoring")


def rehearsal() -> Seats:
    """Return where a copy lies that is looked at and taken away."""
    main, keys = database.names()
    return Seats(f"{main}_rehearsal", f"{keys}_rehearsal")


@contextmanager
def alone() -> Iterator[psycopg.Connection]:
    """Lend the administrator's connection, to one restore or rehearsal at a time."""
    with database.admin_connection("postgres") as admin:
        row = admin.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        unless(bool(row and row[0]), "Another restore or rehearsal is running: wait until it has ended.").require()
        database.create_roles(admin)
        yield admin


def exists(admin: psycopg.Connection, name: str) -> bool:
    """Whether there is a database of a name."""
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def is_unused(admin: psycopg.Connection, name: str) -> bool:
    """Whether a database is not there, or was made and never used."""
    if not exists(admin, name):
        return True
    with database.admin_connection(name) as inside:
        found = inside.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return not any(
            inside.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier("public", table))).fetchone()
            for (table,) in found
            if table not in _OF_ITS_MAKING
        )


def make(admin: psycopg.Connection, name: str) -> None:
    """Make an empty database that only the owner may enter, in place of what an attempt that was killed left."""
    drop(admin, name)
    admin.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
            sql.Identifier(name), sql.Identifier(database.role_name("owner"))
        )
    )
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def drop(admin: psycopg.Connection, name: str) -> None:
    """Take a database away, with whoever is in it."""
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def look_into(main: str, keys: str, *, keys_read_only: bool = False) -> None:
    """Have this process work on these databases from here on."""
    for alias, name in (("default", main), ("keys", keys)):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    options = {"options": "-c default_transaction_read_only=on"} if keys_read_only else {}
    connections["keys"].settings_dict["OPTIONS"] = options


def open_up(admin: psycopg.Connection, seats: Seats, *, keys_too: bool) -> None:
    """Give a copy its name and let the roles in, all at once."""
    main, keys = database.names()
    look_into(main, keys)
    moves = [(seats.main, main)] + ([(seats.keys, keys)] if keys_too else [])
    for _, name in moves:
        # Unused, which was made sure of; whoever is connected to it waits for tables that were never there.
        unless(is_unused(admin, name), f"The database {name} has been used meanwhile: nothing was opened.").require()
        drop(admin, name)
    with admin.transaction():
        for was, name in moves:
            admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(was), sql.Identifier(name)))
            database.let_in(admin, name)
