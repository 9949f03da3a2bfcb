"""The command line: ``erbij`` runs it, and the other words look after it."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from bot.program import Program
    from bot.settings import Settings
    from storage.database import Database

app = typer.Typer(
    help="Erbij, the chatbot of a belonging programme.", add_completion=False, pretty_exceptions_enable=False
)
keys = typer.Typer(help="Master keys.", no_args_is_help=True)
discord = typer.Typer(help="Erbij in Discord.", no_args_is_help=True)
teams = typer.Typer(help="Erbij in Microsoft Teams.", no_args_is_help=True)
person = typer.Typer(help="What is stored of a person.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(discord, name="discord")
app.add_typer(teams, name="teams")
app.add_typer(person, name="person")
Platform = Annotated[str, typer.Argument(help="discord or teams.")]
Ident = Annotated[str, typer.Argument(help="The person's id on that platform.")]
In = Annotated[str, typer.Option("--community", help="Only in the community with this address.")]


@app.callback(invoke_without_command=True)
def run(context: typer.Context) -> None:
    """Run Erbij: the try-out without any configuration, and else what is configured."""
    if context.invoked_subcommand is not None:
        return
    import asyncio
    import gc

    gc.disable()  # what is loaded now stays: searching it for rubbish again and again would cost a tenth of the start

    from bot import logs
    from bot.program import Program
    from bot.settings import Misconfigured, faults
    from storage.keys import KeyFault

    settings = _settings()
    found = faults(settings)
    if found:
        _fail(*found)
    logs.set_up()

    async def go() -> None:
        program = Program(settings)
        program.open()
        gc.freeze()
        gc.enable()
        await program.run(lambda: _welcome(program))

    try:
        asyncio.run(go())
    except (Misconfigured, KeyFault) as fault:
        _fail(str(fault))
    except _database_faults() as fault:
        _fail(f"The database cannot be used: {fault}")
    except OSError as fault:
        _fail(f"Cannot listen on {settings.host}:{settings.port}: {fault.strerror or fault}")


@app.command()
def check() -> None:
    """Say what is wrong with configuration, database and keys."""
    from bot import checks
    from bot.settings import Misconfigured, load

    console = _console()
    try:
        findings = checks.findings(load())
    except Misconfigured as fault:
        findings = [checks.Finding(False, line) for line in str(fault).splitlines()]
    for finding in findings:
        console.print("[green]ok   [/]" if finding.fine else "[bold red]wrong[/]", finding.text, soft_wrap=True)
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
    """Bring the database's tables to this version."""
    from storage import migrate as migration

    url = _database_of(_settings())
    try:
        if not migration.pending(url):
            typer.echo("The database is of this version already.")
            return
        migration.upgrade(url)
    except _database_faults() as fault:
        _fail(f"The database cannot be used: {fault}")
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

    if not client_id:
        token = _settings().discord_token.get_secret_value()
        if not token:
            _fail("Set ERBIJ_DISCORD_TOKEN, or give --client-id: the application id on Discord's developer page.")
        client_id = _client_id(token)
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


# ---------------------------------------------------------------- what the commands share


def _settings() -> Settings:
    from bot.settings import Misconfigured, load

    try:
        return load()
    except Misconfigured as fault:
        _fail(*str(fault).splitlines())


def _database_of(settings: Settings) -> str:
    """The database's URL; ends the command when it may not be connected to."""
    from bot.settings import database_faults

    if found := database_faults(settings):
        _fail(*found)
    return settings.database


def _database() -> Database:
    """The database, open; ends the command when it cannot be used."""
    from bot.settings import Misconfigured, master_key
    from storage import migrate as migration
    from storage.database import Database
    from storage.keys import KeyFault, Masters

    settings = _settings()
    url = _database_of(settings)
    try:
        if migration.pending(url):
            _fail("The database is empty or of another version: start Erbij once, or run 'erbij migrate'.")
        database = Database(url, Masters(master_key(settings)), settings.ledger_path)
        database.open()
    except (Misconfigured, KeyFault) as fault:
        _fail(str(fault))
    except _database_faults() as fault:
        _fail(f"The database cannot be used: {fault}")
    return database


def _database_faults() -> tuple[type[Exception], ...]:
    import sqlite3

    import psycopg
    from sqlalchemy.exc import SQLAlchemyError

    from storage.database import NotSaved

    return (NotSaved, sqlite3.Error, psycopg.Error, SQLAlchemyError)


def _client_id(token: str) -> str:
    """The application id, which is the first part of a token."""
    first = token.split(".", maxsplit=1)[0]
    try:
        found = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode()
    except ValueError:
        found = ""
    if not found.isdigit():
        _fail("ERBIJ_DISCORD_TOKEN is no bot token: copy it again from Discord's developer page.")
    return found


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _fail(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)


def _welcome(program: Program) -> None:
    """The printed page: where to click, what is on, and what is missing for the rest."""
    from bot.welcome import page

    typer.echo(page(program.settings, program.host.port))
