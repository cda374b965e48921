"""The settings of one process, read once from its environment and passed on.

Every setting is named, with a line on what it does, in .env.example.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "FIRST_CONTACT_"
NAMES = (
    "FORCE",
    "HOST",
    "PORT",
    "ORIGINS",
    "FRAME_ANCESTORS",
    "TRUSTED_PROXIES",
    "SESSION_KEY",
    "SESSION_KEY_FILE",
    "SESSION_KEY_PREVIOUS",
    "DATA_DIR",
    "DATABASE_URL",
    "MODELS_DIR",
    "ACTION_URL",
    "ACTION_SECRET",
    "ACTION_SECRET_FILE",
    "IDLE_S",
    "ABSOLUTE_S",
    "MAX_SESSIONS",
    "LOG_LEVEL",
    "METRICS_PORT",
    "METRICS_WINDOW_S",
)
SHORTEST_SECRET = 32
SECRET_HEADER = "X-First-Contact-Secret"  # noqa: S105 - its name, not its value
LOG_LEVELS = ("debug", "info", "warning", "error")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """A setting is wrong; the message says which one and what is expected."""


@dataclass(frozen=True)
class Settings:
    """What an operator decides.

    Attributes:
        force: id of the police force, or the path of its settings file.
        host, port: where to listen.
        origins: addresses whose pages may talk to us; none means our own alone.
        frame_ancestors: addresses whose pages may show the chat in a frame.
        trusted_proxies: networks whose X-Forwarded-For header is believed.
        session_keys: texts of the server keys, the current one first; none set is
            for trying things out, and `bot serve` then makes its own.
        data_dir: holds the database and the keys we make ourselves.
        database_url: another database than the one in `data_dir`, or empty.
        models_dir: holds the trained models.
        action_url: an action server to call, or empty to run actions in this process.
        idle_s, absolute_s: how long a conversation lives unused, and at most.
        max_sessions: how many conversations may be open at once.
        action_secret: what calls of an action server must carry, or empty.
        log_level: the least urgent events that are logged.
        metrics_port: where counts are shown on this machine; 0 for nowhere.
        metrics_window_s: for how long is counted before anything is shown.
    """

    force: str = "cheshire"
    host: str = "127.0.0.1"
    port: int = 5005
    origins: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    session_keys: tuple[str, ...] = field(default=(), repr=False)
    data_dir: Path = Path("var")
    database_url: str = field(default="", repr=False)
    models_dir: Path = Path("models")
    action_url: str = ""
    idle_s: int = 30 * 60
    absolute_s: int = 4 * 60 * 60
    max_sessions: int = 2000
    action_secret: str = field(default="", repr=False)
    log_level: str = "info"
    metrics_port: int = 0
    metrics_window_s: int = 15 * 60

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            SettingsError: one is unknown or wrong; the message never holds its value.
        """
        unknown = sorted(
            name
            for name in environ
            if name.startswith(PREFIX) and name[len(PREFIX) :] not in NAMES
        )
        if unknown:
            raise SettingsError(f"{', '.join(unknown)}: there is no such setting")
        given = {name: environ.get(PREFIX + name, "").strip() for name in NAMES}
        settings = cls(
            force=given["FORCE"] or cls.force,
            host=given["HOST"] or cls.host,
            port=_number(given, "PORT", cls.port, 0, 65535),
            origins=_origins(given, "ORIGINS"),
            frame_ancestors=_origins(given, "FRAME_ANCESTORS"),
            trusted_proxies=_networks(given, "TRUSTED_PROXIES"),
            session_keys=_keys(given),
            data_dir=Path(given["DATA_DIR"] or cls.data_dir),
            database_url=given["DATABASE_URL"],
            models_dir=Path(given["MODELS_DIR"] or cls.models_dir),
            action_url=_action_url(given),
            action_secret=_action_secret(given),
            idle_s=_number(given, "IDLE_S", cls.idle_s, 60, 24 * 3600),
            absolute_s=_number(given, "ABSOLUTE_S", cls.absolute_s, 60, 24 * 3600),
            max_sessions=_number(given, "MAX_SESSIONS", cls.max_sessions, 1, 1_000_000),
            log_level=given["LOG_LEVEL"] or cls.log_level,
            metrics_port=_number(given, "METRICS_PORT", cls.metrics_port, 1, 65535),
            metrics_window_s=_number(
                given, "METRICS_WINDOW_S", cls.metrics_window_s, 15 * 60, 24 * 3600
            ),
        )
        if settings.log_level not in LOG_LEVELS:
            raise SettingsError(f"{PREFIX}LOG_LEVEL: one of {', '.join(LOG_LEVELS)}")
        if settings.origins and not settings.session_keys:
            # A real site with a key that nobody chose would lose it with the disk.
            raise SettingsError(
                f"{PREFIX}SESSION_KEY: must be set when {PREFIX}ORIGINS is set; "
                "make one with `bot new-key`"
            )
        elsewhere = urlsplit(settings.action_url).hostname
        if elsewhere and not is_this_machine(elsewhere) and not settings.action_secret:
            raise SettingsError(
                f"{PREFIX}ACTION_SECRET: must be set when actions run on another machine"
            )
        return settings

    @property
    def database(self) -> str:
        """The address of the database: the one set, or a file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'conversations.db'}"


def _number(
    given: Mapping[str, str], name: str, default: int, low: int, high: int
) -> int:
    text = given[name]
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingsError(f"{PREFIX}{name}: a whole number from {low} to {high}")
    return int(text)


def _list(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in given[name].split(",") if part.strip())


def _origins(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    origins = _list(given, name)
    for origin in origins:
        parts = urlsplit(origin)
        plain = f"{parts.scheme}://{parts.netloc}" == origin and parts.netloc
        if not plain or parts.scheme not in ("http", "https") or "*" in origin:
            raise SettingsError(
                f"{PREFIX}{name}: addresses like https://chat.example.org, with no "
                "path, no star and no slash at the end, parted by commas"
            )
    return origins


def _networks(given: Mapping[str, str], name: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part) for part in _list(given, name))
    except ValueError:
        raise SettingsError(
            f"{PREFIX}{name}: addresses or networks like 10.0.0.0/8, parted by commas"
        ) from None


def _keys(given: Mapping[str, str]) -> tuple[str, ...]:
    current = _secret(given, "SESSION_KEY")
    previous = given["SESSION_KEY_PREVIOUS"]
    if previous and not current:
        raise SettingsError(f"{PREFIX}SESSION_KEY: must be set beside the previous one")
    return tuple(key for key in (current, previous) if key)


def _secret(given: Mapping[str, str], name: str) -> str:
    """Return a secret that is set, or is in the file that is."""
    file = given[f"{name}_FILE"]
    if not file:
        return given[name]
    if given[name]:
        raise SettingsError(f"{PREFIX}{name} and {PREFIX}{name}_FILE: set one of them")
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{PREFIX}{name}_FILE: the file cannot be read") from None
    if not secret:
        raise SettingsError(f"{PREFIX}{name}_FILE: the file is empty")
    return secret


def is_this_machine(host: str) -> bool:
    """Whether a name or an address is this very machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _action_secret(given: Mapping[str, str]) -> str:
    secret = _secret(given, "ACTION_SECRET")
    if secret and len(secret.encode()) < SHORTEST_SECRET:
        raise SettingsError(
            f"{PREFIX}ACTION_SECRET: {SHORTEST_SECRET} bytes or more; `bot new-key` "
            "makes one"
        )
    return secret


def _action_url(given: Mapping[str, str]) -> str:
    url = given["ACTION_URL"]
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise SettingsError(f"{PREFIX}ACTION_URL: an address that begins with http")
    return url
