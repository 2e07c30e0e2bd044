"""Parsing in a process of its own, with limits of time and memory; a file that breaks it costs that file."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from indexer.sources.converters import ConversionError, ConvertedFile

#: Seconds for one file, by the clock.
_LONGEST = 30.0


class Converter:
    """Parses files one after another. The process is started with the first one and after each it lost."""

    def __init__(self, longest: float = _LONGEST) -> None:
        self._longest = longest
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Converter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def convert(self, kind: str, path: Path) -> ConvertedFile:
        """A file as Markdown; ``kind``: the module that reads it, ``html``, ``docx`` or ``pdf``.

        Raises:
            ConversionError: it cannot be read, and why.
        """
        process = self._process = self._process or _started()
        assert process.stdin and process.stdout
        request = {"kind": kind, "path": os.fsencode(path.absolute()).hex()}
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = self._line(process)
        except (BrokenPipeError, EOFError) as error:
            self._end()
            raise ConversionError("takes too much time or memory to read") from error
        except TimeoutError as error:
            self._end()
            raise ConversionError(f"takes over {self._longest:g} seconds to read") from error
        reply = json.loads(line)
        if "error" in reply:
            raise ConversionError(reply["error"])
        return ConvertedFile(reply["text"], reply["fields"])

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        """The next line of the process.

        Raises:
            EOFError: it ended.
            TimeoutError: it takes too long.
        """
        assert process.stdout
        descriptor = process.stdout.fileno()
        over = time.monotonic() + self._longest
        parts: list[bytes] = []
        with selectors.DefaultSelector() as waiting:
            waiting.register(descriptor, selectors.EVENT_READ)
            while True:
                left = over - time.monotonic()
                if left <= 0 or not waiting.select(left):
                    raise TimeoutError
                part = os.read(descriptor, 1 << 20)
                if not part:
                    raise EOFError
                parts.append(part)
                if part.endswith(b"\n"):
                    return b"".join(parts)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "indexer.sources.converters"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Libraries that start a thread for each core take address space for each.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
