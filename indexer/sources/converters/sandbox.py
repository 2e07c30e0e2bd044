"""Reading of files in a separate process with limits of time and memory: a harmful file costs only itself."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from indexer.sources.archives import Member
from indexer.sources.converters import ConversionError, ConvertedFile, confinement
from indexer.sources.jsonl import BadRow, Row

#: The folder that this program is imported from.
_ROOT = str(Path(__file__).parents[3])
_ANNOUNCEMENT = confinement.Announcement()
#: Bytes of requests sent ahead; half of what a pipe takes on Linux.
_MAX_AHEAD = 32_000


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Limits for one file, one row of JSON Lines, or the unpacking of one member of an archive."""

    #: by hand: the largest PDF of the tests takes a fifth of it. Processor time, so that a busy machine reads
    #: the same files as an idle one.
    processor_seconds: int = 25
    #: by hand: bytes of address space.
    memory: int = 1_200_000_000
    #: by hand: for a process that hangs without working.
    seconds: float = 900.0


class Converter:
    """Reads files one after another in a process that is started when it is needed."""

    def __init__(self, limits: ReadingLimits | None = None) -> None:
        self.limits = limits or ReadingLimits()
        self._process: subprocess.Popen[bytes] | None = None
        #: Temporary files of the process, removed with it.
        self._folder: str | None = None
        self._received = bytearray()
        #: Requests that are sent ahead, in their order.
        self._ahead: deque[bytes] = deque()

    def __enter__(self) -> Converter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def convert(self, format_name: str, path: Path) -> ConvertedFile:
        """A file as text.

        Args:
            format_name: the module that converts it: ``html``, ``docx``, ``pdf``, ``markdown`` or
                ``plain_text``.

        Raises:
            ConversionError: the file cannot be converted; the message is the reason.
        """
        [reply] = self._replies(format_name, path)
        return ConvertedFile(reply["text"], reply["fields"])

    def prefetch(self, files: Iterable[tuple[str, Path]]) -> None:
        """Let the process begin with files that ``convert`` will be called for next, in this order.

        For small files, waiting for each reply would take longer than reading them.
        """
        requests = [self._request(format_name, path) for format_name, path in files]
        # If neither side read, a full pipe of requests and one of replies would block both for ever.
        fitting = sum(total <= _MAX_AHEAD for total in itertools.accumulate(map(len, requests)))
        if not self._ahead and fitting > 1:
            with contextlib.suppress(ConversionError):
                self._send(b"".join(requests[:fitting]))
                self._ahead.extend(requests[:fitting])

    def rows(self, path: Path) -> Iterator[Row | BadRow]:
        """The rows of a file of JSON Lines, as ``jsonl.read`` yields them.

        Raises:
            ConversionError: the rest of the file cannot be read; the message is the reason.
        """
        for reply in self._replies("jsonl", path):
            yield BadRow(**reply) if "reason" in reply else Row(**reply)

    def members(self, path: Path) -> Iterator[Member]:
        """The files of an archive, unpacked one after another, as ``archives.unpack`` yields them.

        Raises:
            ConversionError: the rest of the archive cannot be read; the message is the reason.
        """
        for reply in self._replies("archive", path):
            unpacked = reply["path"]
            unpacked = None if unpacked is None else Path(os.fsdecode(bytes.fromhex(unpacked)))
            yield Member(reply["name"], unpacked, reply["reason"])
            self._send(b"\n")

    def _replies(self, format_name: str, path: Path) -> Iterator[dict[str, Any]]:
        """The replies to a request up to the last one."""
        request = self._request(format_name, path)
        if not self._ahead:
            self._send(request)
        elif self._ahead.popleft() != request:
            self._stop()  # the replies to come are to other requests
            self._send(request)
        complete = False
        try:
            while "end" not in (reply := self._reply()):
                if "error" in reply:
                    complete = True
                    raise ConversionError(reply["error"])
                yield reply
            complete = True
        finally:
            # What is left of the replies must not be taken for those to the next request.
            if not complete:
                self._stop()

    def _request(self, format_name: str, path: Path) -> bytes:
        request = {
            "format": format_name,
            "path": os.fsencode(path.absolute()).hex(),
            "seconds": self.limits.processor_seconds,
            "memory": self.limits.memory,
        }
        return json.dumps(request).encode() + b"\n"

    def _send(self, line: bytes) -> None:
        process = self._process = self._process or self._start_process()
        assert process.stdin
        try:
            process.stdin.write(line)
            process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended(process) from error

    def _reply(self) -> dict[str, Any]:
        """The next reply.

        Raises:
            ConversionError: the process has ended, or no reply comes in time.
        """
        process = self._process
        assert process and process.stdout
        descriptor = process.stdout.fileno()
        deadline = time.monotonic() + self.limits.seconds
        end = self._received.find(b"\n")
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while end < 0:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not selector.select(remaining):
                    self._stop()
                    raise ConversionError(f"takes over {self.limits.seconds:g} seconds to read")
                chunk = os.read(descriptor, 1 << 20)
                if not chunk:
                    raise self._ended(process)
                found = chunk.find(b"\n")
                end = len(self._received) + found if found >= 0 else -1
                self._received += chunk
        line = self._received[:end].decode("utf-8", "surrogatepass")
        del self._received[: end + 1]
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _ended(self, process: subprocess.Popen[bytes]) -> ConversionError:
        """The reason why the process has ended."""
        code = process.wait()
        self._stop()
        if code == -signal.SIGXCPU:
            return ConversionError(
                f"takes over {self.limits.processor_seconds} seconds of processor time to read"
            )
        if code < 0 and code != -signal.SIGKILL:
            return ConversionError(f"crashes its reader ({signal.Signals(-code).name})")
        return ConversionError("takes too much time or memory to read")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        self._received.clear()
        self._ahead.clear()

    def _start_process(self) -> subprocess.Popen[bytes]:
        self._folder = tempfile.mkdtemp(prefix="fundstelle-")
        process = subprocess.Popen(
            # Not from the working directory (-P), where a source may have modules of the same names.
            [sys.executable, "-P", "-m", "indexer.sources.converters"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A thread for each core would take address space for each.
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH")))),
                "TMPDIR": self._folder,
            },
        )
        assert process.stdout
        _ANNOUNCEMENT.read(process.stdout)
        return process
