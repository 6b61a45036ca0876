"""Typed settings of one installation: from LAKE_* variables, then lake.toml, then the defaults below."""

import os
import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

CHECKOUT = Path(__file__).resolve().parent.parent
OTHERS = ("LAKE_CRASH_", "LAKE_INTERNAL_")
"""Variables that one process of ours sets for another; they are no settings."""


class SettingsError(ValueError):
    """A setting that does not exist or does not fit; the message names it and the mend."""


class Settings(BaseSettings):
    """All that a deployment may set. Paths are absolute once loaded."""

    model_config = SettingsConfigDict(env_prefix="LAKE_", env_ignore_empty=True, toml_file=CHECKOUT / "lake.toml", extra="forbid")

    home: Path = CHECKOUT / ".lake"
    data_home: Path = Field(default_factory=lambda v: v["home"] / "data")
    secrets_home: Path = Field(default_factory=lambda v: v["home"] / "secrets")
    profile: Literal["sample", "production"] = "sample"
    as_of: AwareDatetime | None = Field(default=None, description="The clock of freshness, lateness and forecasts; unset = now.")
    reference_data: Path | None = Field(default=None, description="Folder of real data for tests and benchmarks.")
    spark_master: str = "local[*]"
    spark_memory: str = Field(default="3g", description="Of the JVM in the command's own process.")
    spark_executor_memory: str = Field(default="1g", description="Of the JVM that each worker of a cluster starts.")
    public_url: str = Field(default="", description="Base of public addresses; empty = the portal's own address.")
    portal_port: int = 8090
    dashboards_port: int = 8088
    business_zone: str = "Asia/Shanghai"
    raw_file_days: int = Field(default=30, ge=1, description="Delivered files that name persons are destroyed after so long.")
    workbook_mb: int = Field(default=200, ge=1, description="A delivered workbook that unpacks to more (MB) is refused.")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def model_post_init(self, _context) -> None:
        for name in ("home", "data_home", "secrets_home"):
            setattr(self, name, getattr(self, name).expanduser().absolute())

    @property
    def checkout(self) -> Path:
        return CHECKOUT

    @property
    def toolchain(self) -> Path:
        return self.home / "toolchain"

    @property
    def secrets(self) -> Path:
        return self.secrets_home

    @property
    def tables(self) -> Path:
        return self.data_home / "tables"

    @property
    def landing(self) -> Path:
        return self.data_home / "landing"

    @property
    def serving(self) -> Path:
        return self.data_home / "serving"

    @property
    def releases(self) -> Path:
        return self.data_home / "releases"

    @property
    def runs(self) -> Path:
        return self.data_home / "runs"

    @property
    def logs(self) -> Path:
        return self.data_home / "logs"

    @property
    def clock_file(self) -> Path:
        """A data home of historical data carries its own clock (the demo writes it)."""
        return self.data_home / "as_of.txt"

    def as_of_time(self) -> datetime:
        """What counts as now (UTC): the setting, else the data home's own clock, else the machine's."""
        if self.as_of is None and self.clock_file.exists():
            return _read_clock(self.clock_file)
        return (self.as_of or datetime.now(UTC)).astimezone(UTC)

    def portal_address(self) -> str:
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.portal_port}"


def _read_clock(file: Path) -> datetime:
    text = file.read_text("utf-8").strip()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise SettingsError(f"{file}: {text!r} is no instant with a zone; write one like 2017-02-28T17:00:00+00:00.")
    return instant.astimezone(UTC)


@cache
def settings() -> Settings:
    """The settings of this process. Tests call `settings.cache_clear()` after they change the environment.

    Raises SettingsError for an unknown setting or a value that does not fit, wherever it was given.
    """
    given = [k for k in os.environ if k.startswith("LAKE_") and not k.startswith(OTHERS)]
    if unknown := sorted(k for k in given if k[5:].lower() not in Settings.model_fields):
        raise SettingsError(f"{', '.join(unknown)}: no such setting; {_offer()}")
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_in_words(error)) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"lake.toml: {error}; mend the file.") from error


def adopt_secrets(folder: Path, must_hold: str = "") -> None:
    """Use another process's secrets, which a worker that it started long ago does not know by its own environment.

    Raises SettingsError when the file that must be in the folder cannot be seen from here.
    """
    if must_hold and not (folder / must_hold).is_file():
        raise SettingsError(f"{folder / must_hold} cannot be seen on {os.uname().nodename}; share the folder with all workers.")
    os.environ["LAKE_SECRETS_HOME"] = str(folder)
    settings.cache_clear()


def _in_words(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0])
    variable = f"LAKE_{name.upper()}"
    place = variable if os.environ.get(variable) else f"lake.toml: {name}"
    if first["type"] == "extra_forbidden":
        return f"{place}: no such setting; {_offer()}"
    return f"{place}: {first['msg']}, not {first['input']!r}; mend the value."


def _offer() -> str:
    names = ", ".join(f"LAKE_{name.upper()}" for name in Settings.model_fields)
    return f"there are {names} (in lake.toml without LAKE_)."
