"""Settings: read from ``config.toml``, checked as a whole, and explained key by key in ``config.example.toml``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from summaries.toml import Problems, explain, load


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _prefix(value: str) -> str:
    if not re.fullmatch(r"[^\w\s]{1,5}", value):
        raise ValueError("allowed: one to five characters, no letters, digits or white space")
    return value


def _address(*schemes: str) -> AfterValidator:
    """Allow an address in an encrypted scheme, or a plain one to this machine only: the token travels there."""
    plain, encrypted = schemes

    def check(value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        host = parts.hostname or ""
        local = host == "localhost" or host == "::1" or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))
        safe = parts.scheme == encrypted or (parts.scheme == plain and local)
        if safe and host and not parts.username and not parts.query:
            return value.rstrip("/")
        raise ValueError(f"allowed: an address that begins with {encrypted}://, or {plain}:// to this machine only")

    return AfterValidator(check)


def _contact(value: str) -> str:
    if not value or re.fullmatch(r"https?://[^\s/]+\.\S+|(?:mailto:)?[^\s@:/]+@[^\s@/]+\.[^\s@/]+", value):
        return value
    raise ValueError("allowed: a web address or a mail address, such as https://example.org/bot or me@example.org")


def _list(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return value
    raise ValueError('allowed: a list, such as ["127.0.0.1:8080"]')


def _private_host(value: str) -> str:
    """Allow ADDRESS:PORT, and return it in its one form, in which it is compared."""
    host, _, port = value.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
        spelled = f"[{address}]" if address.version == 6 else str(address)
        if (
            host.startswith("[") == (address.version == 6)
            and re.fullmatch(r"[0-9]{1,5}", port)
            and 0 < int(port) < 65536
        ):
            return f"{spelled}:{int(port)}"
    except ValueError:
        pass
    raise ValueError('allowed: an IP address and a port, such as "127.0.0.1:8080" or "[::1]:8080"; no names, no ranges')


class StoreSettings(_Section):
    """Where everything is kept."""

    url: str = ""


class AnswerSettings(_Section):
    """How commands are recognised and when answers are old."""

    prefix: Annotated[str, AfterValidator(_prefix)] = "!"
    old_after_days: int = Field(default=30, ge=1, le=3650)


class BriefingSettings(_Section):
    """How much a briefing says of each story."""

    stories: int = Field(default=10, ge=1, le=50)
    sentences: int = Field(default=3, ge=1, le=10)
    words: int = Field(default=75, ge=20, le=400)
    summarizer: Literal["news", "lexrank", "textrank", "lsa", "luhn", "kl", "sumbasic", "reduction"] = "news"


class IngestSettings(_Section):
    """What is accepted from files."""

    max_megabytes: int = Field(default=2, ge=1, le=50)


class DiscordSettings(_Section):
    """How the bot reaches Discord."""

    token_file: str = ""
    message_content: bool = True
    contact: Annotated[str, AfterValidator(_contact)] = ""
    api: Annotated[str, _address("http", "https")] = ""
    gateway: Annotated[str, _address("ws", "wss")] = ""
    cdn: Annotated[str, _address("http", "https")] = ""
    ready_seconds: float = Field(default=2.0, ge=0.01, le=30, strict=False)
    tick_seconds: int = Field(default=20, ge=1, le=600)


class FeedSettings(_Section):
    """How feeds are read."""

    read: bool = True
    poll_minutes: int = Field(default=15, ge=5, le=1440)
    max_megabytes: int = Field(default=5, ge=1, le=50)
    seconds: int = Field(default=30, ge=1, le=300)
    private_hosts: Annotated[tuple[Annotated[str, AfterValidator(_private_host)], ...], BeforeValidator(_list)] = Field(
        default=(), strict=False
    )


def _days(fewest: int, zero: str) -> AfterValidator:
    """Allow a number of days, or 0, of which ``zero`` says what it means."""

    def check(value: int) -> int:
        if value and not fewest <= value <= 36_500:
            raise ValueError(f"allowed: {fewest} to 36500, or 0 ({zero})")
        return value

    return AfterValidator(check)


class KeepSettings(_Section):
    """How long the texts of articles are kept that no claim or figure quotes."""

    # Briefings, updates and the search for copies look back less than a month.
    texts_days: Annotated[int, _days(30, "for ever")] = 365
    off_topic_days: Annotated[int, _days(7, "as long as any other")] = 14


class LogSettings(_Section):
    """What is told while the bot runs."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(_Section):
    """All settings, with their defaults."""

    dossier: str = ""
    templates: str = ""
    store: StoreSettings = StoreSettings()
    answers: AnswerSettings = AnswerSettings()
    briefing: BriefingSettings = BriefingSettings()
    ingest: IngestSettings = IngestSettings()
    discord: DiscordSettings = DiscordSettings()
    feeds: FeedSettings = FeedSettings()
    keep: KeepSettings = KeepSettings()
    log: LogSettings = LogSettings()


def default_home() -> Path:
    """Return the user's data folder for this program, by the customs of the operating system."""
    from platformdirs import user_data_path

    return user_data_path("rollcall", appauthor=False)


def home_folder(option: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder: the option given, ``ROLLCALL_HOME``, or the default."""
    named = option or environment.get("ROLLCALL_HOME")
    return Path(named).expanduser() if named else default_home()


def read_settings(home: Path, option: str | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings: the file named by ``option`` or ``ROLLCALL_CONFIG``, else ``config.toml`` in ``home``.

    Without a file all settings have their defaults. Raises :class:`~summaries.toml.Problems` for a file that was named
    but can't be read, and for every key that is not right.
    """
    named = option or environment.get("ROLLCALL_CONFIG")
    path = Path(named).expanduser() if named else home / "config.toml"
    try:
        if not named and not path.exists():
            return _with_environment(Settings(), environment)
        if path.exists() and not path.is_file():
            raise Problems([f"{path}: not a regular file. Name a TOML file."])
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise Problems([f"{path}: cannot be read: {error.strerror or error}."]) from None
    except UnicodeDecodeError as error:
        raise Problems([f"{path}: not UTF-8 at byte {error.start}. Save it as UTF-8."]) from None
    data = load(text, str(path))
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise explain(error, data, str(path), model=Settings) from None
    # A relative folder counts from the file that names it, not from wherever the command was typed.
    folders = {
        key: str(path.resolve().parent / Path(folder).expanduser())
        for key, folder in (("dossier", settings.dossier), ("templates", settings.templates))
        if folder
    }
    settings = settings.model_copy(update=folders)
    return _with_environment(settings, environment)


def _with_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    url = environment.get("ROLLCALL_STORE_URL")
    return settings.model_copy(update={"store": StoreSettings(url=url)}) if url else settings
