"""What can be set: environment variables ``ERBIJ_*``, or the same names in lower case in ``erbij.toml``."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

FILE = "erbij.toml"


class Misconfigured(Exception):
    """A setting is missing or wrong; the text says which, and what to do."""


class Settings(BaseSettings):
    """Every setting, with its default. None of them is needed for the try-out."""

    model_config = SettingsConfigDict(env_prefix="ERBIJ_", toml_file=FILE, extra="forbid", frozen=True)

    database_url: str = ""
    """``sqlite:///path`` or ``postgresql://...``; empty for a file under ``data/``."""
    master_key: SecretStr = SecretStr("")
    """Base64 of 32 bytes; several with commas, the newest first. Empty only in the try-out."""
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
    teams_app_id: str = ""
    teams_app_secret: SecretStr = SecretStr("")
    teams_tenants: Annotated[frozenset[str], NoDecode] = frozenset()
    """The Microsoft 365 tenants that may use Erbij, with commas."""

    @field_validator("teams_tenants", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(one.strip() for one in value.split(",") if one.strip())
        return value

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
    try:
        return Settings()
    except ValidationError as fault:
        lines = [f"{_name(error['loc'])}: {_why(error['type'], error['msg'])}" for error in fault.errors()]
        raise Misconfigured("\n".join(lines)) from None
    except ValueError as fault:  # the file is not TOML
        raise Misconfigured(f"{FILE} cannot be read: {fault}") from None


def faults(settings: Settings) -> list[str]:
    """What is wrong with the settings, each in one sentence; empty when Erbij can start."""
    found = []
    if settings.is_tryout:
        if settings.on_discord or settings.on_teams:
            found.append("The try-out does not start beside real credentials: unset ERBIJ_TRYOUT, or the credentials.")
        if not settings.loopback:
            found.append("The try-out runs on this machine only: leave ERBIJ_HOST at 127.0.0.1.")
    elif not settings.master_key.get_secret_value():
        found.append("ERBIJ_MASTER_KEY is missing: make one with 'erbij keys new' and keep it somewhere safe.")
    if bool(settings.teams_app_id) != bool(settings.teams_app_secret.get_secret_value()):
        found.append("Microsoft Teams needs both ERBIJ_TEAMS_APP_ID and ERBIJ_TEAMS_APP_SECRET.")
    if settings.on_teams and not settings.teams_tenants:
        found.append("ERBIJ_TEAMS_TENANTS is empty: name the tenants that may use Erbij.")
    if settings.metrics_port and settings.metrics_port == settings.port:
        found.append("ERBIJ_METRICS_PORT must be another port than ERBIJ_PORT: the world reaches that one.")
    if settings.on_teams and not settings.public_url.startswith("https://"):
        found.append("ERBIJ_PUBLIC_URL must be the https address at which Microsoft Teams reaches Erbij.")
    return found


def master_key(settings: Settings) -> str:
    """The master keys as set; in the try-out from a key file, made on first use for its owner alone.

    Raises Misconfigured outside the try-out when there is none.
    """
    given = settings.master_key.get_secret_value()
    if given:
        return given
    if not settings.is_tryout:
        raise Misconfigured("ERBIJ_MASTER_KEY is missing.")
    path = _key_file(settings)
    if not path.exists():
        from storage.keys import new_key

        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_key() + "\n")
    return path.read_text().strip()


def _key_file(settings: Settings) -> Path:
    """Beside the SQLite file, so that the two are kept or thrown away together."""
    if settings.database.startswith("sqlite:///"):
        return Path(settings.database.removeprefix("sqlite:///")).with_suffix(".key")
    return Path("data/tryout.key")


def _name(where: tuple[int | str, ...]) -> str:
    return "ERBIJ_" + "_".join(map(str, where)).upper()


def _why(kind: str, text: str) -> str:
    return f"Erbij knows no such setting; look for a typing error in {FILE}" if kind == "extra_forbidden" else text
