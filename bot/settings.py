"""What can be set: environment variables ``ERBIJ_*``, or the same names in lower case in ``erbij.toml``."""

from __future__ import annotations

import ipaddress
import os
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot import formats

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

FILE = "erbij.toml"
SECRETS = ("database_url", "master_key", "discord_token", "teams_app_secret")
"""Settings that may also be read from a file: ``master_key_file`` and so on."""
LONGEST = 64 * 1024
"""Bytes of such a file at most: no secret is that long, and a device never ends."""
MOUNTED = Path("/run/secrets")
"""Where containers are given secrets, with rights that they do not choose."""
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)
"""Windows has no such pipes."""


class Misconfigured(Exception):
    """Settings are missing or wrong; each text says which, what is wrong and what to do."""

    def __init__(self, *texts: str) -> None:
        super().__init__("\n".join(texts))
        self.texts = texts


class Settings(BaseSettings):
    """Every setting, with its default. None of them is needed for the try-out."""

    model_config = SettingsConfigDict(
        env_prefix=formats.PREFIX,
        toml_file=FILE,
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,  # a line end or a space behind a name or an address belongs to neither
    )

    database_url: str = Field("", repr=False)
    """``sqlite:///path`` or ``postgresql://...``; empty for a file under ``data/``."""
    database_url_file: str = ""
    database_insecure: bool = False
    """True to reach PostgreSQL over a network without encryption."""
    master_key: SecretStr = SecretStr("")
    """Base64 of 32 bytes; several with commas, the newest first. Empty only in the try-out."""
    master_key_file: str = ""
    ledger: str = ""
    """The file that erasures are written down in; empty for one beside the SQLite file."""
    host: str = "127.0.0.1"
    port: int = 3978
    metrics_port: int = 0
    """Where Prometheus reads the metrics, on 127.0.0.1 only; 0 for nowhere."""
    tryout: bool | None = None
    """Unset: the try-out, as long as no platform has its settings."""
    behind_proxy: bool = False
    """True when a proxy of your own stands before Erbij and writes X-Forwarded-For."""
    public_url: str = ""
    """Where the world reaches Erbij, ``https://erbij.example.org``."""
    contact: str = ""
    """Whom people ask about their privacy: an e-mail address, or a name and a room."""
    discord_token: SecretStr = SecretStr("")
    discord_token_file: str = ""
    teams_app_id: str = ""
    teams_app_secret: SecretStr = SecretStr("")
    teams_app_secret_file: str = ""
    teams_tenants: Annotated[frozenset[str], NoDecode] = frozenset()
    """The Microsoft 365 tenants that may use Erbij, with commas."""

    @model_validator(mode="before")
    @classmethod
    def _from_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The secrets that stand in files of their own. Raises Misconfigured with a text for each that does not."""
        read, wrong = dict(given), []
        for name in SECRETS:
            path = str(given.get(f"{name}_file") or "").strip()
            if not path:
                continue
            setting = f"{formats.PREFIX}{name.upper()}"
            named = f"{setting}_FILE"
            if given.get(name):
                wrong.append(f"{setting} and {named} are both set: keep one of them.")
                continue
            try:
                read[name] = secret(Path(path), named)
            except Misconfigured as fault:
                wrong += fault.texts
        if wrong:
            raise Misconfigured(*wrong)
        return read

    @field_validator("teams_tenants", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(one.strip().lower() for one in value.split(",") if one.strip())
        return value

    @field_validator("teams_app_id", mode="after")
    @classmethod
    def _small(cls, value: str) -> str:
        return value.strip().lower()  # as Microsoft's tokens name it

    @field_validator("public_url", mode="after")
    @classmethod
    def _bare(cls, value: str) -> str:
        return value.strip().rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; no other source is read."""
        del dotenv_settings, file_secret_settings
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))

    @property
    def on_discord(self) -> bool:
        """Discord has its settings."""
        return bool(self.discord_token.get_secret_value())

    @property
    def on_teams(self) -> bool:
        """Microsoft Teams has its settings."""
        return bool(self.teams_app_id and self.teams_app_secret.get_secret_value())

    @property
    def is_tryout(self) -> bool:
        """The made-up community runs instead of real ones."""
        return not (self.on_discord or self.on_teams) if self.tryout is None else self.tryout

    @property
    def database(self) -> str:
        """The database's URL; the try-out has a file of its own, apart from anything real."""
        return self.database_url or f"sqlite:///data/{'tryout' if self.is_tryout else 'erbij'}.sqlite3"

    @property
    def ledger_path(self) -> Path | None:
        """The ledger of erasures; None where PostgreSQL is used and none is named."""
        if self.ledger:
            return Path(self.ledger)
        if (path := sqlite_file(self.database)) is not None:
            return path.with_suffix(".ledger")
        return None

    @property
    def loopback(self) -> bool:
        """Only this machine can reach the host."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def load() -> Settings:
    """The settings as they are now. Raises Misconfigured, in words for who set them."""
    wrong = [
        formats.unknown(name, KNOWN)
        for name in sorted(os.environ)
        if name.upper().startswith(formats.PREFIX) and name.upper() not in KNOWN
    ]
    if Path(FILE).exists() and not Path(FILE).is_file():
        wrong.append(f"{FILE} is a folder; move it away, or put a file with settings there.")
    try:
        settings = Settings()
        wrong += faults(settings) if wrong else []
    except ValidationError as fault:
        wrong += [_why(error["type"], str(error["loc"][0]), error["input"]) for error in fault.errors()]
    except Misconfigured as fault:
        wrong += fault.texts
    except UnicodeDecodeError:
        wrong.append(f"{FILE} cannot be read: it is no text. Save it as UTF-8.")
    except OSError as fault:
        wrong.append(f"{FILE} cannot be read ({fault.strerror}); let the user who runs Erbij read it.")
    except ValueError as fault:
        wrong.append(f'{FILE} cannot be read: {fault}. A line is written like: port = 3978, or: host = "127.0.0.1"')
    if wrong:
        raise Misconfigured(*wrong)
    return settings


KNOWN = tuple(f"{formats.PREFIX}{name.upper()}" for name in Settings.model_fields)
"""The names of all settings."""


def faults(settings: Settings) -> list[str]:
    """What is wrong with the settings, each with what to do; empty when Erbij can start."""
    return [*_together(settings), *formats.wrong(settings), *database_faults(settings)]


def _together(settings: Settings) -> list[str]:
    """Settings that need or exclude each other."""
    found = []
    if settings.is_tryout:
        if settings.on_discord or settings.on_teams:
            found.append("The try-out does not start beside real credentials: unset ERBIJ_TRYOUT, or the credentials.")
        if not settings.loopback:
            found.append("The try-out runs on this machine only: leave ERBIJ_HOST at 127.0.0.1.")
    elif not settings.master_key.get_secret_value():
        found.append(
            "ERBIJ_MASTER_KEY is missing: set the one that the database was made with.\n"
            "Before there is a database, 'erbij keys new' makes one; keep it somewhere safe."
        )
    if bool(settings.teams_app_id) != bool(settings.teams_app_secret.get_secret_value()):
        found.append("Microsoft Teams needs both ERBIJ_TEAMS_APP_ID and ERBIJ_TEAMS_APP_SECRET.")
    if settings.on_teams and not settings.teams_tenants:
        found.append("ERBIJ_TEAMS_TENANTS is empty: name the tenants that may use Erbij.")
    if settings.metrics_port and settings.metrics_port == settings.port:
        found.append("ERBIJ_METRICS_PORT must be another port than ERBIJ_PORT: the world reaches that one.")
    if settings.on_teams and not settings.public_url:
        found.append("ERBIJ_PUBLIC_URL must be the https address at which Microsoft Teams reaches Erbij.")
    return found


def database_faults(settings: Settings) -> list[str]:
    """Why the database may not even be connected to."""
    if wrong := list(formats.database(settings.database_url)):
        return wrong
    host = "" if settings.database_insecure else _in_the_clear(settings.database)
    text = (
        f"ERBIJ_DATABASE_URL reaches PostgreSQL on {host} without encryption: add ?sslmode=verify-full to it. Where "
        "nobody else can listen on the way, ERBIJ_DATABASE_INSECURE=true allows it as it is."
    )
    return [text] if host else []


def _in_the_clear(url: str) -> str:
    """The host that is reached so; empty for none, and for what is no address of PostgreSQL at all."""
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = _parsed(url)
    except ArgumentError:  # said where it is opened
        return ""
    if parsed.get_backend_name() != "postgresql":
        return ""
    import psycopg

    from storage.postgresql import in_the_clear

    try:
        return in_the_clear(parsed)
    except psycopg.Error:  # said where it is opened
        return ""


def _parsed(url: str) -> URL:
    from sqlalchemy.engine import make_url

    return make_url(url)


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database, by whichever driver's name it is written; None for anything else."""
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = _parsed(url)
    except ArgumentError:  # said where it is opened
        return None
    path = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(path) if path and path != ":memory:" else None


