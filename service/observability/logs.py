"""The log on stderr: JSON lines for collectors, or text for reading.

Values may come from anyone who sends a request. No value can begin a new line, in either format.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from asgi_correlation_id.context import correlation_id
from pythonjsonlogger.core import RESERVED_ATTRS, merge_record_extra
from pythonjsonlogger.json import JsonFormatter

Format = Literal["auto", "json", "text"]

#: Attributes of a record that are not extra fields; ``color_message`` repeats uvicorn's messages in colour.
_NOT_EXTRA = [*RESERVED_ATTRS, "color_message"]
#: Warnings and errors of one place in the code that are logged within so many seconds; the rest are counted.
BURST = 20
BURST_SECONDS = 10.0
#: Begins each further line of a record; no first line begins so.
_CONTINUED = "  | "


def configure(format: Format = "auto", level: str = "info") -> None:
    """Send the log of the whole process to stderr, from ``level`` on; a second call replaces the first.

    ``auto`` is text if stderr is a terminal, else JSON. Records of a request have its id. Handlers of
    libraries are removed, otherwise their lines would appear twice. Floods of warnings are thinned out.
    """
    if format == "auto":
        format = "text" if sys.stderr.isatty() else "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Text() if format == "text" else _Json())
    handler.addFilter(_with_request_id)
    handler.addFilter(BurstFilter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Otherwise warnings would be text between the JSON lines.
    logging.captureWarnings(True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    # The service logs each request itself. Without a handler uvicorn does not create its own lines.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


@dataclass(slots=True)
class _Burst:
    """Numbers of the records of one burst that were passed and left out."""

    began: float
    passed: int = 0
    left_out: int = 0


class BurstFilter(logging.Filter):
    """Passes the first warnings and errors of a burst, so that nobody can fill the disk with them.

    The first record after the burst has the number of those left out, as ``left_out``. Records are of one
    kind if they come from the same line of code; lines below the level of a warning always pass.
    """

    def __init__(
        self,
        most: int = BURST,
        seconds: float = BURST_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._most = most
        self._seconds = seconds
        self._now = now
        self._bursts: dict[tuple[str, int], _Burst] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True if the record passes."""
        if record.levelno < logging.WARNING:
            return True
        now = self._now()
        burst = self._bursts.setdefault((record.pathname, record.lineno), _Burst(now))
        if now - burst.began >= self._seconds:
            if burst.left_out:
                record.left_out = burst.left_out
            burst.began, burst.passed, burst.left_out = now, 0, 0
        if burst.passed < self._most:
            burst.passed += 1
            return True
        burst.left_out += 1
        return False


def utc(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 to the millisecond: ``2025-03-17T08:05:00.120Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def printable(text: str) -> str:
    """The text with unprintable characters escaped as in JSON, such as line ends and terminal codes.

    Text that is JSON keeps its meaning.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def _with_request_id(record: logging.LogRecord) -> bool:
    # Unlike the library's filter, this leaves the field out if there is no request.
    if request_id := correlation_id.get():
        record.request_id = request_id
    return True


class _Json(JsonFormatter):
    """Formats a record as one line of JSON."""

    def __init__(self) -> None:
        super().__init__(
            ["time", "level", "logger", "message"],
            rename_fields={"exc_info": "exception", "stack_info": "stack"},
            reserved_attrs=_NOT_EXTRA,
        )

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        # Set last, so that no extra field replaces them.
        log_data.update(time=utc(record.created), level=record.levelname.lower(), logger=record.name)


class _Text(logging.Formatter):
    """Formats a record as a line of text, with its extra fields last."""

    def format(self, record: logging.LogRecord) -> str:
        head = f"{utc(record.created)} {record.levelname.lower():<7} {record.name}"
        extra: dict[str, Any] = merge_record_extra(record, {}, _NOT_EXTRA)
        fields = [f"{printable(str(name))}={_value(value)}" for name, value in extra.items()]
        line = " ".join([head, printable(record.getMessage()), *fields])
        further = self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
        if record.stack_info:
            further = f"{further}\n{record.stack_info}"
        return "\n".join([line, *(_CONTINUED + printable(more) for more in further.splitlines() if more)])


def _value(value: object) -> str:
    """The value, in quotes if it is empty or could be read as several fields."""
    text = str(value)
    plain = text and text.isprintable() and not set(text) & set(' "=')
    return text if plain else printable(json.dumps(text, ensure_ascii=False))
