"""The command line: ``erbij`` runs it, and the other words look after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from bot.program import Program
    from bot.settings import Settings
    from storage.database import Database
    from storage.statement import Session

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
keys = typer.Typer(help="Master keys.", no_args_is_help=True)
discord = typer.Typer(help="Erbij in Discord.", no_args_is_help=True)
teams = typer.Typer(help="Erbij in Microsoft Teams.", no_args_is_help=True)
person = typer.Typer(help="What is stored of a person.", no_args_is_help=True)
coordinator = typer.Typer(
    help="Who coordinates a community, where nobody can say it in the chat.", no_args_is_help=True
)
app.add_typer(keys, name="keys")
app.add_typer(discord, name="discord")
app.add_typer(teams, name="teams")
app.add_typer(person, name="person")
app.add_typer(coordinator, name="coordinator")
Platform = Annotated[str, typer.Argument(help="discord, teams or web.")]
Ident = Annotated[str, typer.Argument(help="The person's id on that platform.")]
In = Annotated[str, typer.Option("--community", help="Only in the community with this address.")]


def _version(asked: bool) -> None:  # noqa: FBT001  a flag of the command line
    if asked:
        from importlib.metadata import version

        typer.echo(f"Erbij {version('erbij')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    version: Annotated[  # noqa: FBT002  a flag of the command line
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Erbij, the chatbot of a belonging programme.

    Without a command it runs, until Ctrl+C: the try-out where no platform is set, and else what is set.
    """
    del version
    if context.invoked_subcommand is not None:
        return
    import asyncio
    import gc

    gc.disable()  # what is loaded now stays: searching it for rubbish again and again would cost a tenth of the start

    from bot import logs, start
    from bot.program import Program
    from bot.settings import Misconfigured
    from storage.keys import KeyFault
    from storage.migrate import Unfit

    settings = _ready()
    logs.set_up()

    async def go() -> None:
        program = Program(settings)
        program.open()
        gc.freeze()
        gc.enable()
        await program.run(lambda: _welcome(program))

    try:
        asyncio.run(go())
    except (Misconfigured, Unfit) as fault:
        _fail(str(fault))
    except KeyFault as fault:
        _fail(start.no_key(fault))
    except _database_faults() as fault:
        _fail(start.cannot_use(settings, fault))
    except OSError as fault:
        _fail(start.cannot_read(fault))


@app.command()
def check() -> None:
    """Say what is wrong with settings, database and keys, and change nothing."""
    from rich.markup import escape

    from bot import checks
    from bot.settings import Misconfigured, load

    console = _console()
    try:
        findings = checks.findings(load())
    except Misconfigured as fault:
        findings = [checks.Finding(False, text) for text in fault.texts]
    for finding in findings:
        text = escape(finding.text).replace("\n", "\n      ")
        console.print("[green]ok   [/]" if finding.fine else "[bold red]wrong[/]", text, soft_wrap=True)
    if not all(finding.fine for finding in findings):
        raise typer.Exit(1)