def own_files(settings: Settings) -> list[Path]:
    """What Erbij itself keeps on this machine, there or not: SQLite's files, the ledger, and the try-out's key."""
    found: list[Path] = []
    if sqlite_file(settings.database) is not None:
        from storage import sqlite

        found += sqlite.paths(_parsed(settings.database))
    if settings.ledger_path is not None:
        found.append(settings.ledger_path)
    if settings.is_tryout:
        found.append(key_file(settings))
    return found


def secret_files(settings: Settings) -> list[Path]:
    """Whoever runs Erbij keeps its secrets here; what a container was given is not theirs to close."""
    named = [Path(path) for name in SECRETS if (path := getattr(settings, f"{name}_file"))]
    found = [path for path in named if MOUNTED not in path.absolute().parents]
    if _toml_has_secrets():
        found.append(Path(FILE))
    return found


def _toml_has_secrets() -> bool:
    path = Path(FILE)
    values = tomllib.loads(path.read_text()) if path.exists() else {}
    return any(value and sqlite_file(str(value)) is None for value in map(values.get, SECRETS))


def known_key(settings: Settings) -> str:
    """The master keys as set, in the try-out from its key file; empty in a try-out that did not start yet.

    Raises Misconfigured outside the try-out when there is none.
    """
    given = settings.master_key.get_secret_value()
    if given:
        return given
    if not settings.is_tryout:
        raise Misconfigured("ERBIJ_MASTER_KEY is missing.")
    path = key_file(settings)
    return secret(path, "The try-out's key file") if os.path.lexists(path) else ""


