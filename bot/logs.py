"""What the running bot tells on standard error, with nothing in it that is nobody's business."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

HIDDEN: Final = "[hidden]"

_TALKATIVE: Final = ("discord", "aiohttp", "asyncio", "sqlalchemy", "apscheduler", "trafilatura", "urllib3")
"""Libraries whose finest messages hold whole requests and events, so what people write and who they are."""


class _Plain(logging.Formatter):
    """One line each, the time in UTC; secrets replaced wherever they stand, tracebacks included."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        text = f"{at:%Y-%m-%dT%H:%M:%SZ} {record.levelname.lower():7} {record.name}: {record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class _Hidden(logging.Filter):
    """Take secrets out of a record itself, for handlers that are not ours."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if secret)

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if any(secret in message for secret in self._secrets):
            for secret in self._secrets:
                message = message.replace(secret, HIDDEN)
            record.msg, record.args = message, ()
        return True


def quiet_libraries() -> None:
    """Keep libraries from telling whole requests and events, whatever level is asked for."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)
    for name in ("discord.gateway", "discord.http", "discord.client", "discord.state", "discord.webhook.async_"):
        logging.getLogger(name).setLevel(logging.INFO)


def configure(level: str, secrets: tuple[str, ...], stream: TextIO | None = None) -> None:
    """Send everything from ``level`` on to standard error, one line each, without ``secrets``."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Plain(secrets))
    handler.addFilter(_Hidden(secrets))
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, _Plain):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    quiet_libraries()
    # Each tick is not worth a line of its own, and neither is one that waits for the one before it.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
