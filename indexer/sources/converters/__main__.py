"""The converter process, ``python -m indexer.sources.converters``: requests and replies as lines of JSON.

A file can be made to hang a library, to crash it or to let it take all memory. That costs this process, which
has limits, and not the build.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from indexer.errors import SourceError
from indexer.sources import archives, jsonl
from indexer.sources.converters import ConversionError, confinement


def main() -> None:
    """Read the files that are requested on standard input."""
    # Output of libraries must not get between the replies.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogatepass")
    os.dup2(2, 1)
    confinement.say(confinement.confine(Path(tempfile.gettempdir())), replies)
    for line in sys.stdin:
        request = json.loads(line)
        _limit_resources(request)
        try:
            for reply in _replies(request):
                _send(replies, reply)
                _limit_resources(request)
            _send(replies, {"end": True})
        except Exception as error:  # libraries raise anything on a malformed file
            _send(replies, {"error": _reason(error)})


def _replies(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    format_name, path = request["format"], Path(os.fsdecode(bytes.fromhex(request["path"])))
    if format_name == "jsonl":
        for row in jsonl.read(path):
            yield {name: getattr(row, name) for name in row.__slots__}
    elif format_name == "archive":
        for member in archives.unpack(path):
            unpacked = None if member.path is None else os.fsencode(member.path).hex()
            yield {"name": member.name, "path": unpacked, "reason": member.reason}
            # The member stays on the disk until the other side is done with it.
            sys.stdin.readline()
    else:
        converted = importlib.import_module(f"indexer.sources.converters.{format_name}").convert(path)
        yield {"text": converted.text, "fields": converted.fields}


def _send(replies: TextIO, reply: dict[str, Any]) -> None:
    replies.write(json.dumps(reply, ensure_ascii=False) + "\n")
    replies.flush()


def _reason(error: Exception) -> str:
    if isinstance(error, ConversionError | SourceError):
        return str(error)
    if isinstance(error, MemoryError):
        return "takes too much memory to read"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"not readable ({type(error).__name__})"


def _limit_resources(request: dict[str, Any]) -> None:
    """Set the limits for the next file, row or member; the processor time used so far comes on top."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + request["seconds"]
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (request["memory"], resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