def master_key(settings: Settings) -> str:
    """The same; in a try-out that did not start yet a key file is made, for its owner alone."""
    if known := known_key(settings):
        return known
    from storage import files
    from storage.keys import new_key

    files.file(key_file(settings), new_key() + "\n")
    return known_key(settings)


def secret(path: Path, setting: str) -> str:
    """What a file holds, without spaces around it. Raises Misconfigured, which names the setting."""
    try:
        # Opened so that it does not wait: behind a pipe there may be nobody, who would hold up the start for ever.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _NO_WAITING)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Misconfigured(f"{setting}: {path} is a pipe or a device; an ordinary file is needed there.")
            raw = file.read(LONGEST + 1)
    except IsADirectoryError:
        raise Misconfigured(f"{setting}: {path} is a folder. Move it away, and put the file there.") from None
    except FileNotFoundError:
        raise Misconfigured(f"{setting}: there is no file {path}. Put it back, or name the right one.") from None
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
        raise Misconfigured(f"{setting}: {path} cannot be read ({why}); let the user who runs Erbij read it.") from None
    try:
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or len(raw) > LONGEST:
        raise Misconfigured(f"{setting}: {path} holds no text; it must hold the secret and nothing else.")
    if not text:
        raise Misconfigured(f"{setting}: {path} is empty; write the secret into it.")
    return text


def key_file(settings: Settings) -> Path:
    """Of the try-out: beside the SQLite file, so that the two are kept or thrown away together."""
    if (path := sqlite_file(settings.database)) is not None:
        return path.with_suffix(".key")
    return Path("data/tryout.key")


def _why(kind: str, name: str, given: object) -> str:
    """What pydantic found, in our own words, and without showing a secret."""
    setting = f"{formats.PREFIX}{name.upper()}"
    if kind == "extra_forbidden":
        return f"{formats.unknown(setting, KNOWN)} It stands in {FILE}."
    shown = "" if name in SECRETS else f" is {given!r}, and"
    for begins, needed in (("int", "a whole number, 3978 say"), ("bool", "true or false"), ("frozen_set", "a list")):
        if kind.startswith(begins):
            return f"{setting}{shown} must be {needed}."
    return f"{setting}{shown} must be text."
