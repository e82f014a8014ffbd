"""Deployment settings: the only place where the environment is read. Docs and `check` derive from `TABLE`."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from core.errors import BadConfiguration


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One CITY_* variable: its field in `Settings`, default as text, meaning."""

    name: str
    field: str
    default: str
    meaning: str


TABLE: tuple[Setting, ...] = (
    Setting(name="CITY_CONFIG", field="config_dir", default="config/luan", meaning="folder that describes the city"),
    Setting(name="CITY_DATA_DIR", field="data_dir", default="var/city", meaning="database, Redis, evidence, keys"),
    Setting(name="CITY_REDIS_URL", field="redis_url", default="", meaning="redis:// or unix:// URL; empty: embedded"),
    Setting(name="CITY_DATABASE_URL", field="database_url", default="", meaning="SQLAlchemy URL; empty: SQLite in the data folder"),
    Setting(name="CITY_HOST", field="host", default="127.0.0.1", meaning="address the web server listens on"),
    Setting(name="CITY_PORT", field="port", default="8050", meaning="port of the web server"),
    Setting(name="CITY_LISTEN_HOST", field="listen_host", default="127.0.0.1", meaning="address the gateways listen on"),
    Setting(name="CITY_JT808_PORT", field="jt808_port", default="6808", meaning="JT/T 808 gateway"),
    Setting(name="CITY_HJ212_PORT", field="hj212_port", default="6212", meaning="HJ 212 gateway"),
    Setting(name="CITY_INGEST_PORT", field="ingest_port", default="6680", meaning="HTTP ingest of the gateway"),
    Setting(name="CITY_WORKERS", field="workers", default="1", meaning="web worker processes"),
    Setting(name="CITY_SIMULATED", field="simulated", default="", meaning="comma list of source ids fed by the demo city, or *"),
    Setting(name="CITY_COOKIE_SECURE", field="cookie_secure", default="auto", meaning="auto, always or never"),
    Setting(name="CITY_TRUSTED_PROXIES", field="trusted_proxies", default="", meaning="proxies whose X-Forwarded-* is believed"),
    Setting(name="CITY_LOG_FORMAT", field="log_format", default="text", meaning="text or json"),
    Setting(name="CITY_LOG_LEVEL", field="log_level", default="info", meaning="debug, info, warning or error"),
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a process was started with; refuses to change after it was read."""

    config_dir: Path
    data_dir: Path
    redis_url: str
    database_url: str
    host: str
    port: int
    listen_host: str
    jt808_port: int
    hj212_port: int
    ingest_port: int
    workers: int
    simulated: frozenset[str]
    cookie_secure: str
    trusted_proxies: str
    log_format: str
    log_level: str

    def is_simulated(self, source: str) -> bool:
        """Whether the demo city feeds this source."""
        return "*" in self.simulated or source in self.simulated


_CHOICES = {
    "cookie_secure": ("auto", "always", "never"),
    "log_format": ("text", "json"),
    "log_level": ("debug", "info", "warning", "error"),
}


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from CITY_* variables. Every wrong or unknown one is reported at once (`BadConfiguration`)."""
    env = os.environ if environ is None else environ
    errors: list[str] = []
    known = {s.name for s in TABLE}
    errors += [f"{name}: no such setting" for name in env if name.startswith("CITY_") and name not in known]
    values: dict[str, object] = {}
    for setting in TABLE:
        text = env.get(setting.name, setting.default).strip()
        try:
            values[setting.field] = _value(setting.field, text)
        except ValueError as error:
            errors.append(f"{setting.name}={text!r}: {error}")
    if errors:
        raise BadConfiguration("; ".join(errors), errors=errors)
    data_dir = values["data_dir"]
    assert isinstance(data_dir, Path)
    values["database_url"] = values["database_url"] or f"sqlite:///{data_dir / 'city.sqlite'}"
    values["redis_url"] = values["redis_url"] or f"unix://{data_dir / 'redis' / 'redis.sock'}"
    return Settings(**values)  # type: ignore[arg-type]


def _value(field: str, text: str) -> object:
    if field.endswith("_dir"):
        return Path(text).expanduser().resolve()
    if field.endswith("port") or field == "workers":
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise ValueError("expected a whole number from 1 to 65535")
        return int(text)
    if field == "simulated":
        return frozenset(part.strip() for part in text.split(",") if part.strip())
    if field in _CHOICES and text not in _CHOICES[field]:
        raise ValueError(f"expected one of {', '.join(_CHOICES[field])}")
    return text


def environment(**overrides: str) -> dict[str, str]:
    """The environment for a child process: ours with some CITY_* variables replaced (empty text removes one)."""
    merged = {**os.environ, **overrides}
    return {name: value for name, value in merged.items() if value != "" or name not in overrides}
