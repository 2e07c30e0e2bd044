"""An optional log of the questions that were asked, for administrators; off unless it is switched on.

Mode ``hash`` keeps a keyed hash in place of a question: equal questions can be counted, but none can be found
out by trying likely ones, unless one has the key, in the file beside the log.
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

#: Lines that may wait to be written. A disk that hangs must not fill the memory.
MAX_WAITING = 10_000
_KEY_BYTES = 32
_log = logging.getLogger(__name__)


class AuditError(FundstelleError):
    """The audit log cannot be written, or its key not read."""


class AuditLog:
    """Writes one JSON line a question, in its own thread: no request waits for the disk, or fails by it."""

    def __init__(self, file: _File | None = None, key: bytes | None = None) -> None:
        """Without a file, nothing is written; with a key, hashes are."""
        self._file = file
        self._key = key
        self._handler = QueueHandler(file.waiting) if file else None
        self._listener = QueueListener(file.waiting, file) if file else None

    @classmethod
    def open(cls, mode: Mode, path: Path, megabytes: float, files: int) -> AuditLog:
        """Start writing to ``path``; at ``megabytes`` it is renamed to ``….1``, of which ``files`` are kept.

        Raises:
            AuditError: file or folder cannot be written, the disk is full, or the key file is damaged.
        """
        if mode == "off":
            return cls()
        try:
            _try_folder(path)
            key = _key(path.with_name(path.name + ".key")) if mode == "hash" else None
            log = cls(_File(path, max(1, int(megabytes * 1_000_000)), files), key)
        except OSError as error:
            raise AuditError(f"audit log {path}: {error.strerror}") from error
        assert log._listener
        log._listener.start()
        return log

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
        """Note a question; after ``close`` this does nothing."""
        if not self._file or not self._handler:
            return
        if self._file.waiting.qsize() >= MAX_WAITING:
            self._file.lost(f"{MAX_WAITING} lines wait to be written")
            return
        asked = {"question": question} if self._key is None else {"hash": question_hash(self._key, question)}
        line = {
            "time": utc(time.time()),
            "call": call,
            **asked,
            "language": language,
            "status": status,
            "key_id": key_id,
            "generation": generation,
            "request_id": request_id,
        }
        # Made printable, since these lines are read on terminals and what is in them comes from anyone.
        text = printable(json.dumps(line, ensure_ascii=False))
        self._handler.handle(logging.makeLogRecord({"msg": text}))

    def close(self) -> None:
        """Write what waits, and close the file."""
        if self._file and self._listener:
            self._listener.stop()
            self._file.settle()
            self._file.close()
            self._file = None


def question_hash(key: bytes, question: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of the question, in hexadecimal digits; case and white space do not count."""
    folded = unicodedata.normalize("NFC", " ".join(question.split()).casefold())
    return hmac.new(key, folded.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


class _File(RotatingFileHandler):
    """A file that only its owner may read, and that goes on after an error once it can be written again."""

    def __init__(self, path: Path, size: int, files: int) -> None:
        self.waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        self._lost = 0
        super().__init__(path, maxBytes=size, backupCount=files, encoding="utf-8")

    def _open(self) -> io.TextIOWrapper:
        stream = open(self.baseFilename, "a", encoding="utf-8", opener=_private)  # noqa: SIM115 - kept
        # Where the process or the disk stopped within a line, the next one must not be added to its rest.
        found = os.fstat(stream.fileno())
        if stat.S_ISREG(found.st_mode) and found.st_size:
            with Path(self.baseFilename).open("rb") as written:
                written.seek(-1, os.SEEK_END)
                if written.read() != b"\n":
                    stream.write("\n")
        return stream

    def emit(self, record: logging.LogRecord) -> None:
        lost = self._lost
        super().emit(record)
        # It is over when nothing waits: a disk that is only slow would else be reported with every line.
        if lost == self._lost and self.waiting.empty():
            self.settle()

    def handleError(self, record: logging.LogRecord) -> None:
        self.lost(sys.exc_info()[1])
        # What is left in its buffer would come out in pieces later. The next line opens the file anew.
        stream, self.stream = self.stream, None
        if stream:
            with suppress(OSError):
                stream.close()

    def lost(self, reason: object) -> None:
        """Report the first line of several that could not be written."""
        self._lost += 1
        if self._lost == 1:
            _log.error("audit log %s cannot be written: %s", self.baseFilename, reason)

    def settle(self) -> None:
        """Report how many could not be written, and begin to count anew."""
        if self._lost:
            _log.warning("audit log %s: %d questions are missing", self.baseFilename, self._lost)
            self._lost = 0


def _private(path: str, flags: int) -> int:
    """Open for the owner alone, also what was there with other rights; but leave /dev/stdout its own."""
    descriptor = os.open(path, flags, 0o600)
    mode = os.fstat(descriptor).st_mode
    try:
        if stat.S_ISREG(mode) and mode & 0o077:
            os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _try_folder(path: Path) -> None:
    """Write some bytes beside the file: a full disk lets files be opened, and rotation needs the folder."""
    if path.exists() and not path.is_file():
        return
    with tempfile.TemporaryFile(dir=path.parent, buffering=0) as file:
        file.write(bytes(4096))
        os.fsync(file.fileno())


def _key(path: Path) -> bytes:
    """The key in the file, which is made where there is none."""
    try:
        with suppress(FileExistsError), open(path, "xb", opener=_private) as made:
            made.write(secrets.token_bytes(_KEY_BYTES))
        with open(path, "rb", opener=_private) as file:
            key = file.read()
    except OSError as error:
        raise AuditError(f"key of the audit log {path}: {error.strerror}") from error
    if len(key) != _KEY_BYTES:
        # It is not replaced unasked: hashes with another key cannot be compared with those written so far.
        raise AuditError(f"key of the audit log {path}: {len(key)} bytes, not {_KEY_BYTES}")
    return key
