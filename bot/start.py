"""What must be so on this machine before Erbij can start: a place for the database, its key, a free port.

Nothing is made or changed by looking. Each sentence says what is wrong and what to do.
"""

from __future__ import annotations

import errno
import http.client
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import database_faults, key_file

if TYPE_CHECKING:
    from bot.settings import Settings

_ELSEWHERE = "or name another place in ERBIJ_DATABASE_URL."
_SOON = 1.0
"""Seconds for who listens on our port to say who it is."""


def faults(settings: Settings) -> list[str]:
    """Why Erbij cannot keep its data here, or should not begin anew; for a database's URL that is one."""
    path = sqlite_file(settings)
    found = (path and place_fault(path)) or without_key(settings) or without_database(settings)
    return [found] if found else []


def unusable(settings: Settings) -> list[str]:
    """Why the database may not, or cannot, be connected to."""
    path = None if (found := database_faults(settings)) else sqlite_file(settings)
    return found or [text for text in (path and place_fault(path),) if text]


def sqlite_file(settings: Settings) -> Path | None:
    """The database's file; None on PostgreSQL."""
    from sqlalchemy.engine import make_url

    url = make_url(settings.database)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def place_fault(path: Path) -> str:
    """Why a database cannot be kept in a file; empty when it can. Read-only disks and other users' folders count."""
    cannot = f"The database {path} cannot be kept there"
    folder = next(one for one in path.absolute().parents if _is_there(one))
    if os.path.lexists(folder) and not folder.is_dir():
        return f"{cannot}: {_shown(folder)} is no folder.\nMove it away, {_ELSEWHERE}"
    if not _may(folder, os.W_OK | os.X_OK):
        return f"{cannot}: the user who runs Erbij may not write in {_shown(folder)}.\nLet it (chown), {_ELSEWHERE}"
    if not os.path.lexists(path):
        return ""
    if not path.is_file():
        return f"{cannot}: {path} is a folder, not a file.\nMove it away, {_ELSEWHERE}"
    if not _may(path, os.R_OK | os.W_OK):
        return f"{cannot}: the user who runs Erbij may not read and write {path}.\nLet it (chown), {_ELSEWHERE}"
    return ""


def without_key(settings: Settings) -> str:
    """That a database is there but not its key, which a new one would not open; empty when not so."""
    from storage import migrate

    key, database = key_file(settings), sqlite_file(settings) or "on PostgreSQL"
    if not settings.is_tryout or settings.master_key.get_secret_value():
        return ""  # that a setting is missing is said with the settings
    if os.path.lexists(key) or not migrate.sealed(settings.database):
        return ""
    return (
        f"The key {key} is missing, and no other opens the database {database}.\n"
        "Put the key back. To begin anew, move that database away."
    )


def without_database(settings: Settings) -> str:
    """That a key is there but not its database, so that this may be no beginning; empty when not so."""
    database, key = sqlite_file(settings), key_file(settings)
    if database is None or database.exists():
        return ""
    go_on = "If there was one, put it back. To make a new, empty one: erbij migrate"
    if settings.master_key.get_secret_value():
        return f"There is a master key, but no database {database} (ERBIJ_DATABASE_URL).\n{go_on}"
    if settings.is_tryout and key.exists():
        return f"The key {key} is there, but not its database {database}.\n{go_on}"
    return ""


def port_faults(settings: Settings) -> list[str]:
    """Why Erbij could not listen where it should; where it runs already, it can."""
    doors = [("ERBIJ_PORT", settings.host, settings.port)]
    if settings.metrics_port:
        doors.append(("ERBIJ_METRICS_PORT", "127.0.0.1", settings.metrics_port))
    return [text for door in doors if (text := _port_fault(*door))]


def cannot_listen(setting: str, host: str, port: int, fault: OSError) -> str:
    """Why a port cannot be had, and what to do."""
    if fault.errno == errno.EADDRINUSE:
        return f"{setting}: something listens on {host}:{port} already.\nStop it, or set {setting} to another port."
    if fault.errno == errno.EACCES:
        return f"{setting}: the user who runs Erbij may not listen on port {port}.\nSet a port above 1023."
    if fault.errno == errno.EADDRNOTAVAIL or isinstance(fault, socket.gaierror):
        return f"ERBIJ_HOST: this machine has no address {host}.\nSet 127.0.0.1, or 0.0.0.0 for all that it has."
    return f"{setting}: cannot listen on {host}:{port} ({fault.strerror or fault}).\nSet another port."


def cannot_use(settings: Settings, fault: Exception) -> str:
    """Of a database that does not open, or not any more."""
    why = str(fault).strip().split("\n", maxsplit=1)[0].removeprefix("OperationalError: ")
    path = sqlite_file(settings)
    if path is None:
        return f"PostgreSQL cannot be used: {why}\nDoes it run, and is ERBIJ_DATABASE_URL right?"
    if "locked" in why:
        return f"The database {path} cannot be used: another program holds it.\nEnd that one, a backup say."
    return f"The database {path} cannot be used: {why}.\nPut a backup in its place, {_ELSEWHERE}"


def no_key(fault: Exception) -> str:
    """Of a master key that does not open the database."""
    return (
        f"The master key does not fit this database: {fault}.\n"
        "Put the one that it was made with into ERBIJ_MASTER_KEY, behind newer ones, with a comma between."
    )


def cannot_read(fault: OSError) -> str:
    """Of a file that could not be used."""
    return f"{fault.filename or 'A file'} cannot be used: {fault.strerror or fault}."


def _port_fault(setting: str, host: str, port: int) -> str:
    try:
        for family, kind, _proto, _name, address in socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind(address)
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE and _is_erbij(host, port):
            return ""
        return cannot_listen(setting, host, port, fault)
    return ""


def _is_erbij(host: str, port: int) -> bool:
    """Whether who listens there says that it is Erbij."""
    reached = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  nothing is bound
    connection = http.client.HTTPConnection(reached, port, timeout=_SOON)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().getheader("Server") == "Erbij"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_there(path: Path) -> bool:
    """Whether a path is there, or nobody lets us see whether it is."""
    try:
        path.lstat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _may(path: Path, rights: int) -> bool:
    return os.access(path, rights, effective_ids=os.access in os.supports_effective_ids)


def _shown(path: Path) -> str:
    """A path as somebody who stands in this folder would write it."""
    try:
        here = Path.cwd()
    except OSError:  # the folder in which Erbij was started is gone
        return str(path)
    return str(path.relative_to(here)) if path != here and path.is_relative_to(here) else str(path)
