"""The audit log: an optional record of all questions, off by default.

Mode ``hash`` writes a keyed hash in place of the question: equal questions can be counted, but trying likely
ones reveals nothing without the key, which is in the file beside the log.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import logging
import os
import queue
import secrets
import stat
import sys
import tempfile
import time
import unicodedata
from contextlib import suppress
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from typing import Literal

from indexer.errors import FundstelleError
from service.observability.logs import printable, utc

Mode = Literal["off", "hash", "full"]

#: Most lines that wait to be written, so that a hanging disk does not fill the memory.
MAX_WAITING = 10_000
_KEY_BYTES = 32
_log = logging.getLogger(__name__)


class AuditError(FundstelleError):
    """The audit log cannot be written, or its key cannot be read."""


class AuditLog:
    """Writes one JSON line per question in a thread of its own, so that no request waits for the disk.

    Args:
        file: None writes nothing.
        key: writes hashes with this key in place of questions.
        max_waiting: lines that wait to be written; further ones are lost.
    """

    def __init__(
        self, file: _AuditFile | None = None, key: bytes | None = None, max_waiting: int = MAX_WAITING
    ) -> None:
        self._file = file
        self._key = key
        self._max_waiting = max_waiting
        self._handler = QueueHandler(file.queue) if file else None
        self._listener = QueueListener(file.queue, file) if file else None

    @classmethod
    def open(
        cls, mode: Mode, path: Path, megabytes: float, files: int, max_waiting: int = MAX_WAITING
    ) -> AuditLog:
        """Start writing to ``path``, which is rotated at ``megabytes``; ``files`` rotated ones are kept.

        Raises:
            AuditError: file or folder cannot be written, the disk is full, or the key file is damaged.
        """
        if mode == "off":
            return cls()
        try:
            _check_writable(path)
            key = _read_key(path.with_name(path.name + ".key")) if mode == "hash" else None
            log = cls(_AuditFile(path, max(1, int(megabytes * 1_000_000)), files), key, max_waiting)
        except OSError as error:
            raise AuditError(f"audit log {path}: {error.strerror}") from error
        assert log._listener
        log._listener.start()
        return log

    @property
    def waiting(self) -> int:
        """The number of lines that wait to be written."""
        return self._file.queue.qsize() if self._file else 0

    @property
    def missing(self) -> int:
        """The number of lines lost in the present outage; 0 if there is none."""
        return self._file.missing if self._file else 0

    def write(
        self,
        call: str,
        question: str,
        language: str | None,
        status: str | None,
        key_id: str | None,
        generation: str | None,
        request_id: str | None,
    ) -> None:
        """Record a question; after ``close`` this does nothing."""
        if not self._file or not self._handler:
            return
        if self.waiting >= self._max_waiting:
            self._file.count_missing(f"{self._max_waiting} lines wait to be written")
            return
        text = {"question": question} if self._key is None else {"hash": question_hash(self._key, question)}
        line = {
            "time": utc(time.time()),
            "call": call,
            **text,
            "language": language,
            "status": status,
            "key_id": key_id,
            "generation": generation,
            "request_id": request_id,
        }
        # Made printable, since these lines are read on terminals and their content comes from anyone.
        message = printable(json.dumps(line, ensure_ascii=False))
        self._handler.handle(logging.makeLogRecord({"msg": message}))

    def close(self) -> None:
        """Write the lines that wait, and close the file."""
        if self._file and self._listener:
            self._listener.stop()
            self._file.report_missing()
            self._file.close()
            self._file = None


def question_hash(key: bytes, question: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of the question in hexadecimal digits, ignoring case and white space."""
    folded = unicodedata.normalize("NFC", " ".join(question.split()).casefold())
    return hmac.new(key, folded.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


class _AuditFile(RotatingFileHandler):
    """A rotated file that only its owner may read; after an error it continues once it is writable again."""

    def __init__(self, path: Path, size: int, files: int) -> None:
        self.queue: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        self.missing = 0
        super().__init__(path, maxBytes=size, backupCount=files, encoding="utf-8")

    def _open(self) -> io.TextIOWrapper:
        stream = open(self.baseFilename, "a", encoding="utf-8", opener=_private)  # noqa: SIM115 - kept
        # If the process or the disk stopped within a line, the next line must not be added to its rest.
        status = os.fstat(stream.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_size:
            with Path(self.baseFilename).open("rb") as file:
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":
                    stream.write("\n")
        return stream

    def emit(self, record: logging.LogRecord) -> None:
        before = self.missing
        super().emit(record)
        # The outage is over when no line waits: a disk that is only slow would be reported with every line.
        if before == self.missing and self.queue.empty():
            self.report_missing()

    def handleError(self, record: logging.LogRecord) -> None:
        self.count_missing(sys.exc_info()[1])
        # The rest of its buffer would come out in pieces later. The next line opens the file again.
        stream, self.stream = self.stream, None
        if stream:
            with suppress(OSError):
                stream.close()

    def count_missing(self, reason: object) -> None:
        """Count a line that could not be written; log the reason for the first of an outage."""
        self.missing += 1
        if self.missing == 1:
            _log.error("audit log %s cannot be written: %s", self.baseFilename, reason)

    def report_missing(self) -> None:
        """Log how many lines could not be written, and count from 0 again."""
        if self.missing:
            _log.warning("audit log %s: %d questions are missing", self.baseFilename, self.missing)
            self.missing = 0


def _private(path: str, flags: int) -> int:
    """Open a file for its owner alone, also an existing one; what is not a regular file keeps its rights."""
    descriptor = os.open(path, flags, 0o600)
    mode = os.fstat(descriptor).st_mode
    try:
        if stat.S_ISREG(mode) and mode & 0o077:
            os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check_writable(path: Path) -> None:
    """Write some bytes beside the file: files can be opened on a full disk, and rotation needs the folder."""
    if path.exists() and not path.is_file():
        return
    with tempfile.TemporaryFile(dir=path.parent, buffering=0) as file:
        file.write(bytes(4096))
        os.fsync(file.fileno())


def _read_key(path: Path) -> bytes:
    """The key in the file, which is created with a new key if it is missing."""
    try:
        with suppress(FileExistsError), open(path, "xb", opener=_private) as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        with open(path, "rb", opener=_private) as file:
            key = file.read()
    except OSError as error:
        raise AuditError(f"key of the audit log {path}: {error.strerror}") from error
    if len(key) != _KEY_BYTES:
        # Not replaced silently: hashes with another key cannot be compared with those written so far.
        raise AuditError(f"key of the audit log {path}: {len(key)} bytes, not {_KEY_BYTES}")
    return key
