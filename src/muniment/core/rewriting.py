"""Rewrite the tables of both databases, so that no file of the server holds a row that was deleted.

PostgreSQL marks a deleted row and overwrites it some day; until then its values lie in the table, in indexes, in
statistics and in the write-ahead log. `VACUUM FULL` writes a table and its indexes anew without them, statistics are
taken anew from what is left, and log files from before are removed once the server has moved on to a fresh one.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from django.db import Error, connections

from muniment.core import places, walls
from muniment.core.verdicts import unless

_LOCK = 7_130_040
_PATIENCE = "5s"  # whoever waits for a table has everybody else wait behind: rather come back to it
_TRIES = 3
_PAUSE_S = 1.0  # the server's own round looks at a table for a moment and sees its rows as they were
STATISTICS: Final = "pg_catalog.pg_statistic"  # what the planner knows: it holds the commonest values as they are

_TABLES = """
SELECT c.oid::regclass::text, pg_table_size(c.oid),
    concat_ws('/', extract(epoch FROM pg_postmaster_start_time()), s.n_tup_ins, s.n_tup_upd, s.n_tup_del)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND (n.nspname IN ('public', 'muniment', 'staging') AND c.relname <> 'wall_secret' OR c.oid = %s::regclass)
ORDER BY c.oid = %s::regclass, 2, 1
"""
_SWITCHED = "SELECT pg_walfile_name(pg_switch_wal())"
_OLDER = "SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND substr(name, 9) <= substr(%s, 9)"


@dataclass
class Rewritten:
    """What was rewritten: tables by database, with what was written to each until then, and what is left to do."""

    marks: dict[str, str] = field(default_factory=dict)
    tables: int = 0
    unchanged: int = 0
    bytes: int = 0
    left: list[str] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return not self.left


@contextmanager
def alone() -> Iterator[None]:
    """Let one rewriting run at a time. Raise Refused when another does."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        unless(
            bool(cursor.fetchone()[0]), "The tables are being rewritten already: wait until that has ended."
        ).require()
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def rewrite(before: dict[str, str]) -> Rewritten:
    """Rewrite every table to which anything was written since `before` (the `marks` of the last time), and the log.

    Each table is closed to everybody while it is written anew; those that others hold are tried again, and named in
    `left` when they could not be had, or when somebody still looks at the rows as they were. Run outside a transaction.
    """
    done = Rewritten()
    for alias in ("default", "keys"):
        waiting = list(_wanted(alias, before, done))
        for trial in range(_TRIES):
            last = trial == _TRIES - 1
            time.sleep(_PAUSE_S if trial and waiting else 0)
            waiting = [table for table in waiting if (why := _rewrite(alias, table)) and _noted(done, table, why, last)]
    done.left += leave_the_log()
    return done


def rewrite_one(alias: str, table: str) -> list[str]:
    """Rewrite one table, what the planner knows, and the log; return what is left, as in `Rewritten.left`."""
    left = []
    for each in (table, STATISTICS):
        for trial in range(_TRIES):
            time.sleep(_PAUSE_S if trial else 0)
            if not (why := _rewrite(alias, each)):
                break
        left += [f"{each}: {why}"] if why else []
    return left + leave_the_log()


def _wanted(alias: str, before: dict[str, str], done: Rewritten) -> Iterator[str]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(_TABLES, [STATISTICS, STATISTICS])
        for table, size, mark in cursor.fetchall():
            # Counts that a crash has lost begin again: those of another start of the server say nothing. How much was
            # written is for nobody to see, and whether anything was to the covert audit: that is always written anew.
            if table != STATISTICS and table not in walls.COVERT_TABLES:
                name, digest = f"{alias}:{table}", places.derived("tombstones", f"rewritten {mark}")[:16]
                done.marks[name] = digest
                if before.get(name) == digest:
                    done.unchanged += 1
                    continue
            done.tables += 1
            done.bytes += 0 if table in walls.COVERT_TABLES else size
            yield table


def _noted(done: Rewritten, table: str, why: str, last: bool) -> bool:
    if last:
        shown = "the audit" if table in walls.AUDIT_TABLES + walls.COVERT_TABLES else table
        done.left.append(f"{shown}: {why}")
        done.marks = {name: mark for name, mark in done.marks.items() if not name.endswith(f":{table}")}
    return True


def _rewrite(alias: str, table: str) -> str:
    """Rewrite one table with its indexes, and take its statistics anew; return why it is not done, if it is not."""
    said: list[str] = []

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        if notice.message_detail:
            said.append(notice.message_detail)

    options = "FULL, VERBOSE" + ("" if table == STATISTICS else ", ANALYZE")
    with _heard(alias, hear), connections[alias].cursor() as cursor:
        try:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [_PATIENCE])
            cursor.execute(f"VACUUM ({options}) {table}")
        except Error as error:
            return "it was in use" if isinstance(error.__cause__, psycopg.errors.LockNotAvailable) else _named(error)
        finally:
            cursor.execute("SELECT set_config('lock_timeout', '0', false)")
        if table != STATISTICS and (why := _forget(cursor, table)):
            return why
    if not said:
        return "this role may not rewrite it (from PostgreSQL 17 the worker may; before, run it as the owner)"
    # "0 dead row versions cannot be removed yet", in whatever language the server speaks.
    kept = re.search(r"\d+", said[0])
    return "" if kept and kept[0] == "0" else "a transaction that began before still sees rows that were deleted"


_EMPTY = "SELECT reltuples = 0 FROM pg_class WHERE oid = %s::regclass"
_FORGET = """
SELECT count(pg_clear_attribute_stats(n.nspname, c.relname, a.attname, false)) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.oid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""


def _forget(cursor: Any, table: str) -> str:
    """Forget the statistics of a table from which everything went: of nothing, none are taken anew."""
    cursor.execute(_EMPTY, [table])
    if not cursor.fetchone()[0]:
        return ""
    try:
        cursor.execute(_FORGET, [table])
    except Error as error:
        return "nothing is left in it, and what the planner knew of it stays" + (
            " before PostgreSQL 18" if isinstance(error.__cause__, psycopg.errors.UndefinedFunction) else ""
        )
    return ""


@contextmanager
def _heard(alias: str, hear: Callable[[psycopg.errors.Diagnostic], None]) -> Iterator[None]:
    connections[alias].ensure_connection()
    connection: Any = connections[alias].connection
    connection.add_notice_handler(hear)
    try:
        yield
    finally:
        connection.remove_notice_handler(hear)


def _named(error: Exception) -> str:
    return f"it could not be rewritten ({type(error.__cause__ or error).__name__})"


def leave_the_log() -> list[str]:
    """Have the server go on in a fresh log file and remove those before it; return what keeps old ones."""
    left = []
    with connections["default"].cursor() as cursor:
        try:
            cursor.execute("SHOW wal_recycle")
            if cursor.fetchone()[0] != "off":
                left.append("log: the server recycles log files, which keep what was in them: set wal_recycle = off")
            cursor.execute(_SWITCHED)
            switched = cursor.fetchone()[0]
            cursor.execute("CHECKPOINT")
            cursor.execute(_OLDER, [switched])
            if older := cursor.fetchone()[0]:
                left.append(f"log: {older} log files from before are kept, for a replica, an archive or wal_keep_size")
        except Error as error:
            left.append(f"log: {_named(error)}; have the administrator run `muniment database init`")
    return left
