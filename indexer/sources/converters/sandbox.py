"""Conversion in a separate process with limits of time and memory: a harmful file costs only itself."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from indexer.sources.converters import ConversionError, ConvertedFile, confinement

_ANNOUNCEMENT = confinement.Announcement()


class Converter:
    """Converts files one after another in a process that is started when it is needed.

    Args:
        timeout: seconds for one file.
    """

    def __init__(self, timeout: float = 30.0) -> None:
        self.timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Converter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def convert(self, format_name: str, path: Path) -> ConvertedFile:
        """A file as Markdown.

        Args:
            format_name: the module that converts it: ``html``, ``docx`` or ``pdf``.

        Raises:
            ConversionError: the file cannot be converted; the message is the reason.
        """
        process = self._process = self._process or _start_process()
        assert process.stdin and process.stdout
        request = {"format": format_name, "path": os.fsencode(path.absolute()).hex()}
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = self._reply(process)
        except (BrokenPipeError, EOFError) as error:
            self._stop()
            raise ConversionError("takes too much time or memory to read") from error
        except TimeoutError as error:
            self._stop()
            raise ConversionError(f"takes over {self.timeout:g} seconds to read") from error
        reply = json.loads(line)
        if "error" in reply:
            raise ConversionError(reply["error"])
        return ConvertedFile(reply["text"], reply["fields"])

    def _reply(self, process: subprocess.Popen[bytes]) -> bytes:
        """The next line that the process writes.

        Raises:
            EOFError: the process has ended.
            TimeoutError: no line comes in time.
        """
        assert process.stdout
        descriptor = process.stdout.fileno()
        deadline = time.monotonic() + self.timeout
        chunks: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not selector.select(remaining):
                    raise TimeoutError
                chunk = os.read(descriptor, 1 << 20)
                if not chunk:
                    raise EOFError
                chunks.append(chunk)
                if chunk.endswith(b"\n"):
                    return b"".join(chunks)

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _start_process() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "indexer.sources.converters"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A thread for each core would take address space for each.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout
    _ANNOUNCEMENT.read(process.stdout)
    return process