@app.command()
def outbox(
    retry: Annotated[bool, typer.Option("--retry", help="Try every message again that was given up.")] = False,  # noqa: FBT002  a flag of the command line
    most: Annotated[int, typer.Option(help="How many to show.")] = 50,
) -> None:
    """Show what could not be sent and why, and what waits to be sent."""
    from bot.undelivered import table
    from storage import outbox as waiting
    from storage import undelivered

    database = _database()
    try:
        if retry:
            count = database.run_now(lambda s: undelivered.revive(s, time.time_ns() // 1_000_000))
            typer.echo(f"{count} to be tried again.")
        depth, lines = database.run_now(waiting.depth), database.run_now(lambda s: undelivered.rows(s, most))
    finally:
        database.close()
    console = _console()
    console.print(f"{depth.waiting} waiting, {depth.dead} given up.")
    if lines:
        console.print(table(lines), soft_wrap=True)
    if depth.dead:
        console.print("Try those again with: erbij outbox --retry")


@app.command()
def migrate() -> None:
    """Make the database's tables, or bring them to this version."""
    from bot import start
    from storage import migrate as migration

    settings = _settings()
    url = _database_of(settings)
    try:
        if not migration.pending(url):
            typer.echo("The database is of this version already.")
            return
        migration.upgrade(url)
    except migration.Unfit as fault:
        _fail(str(fault))
    except _database_faults() as fault:
        _fail(start.cannot_use(settings, fault))
    typer.echo(f"The database is at version {migration.newest()} now.")


@keys.command("new")
def new() -> None:
    """Print a fresh master key."""
    from storage.keys import new_key

    typer.echo(new_key())


@keys.command()
def rotate() -> None:
    """Wrap everything under the newest master key.

    First put a new key in front of the old one in ERBIJ_MASTER_KEY, with a comma between, and start Erbij again.
    After this the old one can be taken out.
    """
    from storage.rotation import rotate as put_under_newest

    database = _database()
    try:
        done = database.run_now(put_under_newest)
    finally:
        database.close()
    typer.echo(
        f"The database's key and {sum(done.values())} cases, letters and conversations are under the newest master "
        "key now."
    )


@discord.command()
def invite(
    client_id: Annotated[str, typer.Option(help="The application id; else it is read from the token.")] = "",
) -> None:
    """Print the link that adds Erbij to a server, with the fewest permissions."""
    from adapters.discord import invite_url
    from bot import formats

    if not client_id:
        token = _settings().discord_token.get_secret_value()
        if not token:
            _fail("Set ERBIJ_DISCORD_TOKEN, or give --client-id: the application id on Discord's developer page.")
        client_id = formats.client_id(token)
        if not client_id:
            _fail("ERBIJ_DISCORD_TOKEN is no bot token: copy it again from Discord's developer page, under Bot.")
    typer.echo(invite_url(client_id))


@teams.command()
def package(
    path: Annotated[Path, typer.Argument(help="Where to write the zip.")] = Path("erbij-teams.zip"),
) -> None:
    """Write the app package to upload in Microsoft Teams."""
    from adapters.teams.package import write_package
    from flows.catalogue import catalogue

    settings = _settings()
    if not settings.teams_app_id or not settings.public_url:
        _fail("Set ERBIJ_TEAMS_APP_ID and ERBIJ_PUBLIC_URL first: the package names both.")
    commands = [(command.word, command.about) for command in catalogue().commands.values()]
    write_package(path, app_id=settings.teams_app_id, public_url=settings.public_url, commands=commands)
    typer.echo(f"{path} is ready to be uploaded.")


@person.command()
def export(platform: Platform, ident: Ident, community: In = "") -> None:
    """Print as JSON what is stored of a person."""
    from bot import person as one

    database = _database()
    try:
        typer.echo(one.export(database, f"{platform}:{ident}", community))
    except one.Nobody as nobody:
        _fail(str(nobody))
    finally:
        database.close()


@person.command()
def forget(
    platform: Platform,
    ident: Ident,
    community: In = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,  # noqa: FBT002  a flag
) -> None:
    """Erase all that names a person, as "forget me" does in the chat."""
    from bot import person as one
    from storage.ledger import LedgerFault

    database = _database()
    try:
        for line in one.forget(database, f"{platform}:{ident}", community, dry_run=dry_run):
            typer.echo(line)
    except one.Nobody as nobody:
        _fail(str(nobody))
    except LedgerFault as fault:
        _fail("Nothing was forgotten.", str(fault))
    finally:
        database.close()


@person.command()
def replay() -> None:
    """Erase again what was erased after a restored backup was made."""
    from bot import person as one
    from storage.ledger import LedgerFault

    database = _database()
    try:
        typer.echo(one.replayed(database))
    except LedgerFault as fault:
        _fail(str(fault))
    finally:
        database.close()


@coordinator.command("add")
def add_coordinator(
    platform: Platform,
    ident: Ident,
    community: In = "",
    name: Annotated[str, typer.Option(help="Their name, as setup shows it.")] = "",
) -> None:
    """Let a person set a community up: where it has no coordinator, or lost the last one."""
    from bot import coordinators

    _of_coordinators(lambda session: coordinators.add(session, platform, ident, community, name))


@coordinator.command("remove")
def remove_coordinator(platform: Platform, ident: Ident, community: In = "") -> None:
    """Let a person set a community up no more."""
    from bot import coordinators

    _of_coordinators(lambda session: coordinators.remove(session, platform, ident, community))


def _of_coordinators(work: Callable[[Session], str]) -> None:
    from bot import coordinators

    database = _database()
    try:
        typer.echo(database.run_now(work))
    except coordinators.Refused as refused:
        _fail(str(refused))
    finally:
        database.close()


# ---------------------------------------------------------------- what the commands share


def _settings() -> Settings:
    from bot.settings import Misconfigured, load

    try:
        return load()
    except Misconfigured as fault:
        _fail(*fault.texts)


def _ready() -> Settings:
    """The settings, when Erbij can start with them here; whether it should begin anew is asked, where someone is."""
    import sys

    from bot import start
    from bot.settings import database_faults, faults

    settings = _settings()
    found = faults(settings)
    here = [] if database_faults(settings) else start.faults(settings)
    if here and here == [start.without_database(settings)] and sys.stdin.isatty() and sys.stdout.isatty():
        typer.echo(here.pop())
        if not found and not typer.confirm("Make a new, empty one now?"):
            raise typer.Exit(1)
    if found or here:
        _fail(*found, *here)
    return settings


def _database_of(settings: Settings) -> str:
    """The database's URL; ends the command when it may not, or cannot, be connected to."""
    from bot import start

    if found := start.unusable(settings):
        _fail(*found)
    return settings.database


def _database() -> Database:
    """The database, open; ends the command when it cannot be used."""
    from bot import start
    from bot.settings import Misconfigured, master_key
    from storage import migrate as migration
    from storage.database import Database
    from storage.keys import KeyFault, Masters

    settings = _settings()
    url = _database_of(settings)
    try:
        if migration.pending(url):
            _fail("The database is empty or of another version: start Erbij once, or run 'erbij migrate'.")
        if missing := start.without_key(settings):
            _fail(missing)
        database = Database(url, Masters(master_key(settings)), settings.ledger_path)
        database.open()
    except (Misconfigured, migration.Unfit) as fault:
        _fail(str(fault))
    except KeyFault as fault:
        _fail(start.no_key(fault))
    except _database_faults() as fault:
        _fail(start.cannot_use(settings, fault))
    return database


def _database_faults() -> tuple[type[Exception], ...]:
    import sqlite3

    import psycopg
    from sqlalchemy.exc import SQLAlchemyError

    from storage.database import NotSaved

    return (NotSaved, sqlite3.Error, psycopg.Error, SQLAlchemyError)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _fail(*texts: str) -> NoReturn:
    for text in texts:
        typer.echo(text.replace("\n", "\n  "), err=True)
    raise typer.Exit(1)


def _welcome(program: Program) -> None:
    """The printed page: where to click, what is on, and what is missing for the rest."""
    from bot.welcome import page

    typer.echo(page(program.settings, program.host.port))
