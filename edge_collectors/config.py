"""A collector's configuration file (YAML): what it listens to, where its spool lies, where it ships to.

`samples/edge/` holds examples. Relative paths start at the folder of the file; `~` is the home folder.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from lakehouse.contracts import contracts
from lakehouse.settings import settings

DataOrigin = Literal["operational", "public_reference", "synthetic", "test_vector"]


class ConfigError(ValueError):
    """The configuration file breaks a rule; the message is one sentence with file, place, rule and mend."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no IANA time zone; write for example Asia/Shanghai") from None
    return name


def _known_source(name: str) -> str:
    known = [s.source for s in contracts().sources.values() if s.kind == "edge" and s.source == s.bronze]
    if name not in known:
        raise ValueError(f"{name!r} is no edge source of the contracts; there are {', '.join(known)}")
    return name


def _safe_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
        raise ValueError("use 1 to 63 lower-case letters, digits, dots, hyphens; it names a folder")
    return name


Source = Annotated[str, AfterValidator(_known_source)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SpoolConfig(_Part):
    """The durable spool. Numbers are bytes and seconds unless named otherwise."""

    folder: Path | None = Field(None, description="Default: <data home>/edge/<collector>/spool.")
    max_bytes: int = Field(1 << 30, ge=1 << 20, description="Unshipped bytes at which confirming stops.")
    recent_records: int = Field(200_000, ge=1, description="Records per source among which a resend is known.")
    seal_bytes: int = Field(4 << 20, ge=1, le=16 << 20)
    seal_seconds: float = Field(5.0, gt=0)
    keep_shipped_bytes: int = Field(64 << 20, ge=0, description="Delivered segments kept per source for `--again`.")


class FolderUplinkConfig(_Part):
    """Ship into a landing folder on this machine or a mounted share."""

    kind: Literal["folder"]
    landing: Path | None = Field(None, description="Default: the landing folder of the lake's settings.")


class HttpUplinkConfig(_Part):
    """Ship to a receiver by HTTP."""

    kind: Literal["http"]
    url: str = Field(pattern=r"^https?://")
    token_file: Path
    timeout_seconds: float = Field(30.0, gt=0)


class TcpConfig(_Part):
    """A listener for HJ 212 over TCP."""

    source: Source
    host: str = "127.0.0.1"
    port: Port
    zone: Zone = "Asia/Shanghai"
    system_types: tuple[str, ...] = Field((), description="ST codes whose readings belong to the source; default: its mapping's.")
    device_keys_file: Path | None = Field(None, description="SM4 keys of encrypting devices: `MN 32-hex-digits` a line.")
    max_connections: int = Field(1000, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _system_types_of_the_mapping(cls, given: Any) -> Any:
        source = contracts().sources.get(str(given.get("source"))) if isinstance(given, dict) else None
        return {"system_types": source.system_types, **given} if source else given


class MqttConfig(_Part):
    """A subscription at an MQTT broker."""

    host: str = "127.0.0.1"
    port: Port = 1883
    version: Literal["5", "3.1.1"] = "5"
    sources: tuple[Source, ...] = Field(min_length=1)
    user: str | None = None
    password_file: Path | None = None
    tls_ca_file: Path | None = None
    receive_maximum: int = Field(
        500, ge=1, le=65535, description="Messages in flight without confirmation; for 3.1.1 the broker's own bound."
    )
    max_payload_bytes: int = Field(256 * 1024, ge=1024, le=1 << 20)


class HeartbeatConfig(_Part):
    """How often the collector says how it is."""

    seconds: float = Field(5.0, gt=0)
    mqtt_topic: str | None = None


class CollectorConfig(_Part):
    """The whole file."""

    collector: Annotated[str, AfterValidator(_safe_name)]
    spool: SpoolConfig = SpoolConfig()
    uplink: Annotated[FolderUplinkConfig | HttpUplinkConfig, Field(discriminator="kind")]
    ship: Literal["inside", "apart"] = Field("inside", description="`apart`: `lake ship` runs as a process of its own.")
    heartbeat: HeartbeatConfig = HeartbeatConfig()
    hj212: tuple[TcpConfig, ...] = ()
    mqtt: tuple[MqttConfig, ...] = ()
    data_origin: DataOrigin | None = Field(None, description="Default: the origin that the source's contract states.")

    @model_validator(mode="after")
    def _listens(self):
        if not self.hj212 and not self.mqtt:
            raise ValueError("name at least one listener under hj212 or mqtt")
        return self

    @property
    def spool_folder(self) -> Path:
        return self.spool.folder or settings().data_home / "edge" / self.collector / "spool"

    @property
    def sources(self) -> tuple[str, ...]:
        named = [t.source for t in self.hj212] + [s for m in self.mqtt for s in m.sources]
        return tuple(dict.fromkeys(named))


def load(path: Path) -> CollectorConfig:
    """Read a configuration file. Raises ConfigError with one sentence."""
    try:
        body = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; give the path of a collector's YAML file.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())[:160]}.") from None
    if not isinstance(body, dict):
        raise ConfigError(f"{path}: a collector's file is a mapping; it begins with `collector: <id>`.")
    try:
        return CollectorConfig.model_validate(_absolute(body, path.absolute().parent))
    except ValidationError as error:
        raise ConfigError(f"{path}: {_sentence(error)}") from None


_PATHS = {"folder", "landing", "token_file", "password_file", "device_keys_file", "tls_ca_file"}


def _absolute(value: Any, base: Path) -> Any:
    """The file's content with its relative paths made absolute from the file's folder."""
    if isinstance(value, list):
        return [_absolute(item, base) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: str(base / Path(item).expanduser()) if key in _PATHS and isinstance(item, str) else _absolute(item, base)
        for key, item in value.items()
    }


def _sentence(error: ValidationError) -> str:
    first, more = error.errors()[0], error.error_count() - 1
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    text = first["msg"].removeprefix("Value error, ")
    return f"{place}: {text[0].lower()}{text[1:]}{f' (and {more} more)' if more else ''}."
