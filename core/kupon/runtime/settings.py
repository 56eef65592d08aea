"""Settings: every value that an operator may set, read from the environment once.

Variables are named KUPON_<FIELD>. Only the two URLs have no default that could work by itself:
`kupon dev` fills them in with its own PostgreSQL and Redis, the production processes refuse
to start without them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

PREFIX = "KUPON_"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

Names = tuple[str, ...]
Value = str | int | bool | Names

# An empty variable counts as unset, so that a list of nothing needs a word.
NONE = "none"
_FLAGS = {"1": True, "true": True, "0": False, "false": False}


class BadSetting(ValueError):
    """A variable that can't be read or is missing; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Immutable configuration of one process.

    Shapes:  a rate of no calls limits nothing; plugins are the only ones to be loaded, None for
        all that are installed; secret_keys encrypt what is secret of connections, the first one
        what is new; allowed_networks may be called besides public addresses, and those at
        allowed_ports besides the usual ones; public_url is where
        platforms reach this server.
    """

    database_url: str = ""
    redis_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    web_processes: int = 2
    web_threads: int = 2
    max_body_bytes: int = 10_485_760
    log_level: str = "INFO"
    pool_size: int = 5
    backlog: int = 1024
    trusted_proxies: int = 0
    client_rate_calls: int = 5
    client_rate_period_s: int = 5
    key_rate_calls: int = 0
    project_rate_calls: int = 0
    rate_period_s: int = 60
    webhook_daily_calls: int = 0
    plugins: Names | None = None
    secret_keys: Names = field(default=(), repr=False)
    allowed_networks: Names = ()
    allowed_ports: Names = ()
    trace_hooks: bool = False
    public_url: str = ""

    def __post_init__(self) -> None:
        for name, lowest, highest in _RANGES:
            value = getattr(self, name)
            if not lowest <= value <= highest:
                raise BadSetting(f"{variable(name)}={value} is not between {lowest} and {highest}")
        if self.log_level not in LOG_LEVELS:
            raise BadSetting(
                f"{variable('log_level')}={self.log_level!r} is none of {', '.join(LOG_LEVELS)}"
            )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read KUPON_* variables; an unset or empty one leaves the default.

        Shapes:  any mapping of names to text; the process environment when None.
        Raises:  BadSetting for a number that is none or lies outside its range.
        """
        source = os.environ if environ is None else environ
        values: dict[str, Value] = {}
        for each in fields(cls):
            text = source.get(variable(each.name), "").strip()
            if text:
                values[each.name] = _parse(each.name, each.type, text)
        return cls(**values)  # type: ignore[arg-type]  # _parse gives each field its own type

    def environment(self) -> dict[str, str]:
        """Write the settings as the variables that `from_env` reads, for a child process."""
        return {variable(each.name): _write(getattr(self, each.name)) for each in fields(self)}

    def child_environment(self, **more: str) -> dict[str, str]:
        """Build the environment of a child process: this one's, these settings, and more."""
        return {**os.environ, **self.environment(), **more}

    def require_servers(self) -> Self:
        """Return the settings unchanged when both servers are named.

        Raises:  BadSetting naming the variables that are missing.
        """
        missing = [variable(n) for n in ("database_url", "redis_url") if not getattr(self, n)]
        if missing:
            raise BadSetting(
                f"{' and '.join(missing)} must be set (beside `kupon dev`: . .kupon/environment)"
            )
        return self


_RANGES = (
    ("port", 0, 65_535),
    ("web_processes", 1, 256),
    ("web_threads", 1, 256),
    ("max_body_bytes", 1_024, 1_073_741_824),
    ("pool_size", 1, 1_000),
    ("backlog", 128, 65_535),
    ("trusted_proxies", 0, 16),
    ("client_rate_calls", 0, 1_000_000),
    ("client_rate_period_s", 1, 86_400),
    ("key_rate_calls", 0, 1_000_000),
    ("project_rate_calls", 0, 1_000_000),
    ("rate_period_s", 1, 86_400),
    ("webhook_daily_calls", 0, 1_000_000),
)


def read_variable(name: str) -> str | None:
    """A variable of the environment that is none of ours, such as a secret that a file names."""
    return os.environ.get(name)


def variable(name: str) -> str:
    """Name the environment variable of one settings field."""
    return PREFIX + name.upper()


def _write(value: Value | None) -> str:
    """What a variable holds for a value; empty where the default says it."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value) or NONE
    return str(value)


def _parse(name: str, kind: object, text: str) -> Value:
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise BadSetting(f"{variable(name)}={text!r} is not a whole number") from None
    if kind is bool:
        if text.lower() not in _FLAGS:
            raise BadSetting(f"{variable(name)}={text!r} is neither 1 nor 0")
        return _FLAGS[text.lower()]
    if kind is not str:
        return _names(text)
    if name == "public_url":
        return text.rstrip("/")
    return text.upper() if name == "log_level" else text


def _names(text: str) -> Names:
    """A list with commas; `none` is an empty one."""
    return () if text == NONE else tuple(each.strip() for each in text.split(",") if each.strip())
